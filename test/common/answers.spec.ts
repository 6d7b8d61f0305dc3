/** Security rule 24: what a tenant's answers may cost, in counts; over the wire in security/under-way.long-spec.ts. */
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Problem } from '../../src/common/problem.js';
import { TokenBuckets } from '../../src/common/token-bucket.js';
import { Answers, BYTES_PER_SECOND, MAX_UNDER_WAY, signalOf } from '../../src/http/answers.js';

const MEBIBYTE = 1024 * 1024;

function asked(answers: Answers, tenantId: string | null, method = 'GET'): ServerResponse {
  const request = new IncomingMessage(new Socket());
  request.method = method;
  const response = new ServerResponse(request);
  answers.begin(response, tenantId);
  return response;
}

const slugOf = (work: () => unknown) => {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof Problem ? error.slug : error;
  }
};

/** Large answers that were handed over and taken, until the tenant owes for them. */
function spend(answers: Answers, tenantId: string): void {
  for (let bytes = 0; bytes <= 5 * BYTES_PER_SECOND; bytes += 4 * MEBIBYTE) {
    const response = asked(answers, tenantId);
    answers.hand(response, 4 * MEBIBYTE);
    response.emit('close');
  }
}

it('so many requests of a tenant are under way, whatever they ask for; the operator’s are its own to bound', () => {
  const answers = new Answers();
  const responses = Array.from({ length: MAX_UNDER_WAY }, (_, n) => asked(answers, 'acme', n % 2 ? 'GET' : 'POST'));
  expect(slugOf(() => asked(answers, 'acme', 'DELETE'))).toBe('rate-limited');
  expect(slugOf(() => asked(answers, 'globex'))).toBeUndefined();
  expect(slugOf(() => Array.from({ length: 2 * MAX_UNDER_WAY }, () => asked(answers, null)))).toBeUndefined();
  responses[0]?.emit('close');
  expect(slugOf(() => asked(answers, 'acme'))).toBeUndefined();
  expect(slugOf(() => asked(answers, 'acme'))).toBe('rate-limited');
});

it('a tenant that owes for its answers is given no more of them; what waits leaves, what writes goes on', () => {
  const answers = new Answers();
  const waiting = asked(answers, 'acme');
  const writing = asked(answers, 'acme', 'POST');
  const others = asked(answers, 'globex');
  spend(answers, 'acme');
  expect(signalOf(waiting).reason).toMatchObject({ slug: 'rate-limited' });
  expect([signalOf(writing).aborted, signalOf(others).aborted]).toEqual([false, false]);
  expect(slugOf(() => asked(answers, 'acme'))).toBe('rate-limited');
  expect(slugOf(() => asked(answers, 'acme', 'POST'))).toBeUndefined();
  expect(slugOf(() => asked(answers, 'globex'))).toBeUndefined();
});

it('small answers cost nothing, and a client that has gone calls its request off', () => {
  const answers = new Answers();
  const response = asked(answers, 'acme');
  for (let n = 0; n < 100_000; n += 1) answers.hand(response, 16 * 1024);
  expect(slugOf(() => asked(answers, 'acme'))).toBeUndefined();
  expect(signalOf(response).aborted).toBe(false);
  response.emit('close');
  expect(signalOf(response).reason).toMatchObject({ slug: 'unavailable' });
});

it('a debt is paid by the second', () => {
  const buckets = new TokenBuckets();
  expect(buckets.owe('a', 40, 8, 0)).toBe(0);
  expect(buckets.owe('a', 16, 8, 0)).toBe(2000);
  expect([buckets.charge('a', 0, 8, 1999), buckets.charge('a', 0, 8, 2000)]).toEqual([1, 0]);
  expect(buckets.charge('a', 1, 8, 2000)).toBe(125);
  expect(buckets.owe('a', -8, 8, 2000)).toBe(0);
  expect(buckets.charge('a', 8, 8, 2000)).toBe(0);
});
