/** The two numberings of the log: a reader's cursor counts by one of them, and its frames carry that number as their id. */
import type { LoggedEvent } from './event.js';
import { eventFrame, platformFrame } from './sse-frame.js';

export interface Numbering {
  /** The number that the reader's cursor counts; null: ephemeral. */
  readonly numberOf: (event: LoggedEvent) => number | null;
  readonly frameOf: (event: LoggedEvent) => string;
}

/** A tenant's own (`seq`). */
export const TENANT_NUMBERING: Numbering = { numberOf: ({ seq }) => seq, frameOf: eventFrame };

/** The platform's (`position`), for admins. */
export const PLATFORM_NUMBERING: Numbering = {
  numberOf: ({ position, ephemeral }) => (ephemeral ? null : position),
  frameOf: platformFrame,
};
