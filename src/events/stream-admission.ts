/**
 * Who is let in to open a stream, in the order of arrival and so many at a time: when thousands come at once (a server was
 * restarted), those that are open go on getting their events between two of them, and the database is asked in rounds.
 */
import { Injectable } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { Semaphore } from '../common/semaphore.js';

/** Streams that are being opened at one time; each step of theirs takes the event loop some 100 µs. */
const MAX_OPENING = 64;

const opening = new WeakMap<object, () => void>();

@Injectable()
export class StreamAdmission {
  private readonly slots = new Semaphore(MAX_OPENING);

  /** Express middleware. Who goes away while waiting is passed over. */
  admit(_request: Request, response: Response, next: NextFunction): void {
    void this.slots.acquire().then((release) => {
      if (response.destroyed || response.closed) return release();
      opening.set(response, release);
      response.once('close', openedByItself);
      next();
    });
  }
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
