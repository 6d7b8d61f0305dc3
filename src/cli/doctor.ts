/** What stands between a client and the server, and what it does to an event stream. */
import type { Command } from 'commander';
import { connect } from 'node:tls';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { type Api } from './api.js';
import { contextOf, path } from './context.js';
import { readStream } from './sse-client.js';
import { safe } from './output.js';

interface Finding {
  readonly state: 'good' | 'warning' | 'bad';
  readonly text: string;
}

/** What a stream looked like from here. */
interface Sight {
  readonly headers: Headers;
  readonly greetedMs: number | undefined;
  readonly after: string | undefined;
  readonly pinged: boolean;
}

const MARKS = { good: '✓', warning: '!', bad: '✗' } as const;
const GREETING_MS = 5000;
const MAX_SKEW_MS = 5000;
/** The server's default; where it is set higher, --wait is to be, too. */
const WAIT_SECONDS = '35';

const good = (text: string): Finding => ({ state: 'good', text });
const warning = (text: string): Finding => ({ state: 'warning', text });
const bad = (text: string): Finding => ({ state: 'bad', text });

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('open a stream and say what a proxy in between does to it')
    .option('--tenant <tenant>', 'look as this tenant')
    .option('--wait <seconds>', 'how long to wait for a ping; 0: not at all', WAIT_SECONDS)
    .action(async ({ tenant, wait: seconds }: { tenant?: string; wait: string }, command: Command) => {
      const { api } = contextOf(command);
      let failed = false;
      for await (const { state, text } of examine(api, tenant, Number(seconds) * 1000)) {
        failed ||= state === 'bad';
        process.stdout.write(`${MARKS[state]} ${safe(text)}\n`);
      }
      if (failed) process.exitCode = 1;
    });
}

async function* examine(api: Api, tenant: string | undefined, pingMs: number): AsyncGenerator<Finding> {
  const health = await api.fetch('GET', '/healthz').catch((error: unknown) => error as Error);
  if (health instanceof Error) {
    const reason = health.cause instanceof Error ? health.cause.message : health.message;
    yield bad(`${api.target.url} cannot be reached (${reason})`);
    return;
  }
  yield health.ok ? good(`${api.target.url} answers`) : bad(`/healthz answers ${health.status}: is this Switchboard?`);
  yield clockFinding(health);
  yield await protocolFinding(api.target.url);
  const ready = await api.fetch('GET', '/readyz');
  yield ready.ok ? good('it is ready') : bad(`/readyz answers ${ready.status}: look there which part is missing`);
  const me = await api.fetch('GET', '/v1/me');
  if (!me.ok) {
    yield bad(`the token is refused (${me.status}); a proxy may strip the Authorization header`);
    return;
  }
  const isPlatform = z.looseObject({ tenant: z.string().nullable() }).parse(await me.json()).tenant === null;
  yield good('the token works');
  const place = await streamPath(api, tenant, isPlatform);
  if (pingMs > 0) process.stderr.write(`watching a stream for at most ${pingMs / 1000} s …\n`);
  const sight = await look(api, place, undefined, pingMs);
  yield* streamFindings(sight, pingMs);
  if (sight.after !== undefined) yield await resumeFinding(api, place, sight.after);
}

/** With a tenant, by a token in the URL: what a browser does. */
async function streamPath(api: Api, tenant: string | undefined, isPlatform: boolean): Promise<string> {
  if (tenant === undefined && isPlatform) return '/v1/admin/events';
  const mint = tenant === undefined ? '/v1/stream-tokens' : path`/v1/admin/tenants/${tenant}/stream-tokens`;
  const { token } = await api.request('POST', mint, z.looseObject({ token: z.string() }), {});
  return `/v1/events?token=${token}`;
}

