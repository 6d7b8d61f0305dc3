import { useEffect, useState } from 'react';
import { callTexts } from '../texts/calls.js';
import { Icon } from '../ui/icons.js';

interface Props {
  readonly text: string;
  readonly onChange: (text: string) => void;
}

/** How long the typing must rest before it is searched for. */
const REST_MS = 250;
/** As the server has it. */
const MAX_SEARCH = 200;

export function SearchField({ text, onChange }: Props) {
  const [typed, setTyped] = useState(text);
  useEffect(() => setTyped(text), [text]);
  useEffect(() => {
    if (typed === text) return;
    const timer = setTimeout(() => onChange(typed), REST_MS);
    return () => clearTimeout(timer);
  }, [typed, text, onChange]);
  return (
    <div className="search-field">
      <Icon name="search" />
      <input
        type="search"
        className="input"
        aria-label={callTexts.list.searchLabel}
        placeholder={callTexts.list.search}
        maxLength={MAX_SEARCH}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
    </div>
  );
}
