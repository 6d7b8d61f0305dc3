import { createRoot } from 'react-dom/client';
import { CallMonitor } from './call-monitor.jsx';

createRoot(document.getElementById('root')).render(<CallMonitor />);