async function look(api: Api, place: string, cursor: string | undefined, pingMs: number): Promise<Sight> {
  const abort = new AbortController();
  const startedAt = performance.now();
  const headers = { Accept: 'text/event-stream', ...(cursor === undefined ? {} : { 'Last-Event-ID': cursor }) };
  const seen: { greetedMs?: number; after?: string; pinged: boolean } = { pinged: false };
  const request = api.fetch('GET', place, undefined, { headers, signal: abort.signal });
  const late = wait(GREETING_MS, undefined, { ref: false });
  const response = await Promise.race([request, late]);
  if (response === undefined) {
    abort.abort();
    return { headers: new Headers(), greetedMs: undefined, after: undefined, pinged: false };
  }
  const reading = readStream(response, {
    onEvent: ({ event, id }) => {
      if (event !== 'connected') return;
      seen.greetedMs = performance.now() - startedAt;
      if (id !== undefined) seen.after = id;
    },
    onComment: (comment) => (seen.pinged ||= comment === 'ping'),
  }).catch(() => undefined); // Ended, or we have seen enough.
  const until = performance.now() + Math.max(pingMs, GREETING_MS);
  while (performance.now() < until) {
    if (seen.greetedMs !== undefined && (seen.pinged || pingMs === 0)) break;
    if ((await Promise.race([reading.then(() => 'ended'), wait(20)])) === 'ended') break;
  }
  abort.abort();
  return { headers: response.headers, greetedMs: seen.greetedMs, after: seen.after, pinged: seen.pinged };
}

function* streamFindings({ headers, greetedMs, pinged }: Sight, pingMs: number): Generator<Finding> {
  if (greetedMs === undefined) {
    yield bad('the stream says nothing: something buffers it (nginx: proxy_buffering off; check compression)');
    return;
  }
  yield greetedMs < 2000
    ? good(`the stream greets after ${greetedMs.toFixed(0)} ms`)
    : warning(`the stream greets only after ${greetedMs.toFixed(0)} ms`);
  const type = headers.get('content-type') ?? 'none';
  yield type.startsWith('text/event-stream') ? good('Content-Type arrives') : bad(`Content-Type is ${type}`);
  const coding = headers.get('content-encoding');
  yield coding === null
    ? good('nothing compresses it')
    : bad(`it is compressed (${coding}), and what compresses waits for more: turn that off for text/event-stream`);
  if (!(headers.get('cache-control') ?? '').includes('no-transform'))
    yield warning('Cache-Control: no-transform was taken away: a proxy may change the stream');
  if (pingMs === 0) return;
  yield pinged
    ? good('pings arrive: an idle stream stays open')
    : bad(`no ping within ${pingMs / 1000} s: something holds small writes back, or pings come more seldom (--wait)`);
}

async function resumeFinding(api: Api, place: string, cursor: string): Promise<Finding> {
  // Nothing comes before the first event: a cursor of 0 is a resume like any other.
  const again = await look(api, place, cursor, 0);
  return again.after === cursor
    ? good('it resumes after the last id')
    : bad(
        `it does not resume: after Last-Event-ID ${cursor} it began at ${again.after ?? 'nothing'}; is the header stripped?`,
      );
}

function clockFinding({ headers }: Response): Finding {
  const date = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(date)) return warning('no Date header: the clocks cannot be compared');
  const skewMs = Date.now() - date;
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  return Math.abs(skewMs) <= MAX_SKEW_MS
    ? good('the clocks agree')
    : warning(`this clock is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} the server’s: tokens end at odd times`);
}

/** HTTP/1.1 means six streams a browser and address; HTTP/2 has no such bound. */
async function protocolFinding(url: string): Promise<Finding> {
  const { protocol, hostname, port } = new URL(url);
  const few = 'HTTP/1.1: a browser keeps six connections to it, tabs included';
  if (protocol === 'http:') return warning(few);
  const chosen = await new Promise<string | false | null>((resolve) => {
    const options = {
      host: hostname,
      port: Number(port || 443),
      servername: hostname,
      ALPNProtocols: ['h2', 'http/1.1'],
    };
    const socket = connect(options, () => {
      resolve(socket.alpnProtocol);
      socket.end();
    }).once('error', () => resolve(null));
  });
  return chosen === 'h2' ? good('HTTP/2 is offered') : warning(few);
}
