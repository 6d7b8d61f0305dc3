/**
 * Customers' receivers of webhooks, in a process of their own: `/N` is the endpoint of tenant N. Commands: `open` → the
 * port; `behave` {tenant, how}, how: `well`, `slow` (answers after 30 s) or `dead` (never answers, and drops the
 * connection); `watch`; `report` {from} → what the endpoints from that one on have received since, and how late.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { answer } from '../../bench/commands.mjs';
import { nowUs } from '../../bench/load.mjs';

const SLOW_MS = 30_000;
const SENT = /"sentUs":(\d+)/;
const behaviour = new Map();
let received = [];

const server = createServer((request, response) => {
  const tenant = Number(request.url.slice(1));
  const how = behaviour.get(tenant) ?? 'well';
  if (how === 'dead') return void request.socket.destroy();
  let text = '';
  request.setEncoding('latin1').on('data', (piece) => (text += piece));
  request.on('end', () => {
    const sentUs = Number(SENT.exec(text)?.[1]);
    received.push({ tenant, ms: (nowUs() - sentUs) / 1000 });
    const done = () => response.writeHead(204).end();
    if (how === 'slow') setTimeout(done, SLOW_MS).unref();
    else done();
  });
});

answer({
  async open() {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server.address().port;
  },
  behave: ({ tenant, how }) => void behaviour.set(tenant, how),
  watch: () => void (received = []),
  report({ from }) {
    const times = received.filter(({ tenant }) => tenant >= from).map(({ ms }) => ms).sort((a, b) => a - b); // prettier-ignore
    const at = (share) =>
      Number((times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? NaN).toFixed(1));
    return { count: times.length, p50: at(0.5), p99: at(0.99), most: at(1) };
  },
});
