/**
 * Who is let in to open a stream, in the order of arrival and so many at a time: when thousands come at once (a server was
 * restarted), those that are open go on getting their events between two of them, and the database is asked in rounds. Only who
 * was authenticated comes here. A place is given back when the stream is open, when its connection is gone, or when it was held
 * too long, whichever is first: nobody can keep others out.
 */
import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { placesLost } from '../common/metrics.js';
import { Problem } from '../common/problem.js';
import { Semaphore } from '../common/semaphore.js';

/** Streams that are being opened at one time; each step of theirs takes the event loop some 100 µs. */
const MAX_OPENING = 64;
/** A stream that is not open by then waits for something that others need not wait for. */
const MAX_HELD_MS = 10_000;

const opening = new WeakMap<object, () => void>();

@Injectable()
export class StreamAdmission {
  private readonly slots = new Semaphore(MAX_OPENING);
  private readonly places = new Set<Response>();
  private lost = 0;

  /** Resolves when it is one's turn. Throws `unavailable` for who has gone away meanwhile. */
  async admit(response: Response): Promise<void> {
    const release = await this.slots.acquire();
    if (isGone(response)) {
      release();
      throw new Problem('unavailable', 'The client is gone.');
    }
    this.places.add(response);
    const timer = setTimeout(() => this.takeBack(response), MAX_HELD_MS).unref();
    opening.set(response, () => {
      clearTimeout(timer);
      this.places.delete(response);
      release();
    });
    response.once('close', openedByItself);
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
    opened(response);
  }
}

function isGone(response: Response): boolean {
  return response.destroyed || response.closed || response.socket === null || response.socket.destroyed;
}

/** Refused, or gone. One function for all: what a listener holds is held for as long as the stream. */
function openedByItself(this: object): void {
  opened(this);
}

/** Its stream is open: the next one may come in. */
export function opened(response: object): void {
  opening.get(response)?.();
  opening.delete(response);
}
