/** One connection to the broker. If it is lost, a new one is made. */
export interface BrokerLink {
  /** The longest text that it accepts. */
  readonly maxBytes: number;
  /** A subject, or all subjects of a level: `prefix.*`. */
  subscribe(subject: string): void;
  unsubscribe(subject: string): void;
  /** Never throws. */
  publish(subject: string, text: string): void;
  /** Resolves when the broker has received everything so far, subscriptions included. */
  flush(): Promise<void>;
  /** Resolves when the connection is lost. */
  readonly lost: Promise<void>;
  close(): Promise<void>;
}

/** Receives each text that comes in by that subscription. */
export type Hear = (subscription: string, text: string) => void;
