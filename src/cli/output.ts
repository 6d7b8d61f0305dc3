/** What people read in a terminal: tables, one line each. No text of a caller can control the terminal. */

import type { Read } from './api.js';

/** Everything that a terminal obeys instead of showing, and characters that turn the direction of text. */
// eslint-disable-next-line no-control-regex
const UNSHOWN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb]/g;

/** Foreign text on one line, with everything that a terminal would obey replaced. */
export function safe(text: string): string {
  return text.replace(UNSHOWN, (character) => (/\s/.test(character) ? ' ' : '\ufffd'));
}

export function shown(value: unknown): string {
  if (value === null || value === undefined) return '–';
  return safe(typeof value === 'string' ? value : JSON.stringify(value));
}

/** Columns are as wide as their contents; the last one may be as long as it is. */
export function table(rows: readonly Readonly<Record<string, unknown>>[], columns: readonly string[]): string {
  if (rows.length === 0) return 'none\n';
  const cells = [
    columns.map((name) => name.replace(/[A-Z]/g, ' $&').toUpperCase()),
    ...rows.map((row) => columns.map((name) => shown(row[name]))),
  ];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => (line[index] ?? '').length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd();
  return `${cells.map(line).join('\n')}\n`;
}

/**
 * If the reader of our output has gone (`| head`), it has read enough: that is no fault, and the command still
 * completes. A full disk is reported. Call this once, at the start.
 */
export function bearLostReaders(): void {
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE' || process.exitCode === 1) return;
    process.exitCode = 1;
    process.stderr.write(`switchboard: standard output cannot be written (${code})\n`);
  });
  process.stderr.on('error', () => undefined);
}

/** What `--yes` says, of a command that erases. */
export const SURE = 'confirms the erasure, which cannot be undone; without it nothing is erased';

/** For a command that only shows: nobody reads any more. */
export function endsWithItsReader(): void {
  process.stdout.on('error', () => process.exit());
}

/** Prints an answer as it came, or what it says for people. */
export function printAsRead<Answer>(
  isJson: boolean,
  { text, answer }: Read<Answer>,
  forPeople: (answer: Answer) => string,
): void {
  process.stdout.write(isJson ? `${text}\n` : forPeople(answer));
}

/** Prints an answer for scripts or for people. */
export function print(isJson: boolean, value: unknown, forPeople: () => string): void {
  process.stdout.write(isJson ? `${JSON.stringify(value, null, 2)}\n` : forPeople());
}
