/** False when the answer has not come in time, or was an error. */
export async function cameInTime(answer: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  // After a busy moment the answer may lie in the socket already: it gets its turn before the clock's.
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => setImmediate(resolve, false), ms)));
  const came = answer.then(
    () => true,
    () => false,
  );
  const inTime = await Promise.race([came, late]);
  clearTimeout(timer);
  return inTime;
}
