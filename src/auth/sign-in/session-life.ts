/** How long a session lives: while it is used, and never longer than it is told at its start. */
import { earlier, momentIn } from '../../common/moment.js';

const DAY_MS = 86_400_000;

/** The longest life of a session, however much it is used. It ends sooner if what it was made from does. */
export const SESSION_MS = 30 * DAY_MS;
/** A session that nobody uses for so long has ended. */
export const IDLE_MS = 7 * DAY_MS;

/** When a session ends that is used now, and must not live beyond `end`. */
export function endUnlessUsed(end: Date): Date {
  return earlier(end, momentIn(IDLE_MS));
}
