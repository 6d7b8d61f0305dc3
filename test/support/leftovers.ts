/** What a spec has started; the environment (environment.mjs) stops what is left when it ends. */
const leftovers = (globalThis as { switchboardLeftovers?: Set<() => Promise<void>> }).switchboardLeftovers;

/** Returns what to call once it has been stopped. */
export function stopLater(stop: () => Promise<void>): () => void {
  leftovers?.add(stop);
  return () => void leftovers?.delete(stop);
}
