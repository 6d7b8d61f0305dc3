/**
 * `/openapi.json` describes every operation whole. Where this fails for a route that you have added, CONTRIBUTING.md
 * ("An endpoint") says what is missing.
 */
import type { OpenAPIObject } from '@nestjs/swagger';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { exampleOf } from '../../src/common/json-example.js';
import type { JsonSchema } from '../../src/common/json-schema.js';
import { type DescribedOperation, describeApi, operationsIn } from '../support/described-api.js';

let document: OpenAPIObject;
let operations: (DescribedOperation & { readonly name: string })[];
beforeAll(async () => {
  document = await describeApi();
  operations = operationsIn(document);
});

/** Why an example is missing. */
function faultOf(name: string, { schema, example }: { schema: JsonSchema; example?: unknown }): string[] {
  if (example !== undefined) return [];
  try {
    exampleOf(schema, document.components?.schemas as Record<string, JsonSchema>);
  } catch (error) {
    return [`${name}: ${error instanceof Error ? error.message : ''}`];
  }
  return [`${name} has no example`];
}

const isSuccess = (status: string) => status.startsWith('2');

it('every operation has an @Operation with an id of its own', () => {
  expect(operations.length).toBeGreaterThan(50);
  const missing = operations.filter(({ operationId }) => !/^[a-z][A-Za-z]+$/.test(operationId));
  expect(missing.map(({ name, operationId }) => `${name} has no @Operation (it is ${operationId})`)).toEqual([]);
  const ids = operations.map(({ operationId }) => operationId);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
});

it('every operation has a summary, and says what it answers, with an example, and its problems', () => {
  const missing = operations.flatMap(({ name, summary, responses }) => {
    const statuses = Object.keys(responses);
    const answers = statuses.filter(isSuccess).filter((status) => status !== '204');
    const contents = answers.flatMap((status) => Object.values(responses[status]?.content ?? {}));
    return [
      ...(summary ? [] : [`${name} has no summary`]),
      ...(contents.length === 0 && !statuses.includes('204') ? [`${name} has no schema of its answer`] : []),
      ...(contents.some(({ schema }) => Object.keys(schema).length === 0) ? [`${name} answers anything`] : []),
      ...contents.flatMap((content) => faultOf(name, content)),
      ...(statuses.some((status) => status.startsWith('5')) ? [] : [`${name} has no problems`]),
    ];
  });
  expect(missing).toEqual([]);
});

it('every operation with a body has an example of it', () => {
  const bodies = operations.flatMap(({ name, requestBody }) =>
    Object.values(requestBody?.content ?? {}).map((content) => ({ name, ...content })),
  );
  expect(bodies.length).toBeGreaterThan(12);
  expect(bodies.flatMap((body) => faultOf(body.name, body))).toEqual([]);
});

it('every operation that is not open to everybody names the scopes that open it', () => {
  const open = operations.filter(({ security }) => security?.length === 0).map(({ name }) => name);
  expect(open).toEqual(expect.arrayContaining(['GET /healthz', 'POST /v1/session/code']));
  for (const { name, security } of operations.filter((one) => !open.includes(one.name)))
    expect([name, security?.some(({ bearer }) => (bearer?.length ?? 0) > 0)]).toEqual([name, true]);
});

it('an operation on a tenant, agent or call by its name says what happens when there is none', () => {
  const missing = operations.filter(
    ({ parameters, responses }) =>
      parameters?.some((one) => one.in === 'path' && ['call', 'id'].includes(one.name)) && !('404' in responses),
  );
  expect(missing.map(({ name }) => `${name}: add its …-not-found to problems`)).toEqual([]);
});

it('every example is what its schema says', () => {
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  ajv.addSchema({ $id: 'document', components: document.components });
  const wrong = operations.flatMap(({ name, requestBody, responses }) =>
    [
      requestBody,
      ...Object.entries(responses)
        .filter(([status]) => isSuccess(status))
        .map(([, one]) => one),
    ]
      .flatMap((one) => Object.values(one?.content ?? {}))
      .flatMap(({ schema, example }) => {
        const text = JSON.stringify(schema).replaceAll('"#/components/', '"document#/components/');
        const validate = ajv.compile(JSON.parse(text) as object);
        return validate(example) ? [] : [`${name}: ${ajv.errorsText(validate.errors)}`];
      }),
  );
  expect(wrong).toEqual([]);
});
