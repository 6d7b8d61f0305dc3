/**
 * The attacks of hostile.mjs as loops of small clients. Each is given `port`, `token` (of a tenant of its own with the
 * default limits; it may read and write), `agent` (its own) and `adminToken`, which only row 15 uses: an operator gives
 * away agents. `needs`: the data that must exist before (hostile-data.mjs). `cheap`: small and short enough for CI.
 */
import { Buffer } from 'node:buffer';
import { head } from './raw.mjs';

const KIBIBYTE = 1024;
const STREAM = { path: '/v1/events', accept: 'text/event-stream' };

let made = 0;
const event = (on, fields) =>
  JSON.stringify({ event: 'user.message', agent: on.agent, messageId: `h${made++}`, ...fields });
const ingest = (on, body, headers) => on.request('POST', '/v1/ingest', { token: on.token, body, headers });
const looks = (on, path) => on.request('GET', path, { token: on.token });
const times = (count, make) => Array.from({ length: count }, (_, index) => make(index));

/** A token with the given payload and an invalid signature. */
const unsigned = (payload, kid = `k${made++}`) =>
  [JSON.stringify({ alg: 'ES256', kid }), payload, 'x'.repeat(64)]
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');

const ODD_TEXTS = ['%00', '%ED%A0%80', '%ff', '%F0%9F', 'x'.repeat(10 * KIBIBYTE), '-1', '1e400', '[]', '..%2f', "'"];
const ODD_PATHS = ODD_TEXTS.flatMap((odd) => [
  `/v1/log?after=${odd}`,
  `/v1/log?call=${odd}`,
  `/v1/events?agents=${odd}`,
  `/v1/calls?cursor=${odd}`,
  `/v1/calls/${odd}`,
  `/v1/agents/${odd}/events`,
  `/v1/tokens?cursor=${odd}`,
  `/v1/stats?from=${odd}`,
  `/v1/calls?q=${odd}`,
]);

/**
 * @type {Record<string, {row: string, what: string, run: (on: import('./raw.mjs').Onslaught) => void, needs?: string,
 * cheap?: boolean}>}
 */
