/** A path with names in it, each of them encoded exactly. */
export function path(parts: TemplateStringsArray, ...names: readonly string[]): string {
  return parts
    .map((part, index) => part + (index < names.length ? encodeURIComponent(names[index] ?? '') : ''))
    .join('');
}
