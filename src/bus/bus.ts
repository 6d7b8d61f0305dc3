/**
 * Messages from one process to all. Every message is a hint: it may be lost, repeated or late, and a row in the
 * database stands behind each. What is published is also heard here, at once and in order.
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
   * Positions `first`…`last` were committed. These are their events, with ephemeral ones in between. Only ephemeral
   * events: `first` is `last + 1`. `complete: false`: the durable ones are not here, read them from the log. Events of
   * tenants that nobody on this process follows may have been left out.
   */
  | { kind: 'appended'; first: number; last: number; complete: boolean; events: readonly BusEvent[] }
  | { kind: 'token-revoked'; tokenId: string }
  /** The token has fewer scopes than before, or ends sooner. */
  | { kind: 'token-changed'; tokenId: string }
  | { kind: 'keys-changed' }
  | { kind: 'tenant-changed'; tenantId: string; status: 'active' | 'suspended' | 'deleted' }
  /** Events of the call that a process still holds must not be given to anybody. */
  | { kind: 'call-erased'; tenantId: string | null; callId: string }
  /** A tenant owns more agents than before, or fewer. */
  | { kind: 'owner-changed'; tenantId: string; added: readonly string[]; removed: readonly string[] }
  /**
   * Every process lists the connections that it holds, in as many messages as that takes. With `countOf`: how many
   * streams of that tenant (null: of the platform) each token has there. Earlier versions do not name the sender, and
   * list all to everybody.
   */
  | { kind: 'connections-asked'; ask: string; process?: string; countOf?: string | null }
  | {
      kind: 'connections-told';
      ask: string;
      connections: readonly unknown[];
      process?: string;
      isLast?: boolean;
    }
  /** The process that did this work alone has stopped: a process on standby may begin (bus/leases.ts). */
  | { kind: 'lease-released'; lease: string }
  /**
   * A process reads for the tenants of a limited number of shards: one that holds more gives some up
   * (readers/reader-shards.ts).
   */
  | { kind: 'shards-wanted'; from: string; held: number }
  /** A tenant has other readers of its log, or their cursors have changed. */
  | { kind: 'readers-changed'; tenantId: string }
  | { kind: 'connection-closed'; connectionId: string };

export abstract class Bus {
  protected readonly heard = new Subject<BusMessage>();
  protected readonly returned = new Subject<void>();

  readonly messages: Observable<BusMessage> = this.heard;
  /** Emits after every (re)connection: messages may have been missed before it. */
  readonly reconnected: Observable<void> = this.returned;

  /** The kind of bus. */
  abstract readonly kind: 'postgres' | 'nats' | 'redis';

  /** True while messages of other processes reach us. */
  abstract readonly connected: boolean;

  /**
   * From now on this process wants the events of this tenant (null: nobody's), until the returned function is called.
   * Call this before the reader looks at the log: earlier announcements are not repeated. A bus that sends everything
   * to everybody has nothing to do here.
   */
  follow(_tenantId: string | null): () => void {
    return () => undefined;
  }

  /** Like {@link follow}, for the events of all tenants and of nobody. */
  followAcrossTenants(): () => void {
    return () => undefined;
  }

  publish(message: BusMessage): void {
    this.heard.next(message);
    this.send(message);
  }

  /** Sends the message to the other processes. Never throws; may lose it. */
  protected abstract send(message: BusMessage): void;
}
