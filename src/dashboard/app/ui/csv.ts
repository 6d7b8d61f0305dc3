/** Tables for other programs: CSV as RFC 4180 has it. */

export type Cell = string | number | null | undefined;

export function csvText(lines: readonly (readonly Cell[])[]): string {
  return lines.map((line) => `${line.map(cell).join(',')}\r\n`).join('');
}

/** Many of the texts are somebody's choice: a spreadsheet must not read one as a formula. */
function cell(value: Cell): string {
  const text = String(value ?? '');
  const isFormula = /^[=@\t\r-]|^\+(?!\d+$)/.test(text) && typeof value === 'string';
  const safe = isFormula ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Hands a file to the browser. */
export function download(name: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken it by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
