/** One connection to the broker; when it is lost another one is made. */
export interface BrokerLink {
  /** Longest text that it takes. */
  readonly maxBytes: number;
  /** A subject, or all of a level: `prefix.*`. */
  subscribe(subject: string): void;
  unsubscribe(subject: string): void;
  /** Never throws. */
  publish(subject: string, text: string): void;
  /** Resolves when the broker has taken everything so far, subscriptions included. */
  flush(): Promise<void>;
  /** Resolves when the connection is lost. */
  readonly lost: Promise<void>;
  close(): Promise<void>;
}

/** Hears a text that came in by that subscription. */
export type Hear = (subscription: string, text: string) => void;
