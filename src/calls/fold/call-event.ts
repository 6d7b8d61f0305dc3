/** A durable event of one call, as a tenant reads it. */
export interface CallEvent {
  /** The tenant's number of the event: it orders the call. */
  readonly seq: number;
  readonly type: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
}
