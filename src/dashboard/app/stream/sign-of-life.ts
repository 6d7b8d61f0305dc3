/**
 * Notices that nothing comes because nothing gets through, which no event reports. An EventSource does not notice a
 * connection that a sleeping laptop, a lost network or a proxy has left half open; it stays "open" for ever. So a
 * visible page asks the server at intervals, and learns whether the server has more than has come here, or does not
 * answer.
 */

import { serverNow } from '../common/clock.js';

/** After this much silence, the server is asked. */
const QUIET_MS = 4000;
/** How long an answer may take. */
const ANSWER_MS = 3000;
const TICK_MS = 1000;
/** If the clock stood still for longer, the computer was asleep or the tab frozen. */
const ASLEEP_MS = 5000;

export type Sign = 'alive' | 'behind' | 'unavailable' | 'unreachable';

export interface SignOptions {
  /** Asks the server; a rejection means that it is unreachable. */
  readonly ask: (signal: AbortSignal) => Promise<Sign>;
  /** Called for every answer, and when the page has woken up (`unreachable`: nobody knows). */
  readonly onSign: (sign: Sign) => void;
}

export class SignOfLife {
  private readonly ticking = setInterval(() => this.tick(), TICK_MS);
  private readonly closing = new AbortController();
  private heardAt = performance.now();
  private tickedAt = serverNow();
  private isAsking = false;

  constructor(private readonly options: SignOptions) {
    const { signal } = this.closing;
    document.addEventListener('visibilitychange', () => this.isSeen && void this.ask(), { signal });
    addEventListener('offline', () => this.options.onSign('unreachable'), { signal });
  }

  close(): void {
    clearInterval(this.ticking);
    this.closing.abort();
  }

  /** Something has come. */
  heard(): void {
    this.heardAt = performance.now();
  }

  private get isSeen(): boolean {
    return document.visibilityState === 'visible';
  }

  private tick(): void {
    // By the time of day: the other clock may stand still while the computer sleeps.
    const now = serverNow();
    const slept = now - this.tickedAt > ASLEEP_MS;
    this.tickedAt = now;
    // In hidden tabs a browser slows timers down, and nobody looks.
    if (!this.isSeen) return;
    if (slept) this.options.onSign('unreachable');
    else if (performance.now() - this.heardAt >= QUIET_MS) void this.ask();
  }

  private async ask(): Promise<void> {
    if (this.isAsking) return;
    this.isAsking = true;
    // Again so long after this question, not after its answer: a browser may hold several connections that are dead.
    this.heard();
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), ANSWER_MS);
    const sign = await this.options.ask(late.signal).catch((): Sign => 'unreachable');
    clearTimeout(timer);
    this.isAsking = false;
    if (!this.closing.signal.aborted) this.options.onSign(sign);
  }
}
