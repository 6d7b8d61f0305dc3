/** What `/v1/log` answers, as `/openapi.json` describes it. */
import { z } from 'zod';
import { momentField } from '../../common/answer-fields.js';

export const logPage = z.object({
  events: z.array(
    z
      .object({
        id: z.string().meta({ description: 'The tenant’s number of the event.', examples: ['42'] }),
        type: z
          .string()
          .meta({ description: 'One of `GET /v1/event-types`, or a new one.', examples: ['call.started'] }),
        at: momentField,
        data: z.looseObject({}).meta({
          description: 'As the schema of its type says.',
          examples: [{ callId: 'CA_7f3e', from: '+34611111111', agent: 'mara', at: '2026-11-27T21:06:05.788Z' }],
        }),
      })
      .meta({ id: 'LoggedEvent' }),
  ),
  next: z.string().meta({ description: '`after` of the next page, or of a stream.', examples: ['42'] }),
  live: z.boolean().meta({ description: 'This page reaches the end of the log.', examples: [true] }),
});
