/** Input of any shape becomes bounded requests, and every event keeps its place. */
import { type Batch, batchesIn } from '../../src/cli/event-batches.js';

async function* inPieces(text: string, size: number) {
  for (let at = 0; at < text.length; at += size) yield await Promise.resolve(text.slice(at, at + size));
}

async function batchesOf(text: string, size = 64 * 1024): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of batchesIn(inPieces(text, size))) batches.push(batch);
  return batches;
}

/** Every event with its place, however it was cut. */
const eventsOf = (batches: readonly Batch[]) =>
  batches.flatMap(({ body, places }) =>
    body.split('\n').map((text, index) => [places[index], JSON.parse(text) as unknown]),
  );

it.each([1, 3, 1000])('lines are the same however they come in: %d characters at a time', async (size) => {
  const text = '\n{"n":1}\r\n \t\n{"text":"\u2028 [ \\n"}\n\n{"n":3}';
  expect(eventsOf(await batchesOf(text, size))).toEqual([
    ['line 2', { n: 1 }],
    ['line 4', { text: '\u2028 [ \n' }],
    ['line 6', { n: 3 }],
  ]);
});

it.each([1, 1000])('so are the entries of an array: %d characters at a time', async (size) => {
  const text = ' \n[{"n":1},\n\n  {"n":\n 2, "t": "],[\\n"},\n3]\n';
  expect(eventsOf(await batchesOf(text, size))).toEqual([
    ['entry 1 (line 2)', { n: 1 }],
    ['entry 2 (line 4)', { n: 2, t: '],[\n' }],
    ['entry 3 (line 6)', 3],
  ]);
});

it('a request has 1,000 events and a mebibyte at most', async () => {
  const small = await batchesOf(`[${Array.from({ length: 2500 }, (_, n) => n).join(',')}]`);
  expect(small.map(({ places }) => places.length)).toEqual([1000, 1000, 500]);
  const large = await batchesOf(`${JSON.stringify('é'.repeat(200_000))}\n`.repeat(5), 5_000_000);
  expect(large.map(({ places }) => places)).toEqual([['line 1', 'line 2'], ['line 3', 'line 4'], ['line 5']]);
});

it('lines are sent as they come, before the input ends', async () => {
  async function* endless() {
    yield await Promise.resolve('{"n":1}\n{"n":');
    await new Promise(() => undefined);
  }
  const { value } = await batchesIn(endless()).next();
  expect(value).toEqual({ body: '{"n":1}', places: ['line 1'] });
});

it.each([
  ['[1, ,2]', 'entry 2 (line 1) is not JSON; nothing was sent'],
  ['[1,\n"a\nb"]', 'entry 2 (line 2) is not JSON; nothing was sent'],
  ['[1] [2]', 'something stands after the end of the array; nothing was sent'],
  [`{"n":1}\n"${'x'.repeat(1024 * 1024)}`, 'line 2 is too long; is there one event a line?'],
])('what cannot be read is refused: %#', async (text, words) => {
  await expect(batchesOf(text)).rejects.toThrow(words);
});

it('nothing is no request', async () => {
  expect([await batchesOf(''), await batchesOf(' \n\n'), await batchesOf('[]')]).toEqual([[], [], []]);
});
