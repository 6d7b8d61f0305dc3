import { parse } from 'lossless-json';
import { parseJson, serialiseJson } from '../../src/common/json.js';
import { admitEvent } from '../../src/events/log/event.js';
import { Random } from '../support/world/random.js';

/** What a long number was kept as, by earlier versions: a text with a mark that could be read out, and planted. */
const mark = String(parseJson('9007199254740993'));
const LONE = '\\ud800';
const NUMBERS = [
  '0',
  '-0',
  '7',
  '1.50',
  '1e2',
  '-1E-7',
  '9007199254740993',
  '-123456789012345678901234567890',
  '1e400',
  '-1e-400',
  '0.1000000000000000055',
  '12345678.901234567',
  '1786312202.8001235',
  '5e-324',
  '1e23',
  '1.5e300',
];
const PIECES = [
  'a',
  mark,
  `${mark}5}`,
  '\\"',
  '\\\\',
  '\\n',
  '\\r\\n',
  '\\u0000',
  '\\u2028',
  '\u2028',
  LONE,
  '\\udc00',
  '😀',
  ' 1e400',
  ',-0',
  '9007199254740993',
  '4e999',
  '{\\"a\\":[',
  '\\\\ud800',
  '\\ud83d\\ude00',
];
const KEYS = [
  'a',
  'b',
  '__proto__',
  'constructor',
  'toJSON',
  'toString',
  'text',
  'isLosslessNumber',
  'value',
  '1',
  '0',
];

function randomText(random: Random, depth = 4): string {
  const space = random.pick(['', '', ' ', '\n\t']);
  const kind = depth === 0 ? random.below(3) : random.below(5);
  if (kind === 0) return space + random.pick(NUMBERS) + space;
  if (kind === 1) return space + textOf(random) + space;
  if (kind === 2) return space + random.pick(['true', 'false', 'null']) + space;
  const children = Array.from({ length: random.below(4) }, () => randomText(random, depth - 1));
  if (kind === 3) return `[${children.join(',')}]`;
  return objectOf(random, children);
}

function textOf(random: Random): string {
  return `"${Array.from({ length: random.below(4) }, () => random.pick(PIECES)).join('')}"`;
}

function objectOf(random: Random, children: readonly string[]): string {
  const key = () => (random.chance(0.8) ? JSON.stringify(random.pick(KEYS)) : textOf(random));
  return `{${children.map((child) => `${key()}:${child}`).join(',')}}`;
}

/** What a text means: numbers by their digits, lone surrogates replaced, of two equal keys the last one. */
function meaningOf(text: string): unknown {
  const options = { parseNumber: valueOf, onDuplicateKey: ({ newValue }: { newValue: unknown }) => newValue };
  return wellFormed(parse(text, null, options));
}

function valueOf(token: string): string {
  const [, sign, whole = '', fraction = '', power = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE](.+))?$/.exec(token) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  const exponent = Number(power) - fraction.length + digits.length - significant.length;
  return significant === '' ? 'number 0' : `number ${sign}${significant}e${exponent}`;
}

function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return Buffer.from(value, 'utf8').toString('utf8');
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [wellFormed(key), wellFormed(child)]));
}

it('whatever JSON comes in goes out as JSON of the same meaning, on one line', () => {
  const random = new Random(13);
  for (let round = 0; round < 3000; round++) {
    const text = randomText(random);
    const out = serialiseJson(parseJson(text));
    expect([text, meaningOf(out)]).toEqual([text, meaningOf(text)]);
    JSON.parse(out);
    expect(out).not.toMatch(/[\r\n\0]|\p{Surrogate}/u);
  }
  expect(({} as Record<string, unknown>)['a']).toBeUndefined();
});

it('what an event stores is an object of JSON with all that was sent, whatever that is', () => {
  const random = new Random(14);
  for (let round = 0; round < 1000; round++) {
    const children = Array.from({ length: 3 }, () => randomText(random, 3));
    const text = objectOf(random, children);
    const data = parseJson(text) as Record<string, unknown>;
    const identity = ['content', data];
    const event = { type: 'x', agent: 'mara', callId: 'c', at: undefined, ephemeral: false, identity, data };
    const admitted = admitEvent(event, new Date(0));
    const { agent, at, ...stored } = meaningOf(admitted.data) as Record<string, unknown>;
    expect([agent, at]).toEqual(['mara', '1970-01-01T00:00:00.000Z']);
    expect([text, stored]).toEqual([text, meaningOf(text)]);
  }
});

it('numbers that a double holds are numbers', () => {
  expect(parseJson('[1,2.5,1786312202.8001235,1e3,"9007199254740993"]')).toEqual([
    1,
    2.5,
    1786312202.8001235,
    1000,
    '9007199254740993',
  ]);
  expect(typeof parseJson('9007199254740993')).toBe('object');
});

it.each(['', '{', '[1,]', '{"a":01}', '[9007199254740993', '"\n"', 'NaN', '[1e400]x', '"\\x"'])(
  'refuses %j, which is no JSON',
  (text) => expect(() => parseJson(text)).toThrow(SyntaxError),
);
