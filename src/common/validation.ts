import { StandardSchemaValidationPipe } from '@nestjs/common';
import { z } from 'zod';
import { Problem } from './problem.js';

/** Checks every `@Body({ schema })`, `@Query({ schema })`, `@Param(…, { schema })`; a fault is 400 `validation`. */
export const validationPipe = new StandardSchemaValidationPipe({
  exceptionFactory: (issues) =>
    new Problem('validation', 'The request is not valid.', {
      errors: issues.map(({ path, message }) => ({
        path: (path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.'),
        message,
      })),
    }),
});

/** A comma-separated, non-empty list in a query; `agents=` is a fault, never "everything". */
export function commaList<Item extends z.ZodType<unknown, string>>(item: Item, max = 100) {
  return z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(item).min(1).max(max));
}
