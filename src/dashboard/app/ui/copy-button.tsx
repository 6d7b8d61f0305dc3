import { useEffect, useState } from 'react';
import { texts } from '../texts/en.js';

interface Props {
  readonly text: string;
  readonly label?: string;
}

export function CopyButton({ text, label = texts.copy.copy }: Props) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => void copyText(text).then(() => setCopied(true));
  return (
    <button type="button" className="button button-small" onClick={copy}>
      <span aria-live="polite">{copied ? texts.copy.copied : label}</span>
    </button>
  );
}

/** Pages that come by plain http have no clipboard of their own; there the browser's older way still works. */
async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
}
