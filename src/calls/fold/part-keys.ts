/** Which parts of a call an event reads or changes: they must be read before the event can be taken in. Pure. */
import type { CallEvent } from './call-event.js';
import {
  CORRECTED,
  GAP,
  type Part,
  courseIn,
  lineIn,
  linkAt,
  linkKeys,
  mayTouchLineBefore,
  namedIn,
  placed,
  turnTimeIn,
  toolKey,
} from './call-part.js';
import { COURSE, type CourseState, lineOfTurn, neighbours, placeOf } from './course-state.js';
import type { Keyed } from './keyed.js';
import { LATENCIES } from './latencies-state.js';
import { isMessage } from './message-state.js';
import { snapshotKeys } from './snapshot-parts.js';
import { toolParts } from './tool-state.js';
import { numberOf } from './value.js';

/**
 * Keys of the parts that an event reads or changes, as far as `known` tells. A correction names a number, and its
 * message is only known once the links are read. The same holds for the lines around a line.
 */
export function keysOf(event: CallEvent, known: Keyed<Part>, byLog = false): string[] {
  const { type, data } = event;
  if (type === 'turn.start') return [COURSE];
  if (type === 'turn.end') {
    const line = lineOfTurn(courseIn(known), placed(event), byLog);
    return [COURSE, LATENCIES, ...(line ? [line.key] : [])];
  }
  if (type === GAP) return snapshotKeys(event);
  const links = linkKeys(numberOf(data['seq']));
  if (isMessage(type)) {
    const latencies = turnTimeIn(event) === undefined ? [] : [LATENCIES];
    return [COURSE, ...latencies, ...links, ...keysOfLine(event, courseIn(known), byLog)];
  }
  if (type !== CORRECTED) {
    const tools = toolParts(event).map(({ id }) => toolKey(id));
    return tools.length === 0 ? [] : [COURSE, ...tools];
  }
  const { supersedes, byId } = namedIn(event);
  const linked = supersedes === null ? undefined : linkAt(known, supersedes)?.value;
  return [
    ...links,
    ...linkKeys(supersedes),
    ...(byId === null ? [] : [byId]),
    ...(linked === undefined ? [] : [linked]),
  ];
}

/** Its own, and the line before it, if the event may change that one too. */
function keysOfLine(event: CallEvent, course: CourseState, byLog: boolean): string[] {
  const line = lineIn(event);
  if (!mayTouchLineBefore(event, line)) return [line.key];
  const { before } = neighbours(course, placeOf(line, byLog), byLog, line.key);
  return before ? [line.key, before.key] : [line.key];
}
