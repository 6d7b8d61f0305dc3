/**
 * How a PostgreSQL that takes in many events should be configured. Between two checkpoints it writes each changed page
 * once in full to its journal (WAL), so frequent checkpoints multiply the cost of an event. The embedded server is
 * started with these settings; for any other server the start reports what is missing
 * (docs/operations.md, "A PostgreSQL for many events").
 */
import { totalmem } from 'node:os';

const MB = 1024 * 1024;

/** Lower values make checkpoints frequent. Units are those of pg_settings: MB and seconds. */
export const WANTED = [
  { name: 'max_wal_size', atLeast: 4096, shown: '4GB' },
  { name: 'checkpoint_timeout', atLeast: 900, shown: '15min' },
] as const;

/** For the server's command line. What an operator sets with ALTER SYSTEM gives way to it. */
export function embeddedSettings(memory = memoryOfMachine()): string[] {
  return [...WANTED.map(({ name, shown }) => `-c ${name}=${shown}`), `-c shared_buffers=${sharedBuffers(memory)}MB`];
}

/** An eighth of the memory, between PostgreSQL's own default and 1 GB: Switchboard and others run beside it. */
function sharedBuffers(memory: number): number {
  return Math.min(1024, Math.max(128, Math.floor(memory / 8 / MB)));
}

/** The container's limit if there is one, otherwise the machine's memory. */
function memoryOfMachine(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/** One line that names settings lower than {@link WANTED}; undefined: none. */
export function describeMissing(
  settings: readonly { readonly name: string; readonly value: number }[],
): string | undefined {
  const values = new Map(settings.map(({ name, value }) => [name, value]));
  const missing = WANTED.filter(({ name, atLeast }) => (values.get(name) ?? atLeast) < atLeast);
  if (missing.length === 0) return undefined;
  const wanted = missing.map(({ name, shown }) => `${name} to ${shown}`).join(', ');
  return `set ${wanted} or more, or each event costs more of its journal (docs/operations.md)`;
}
