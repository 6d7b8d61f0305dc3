/**
 * Holds real answers against `/openapi.json`: what is answered stands there, whole. A field that the document does not
 * name is a fault, though clients would bear it: the document must say it.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { DescribedOperation } from './described-api.js';
import type { Answer, Switchboard } from './switchboard.js';

type Json = Record<string, unknown>;

interface Document {
  readonly paths: Record<string, Record<string, DescribedOperation>>;
  readonly components: { readonly responses: Record<string, Response>; readonly schemas: Record<string, Json> };
}

interface Response {
  readonly $ref?: string;
  readonly content?: Record<string, { readonly schema: Json; readonly examples?: Json }>;
}

interface Route {
  readonly name: string;
  readonly pattern: RegExp;
  readonly operation: DescribedOperation;
}

/** RFC 9457, 3.2: a problem may have members of its own. */
const OPEN = new Set(['Problem']);

export class Contract {
  /** What was answered and does not stand in the document, each once. */
  readonly faults = new Set<string>();
  /** Operations that were answered as when all went well. */
  readonly succeeded = new Set<string>();
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true });
  private readonly validators = new Map<string, ValidateFunction>();
  private readonly routes: Route[];

  private constructor(private readonly document: Document) {
    addFormats.default(this.ajv);
    this.routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => {
        const pattern = path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+');
        return { name: `${method.toUpperCase()} ${path}`, pattern: new RegExp(`^${method} ${pattern}$`), operation };
      }),
    );
    // A path without parameters wins over one with them.
    this.routes.sort((one, other) => one.name.split('{').length - other.name.split('{').length);
  }

  /** From now on, of every answer that the test is given. */
  static async watch(board: Switchboard): Promise<Contract> {
    const { body } = await board.request<Document & Json>('GET', '/openapi.json');
    const contract = new Contract(body);
    board.witness = (method, path, answer) => contract.hold(method, path, answer);
    return contract;
  }

  get names(): string[] {
    return this.routes.map(({ name }) => name);
  }

  private hold(method: string, path: string, { status, headers, text }: Answer<unknown>): void {
    const asked = `${method.toLowerCase()} ${path.replace(/\?.*$/, '')}`;
    const route = this.routes.find(({ pattern }) => pattern.test(asked));
    if (route === undefined) return;
    const fail = (what: string) => this.faults.add(`${route.name} ${status}: ${what}`);
    const response = this.resolve(route.operation.responses[String(status)]);
    if (response === undefined) return void fail(`is not described: ${slugIn(text) ?? ''}`);
    if (status < 400) this.succeeded.add(route.name);
    const type = (headers.get('content-type') ?? '').replace(/;.*$/, '');
    if (response.content === undefined) return void (text === '' || fail('has a body'));
    const content = response.content[type] ?? response.content[type.replace(/\/.*$/, '/*')];
    if (content === undefined) return void fail(`has the type ${type}`);
    const slug = slugIn(text);
    if (content.examples !== undefined && slug !== undefined && !(slug in content.examples))
      fail(`add '${slug}' to its problems`);
    if (!type.endsWith('json')) return;
    const validate = this.validatorOf(`${route.name} ${status} ${type}`, content.schema);
    if (!validate(JSON.parse(text)))
      for (const { instancePath, message, params } of validate.errors ?? [])
        fail(`${instancePath.replace(/\/\d+/g, '/[]')} ${message} ${JSON.stringify(params)}`);
  }

  private resolve(response: Response | undefined): Response | undefined {
    if (response?.$ref === undefined) return response;
    return this.document.components.responses[response.$ref.replace('#/components/responses/', '')];
  }

  private validatorOf(key: string, schema: Json): ValidateFunction {
    const { schemas } = this.document.components;
    const components = Object.fromEntries(
      Object.entries(schemas).map(([name, one]) => [name, OPEN.has(name) ? one : closed(one)]),
    );
    const validate =
      this.validators.get(key) ?? this.ajv.compile({ ...closed(schema), components: { schemas: components } });
    this.validators.set(key, validate);
    return validate;
  }
}

function slugIn(text: string): string | undefined {
  return /^\{"type":"\/problems\/([a-z-]+)"/.exec(text)?.[1];
}

/** The schema without room for fields that it does not name. */
function closed<Value>(schema: Value): Value {
  if (Array.isArray(schema)) return schema.map(closed) as Value;
  if (typeof schema !== 'object' || schema === null) return schema;
  const parts: Json = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  const isObject = parts['type'] === 'object' && typeof parts['properties'] === 'object';
  return (isObject ? { additionalProperties: false, ...parts } : parts) as Value;
}
