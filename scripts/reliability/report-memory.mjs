/** Preloaded into a server under test (`node --expose-gc --import`): asked 'memory' by its parent, it collects and tells. */
process.on('message', (message) => {
  if (message !== 'memory') return;
  globalThis.gc();
  globalThis.gc();
  process.send?.(process.memoryUsage());
});
// Alone it must not keep the process alive.
process.channel?.unref();
