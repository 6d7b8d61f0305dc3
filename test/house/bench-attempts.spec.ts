/** A run of the bench keeps what it has measured, whatever becomes of one of its parts. */
import { resolve } from 'node:path';

interface Attempts {
  readonly failures: readonly { readonly what: string; readonly why: string }[];
  make(what: string, figures: Record<string, number>, act: () => Promise<unknown>): Promise<void>;
  take(error: Error): boolean;
  render(): string;
}

it('a part that fails is a row that says so; figures are told as they come, and kept', async () => {
  const { Attempts: Kind } = (await import(resolve(import.meta.dirname, '../../bench/attempts.mjs'))) as {
    Attempts: new (say: (text: string) => void) => Attempts;
  };
  const said: string[] = [];
  const attempts = new Kind((text) => said.push(text));
  const [first, second, third] = [{ a: 0 }, { b: 0 }, { c: 0 }];
  await attempts.make('first', first, () => Promise.resolve((first.a = 1.234)));
  await attempts.make('second', second, () => {
    second.b = 2;
    return Promise.reject(new Error('read ECONNRESET'));
  });
  // Nobody waits for the connection that breaks, and the part itself would wait for ever.
  const waiting = attempts.make('third', third, () => new Promise(() => undefined));
  expect(attempts.take(new Error('socket hang up'))).toBe(true);
  await waiting;
  expect(attempts.take(new Error('later'))).toBe(false);
  expect(said).toEqual([
    'first  a 1.23',
    'second  FAILED: read ECONNRESET',
    'second  b 2',
    'third  FAILED: socket hang up',
    'third  c 0',
  ]);
  expect(attempts.failures.map(({ what }) => what)).toEqual(['second', 'third']);
  expect(attempts.render()).toMatch(/^second +failed: read ECONNRESET\nthird +failed: socket hang up\n$/);
});
