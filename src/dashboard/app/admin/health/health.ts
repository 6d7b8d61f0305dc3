/** How the server is, as /readyz says. */
import { Fault } from '../../api/problem.js';
import { basePath } from '../../common/place.js';

export interface Source {
  readonly state: string;
  readonly since: string;
  readonly restarts: number;
  /** What is not as it should be, live or not. */
  readonly error: string | null;
}

export interface Part {
  readonly state: string;
  /** Why it is not well. */
  readonly reason?: string;
  /** Events of the log that it has not taken in. */
  readonly behind?: number;
  readonly behindSeconds?: number;
  /** Streams that are open. */
  readonly open?: number;
  /** Of a rebuild. */
  readonly percent?: number;
}

export interface Health {
  readonly status: 'ready' | 'degraded' | 'leaving';
  readonly database: Part;
  readonly tail?: Part;
  readonly bus: Part;
  readonly streams?: Part;
  readonly calls?: Part;
  readonly sources: Readonly<Record<string, Source>>;
}

/** An answer of 503 has the state, too. Rejects with a Fault. */
export async function readHealth(signal: AbortSignal): Promise<{ health: Health; at: string }> {
  const response = await fetch(`${basePath}/readyz`, { signal, cache: 'no-store' });
  const health = (await response.json().catch(() => null)) as Health | null;
  if (health?.status === undefined) throw new Fault('unavailable', `The server answered ${response.status}.`);
  return { health, at: new Date().toISOString() };
}
