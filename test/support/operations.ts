/**
 * Every operation of the OpenAPI document, with requests that fit it: what walks over all routes is generated from
 * here.
 */
import type { Answer, Switchboard } from './switchboard.js';

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
}

interface Document {
  readonly paths: Record<string, Record<string, Described>>;
}

interface Described {
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly required?: boolean }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Schema }> };
}

/** Values by the name of a path's, query's or body's field. */
export type Values = Readonly<Record<string, string>>;

export class Operation {
  readonly pathNames: readonly string[];
  readonly queryNames: readonly string[];
  readonly bodySchema: Schema | undefined;

  constructor(
    readonly method: string,
    readonly template: string,
    { parameters = [], requestBody }: Described,
  ) {
    this.pathNames = parameters.filter((one) => one.in === 'path').map(({ name }) => name);
    this.queryNames = parameters.filter((one) => one.in === 'query').map(({ name }) => name);
    this.bodySchema = requestBody?.content['application/json']?.schema;
  }

  get name(): string {
    return `${this.method} ${this.template}`;
  }

  get isStream(): boolean {
    return this.method === 'GET' && /\/events(\/|$)/.test(this.template);
  }

  get isAdmin(): boolean {
    return this.template.startsWith('/v1/admin/');
  }

  /** Fields of the body that have a place for names or ids. */
  get bodyNames(): readonly string[] {
    return Object.keys(this.bodySchema?.properties ?? {});
  }

  path(values: Values = {}, query: Values = {}): string {
    const path = this.template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? 'x'));
    const text = new URLSearchParams(query).toString();
    return text === '' ? path : `${path}?${text}`;
  }

  /** A body that the schema takes, with these values; undefined where none is asked for. */
  body(values: Values = {}, names: readonly string[] = []): Record<string, unknown> | undefined {
    const { bodySchema: schema } = this;
    if (schema?.properties === undefined) return this.template.endsWith('/recover') ? { after: '0' } : undefined;
    const asked = [...new Set([...(schema.required ?? []), ...names])];
    // A change must change something.
    const needsOne = this.method === 'PATCH';
    const wanted = asked.length === 0 && needsOne ? this.bodyNames.slice(0, 1) : asked;
    return Object.fromEntries(wanted.map((name) => [name, exampleOf(name, schema.properties?.[name] ?? {}, values)]));
  }
}

const EXAMPLES: Values = {
  event: '1',
  after: '0',
  url: 'https://hooks.example.com/events',
  name: 'a name',
  tenant: 'nobody-yet',
  from: 'nobody-yet',
  ttl: '1m',
  code: 'none',
};

function exampleOf(name: string, schema: Schema, values: Values): unknown {
  if (name === 'when') return { silence: { seconds: 20 } };
  const list = schema.anyOf?.find(({ type }) => type === 'array');
  if (list) return exampleOf(name, list, values);
  if (schema.anyOf) return values[name] ?? EXAMPLES[name];
  if (schema.type === 'array') return [schema.items?.enum?.[0] ?? values[name] ?? 'x'];
  if (schema.enum) return schema.enum[0];
  if (schema.type === 'object') return {};
  return values[name] ?? EXAMPLES[name] ?? 'x';
}

export async function operationsOf(board: Switchboard): Promise<Operation[]> {
  const { body } = await board.request<Document & Record<string, unknown>>('GET', '/openapi.json');
  return Object.entries(body.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, described]) => new Operation(method.toUpperCase(), template, described)),
  );
}

/** All of an answer that may tell one thing from another; what names the request itself is left out. */
export function essenceOf({ status, headers, text }: Answer): object {
  const { instance: _, ...body } = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : { text };
  const kept = [...headers].filter(([name]) => !['x-request-id', 'date', 'etag'].includes(name));
  return { status, headers: Object.fromEntries(kept), body };
}
