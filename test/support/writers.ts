/** Writers of load for fault tests: they number their events, and send a batch again until it is answered. */
import { randomInt } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Installation } from './server-process.js';
import { stopLater } from './leftovers.js';
import { waitFor } from './wait-for.js';

const WRITERS = 4;

/**
 * As a client does that means to come through: until it is something, with a pause in between that spares the machine.
 */
export async function retrying<T>(work: () => Promise<T | undefined | false>): Promise<T> {
  for (const deadline = Date.now() + 180_000; ;) {
    const result = await work();
    if (result) return result;
    if (Date.now() > deadline) throw new Error('a client has tried for three minutes in vain');
    await setTimeout(50);
  }
}

export interface NumberedEvent {
  readonly event: 'user.message';
  readonly agent: string;
  readonly callId: string;
  readonly messageId: string;
  readonly text: string;
}

/**
 * What a client of ingest does that wants nothing lost: it numbers its events and sends a batch again until it is
 * answered.
 */
export class Writers {
  readonly answered: (NumberedEvent & { readonly answeredAt: number })[] = [];
  /** How requests ended: a status, or 0 for a connection that was cut or refused. */
  readonly outcomes = new Map<number, number>();
  answers = 0;
  /** Sent again, and found to be in the log already: the kill fell between commit and answer. */
  duplicates = 0;
  inFlight = 0;
  private next = 0;
  private stopped = false;
  private readonly working: Promise<void>[];
  private readonly finished = stopLater(() => this.finish());

  constructor(
    homes: readonly Installation[],
    private readonly token: string,
    private readonly agents: readonly string[],
  ) {
    this.working = Array.from({ length: WRITERS }, (_, index) =>
      this.work(homes[index % homes.length] as Installation),
    );
  }

  /** Resolves when everything that was begun has been answered. */
  async finish(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.working);
    this.finished();
  }

  private async work(home: Installation): Promise<void> {
    while (!this.stopped) {
      const batch = this.batch();
      await retrying(() => this.post(home, batch));
      const answeredAt = performance.now();
      for (const event of batch) this.answered.push({ ...event, answeredAt });
      this.answers += 1;
    }
  }

  private batch(): NumberedEvent[] {
    const size = randomInt(10) === 0 ? randomInt(100, 400) : randomInt(1, 30);
    return Array.from({ length: size }, () => {
      const number = this.next++;
      const agent = this.agents[randomInt(this.agents.length)] ?? '';
      const callId = `call-${number % 17}-${agent}`;
      return { event: 'user.message', agent, callId, messageId: `m${number}`, text: `text ${number}` };
    });
  }

  private async post({ url }: Installation, batch: readonly NumberedEvent[]): Promise<boolean> {
    this.inFlight += 1;
    try {
      const response = await fetch(`${url}/v1/ingest`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${this.token}`, 'Content-Type': 'application/json' },
        body: JSON.stringify(batch),
        signal: AbortSignal.timeout(20_000),
      });
      const body = (await response.json()) as { accepted: number; duplicates: number; rejected: unknown[] };
      this.count(response.status);
      if (response.status !== 200) return false;
      expect(body).toMatchObject({ rejected: [] });
      expect(body.accepted + body.duplicates).toBe(batch.length);
      this.duplicates += body.duplicates;
      return true;
    } catch (error) {
      if ((error as Error).name !== 'TypeError') throw error; // What fetch calls a connection that was refused or broke.
      this.count(0);
      return false;
    } finally {
      this.inFlight -= 1;
    }
  }

  private count(outcome: number): void {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }
}

/** Until the writers have been answered so often again, and then a moment that nobody has chosen. */
export async function midAppend(writers: Writers): Promise<void> {
  const target = writers.answers + randomInt(1, 12);
  await waitFor(() => writers.answers >= target && writers.inFlight > 0, 'answers', 30_000);
  await setTimeout(randomInt(12));
}
