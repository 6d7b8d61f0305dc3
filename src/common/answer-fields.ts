/** Fields that answers share, with the examples that the documents use. */
import { z } from 'zod';
import { PROBLEM_SLUGS } from './problem.js';

const field = (description: string, example: string) => z.string().meta({ description, examples: [example] });

/** Who signed in by a link that was made for them. */
export const personField = field(
  'The name of the person who signed in by a link; absent or null: nobody by name.',
  'Ana Pérez',
);
export const tenantField = field('A tenant’s id.', 'acme');
export const agentField = field('An agent’s exact name.', 'mara');
export const callField = field('A call’s id, as its source gave it.', 'CA_7f3e');
export const idField = field('An id that we gave.', '3f0c9a4e-58d2-4b7e-9a53-0f6f0d1f7c11');

/** A moment of our own, ISO 8601 in UTC. */
export const momentField = z.iso.datetime().meta({ examples: ['2026-11-27T21:06:05.788Z'] });

/** The cursor of the next page; null at the end. */
export const nextField = z
  .string()
  .nullable()
  .meta({
    description: 'The `cursor` of the next page; null: this is the last.',
    examples: ['WyJ0ZW5hbnRzIixudWxsLCJhY21lIl0'],
  });

/** A number of a log: the tenant's own, or the platform's. */
export const cursorField = z
  .int()
  .min(0)
  .meta({ description: 'A number of the log: `after` of a stream.', examples: [1224] });

/** One page of a list: `{"<things>":[…],"next":<cursor>|null}`. */
export function pageOf<Name extends string, Item extends z.ZodType>(name: Name, item: Item) {
  return z.object({ [name]: z.array(item), next: nextField } as Record<Name, z.ZodArray<Item>> & {
    next: typeof nextField;
  });
}

/** The body of an error (RFC 9457). A route that adds members names them itself. */
export const problemSchema = z
  .object({
    type: z.enum(PROBLEM_SLUGS.map((slug) => `/problems/${slug}` as const)),
    title: z.string().meta({ examples: ['The request is not valid'] }),
    status: z.int().meta({ examples: [400] }),
    detail: z.string().meta({ description: 'For people.', examples: ['The request is not valid.'] }),
    instance: z.string().optional().meta({ description: 'The request’s id, as in `X-Request-Id`.' }),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    owner: z.string().nullable().optional().meta({ description: 'With `owner-changed`: the actual one.' }),
  })
  .meta({ id: 'Problem' });
