/** The dashboard's files, as a browser asks for them. */
import { Switchboard } from '../support/switchboard.js';

/** Promised: what the first visit loads of script, compressed. */
const MAX_SCRIPT_BYTES = 150 * 1024;

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start()));
afterAll(() => board.stop());

/** Paths of what the document loads at once. */
async function assetsOf(kind: 'js' | 'css'): Promise<string[]> {
  const { text } = await board.request('GET', '/');
  return [...text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)]
    .map(([, path = '']) => path)
    .filter((path) => path.endsWith(kind));
}

const fetchRaw = async (path: string, encoding: string) => {
  const response = await fetch(`${board.url}${path}`, { headers: { 'Accept-Encoding': encoding } });
  return { response, bytes: (await response.arrayBuffer()).byteLength };
};

it.each(['/', '/live', '/live/CA_1', '/calls', '/calls/a%2Fb', '/overview', '/tokens', '/admin', '/admin/agents'])(
  'answers %s with the page, to be asked for anew each time',
  async (path) => {
    const { status, headers, text } = await board.request('GET', path);
    expect(status).toBe(200);
    expect(text).toContain('<div id="root">');
    expect(headers.get('cache-control')).toBe('no-cache');
  },
);

it('allows nothing inline, nothing from elsewhere, and no markup made of text', async () => {
  const { headers, text } = await board.request('GET', '/');
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("require-trusted-types-for 'script'");
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
  expect(text).not.toMatch(/<script(?![^>]*src=)|<style|style="|\son\w+=/);
});

it('sends assets compressed, to be kept for good, and little of them at first', async () => {
  const scripts = await assetsOf('js');
  expect(scripts.length).toBeGreaterThan(0);
  let whole = 0;
  for (const path of scripts) {
    const { response } = await fetchRaw(path, 'gzip');
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(response.headers.get('content-type')).toMatch(/^text\/javascript/);
    expect(response.headers.get('vary')).toContain('Accept-Encoding');
    expect(response.headers.get('content-encoding')).toBe('gzip');
    whole += Number(response.headers.get('content-length'));
  }
  expect(whole).toBeLessThan(MAX_SCRIPT_BYTES);
});

it('sends them as they are to whoever does not decompress', async () => {
  const [path = ''] = await assetsOf('css');
  const plain = await fetchRaw(path, 'identity');
  expect(plain.response.headers.get('content-encoding')).toBeNull();
  const packed = await fetchRaw(path, 'gzip');
  expect(packed.bytes).toBe(plain.bytes); // fetch has unpacked it.
});

it('leaves every other path to the API', async () => {
  expect((await board.request('GET', '/nothing')).status).toBe(404);
  expect((await board.request('GET', '/assets/none.js')).status).toBe(404);
  expect((await board.request('POST', '/live')).status).toBe(404);
  expect((await board.request('GET', '/assets/../dashboard.module.js')).status).toBe(404);
});
