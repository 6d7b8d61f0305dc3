import './styles/design-tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/forms.css';
import './styles/table.css';
import './styles/shell.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.js';
import { startSession } from './session/session.js';
import { applyTheme } from './ui/theme.js';

applyTheme();
// A page out of the browser's back and forward cache is as it was left: neither its calls nor its session need be true any more.
addEventListener('pageshow', ({ persisted }) => persisted && location.reload());
void startSession();
const root = document.getElementById('root');
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
