/** The answers about the process itself, as `/openapi.json` describes them. */
import { z } from 'zod';
import { callsProgress } from '../calls/lists/call-answers.js';
import { momentField } from '../common/answer-fields.js';
import { SOURCE_STATES } from '../sources/source.js';

export const livenessAnswer = z.object({ status: z.literal('ok') });

const away = z.object({ state: z.literal('away') });
const count = z.int().min(0);

export const readinessAnswer = z
  .object({
    status: z.enum(['ready', 'degraded', 'leaving']).meta({
      description: '`degraded`: the database is away, or takes nothing in. `leaving`: the process goes down (503).',
    }),
    database: z.object({ state: z.enum(['up', 'away']), reason: z.string().optional() }),
    tail: z.object({ state: z.enum(['up', 'behind', 'away']), behindSeconds: z.number().optional() }),
    bus: z.object({ state: z.enum(['up', 'away']) }),
    streams: z.object({ state: z.enum(['up', 'leaking']), open: count, opening: count }),
    calls: z.union([callsProgress, away]),
    erasures: z.object({ tenants: count, events: count, erased: count }).optional(),
    sources: z
      .record(
        z.string(),
        z.object({
          state: z.enum(SOURCE_STATES),
          since: momentField,
          restarts: count,
          error: z.string().nullable(),
        }),
      )
      .meta({
        description: 'By name.',
        examples: [{ simulator: { state: 'live', since: '2026-11-27T21:06:05.788Z', restarts: 0, error: null } }],
      }),
  })
  .meta({ id: 'Readiness' });
