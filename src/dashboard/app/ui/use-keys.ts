import { useEffect, useRef } from 'react';

export type Keys = Readonly<Record<string, () => void>>;

/** Single keys that do something, wherever the focus is but in a field or a dialog. */
export function useKeys(keys: Keys): void {
  const known = useRef(keys);
  useEffect(() => void (known.current = keys), [keys]);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const target = event.target instanceof Element ? event.target : null;
      if (target?.closest('input, select, textarea, dialog, [contenteditable]')) return;
      const act = known.current[event.key];
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
}
