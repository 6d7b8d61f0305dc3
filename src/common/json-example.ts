/** Makes an example for a JSON Schema from the examples of its parts. An example is written once, at its field. */
import type { JsonSchema } from './json-schema.js';

export class NoExample extends Error {
  constructor(path: string) {
    super(`nothing tells an example of ${path || 'it'}: add .meta({ examples: […] }) to its schema`);
  }
}

/** Throws {@link NoExample}, which names the part, if a required part has no example. */
export function exampleOf(schema: JsonSchema, components: Readonly<Record<string, JsonSchema>>, path = ''): unknown {
  const told = toldExample(schema);
  if (told !== undefined) return told;
  if (typeof schema['$ref'] === 'string') {
    const name = schema['$ref'].slice(schema['$ref'].lastIndexOf('/') + 1);
    return exampleOf(components[name] ?? {}, components, path || name);
  }
  const [first] = [schema['anyOf'] ?? schema['oneOf'] ?? schema['allOf'] ?? []].flat() as JsonSchema[];
  if (first !== undefined) return exampleOf(first, components, path);
  const types = [schema['type']].flat();
  if (types.includes('null')) return null;
  const [type] = types;
  if (type === 'object') return objectExample(schema, components, path);
  if (type === 'array') return [exampleOf((schema['items'] ?? {}) as JsonSchema, components, `${path}[]`)];
  if (type === 'integer' || type === 'number') return schema['minimum'] ?? 1;
  if (type === 'boolean') return false;
  throw new NoExample(path);
}

function toldExample(schema: JsonSchema): unknown {
  if ('example' in schema) return schema['example'];
  if (Array.isArray(schema['examples'])) return schema['examples'][0];
  if ('const' in schema) return schema['const'];
  if (Array.isArray(schema['enum'])) return schema['enum'][0];
  if (schema['format'] === 'date-time') return '2026-11-27T21:06:05.788Z';
  return schema['default'];
}

/** Of the optional fields, those that have an example of their own. */
function objectExample(schema: JsonSchema, components: Readonly<Record<string, JsonSchema>>, path: string): object {
  const required = new Set((schema['required'] ?? []) as string[]);
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, JsonSchema>);
  return Object.fromEntries(
    properties
      .filter(([name, property]) => required.has(name) || Array.isArray(property['examples']))
      .map(([name, property]) => [name, exampleOf(property, components, path ? `${path}.${name}` : name)]),
  );
}
