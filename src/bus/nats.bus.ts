/**
 * NATS as the bus: https://docs.nats.io/nats-concepts/core-nats. `nats://user:password@host:4222`, `nats://token@host`,
 * `tls://…`.
 */
import { Injectable } from '@nestjs/common';
import { type ConnectionOptions, type Subscription, connect } from '@nats-io/transport-node';
import { PgPool } from '../database/pg-pool.js';
import type { BrokerLink, Hear } from './broker-link.js';
import { BrokerBus } from './broker.bus.js';
import { natsOptions } from './nats-options.js';

/** The server closes the connection beyond its limit (1 MiB unless configured); smaller texts are smoother. */
const MAX_BYTES = 512 * 1024;
/** The part before a text: its sender. */
const SENDER_BYTES = 64;
/** A server that has not answered two of these when the third is due is gone: within 4.5 s. */
const PING_MS = 1500;

@Injectable()
export class NatsBus extends BrokerBus {
  readonly kind = 'nats';
  private readonly options: ConnectionOptions;

  constructor(url: string, pool: PgPool) {
    super(pool);
    this.options = { ...natsOptions(url), name: 'switchboard-bus', noEcho: true, pingInterval: PING_MS, maxPingOut: 2 };
  }

  protected override async connect(hear: Hear): Promise<BrokerLink> {
    // We reconnect ourselves: the client would keep what is published meanwhile without bound.
    const connection = await connect({ ...this.options, reconnect: false, timeout: 2000 });
    const subscriptions = new Map<string, Subscription>();
    return {
      maxBytes: Math.min(MAX_BYTES, connection.info?.max_payload ?? MAX_BYTES) - SENDER_BYTES,
      subscribe: (subject) => {
        if (connection.isClosed()) return;
        const callback = (error: Error | null, message: { string(): string }) => {
          if (error === null) hear(subject, message.string());
        };
        subscriptions.set(subject, connection.subscribe(subject, { callback }));
      },
      unsubscribe: (subject) => {
        if (!connection.isClosed()) subscriptions.get(subject)?.unsubscribe();
        subscriptions.delete(subject);
      },
      publish: (subject, text) => {
        if (!connection.isClosed()) connection.publish(subject, text);
      },
      flush: () => connection.flush(),
      lost: connection.closed().then(() => undefined),
      close: () => connection.close(),
    };
  }
}