export const ATTACKS = {
  control: {
    row: '—',
    what: 'no attack: another process keeps a core busy',
    run: (on) =>
      on.loop(async () => {
        for (const end = performance.now() + 20; performance.now() < end;);
        await new Promise(setImmediate);
      }),
  },
  'pipelined-reset': {
    row: '0',
    what: '100 pipelined streams on one connection, then a reset; with a token, without one',
    cheap: true,
    run: (on) =>
      on.loop(
        async (round) => {
          const token = round % 2 === 0 ? on.token : undefined;
          const socket = on.open(head('GET', STREAM.path, { token }).repeat(100));
          await on.pause(50);
          on.reset(socket);
        },
        { times: 2, everyMs: 50 },
      ),
  },
  'planted-mark': {
    row: '1',
    what: 'numbers as event and agent, exact numbers, what looks like a mark in texts',
    cheap: true,
    run: (on) =>
      on.loop(
        async (round) => {
          const n = `9007199254740993${round}`;
          const call = `"agent":"${on.agent}","callId":"hostile-${round % 50}"`;
          await ingest(on, `{"event":${n},${call}}`);
          await ingest(
            on,
            `{"event":"x","n":${n},${call},"text":"\\u0001${n}\\u0001 \\u0000 {\\"rawJSON\\":${round}}"}`,
          );
          await ingest(on, `{"event":"tool.call",${call},"id":${n},"args":"{\\"to\\":${n}}"}`);
        },
        { everyMs: 50 },
      ),
  },
  'huge-call': {
    row: '2',
    what: 'a call of 6,000 parts of 16 KB, corrected again and again, and read',
    needs: 'parts',
    run: (on) => {
      on.loop((round) => ingest(on, event(on, { event: 'bot.corrected', callId: 'huge', messageId: `m${(round % 6000) + 1}`, text: `no ${round}` })), { everyMs: 100 }); // prettier-ignore
      on.loop(() => looks(on, '/v1/calls/huge'), { times: 2, everyMs: 50 });
    },
  },
  'bodies-that-never-come': {
    row: '3',
    what: '200 sockets without a token that declare a body and send none',
    cheap: true,
    run: (on) => on.loop(() => void on.open(head('GET', STREAM.path, { length: 10 }), { reads: true }), { everyMs: 20, times: 4 }), // prettier-ignore
  },
  'stalled-bodies': {
    row: '4',
    what: '100 posts stalled shortly before their end: of 8 MB without a token, of 2 MB with one',
    run: (on) => {
      const post = ({ token, length }) => {
        const socket = on.open(head('POST', '/v1/ingest', { token, length }), { reads: true });
        socket.write(Buffer.alloc(length - 64 * KIBIBYTE, 0x20));
      };
      for (let count = 0; count < 50; count += 1) post({ length: 8_000_000 });
      for (let count = 0; count < 50; count += 1) post({ token: on.token, length: 2_000_000 });
    },
  },
  'unread-streams': {
    row: '5',
    what: '100 filtered replays of events of 60 KB that nobody reads',
    needs: 'large',
    run: (on) => times(100, () => on.open(head('GET', `/v1/events?types=large&after=0`, { token: on.token }))),
  },
  'pipelined-streams': {
    row: '5',
    what: '8 connections with 8 pipelined replays each, unread',
    needs: 'large',
    cheap: true,
    run: (on) => times(8, () => on.open(head('GET', '/v1/events?after=0', { token: on.token }).repeat(8))),
  },
  'parallel-pages': {
    row: '5',
    what: '12 loops of /v1/log?limit=1000 over events of 60 KB',
    needs: 'large',
    run: (on) => on.loop(() => looks(on, '/v1/log?limit=1000'), { times: 12 }),
  },
  'narrow-filters': {
    row: '6',
    what: '12 loops of /v1/log?types=zzz and 12 of replays with it, over a long log',
    needs: 'long',
    run: (on) => {
      on.loop(() => looks(on, '/v1/log?types=zzz'), { times: 12 });
      on.loop(
        async () => {
          const socket = on.open(head('GET', '/v1/events?types=zzz&after=0', { token: on.token }), { reads: true });
          await on.pause(500);
          on.reset(socket);
        },
        { times: 12 },
      );
    },
  },
  'arrays-of-numbers': {
    row: '7',
    what: 'arrays of numbers of 2 MB and 8.3 MB, again and again on four connections',
    run: (on) => {
      const [small, large] = [1_999_000, 8_300_000].map((bytes) => `[${'1,'.repeat(bytes / 2 - 2)}1]`);
      on.loop(() => ingest(on, small), { times: 2, everyMs: 20 });
      on.loop(() => ingest(on, large), { times: 2, everyMs: 20 });
    },
  },
  'common-words': {
    row: '8',
    what: '50 searches a second for a word that every call has, and statistics',
    needs: 'calls',
    run: (on) => {
      on.loop(() => looks(on, '/v1/calls?q=the'), { times: 8, everyMs: 160 });
      on.loop(() => looks(on, '/v1/stats?bucket=hour'), { times: 2, everyMs: 200 });
    },
  },
  'deep-texts': {
    row: '10',
    what: 'tool arguments of 16 and 60 KB of [[[[ in a text',
    cheap: true,
    run: (on) =>
      on.loop((round) => ingest(on, event(on, { event: 'tool.call', callId: `deep-${round % 20}`, id: `t${round}`, args: '['.repeat(round % 2 ? 16_000 : 60_000) })), { everyMs: 100 }), // prettier-ignore
  },
  'colliding-names': {
    row: '9, 11, 18',
    what: 'others’ call ids and agents, bodies of no type, a reused Idempotency-Key',
    cheap: true,
    run: (on) => {
      on.loop((round) => ingest(on, event(on, { callId: `call-${round % 100}` }), { 'Idempotency-Key': 'one' }), { everyMs: 50 }); // prettier-ignore
      on.loop((round) => ingest(on, event(on, { agent: on.othersAgent, callId: `call-${round % 100}` })), {
        everyMs: 50,
      });
      on.loop(() => ingest(on, event(on, {}), { 'content-type': 'text/plain' }), { everyMs: 50 });
    },
  },
  'hanging-provider': {
    row: '12',
    what: '300 tokens of an identity provider that hangs, with keys nobody knows; then more',
    run: (on) => {
      const payload = JSON.stringify({
        iss: on.issuer,
        aud: 'switchboard',
        exp: 9_999_999_999,
        jti: 'j',
        sub: 's',
        tenant: 't',
      });
      on.loop(() => on.request('GET', STREAM.path, { token: unsigned(payload), headers: { accept: 'application/json' } }), { times: 300, everyMs: 500 }); // prettier-ignore
    },
  },
  'unread-answers': {
    row: '13',
    what: '720 × /v1/log?limit=1000 that nobody reads, on as many connections',
    needs: 'large',
    run: (on) =>
      on.loop(
        (round) => {
          if (round < 180) on.open(head('GET', '/v1/log?limit=1000', { token: on.token }));
        },
        { times: 4, everyMs: 20 },
      ),
  },
  'odd-parameters': {
    row: '14',
    what: 'NUL, half a surrogate, 10 KB, wrong types in parameters; tokens that are none',
    cheap: true,
    run: (on) => {
      on.loop((round) => looks(on, ODD_PATHS[round % ODD_PATHS.length]), { times: 2, everyMs: 50 });
      on.loop((round) => on.request('GET', '/v1/log', { token: unsigned(['{', 'null', '7', '"x"'][round % 4]) }), { everyMs: 50 }); // prettier-ignore
    },
  },
  'many-agents': {
    row: '15',
    what: '100,000 agents, 200 streams, an agent more and less twice a second',
    needs: 'agents',
    run: (on) => {
      const admin = (method, body) => on.request(method, '/v1/admin/agents/one-more/owner', { token: on.adminToken, body: JSON.stringify(body) }); // prettier-ignore
      times(200, () => on.open(head('GET', STREAM.path, { token: on.token }), { reads: true }));
      on.loop(
        async (round) => {
          if (round % 2 === 0) await admin('PUT', { tenant: on.tenant, from: null });
          else await admin('DELETE', { from: on.tenant });
        },
        { everyMs: 500 },
      );
    },
  },
};
