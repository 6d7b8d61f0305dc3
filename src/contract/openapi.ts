/**
 * `/openapi.json`: what Nest knows of the routes (paths, parameters, bodies), completed with what each handler declares
 * (common/operation.ts), who may call it, and the problems that it can meet. It is built at the first request.
 */
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { z } from 'zod';
import { problemSchema } from '../common/answer-fields.js';
import { PROBLEM_SLUGS, Problem, type ProblemSlug } from '../common/problem.js';
import { type DescribedRoute, describedRoutes } from './described-routes.js';
import { NoExample, exampleOf } from '../common/json-example.js';
import { type JsonSchema, jsonSchemaOf } from '../common/json-schema.js';
import { problemsOf } from './operation-problems.js';
import { securityOf, securitySchemes } from './security.js';

type Operation = Record<string, unknown> & {
  operationId: string;
  responses: Record<string, object>;
  requestBody?: { required?: boolean; content: Record<string, { schema: JsonSchema; example?: unknown }> };
};

interface Components {
  readonly schemas: Record<string, JsonSchema>;
  readonly responses: Record<string, object>;
  readonly examples: Record<string, object>;
}

/** `basePath`: the path at which the public URL begins; empty: none. */
export function openApiOf(app: INestApplication, basePath: string, sessionCookie: string): OpenAPIObject {
  const base = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Switchboard')
    .setDescription('The multi-tenant event API for Pinecall voice agents.')
    .setVersion('1')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer(basePath || '/', 'This server')
    .build();
  const routes = describedRoutes(app);
  const document = SwaggerModule.createDocument(app, base, { standardSchemaConverter: convert });
  const components: Components = {
    schemas: { ...(document.components?.schemas as Record<string, JsonSchema> | undefined) },
    responses: {},
    examples: Object.fromEntries(PROBLEM_SLUGS.map((slug) => [slug, { value: problemExample(slug) }])),
  };
  named(problemSchema, components);
  for (const [path, methods] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(methods) as [string, Operation][]) {
      const route = routes.get(operation.operationId);
      if (route !== undefined) complete(operation, route, method, components);
      if (!path.startsWith('/v1/') && isAlias(document, operation)) operation.operationId += 'Alias';
    }
  const all = { ...components, securitySchemes: securitySchemes(sessionCookie) };
  return { ...document, components: all as OpenAPIObject['components'] };
}

/** Marks a converted body that is optional. */
const OPTIONAL = 'x-optional';

/** The request's body. Nest converts a schema that is not a zod schema. */
function convert(schema: unknown, { schemaType }: { schemaType: 'input' | 'output' }) {
  if (typeof schema !== 'object' || schema === null || !('_zod' in schema)) return undefined;
  const zodSchema = schema as z.ZodType;
  const { components, schema: converted } = jsonSchemaOf(zodSchema, schemaType);
  const isOptional = zodSchema.safeParse(undefined).success;
  return { components, schema: isOptional ? { ...converted, [OPTIONAL]: true } : converted };
}

/** The short path of a handler that has a longer one, too. */
function isAlias(document: OpenAPIObject, { operationId }: Operation): boolean {
  const all = Object.values(document.paths).flatMap((methods) => Object.values(methods) as Operation[]);
  return all.filter((one) => one.operationId === operationId).length > 1;
}

function complete(operation: Operation, { spec, access }: DescribedRoute, method: string, components: Components) {
  const status = Object.keys(operation.responses).find((code) => code.startsWith('2')) ?? '200';
  const statuses = [status, ...(spec.alsoStatus === undefined ? [] : [String(spec.alsoStatus)])];
  const answer = answerOf(spec, components);
  operation['responses'] = {
    ...problemResponses(problemsOf(access, operation.requestBody !== undefined, spec.problems), components),
    ...Object.fromEntries(statuses.map((code) => [code, answer])),
  };
  operation['security'] = securityOf(access, method);
  completeBodies(operation, spec, components);
}

/** Generators of clients treat a field with a default as always present, but in a request it is optional. */
function withoutDefaults<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(withoutDefaults) as Value;
  if (typeof value !== 'object' || value === null) return value;
  const parts = Object.entries(value).filter(([key, part]) => key !== 'default' || typeof part === 'string');
  return Object.fromEntries(parts.map(([key, part]) => [key, withoutDefaults<unknown>(part)])) as Value;
}

/** To OpenAPI, lines of JSON are text. */
function completeBodies({ requestBody }: Operation, { bodyExample }: DescribedRoute['spec'], components: Components) {
  for (const [type, content] of Object.entries(requestBody?.content ?? {})) {
    const example = bodyExample ?? exampleIfTold(content.schema, components);
    const { [OPTIONAL]: isOptional, ...schema } = content.schema;
    content.schema = withoutDefaults(schema);
    if (isOptional === true && requestBody) requestBody.required = false;
    const isLines = type === 'application/x-ndjson';
    if (isLines) content.schema = { type: 'string' };
    content.example = isLines ? `${JSON.stringify(example)}\n` : example;
  }
}

function answerOf({ answer, type, example }: DescribedRoute['spec'], components: Components) {
  if (answer === null) return { description: 'It is done.' };
  const schema = named(answer, components);
  const content = { schema, example: example ?? exampleIfTold(schema, components) };
  return { description: 'It went well.', content: { [type ?? 'application/json']: content } };
}

/** Undefined if no example can be made: a test reports that, and the document is still served. */
function exampleIfTold(schema: JsonSchema, { schemas }: Components): unknown {
  try {
    return exampleOf(schema, schemas);
  } catch (error) {
    if (error instanceof NoExample) return undefined;
    throw error;
  }
}

/** The schema, or a reference to it if it has a name. */
function named(answer: z.ZodType, { schemas }: Components): JsonSchema {
  const converted = jsonSchemaOf(answer, 'output');
  Object.assign(schemas, converted.components);
  return converted.schema;
}

function problemResponses(slugs: readonly ProblemSlug[], components: Components): Record<string, object> {
  const byStatus = new Map<number, ProblemSlug[]>();
  for (const slug of slugs) {
    const { status } = new Problem(slug, '');
    byStatus.set(status, [...(byStatus.get(status) ?? []), slug]);
  }
  const responses = [...byStatus].sort(([one], [other]) => one - other);
  return Object.fromEntries(
    responses.map(([status, those]) => {
      const sorted = PROBLEM_SLUGS.filter((slug) => those.includes(slug));
      const name = sorted.join('.');
      components.responses[name] = problemResponse(status, sorted);
      return [String(status), { $ref: `#/components/responses/${name}` }];
    }),
  );
}

/** Shared by all operations that can meet the same problems. */
function problemResponse(status: number, slugs: readonly ProblemSlug[]): object {
  const schema = { $ref: '#/components/schemas/Problem' };
  const examples = Object.fromEntries(slugs.map((slug) => [slug, { $ref: `#/components/examples/${slug}` }]));
  const text = { schema: { type: 'string' } };
  return {
    description: slugs.map((slug) => `\`${slug}\``).join(', '),
    ...(status === 401 || status === 403 ? { headers: { 'WWW-Authenticate': text } } : {}),
    ...(status === 429 || status === 503 ? { headers: { 'Retry-After': { schema: { type: 'integer' } } } } : {}),
    content: { 'application/problem+json': { schema, examples } },
  };
}

function problemExample(slug: ProblemSlug): object {
  const problem = new Problem(slug, 'What is wrong, in words.').toJSON();
  return { ...problem, instance: 'e0366f14-a184-4943-9282-5124a26a7646' };
}
