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

/** A moment; a day is its midnight in UTC. */
export const timeSchema = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], 'must be a time such as 2026-11-24T09:00:00Z, or a date')
  .transform((text) => new Date(text))
  .refine((at) => at.getUTCFullYear() >= 1970 && at.getUTCFullYear() <= 9999, 'must lie between 1970 and 9999');

/** A comma-separated, non-empty list in a query; `agents=` is a fault, never "everything". */
export function commaList<Item extends z.ZodType<unknown, string>>(item: Item, max = 100) {
  return z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(item).min(1).max(max));
}
