/** How long the last output may take: its reader may have stopped reading. */
const LAST_WORDS_MS = 1000;

/** Ends the process once its output is written. Into a full pipe, Node writes later than `process.exit`. */
export async function exit(code: number): Promise<never> {
  const drained = [process.stdout, process.stderr].map(
    (stream) => new Promise<void>((resolve) => stream.write('', () => resolve())),
  );
  const late = new Promise<void>((resolve) => setTimeout(resolve, LAST_WORDS_MS));
  await Promise.race([Promise.all(drained), late]);
  process.exit(code);
}
