/** What the page of the webhooks says is what the server does. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { RECEIVERS } from '../../src/dashboard/app/webhooks/receiver-code.js';
import { failureText } from '../../src/dashboard/app/texts/webhook-reasons.js';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(resolve(root, file), 'utf8');

it('the receivers on the page are the tested ones of examples/webhooks, word for word', () => {
  const shown = Object.entries(RECEIVERS).map(([, { command, code }]) => [command.split(' ').at(-1), code]);
  expect(shown).toEqual(
    ['receiver.mjs', 'receiver.py', 'receiver.php'].map((file) => [file, read(`examples/webhooks/${file}`)]),
  );
});

it('each reason that the server gives has a sentence of its own on the page, with what to do', () => {
  const table = /const REASONS[^{]*{(.+?)\n};/s.exec(read('src/webhooks/webhook-client.ts'))?.[1] ?? '';
  const words = [...table.matchAll(/: '(.+)',/g)].map(([, one]) => one ?? '');
  expect(words.length).toBeGreaterThan(10);
  const others = ['it did not answer within 15 s', 'it may not be reached: its address is not a public one'];
  const without = [...words, ...others, 'it does not speak HTTP', 'it could not be reached'].filter(
    (reason) => failureText({ status: null, reason }).advice === '',
  );
  expect(without).toEqual([]);
  expect(failureText({ status: null, reason: 'something new' })).toEqual({ title: 'Something new.', advice: '' });
});
