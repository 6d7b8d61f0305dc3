/**
 * Admits clients that open a stream, in the order of arrival and a bounded number at a time. When thousands come at
 * once (a server was restarted), open streams still get their events in between, and the database is asked in rounds.
 * Only authenticated clients come here. A place is given back when the stream is open, when its connection is gone, or
 * when it was held too long, whichever is first. So nobody can keep others out.
 */
import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import type { Patience } from '../../common/fair-slots.js';
import { placesLost } from '../../common/metrics.js';
import { Semaphore } from '../../common/semaphore.js';
import { GONE } from '../../http/answers.js';

/** Streams that may be opening at one time. Each step of opening takes the event loop some 100 µs. */
const MAX_OPENING = 64;
/** A stream that is not open by then waits for something that others need not wait for. */
const MAX_HELD_MS = 10_000;

/** A stream that is being opened. */
interface Opening {
  /** Gives the place back. A second call does nothing. */
  readonly leave: () => void;
  readonly gone: AbortController;
}

const opening = new WeakMap<object, Opening>();

@Injectable()
export class StreamAdmission {
  private readonly slots = new Semaphore(MAX_OPENING);
  private readonly places = new Set<Response>();
  private lost = 0;

  /**
   * Resolves when it is this client's turn, with how it may wait while it opens. Throws `unavailable` if the client is
   * gone meanwhile.
   */
  async admit(response: Response): Promise<Patience> {
    const release = await this.slots.acquire();
    if (isGone(response)) {
      release();
      throw GONE;
    }
    this.places.add(response);
    const timer = setTimeout(() => this.takeBack(response), MAX_HELD_MS).unref();
    const leave = () => {
      clearTimeout(timer);
      this.places.delete(response);
      release();
    };
    const gone = new AbortController();
    opening.set(response, { leave, gone });
    response.once('close', closed);
    return { until: gone.signal, isEndless: true };
  }

  /** How many streams are being opened. */
  get held(): number {
    return this.places.size;
  }

  /**
   * Places that were held for connections that were gone, since the start. It should be 0; anything else is a fault.
   */
  get lostPlaces(): number {
    return this.lost;
  }

  private takeBack(response: Response): void {
    if (isGone(response)) {
      this.lost += 1;
      placesLost.inc();
    }
    opening.get(response)?.leave();
  }
}

function isGone(response: Response): boolean {
  return response.destroyed || response.closed || response.socket === null || response.socket.destroyed;
}

/**
 * The client was refused, or is gone. There is one function for all, because what a listener holds lives as long as the
 * stream.
 */
function closed(this: object): void {
  opening.get(this)?.gone.abort(GONE);
  opened(this);
}

/** The stream is open: the next client may come in. */
export function opened(response: object): void {
  opening.get(response)?.leave();
  opening.delete(response);
}
