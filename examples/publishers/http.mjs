// An agent's side of POST /v1/ingest: one request at a time, what is said meanwhile goes with the next; tried until it is taken.
import { TYPES, wireEvent } from './wire.mjs';

export function publishByHttp(pc, url = 'http://127.0.0.1:3000', token = process.env.SWITCHBOARD_TOKEN) {
  let [waiting, sending] = [[], Promise.resolve()];
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const post = (body, key) => fetch(`${url}/v1/ingest`, { method: 'POST', headers: { ...headers, 'Idempotency-Key': key }, body }).catch(() => ({ status: 503 })); // prettier-ignore
  const send = async (body, key) => { while ((await post(body, key)).status >= 429) await new Promise((next) => setTimeout(next, 500)); }; // prettier-ignore
  const flush = () => waiting.length && send(JSON.stringify(waiting.splice(0, 1000)), globalThis.crypto.randomUUID());
  for (const type of TYPES) pc.on(type, (...args) => { waiting.push(wireEvent(type, ...args)); sending = sending.then(flush); }); // prettier-ignore
  return () => sending;
}
