// An agent's side of SOURCES=nats://host:4222/agents.events, with a stream over that subject (`nats stream add`).
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { TYPES, wireEvent } from './wire.mjs';

export async function publishToNats(pc, url = 'nats://127.0.0.1:4222', subject = 'agents.events') {
  const connection = await connect({ servers: url, maxReconnectAttempts: -1 });
  const publish = (event) => jetstream(connection).publish(subject, JSON.stringify(event));
  for (const type of TYPES) pc.on(type, (...args) => publish(wireEvent(type, ...args)).catch(console.error));
  return () => connection.drain();
}
