/**
 * What was published stays true: docs/openapi.json, docs/asyncapi.json and docs/events.md are what the code says, and a
 * change that would break clients is named. "npm run contract" writes them anew.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { asyncApiOf } from '../../src/events/catalogue/asyncapi.js';
import { describedEventTypes } from '../../src/events/catalogue/catalogue.js';
import { describeApi } from '../support/described-api.js';

type Json = Record<string, unknown>;
type Breaks = (before: unknown, after: unknown) => string[];

const root = resolve(import.meta.dirname, '../..');
const read = (name: string) => readFileSync(resolve(root, 'docs', name), 'utf8');
const STALE = 'is not what the code says: run "npm run contract"';
const sameAs = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

let openApiBreaks: Breaks;
let asyncApiBreaks: Breaks;
let eventsPage: (types: unknown) => string;
let openApi: Json;
const asyncApi = asyncApiOf('http://127.0.0.1:3000/') as Json;
beforeAll(async () => {
  const load = async (name: string) => (await import(resolve(root, 'scripts/contract', name))) as never;
  ({ openApiBreaks, asyncApiBreaks } = await load('compatibility.mjs'));
  ({ eventsPage } = await load('events-page.mjs'));
  openApi = (await describeApi()) as unknown as Json;
});

describe('the published contract', () => {
  it('is not broken', () => {
    expect(openApiBreaks(JSON.parse(read('openapi.json')), openApi)).toEqual([]);
    expect(asyncApiBreaks(JSON.parse(read('asyncapi.json')), asyncApi)).toEqual([]);
  });

  it('is what the code says', async () => {
    const page = resolve(root, 'docs/events.md');
    const options = { ...(await resolveConfig(page)), parser: 'markdown' };
    const stale = [
      ...(sameAs(JSON.parse(read('openapi.json')), openApi) ? [] : [`docs/openapi.json ${STALE}`]),
      ...(sameAs(JSON.parse(read('asyncapi.json')), asyncApi) ? [] : [`docs/asyncapi.json ${STALE}`]),
      ...((await format(eventsPage(describedEventTypes()), options)) === read('events.md')
        ? []
        : [`docs/events.md ${STALE}`]),
    ];
    expect(stale).toEqual([]);
  });
});

const thing = (extra: Json = {}) => ({
  type: 'object',
  properties: { id: { type: 'string' }, state: { enum: ['on', 'off'] }, note: { type: ['string', 'null'] }, ...extra },
  required: ['id', 'state', 'note'],
});
const input = (extra: Json = {}, required: string[] = ['name']) => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties: { name: { type: 'string', maxLength: 100 }, kind: { enum: ['a', 'b'] }, ...extra },
});

function document({ answer = thing(), body = input(), parameters = [parameter()], ...operation }: Json = {}): Json {
  const requestBody = { required: true, content: { 'application/json': { schema: body } } };
  const responses = { 201: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } } } };
  const post = { operationId: 'make', security: [{ bearer: ['a'] }], parameters, requestBody, responses, ...operation };
  return { paths: { '/things': { post } }, components: { schemas: { Thing: answer } } };
}

function parameter(change: Json = {}): Json {
  return { in: 'query', name: 'limit', required: false, schema: { type: 'integer', maximum: 100 }, ...change };
}

describe('a change that breaks clients', () => {
  const without = (name: string) => {
    const { [name]: _, ...properties } = thing().properties as Json;
    return { ...thing(), properties };
  };
  it.each<[string, Json, string]>([
    ['an operation goes', { ...document(), paths: {} }, 'POST /things is gone'],
    ['an operation has another id', document({ operationId: 'made' }), 'its id was make'],
    ['another scope is asked for', document({ security: [{ bearer: ['b'] }] }), '{"bearer":["a"]} is not enough any more'],
    ['a field of an answer goes', document({ answer: without('note') }), '201.note is gone'],
    ['a field of an answer may be missing', document({ answer: { ...thing(), required: ['id', 'note'] } }), '201.state may be missing'],
    ['a field of an answer may be null', document({ answer: thing({ id: { type: ['string', 'null'] } }) }), '201.id may be null'],
    ['a value of an answer goes', document({ answer: thing({ state: { enum: ['on'] } }) }), '201.state is never off any more'],
    ['an answer has another status', document({ responses: { 200: {} } }), 'it does not answer 201 any more'],
    ['a field is asked for', document({ body: input({ more: {} }, ['name', 'more']) }), 'body.more is asked for'],
    ['a field is not taken any more', document({ body: { ...input(), properties: { name: { type: 'string', maxLength: 100 } } } }), 'body.kind is not taken any more'],
    ['a value is not taken any more', document({ body: input({ kind: { enum: ['a'] } }) }), 'body.kind does not take b any more'],
    ['a field takes less', document({ body: input({ name: { type: 'string', maxLength: 50 } }) }), 'body.name: maxLength is 50, was 100'],
    ['a parameter goes', document({ parameters: [] }), 'query limit is not taken any more'],
    ['a parameter is asked for', document({ parameters: [parameter({ required: true })] }), 'query limit is asked for'],
    ['a parameter takes less', document({ parameters: [parameter({ schema: { type: 'integer', maximum: 10 } })] }), 'query limit: maximum is 10, was 100'],
  ])('%s', (_, after, said) => {
    expect(openApiBreaks(document(), after)).toEqual([said === 'POST /things is gone' ? said : `POST /things: ${said}`]);
  }); // prettier-ignore

  it('is none where something is added, or more is taken', () => {
    const answer = thing({
      more: { type: 'string' },
      state: { enum: ['on', 'off', 'idle'] },
      note: { type: 'string' },
    });
    const body = input({ more: {}, kind: { type: 'string' }, name: { type: 'string', maxLength: 200 } }, []);
    const parameters = [parameter({ schema: { type: 'integer' } }), parameter({ name: 'cursor' })];
    const security = [{ bearer: ['a'] }, { bearer: ['b'] }];
    expect(openApiBreaks(document(), document({ answer, body, parameters, security }))).toEqual([]);
  });

  it('of an event is named, too', () => {
    const { components } = asyncApi as { components: { messages: Record<string, Json> } };
    const { bot_word: _, ...messages } = components.messages;
    const after = { ...asyncApi, components: { ...components, messages } };
    expect(asyncApiBreaks(asyncApi, after)).toEqual(['the event bot.word is gone']);
  });
});
