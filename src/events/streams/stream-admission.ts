/**
 * Who is let in to open a stream, in the order of arrival and so many at a time: when thousands come at once (a server
 * was restarted), those that are open go on getting their events between two of them, and the database is asked in
 * rounds. Only who was authenticated comes here. A place is given back when the stream is open, when its connection is
 * gone, or when it was held too long, whichever is first: nobody can keep others out.
 */
import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import type { Patience } from '../../common/fair-slots.js';
import { placesLost } from '../../common/metrics.js';
import { Semaphore } from '../../common/semaphore.js';
import { GONE } from '../../http/answers.js';

/** Streams that are being opened at one time; each step of theirs takes the event loop some 100 µs. */
const MAX_OPENING = 64;
/** A stream that is not open by then waits for something that others need not wait for. */
const MAX_HELD_MS = 10_000;

/** A stream that is being opened. */
interface Opening {
  /** Gives its place back; twice gives it back once. */
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
   * Resolves when it is one's turn, with how it may wait while it opens. Throws `unavailable` for who has gone away
   * meanwhile.
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

  /** Streams that are being opened. */
  get held(): number {
    return this.places.size;
  }

  /** Places that were held for connections that were gone, since the start: none, or something is wrong here. */
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

/** Refused, or gone. One function for all: what a listener holds is held for as long as the stream. */
function closed(this: object): void {
  opening.get(this)?.gone.abort(GONE);
  opened(this);
}

/** Its stream is open: the next one may come in. */
export function opened(response: object): void {
  opening.get(response)?.leave();
  opening.delete(response);
}
