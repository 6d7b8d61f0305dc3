/** Examines what stands between a client and the server, and what it does to an event stream. */
import { type Command, InvalidArgumentError } from 'commander';
import { connect } from 'node:tls';
import { z } from 'zod';
import { type Api, causeOf } from './api.js';
import { contextOf, path } from './context.js';
import { endsWithItsReader, safe } from './output.js';
import { type Sight, look } from './stream-sight.js';

interface Finding {
  readonly state: 'good' | 'warning' | 'bad';
  readonly text: string;
}

const MARKS = { good: '✓', warning: '!', bad: '✗' } as const;
const GREETING_MS = 5000;
const MAX_SKEW_MS = 5000;
/** A little more than the server's default. If the server pings less often, --wait must be longer, too. */
const WAIT_SECONDS = 35;

const good = (text: string): Finding => ({ state: 'good', text });
const warning = (text: string): Finding => ({ state: 'warning', text });
const bad = (text: string): Finding => ({ state: 'bad', text });

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('open a stream and report what proxies in between do to it')
    .option('--tenant <tenant>', 'read as this tenant')
    .option('--wait <seconds>', 'how long to wait for a ping; 0 to skip', secondsIn, WAIT_SECONDS)
    .action(async ({ tenant, wait: seconds }: { tenant?: string; wait: number }, command: Command) => {
      const { api } = contextOf(command);
      endsWithItsReader();
      let failed = false;
      for await (const { state, text } of examine(api, tenant, seconds * 1000)) {
        failed ||= state === 'bad';
        process.stdout.write(`${MARKS[state]} ${safe(text)}\n`);
      }
      if (failed) process.exitCode = 1;
    });
}

function secondsIn(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('It must be a number of seconds.');
  return Number(text);
}

async function* examine(api: Api, tenant: string | undefined, pingMs: number): AsyncGenerator<Finding> {
  const health = await api.fetch('GET', '/healthz').catch((error: unknown) => error as Error);
  if (health instanceof Error) {
    yield bad(`${api.target.url} cannot be reached (${causeOf(health.cause ?? health)})`);
    return;
  }
  if (!(await saysStatus(health, 'ok'))) {
    yield bad(`/healthz answers ${health.status} and not as Switchboard does: is the address right?`);
    return;
  }
  yield good(`${api.target.url} answers`);
  yield clockFinding(health);
  yield await protocolFinding(api.target.url);
  const ready = await api.fetch('GET', '/readyz');
  yield (await saysStatus(ready, 'ready'))
    ? good('it is ready')
    : bad('it is not ready: /readyz says which part is missing');
  const me = await api.fetch('GET', '/v1/me');
  if (!me.ok) {
    yield bad(`the token is refused (${me.status}); a proxy may strip the Authorization header`);
    return;
  }
  const isPlatform = z.looseObject({ tenant: z.string().nullable() }).parse(await me.json()).tenant === null;
  yield good('the token works');
  const place = await streamPath(api, tenant, isPlatform);
  const sight = await look(api, place, { until: 'greeting', forMs: GREETING_MS });
  yield* streamFindings(sight);
  if (sight.greetedMs === undefined) return;
  yield await resumeFinding(api, place);
  if (pingMs > 0) yield await pingFinding(api, place, pingMs);
}

async function saysStatus(response: Response, status: string): Promise<boolean> {
  const body: unknown = await response.json().catch(() => undefined); // A page of another server.
  return response.ok && z.looseObject({ status: z.literal(status) }).safeParse(body).success;
}

/** With a tenant, uses a token in the URL, as a browser does. */
async function streamPath(api: Api, tenant: string | undefined, isPlatform: boolean): Promise<string> {
  if (tenant === undefined && isPlatform) return '/v1/admin/events';
  const mint = tenant === undefined ? '/v1/stream-tokens' : path`/v1/admin/tenants/${tenant}/stream-tokens`;
  const { token } = await api.request('POST', mint, z.looseObject({ token: z.string() }), {});
  return `/v1/events?token=${token}`;
}

function* streamFindings({ headers, refusal, greetedMs }: Sight): Generator<Finding> {
  if (greetedMs === undefined) {
    yield refusal === undefined
      ? bad('the stream says nothing: something buffers it (nginx: proxy_buffering off; check compression)')
      : bad(`the stream is refused: ${refusal}`);
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
}

async function pingFinding(api: Api, place: string, forMs: number): Promise<Finding> {
  process.stderr.write(`watching a stream for at most ${forMs / 1000} s …\n`);
  const { pinged } = await look(api, place, { until: 'ping', forMs });
  return pinged
    ? good('pings arrive: an idle stream stays open')
    : bad(`no ping within ${forMs / 1000} s: something holds small writes back, or pings come more seldom (--wait)`);
}

/** Sends a cursor that never existed: if the cursor reaches the server, the stream says so, whatever is in its log. */
async function resumeFinding(api: Api, place: string): Promise<Finding> {
  const { types } = await look(api, place, { lastEventId: 'doctor', until: 'gap', forMs: GREETING_MS });
  return types.has('log.gap')
    ? good('Last-Event-ID arrives: a client that was cut off resumes')
    : bad('Last-Event-ID does not arrive: a client that was cut off misses events; let the header through');
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
