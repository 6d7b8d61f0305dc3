/** Our zod schemas as JSON Schema, with the named ones (`.meta({ id })`) as components. */
import { z } from 'zod';

export type JsonSchema = { [keyword: string]: unknown };

export interface Converted {
  readonly schema: JsonSchema;
  /** Named schemas that it refers to, by `#/components/schemas/<name>`. */
  readonly components: Record<string, JsonSchema>;
}

/**
 * `input`: what clients send; `output`: what we answer, which may have more fields at any time (docs/protocol.md,
 * section 1.1).
 */
export function jsonSchemaOf(
  schema: z.ZodType,
  io: 'input' | 'output',
  target: 'draft-2020-12' | 'draft-07' = 'draft-2020-12',
): Converted {
  const {
    $defs,
    definitions,
    $schema: _,
    ...root
  } = z.toJSONSchema(schema, {
    io,
    target,
    unrepresentable: 'any',
    override: ({ jsonSchema }) => simplify(jsonSchema as JsonSchema, io),
  }) as JsonSchema;
  return refersToComponents({ schema: root, components: ($defs ?? definitions ?? {}) as Converted['components'] });
}

/** Leaves out what zod adds about itself. */
function simplify(schema: JsonSchema, io: 'input' | 'output'): void {
  if (typeof schema['format'] === 'string') delete schema['pattern'];
  if (schema['minimum'] === Number.MIN_SAFE_INTEGER) delete schema['minimum'];
  if (schema['maximum'] === Number.MAX_SAFE_INTEGER) delete schema['maximum'];
  delete schema['propertyNames'];
  delete schema['id'];
  if (io === 'output' && schema['additionalProperties'] === false) delete schema['additionalProperties'];
}

function refersToComponents<Value>(value: Value): Value {
  const text = JSON.stringify(value).replace(/"#\/(?:\$defs|definitions)\//g, '"#/components/schemas/');
  return JSON.parse(text) as Value;
}
