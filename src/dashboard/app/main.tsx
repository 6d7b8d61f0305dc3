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
// A page from the browser's back/forward cache is as it was left: its calls and its session may be outdated.
addEventListener('pageshow', ({ persisted }) => persisted && location.reload());
void startSession();
const root = document.getElementById('root');
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
