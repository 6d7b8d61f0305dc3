/** The answers of `/v1/ingest`, as `/openapi.json` describes them (docs/protocol.md, section 9.3). */
import { z } from 'zod';
import { problemSchema } from '../common/answer-fields.js';

const count = z.int().min(0);

export const ingestAnswer = z
  .object({
    accepted: count.meta({ examples: [1] }),
    duplicates: count,
    rejected: z
      .array(z.object({ index: count.meta({ description: 'Counts the events of the body.' }), problem: problemSchema }))
      .meta({ examples: [[]] }),
  })
  .meta({ id: 'IngestAnswer' });
