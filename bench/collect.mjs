/**
 * Preloaded into both servers (`node --expose-gc --import`): SIGUSR2 collects all garbage. Opening a stream leaves
 * several times as much garbage as the stream holds, so only a full collection shows what it holds.
 */
process.on('SIGUSR2', () => {
  globalThis.gc();
  globalThis.gc();
});
