/** What `/v1/stats` answers, as `/openapi.json` describes it. */
import { z } from 'zod';
import { agentField, momentField } from '../../common/answer-fields.js';
import { latencyOfPart, spanMeasures } from '../lists/quality-answers.js';

const count = z
  .int()
  .min(0)
  .meta({ examples: [42] });
const counted = {
  calls: count,
  minutes: z
    .number()
    .min(0)
    .meta({ examples: [61.5] }),
};
const lasting = {
  ...counted,
  medianDuration: z
    .number()
    .nullable()
    .meta({ description: 'Seconds; null where none has ended.', examples: [84.2] }),
};

/** Lists of names that a tenant chooses have 1,000 entries at most, the most frequent ones. */
export const statsAnswer = z
  .object({
    from: momentField,
    to: momentField,
    bucket: z.enum(['hour', 'day']).meta({ examples: ['day'] }),
    tz: z.string().meta({ description: 'IANA.', examples: ['UTC'] }),
    totals: z.object(lasting),
    ...spanMeasures,
    buckets: z.array(z.object({ at: momentField, ...counted, ...latencyOfPart })),
    agents: z.array(z.object({ agent: agentField, ...lasting, ...latencyOfPart })),
    reasons: z.array(z.object({ reason: z.string().meta({ examples: ['hangup'] }), calls: count })),
    transports: z.array(z.object({ transport: z.string().meta({ examples: ['phone'] }), calls: count })),
    hours: z
      .array(z.object({ weekday: z.int().min(0).max(6), hour: z.int().min(0).max(23), calls: count }))
      .meta({ description: 'Every hour of the week; weekday 0 is Sunday.' }),
  })
  .meta({ id: 'Stats' });
