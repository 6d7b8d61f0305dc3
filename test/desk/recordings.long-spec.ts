/** Recordings: the audio through us, to those who may hear it, without the upstream's key and at nobody else's cost. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { metrics } from '../../src/common/metrics.js';
import { DeskPlace, audioOf } from '../support/desk-place.js';
import { sendAudio } from '../support/pinecall2-desk.js';
import { GATEWAY_KEY } from '../support/pinecall2-gateway.js';
import { expectStatus, Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

const AUDIO = audioOf(300_000);

let place: DeskPlace;
beforeAll(async () => {
  place = await DeskPlace.start({ RECORDING_HOSTS: 'media.example.com,*.pinecall.io' });
});
afterAll(() => place.stop());
afterEach(() => {
  for (const trouble of Object.keys(place.gateway.desk)) delete place.gateway.desk[trouble as 'redirectTo'];
});

const pathOf = (call: string) => `/v1/calls/${call}/recording`;
const countOf = async (name: string, outcome: string) =>
  (await metrics.getSingleMetric(name)?.get())?.values.find(({ labels }) => labels['outcome'] === outcome)?.value ?? 0;

function ask(url: string, token: string, init: RequestInit = {}): Promise<Response> {
  const headers = { ...(init.headers as Record<string, string> | undefined), Authorization: `Bearer ${token}` };
  return fetch(url, { ...init, headers, signal: init.signal ?? AbortSignal.timeout(20_000) });
}

const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());

describe('a recording', () => {
  it('comes whole, or the range that was asked for, and says its size to a HEAD', async () => {
    const customer = await place.customer();
    const url = place.board.url + pathOf(await place.recorded(customer, AUDIO));
    const of = (headers: Record<string, string>, method = 'GET') => ask(url, customer.token, { headers, method });
    const whole = await of({});
    expect([whole.status, whole.headers.get('content-type'), whole.headers.get('accept-ranges')]).toEqual([
      200,
      'audio/ogg',
      'bytes',
    ]);
    expect(whole.headers.get('cache-control')).toBe('no-store');
    expect((await bytesOf(whole)).equals(AUDIO)).toBe(true);
    for (const [range, from, to] of [
      ['bytes=100-199', 100, 199],
      ['bytes=299990-', 299_990, 299_999],
      ['bytes=-5', 299_995, 299_999],
    ] as const) {
      const part = await of({ Range: range });
      expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes ${from}-${to}/300000`]);
      expect((await bytesOf(part)).equals(AUDIO.subarray(from, to + 1))).toBe(true);
    }
    const beyond = await of({ Range: 'bytes=300000-' });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */300000']);
    expect(await beyond.json()).toMatchObject({ type: '/problems/range-not-satisfiable' });
    expect((await of({ Range: 'bytes=0-9', 'If-Range': whole.headers.get('etag') ?? '' })).status).toBe(206);
    expect((await of({ Range: 'bytes=0-9', 'If-Range': '"older"' })).status).toBe(200);
    for (const odd of ['bytes=0-1,5-6', 'lines=1-2', 'bytes=b-a']) expect((await of({ Range: odd })).status).toBe(200);
    const head = await of({}, 'HEAD');
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '300000', '']);
  });

  it('is the same 404 for a call that is foreign, unknown, erased, not recorded, or has a foreign call’s id', async () => {
    const [customer, other] = [await place.customer(), await place.customer()];
    const call = await place.recorded(customer, AUDIO);
    const erased = await place.recorded(other, AUDIO);
    await expectStatus(204, place.board.admin('DELETE', `/v1/admin/calls/${erased}?tenant=${other.id}`));
    const plain = (await place.begin(other)).call;
    const summary = { event: 'call.summary', agent: other.agent, callId: call, recording: true };
    await expectStatus(200, place.board.request('POST', '/v1/ingest', { token: other.token, body: [summary] }));
    const own = await place.seen(call, other.token, (text) => text.includes('"recording":true'));
    expect(own).toContain(other.agent);
    const answers = await Promise.all(
      ['never-was', erased, plain, call].map((id) => place.board.request('GET', pathOf(id), { token: other.token })),
    );
    for (const { status, body } of answers)
      expect([status, { ...body, instance: '' }]).toEqual([404, { ...answers[0]?.body, instance: '' }]);
    expect(answers[0]?.body['type']).toBe('/problems/recording-not-found');
    const [scopeless, byCookie] = [await place.board.createToken(customer.id), await place.board.createToken(customer.id, { scopes: ['recordings:read'] })]; // prettier-ignore
    expect((await place.board.request('GET', pathOf(call), { token: scopeless.token })).status).toBe(403);
    expect((await place.board.request('GET', pathOf(call), { token: byCookie.token })).status).toBe(200);
  });

  it('never shows the key, and blames nobody who asked when its source does not send it', async () => {
    const customer = await place.customer();
    const call = await place.recorded(customer, AUDIO);
    const get = () => place.board.request('GET', pathOf(call), { token: customer.token });
    for (const trouble of [{ recordingStatus: 500 }, { recordingStatus: 403 }, { contentType: 'text/html' }]) {
      Object.assign(place.gateway.desk, { recordingStatus: undefined, contentType: undefined }, trouble);
      const { status, body, headers, text } = await get();
      expect([status, body['type'], Number(headers.get('retry-after')) > 0]).toEqual([
        503,
        '/problems/unavailable',
        true,
      ]);
      expect(text).not.toContain(GATEWAY_KEY);
    }
    Object.assign(place.gateway.desk, { contentType: undefined, recordingStatus: 404 });
    expect((await get()).status).toBe(404);
    expect(await countOf('switchboard_recordings_total', 'refused')).toBeGreaterThan(0);
    expect(place.gateway.keysSeen.every((key) => key === `Bearer ${GATEWAY_KEY}`)).toBe(true);
  });

  it('that breaks off is cut for its client, who does not take a part for the whole', async () => {
    const customer = await place.customer();
    const call = await place.recorded(customer, AUDIO);
    Object.assign(place.gateway.desk, { stallAfter: 1000, breaks: true });
    const broken = await ask(place.board.url + pathOf(call), customer.token);
    await expect(broken.arrayBuffer()).rejects.toThrow();
    await waitFor(async () => (await countOf('switchboard_recordings_total', 'broken')) > 0);
  });

  it('is asked for no longer when its client goes, and is cut when the call is erased', async () => {
    const customer = await place.customer();
    const call = await place.recorded(customer, AUDIO);
    place.gateway.desk.stallAfter = 1000;
    const open = place.gateway.sockets.size;
    const leaving = new AbortController();
    const left = await ask(place.board.url + pathOf(call), customer.token, { signal: leaving.signal });
    await left.body?.getReader().read();
    const during = new Set(place.gateway.sockets);
    expect(during.size).toBeGreaterThan(0);
    leaving.abort();
    await waitFor(() => [...during].some((socket) => socket.destroyed) && place.gateway.sockets.size <= open);
    const staying = await ask(place.board.url + pathOf(call), customer.token);
    const rest = staying.arrayBuffer();
    rest.catch(() => undefined);
    await expectStatus(204, place.board.admin('DELETE', `/v1/admin/calls/${call}?tenant=${customer.id}`));
    await expect(rest).rejects.toThrow();
  });

  it('is sent to a tenant eight at a time, and others do not wait for that', async () => {
    const [customer, other] = [await place.customer(), await place.customer()];
    const [call, theirs] = [await place.recorded(customer, AUDIO), await place.recorded(other, AUDIO)];
    place.gateway.desk.stallAfter = 1000;
    const leaving = new AbortController();
    const { signal } = leaving;
    const open: Response[] = []; // One that is forgotten is closed.
    for (let count = 0; count < 8; count++)
      open.push(await ask(place.board.url + pathOf(call), customer.token, { signal }));
    expect(open.map(({ status }) => status)).toEqual(Array<number>(8).fill(200));
    const ninth = await ask(place.board.url + pathOf(call), customer.token);
    expect([ninth.status, ninth.headers.has('retry-after')]).toEqual([429, true]);
    place.gateway.desk.stallAfter = undefined;
    expect((await ask(place.board.url + pathOf(theirs), other.token)).status).toBe(200);
    leaving.abort();
    await waitFor(async () => (await ask(place.board.url + pathOf(call), customer.token)).status === 200);
  });

  it('is the operator’s too, and the tenant’s book says that somebody listened', async () => {
    const customer = await place.customer();
    const call = await place.recorded(customer, AUDIO);
    const path = `/v1/admin/calls/${call}/recording`;
    expect((await bytesOf(await ask(place.board.url + path, place.board.adminToken))).equals(AUDIO)).toBe(true);
    const { body } = await place.board.request<{ audit: object[] }>('GET', '/v1/audit', { token: customer.token });
    expect(body.audit[0]).toMatchObject({ action: 'call.listen', target: call, by: 'operator' });
    expect((await place.board.request('GET', path, { token: customer.token })).status).toBe(403);
    expect((await place.board.admin('GET', '/v1/admin/calls/never-was/recording')).body['type']).toBe('/problems/recording-not-found'); // prettier-ignore
  });
});

