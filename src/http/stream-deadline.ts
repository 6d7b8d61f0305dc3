/**
 * A stream is opened, or its client told to come back, before anything in between loses patience: an EventSource comes
 * back after our answer, and never after a proxy's 504. So whatever a stream waits for (such as a silent database), it
 * does not wait for long.
 */
import type { RequestHandler, Response } from 'express';
import { Problem } from '../common/problem.js';
import { refuse } from '../common/problem.filter.js';

/** Clients and some proxies give up after 15 s of silence, most after 30 s or more. */
const MAX_OPENING_MS = 10_000;

interface Deadline {
  readonly timer: NodeJS.Timeout;
  giveUp: (problem: Problem) => void;
}

const deadlines = new WeakMap<object, Deadline>();

/** For the paths of streams. Work that is still running then finds its response ended, and does nothing. */
export const opensInTime: RequestHandler = (_request, response, next) => {
  const timer = setTimeout(() => isLate(response), MAX_OPENING_MS);
  deadlines.set(response, { timer, giveUp: (problem) => refuse(response, problem) });
  response.once('close', goneInTime);
  next();
};

/** From here on other code owns the response and ends it if necessary. */
export function whenLate(response: Response, giveUp: (problem: Problem) => void): void {
  const deadline = deadlines.get(response);
  if (deadline) deadline.giveUp = giveUp;
}

/** The stream is open, or the client has gone. */
export function inTime(response: object): void {
  clearTimeout(deadlines.get(response)?.timer);
  deadlines.delete(response);
}

/** One function for all streams: whatever a listener holds is held for as long as its stream. */
function goneInTime(this: object): void {
  inTime(this);
}

function isLate(response: Response): void {
  const deadline = deadlines.get(response);
  deadlines.delete(response);
  if (response.writableEnded || response.destroyed) return;
  deadline?.giveUp(new Problem('unavailable', 'The stream could not be opened in time; connect again in a moment.'));
}
