/**
 * The one-time code of a sign-in link (`/#code=…`), taken out of the address bar and the history before anything else.
 */
export function takeCode(): string | null {
  const code = new URLSearchParams(location.hash.slice(1)).get('code');
  if (code === null) return null;
  history.replaceState(history.state, '', `${location.pathname}${location.search}`);
  return code;
}