describe('a recording that lies elsewhere', () => {
  it('is asked for at hosts that the operator named, without the key, and at no other', async () => {
    const seen: (string | undefined)[] = [];
    const store = createServer(({ headers, url }, response) => {
      seen.push(headers.authorization, headers['pinecall-env'] as string | undefined);
      if (url === '/away') response.writeHead(302, { location: '/audio' }).end();
      else if (url === '/inside') response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end();
      else sendAudio(response, AUDIO, headers);
    });
    await new Promise<void>((resolve) => store.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(store.address() as AddressInfo).port}`;
    const beside = await DeskPlace.start({ RECORDING_HOSTS: origin });
    try {
      const customer = await beside.customer();
      const call = await beside.recorded(customer, AUDIO);
      const get = (id: string) =>
        ask(beside.board.url + pathOf(id), customer.token, { headers: { Range: 'bytes=5-9' } });
      beside.gateway.desk.redirectTo = `${origin}/away`;
      expect((await bytesOf(await get(call))).equals(AUDIO.subarray(5, 10))).toBe(true);
      expect(seen).toEqual([undefined, undefined, undefined, undefined]);
      for (const away of [
        `${origin}/inside`,
        'http://127.0.0.1:1/x',
        'https://elsewhere.example/x',
        'file:///etc/passwd',
      ]) {
        beside.gateway.desk.redirectTo = away;
        expect([away, (await get(call)).status]).toEqual([away, 503]);
      }
      const first = fresh('call');
      const url = { event: 'call.summary', recordingUrl: `${origin}/audio` };
      await beside.board.ingest({ ...url, agent: customer.agent, callId: first });
      await beside.seen(first, customer.token, (text) => text.includes('"recording":true'));
      expect((await get(first)).status).toBe(206);
    } finally {
      await beside.stop();
      store.closeAllConnections();
      store.close();
    }
  });

  it('is not asked for at the address of an event that a tenant’s own token sent', async () => {
    const customer = await place.customer();
    const call = fresh('call');
    const event = {
      event: 'call.summary',
      agent: customer.agent,
      callId: call,
      recordingUrl: 'https://x.pinecall.io/a',
    };
    await expectStatus(200, place.board.request('POST', '/v1/ingest', { token: customer.token, body: [event] }));
    await place.seen(call, customer.token, (text) => text.includes('"recording":true'));
    expect((await place.board.request('GET', pathOf(call), { token: customer.token })).status).toBe(404);
  });
});

it('a process that does not read the gateway sends its recordings all the same', async () => {
  const customer = await place.customer();
  const call = await place.recorded(customer, AUDIO);
  const variables = { SOURCES: place.gateway.source, PINECALL_API_KEY: GATEWAY_KEY };
  const beside: Switchboard = await place.board.beside(variables);
  try {
    expect((await bytesOf(await ask(beside.url + pathOf(call), customer.token))).equals(AUDIO)).toBe(true);
    expect(place.gateway.floors.size).toBe(1);
  } finally {
    await beside.stop();
  }
});
