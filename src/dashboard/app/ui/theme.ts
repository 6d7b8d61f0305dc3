/** Light, dark, or as the system has it; kept for this browser. */
import { createStore } from '../common/store.js';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'switchboard.theme';
const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

export const theme = createStore<Theme>(THEMES.find((one) => one === localStorage.getItem(KEY)) ?? 'system');

export function applyTheme(): void {
  const chosen = theme.get();
  if (chosen === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = chosen;
}

export function chooseTheme(next: Theme): void {
  localStorage.setItem(KEY, next);
  theme.set(next);
  applyTheme();
}

export function nextTheme(current: Theme): Theme {
  return THEMES[(THEMES.indexOf(current) + 1) % THEMES.length] ?? 'system';
}
