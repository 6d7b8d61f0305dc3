/** No pattern stalls anybody: docs/rules.md, "Patterns". */
import { MAX_PROGRAM, MAX_STEPS, Pattern } from '../../src/rules/pattern.js';
import { Random } from '../support/world/random.js';

const ATOMS = ['a', '.', '\\w', '[ab]', '(a|b)', '(?i)x', '\\pL', '[^a]', '\\b', '^', '$', 'é', '(?:ab|a)'];
const REPEATS = ['', '*', '+', '?', '{2}', '{0,9}', '{5,}', '*?', '{50}', '{1000}', '{99999}'];

/** Patterns that would stall an engine that goes back; made by a seed. */
function hostile(random: Random): string {
  let text = '';
  for (let parts = 1 + random.below(6); parts > 0; parts -= 1) text += random.pick(ATOMS) + random.pick(REPEATS);
  for (let depth = random.below(6); depth > 0; depth -= 1)
    text = `(${text})${random.pick(REPEATS)}${random.pick(ATOMS)}`;
  return text + random.pick(['', '$', 'z', '[!?]$']);
}

it('takes a bounded number of steps, or is refused when it is written', () => {
  const random = new Random(500);
  const lines = [
    'a'.repeat(65_536),
    'ab'.repeat(30_000),
    `${'é'.repeat(5000)}!`,
    'x '.repeat(20_000),
    '\ud800'.repeat(3000),
  ];
  let [used, slowestMs] = [0, 0];
  for (let count = 0; count < 500; count += 1) {
    const text = hostile(random);
    const pattern = Pattern.faultOf(text) === undefined ? Pattern.of(text) : undefined;
    if (pattern === undefined) continue;
    used += 1;
    for (const line of lines) {
      expect([text, pattern.stepsFor(line) <= MAX_STEPS]).toEqual([text, true]);
      const before = process.cpuUsage();
      pattern.find(line);
      const { user, system } = process.cpuUsage(before);
      slowestMs = Math.max(slowestMs, (user + system) / 1000);
    }
  }
  expect(used).toBeGreaterThan(50);
  expect(slowestMs).toBeLessThan(500); // A backtracking engine takes years.
});

it.each(['a{201}', '(a{15}){15}', '[a-z]{0,200}[a-z]', '(((a{9}){9}){9}){9}', 'a{1000}{1000}'])(
  'refuses %s, which is too large',
  (text) => {
    expect(Pattern.faultOf(text)).toMatch(new RegExp(`${MAX_PROGRAM}|RE2`));
  },
);

it.each(['(a+)+$', '(?i)\\b(refund|money back)\\b', '\\d{3}-\\d{4}', '^(yes|no)[.!]?$'])('takes %s', (text) => {
  expect(Pattern.faultOf(text)).toBeUndefined();
});

it('finds where a line matches, at its beginning only where that is long', () => {
  const pattern = Pattern.of('b+');
  expect([pattern?.find('aabb'), pattern?.find('aa'), pattern?.find('a'.repeat(3000) + 'b')]).toEqual([2, -1, -1]);
});
