/**
 * Word from one process to all. Every message is a hint: it may be lost, repeated or late, and a row in the database
 * stands behind each. What is published is also heard here, at once and in order.
 */
import { Observable, Subject } from 'rxjs';

/** An event as it travels between processes; see LoggedEvent in events/log/event.ts. */
export interface BusEvent {
  readonly type: string;
  readonly agent: string;
  readonly callId: string | null;
  readonly at: string;
  readonly data: string;
  readonly ephemeral: boolean;
  readonly tenantId: string | null;
  readonly position: number;
  readonly seq: number | null;
}

export type BusMessage =
  /**
   * Positions `first`…`last` were committed, and these events stand there, ephemeral ones in between. Only ephemeral
   * events: `first` is `last + 1`. `complete: false`: the durable ones are not here, read them from the log. Events of
   * tenants that nobody on this process follows may have been left out.
   */
  | { kind: 'appended'; first: number; last: number; complete: boolean; events: readonly BusEvent[] }
  | { kind: 'token-revoked'; tokenId: string }
  /** Its scopes are fewer than they were. */
  | { kind: 'token-changed'; tokenId: string }
  | { kind: 'keys-changed' }
  | { kind: 'tenant-changed'; tenantId: string; status: 'active' | 'suspended' | 'deleted' }
  /** What is still held of the call is not to be given to anybody. */
  | { kind: 'call-erased'; tenantId: string | null; callId: string }
  /** A tenant owns more agents than before, or fewer. */
  | { kind: 'owner-changed'; tenantId: string; added: readonly string[]; removed: readonly string[] }
  /** Every process tells the connections that it holds, in as many messages as that takes. A version before says not who speaks. */
  | { kind: 'connections-asked'; ask: string; process?: string }
  | {
      kind: 'connections-told';
      ask: string;
      connections: readonly unknown[];
      process?: string;
      isLast?: boolean;
    }
  /** Who did this work alone has stopped: who stands by may begin (bus/leases.ts). */
  | { kind: 'lease-released'; lease: string }
  /** A process reads for the tenants of so many shards only: whoever reads for more gives some up (readers/reader-shards.ts). */
  | { kind: 'shards-wanted'; from: string; held: number }
  /** A tenant has other readers of its log, or they stand elsewhere. */
  | { kind: 'readers-changed'; tenantId: string }
  | { kind: 'connection-closed'; connectionId: string };

export abstract class Bus {
  protected readonly heard = new Subject<BusMessage>();
  protected readonly returned = new Subject<void>();

  readonly messages: Observable<BusMessage> = this.heard;
  /** Emits after every (re)connection: messages may have been missed before it. */
  readonly reconnected: Observable<void> = this.returned;

  /** What carries it. */
  abstract readonly kind: 'postgres' | 'nats' | 'redis';

  /** True while messages of other processes reach us. */
  abstract readonly connected: boolean;

  /**
   * From now on events of this tenant (null: nobody's) are wanted on this process, until what is returned is called. Must come
   * before the reader looks at the log: what was announced before is not brought again. A bus that tells everybody
   * everything has nothing to do.
   */
  follow(_tenantId: string | null): () => void {
    return () => undefined;
  }

  /** As {@link follow}, for the events of all tenants and of nobody. */
  followAcrossTenants(): () => void {
    return () => undefined;
  }

  publish(message: BusMessage): void {
    this.heard.next(message);
    this.send(message);
  }

  /** Takes the message to the other processes; never throws, may lose it. */
  protected abstract send(message: BusMessage): void;
}
