/** The end of a test's title: why it is skipped where Pinecall's own recordings do not lie beside the repository. */
export function orAbsent(recordings: unknown): string {
  return recordings ? '' : ' (skipped: no recordings beside the repository)';
}
