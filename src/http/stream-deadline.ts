/**
 * A stream is opened, or its client told to come back, before anything in between loses patience: an EventSource comes back from
 * our answer and never from a proxy's 504. So whatever a stream waits for (a database that is silent), it does not wait for long.
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

/** For the paths of streams. What is still under way then finds its response ended, and does nothing. */
export const opensInTime: RequestHandler = (_request, response, next) => {
  const timer = setTimeout(() => isLate(response), MAX_OPENING_MS);
  deadlines.set(response, { timer, giveUp: (problem) => refuse(response, problem) });
  response.once('close', goneInTime);
  next();
};

/** From here on somebody else has the response, and is to end it should it come to that. */
export function whenLate(response: Response, giveUp: (problem: Problem) => void): void {
  const deadline = deadlines.get(response);
  if (deadline) deadline.giveUp = giveUp;
}

/** Its stream is open, or it has gone. */
export function inTime(response: object): void {
  clearTimeout(deadlines.get(response)?.timer);
  deadlines.delete(response);
}

/** One function for all: what a listener holds is held for as long as the stream. */
function goneInTime(this: object): void {
  inTime(this);
}

function isLate(response: Response): void {
  const deadline = deadlines.get(response);
  deadlines.delete(response);
  if (response.writableEnded || response.destroyed) return;
  deadline?.giveUp(new Problem('unavailable', 'The stream could not be opened in time; connect again in a moment.'));
}
