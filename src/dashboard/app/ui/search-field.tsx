import { useEffect, useRef, useState } from 'react';
import { Icon } from './icons.js';

/** Longest that the server takes. */
const MAX_SEARCH = 200;
/** Typing rests for so long before the search begins. */
const REST_MS = 250;

interface Props {
  readonly text: string;
  readonly label: string;
  readonly hint: string;
  readonly onChange: (text: string) => void;
}

export function SearchField({ text, label, hint, onChange }: Props) {
  const [typed, setTyped] = useState(text);
  const tell = useRef(onChange);
  useEffect(() => void (tell.current = onChange), [onChange]);
  useEffect(() => setTyped(text), [text]);
  useEffect(() => {
    if (typed === text) return;
    const timer = setTimeout(() => tell.current(typed), REST_MS);
    return () => clearTimeout(timer);
  }, [typed, text]);
  return (
    <div className="search-field">
      <Icon name="search" />
      <input
        type="search"
        className="input"
        aria-label={label}
        placeholder={hint}
        maxLength={MAX_SEARCH}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
    </div>
  );
}

/** Whether texts have all words that are searched for, whatever their case and accents. */
export function isFound(search: string, ...texts: readonly string[]): boolean {
  const text = folded(texts.join(' '));
  return folded(search)
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function folded(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
