import { getHeapSpaceStatistics } from 'node:v8';

/**
 * Preloaded into a server under test (`node --expose-gc --import`): asked 'memory' by its parent, it collects and
 * tells, and how much of the heap is compiled code.
 */
process.on('message', (message) => {
  if (message !== 'memory') return;
  globalThis.gc();
  globalThis.gc();
  const code = getHeapSpaceStatistics().filter(({ space_name: name }) => name.startsWith('code'));
  const codeUsed = code.reduce((sum, { space_used_size: size }) => sum + size, 0);
  process.send?.({ ...process.memoryUsage(), codeUsed });
});
// It alone must not keep the process alive.
process.channel?.unref();
