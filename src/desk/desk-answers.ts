/** What is answered about recordings and steering, as `/openapi.json` describes it. */
import { z } from 'zod';
import { callField } from '../common/answer-fields.js';
import { VERBS } from './verbs.schemas.js';

export const RECORDING = 'audio/*';

export const recordingAnswer = z.string().meta({ format: 'binary', examples: ['OggS'] });

export const offeredAnswer = z
  .object({
    verbs: z.array(z.enum(VERBS)).meta({ description: 'Empty: its source cannot steer it.', examples: [VERBS] }),
  })
  .meta({ id: 'OfferedVerbs' });

export const steeredAnswer = z
  .object({
    callId: callField,
    verb: z.enum(VERBS).meta({ examples: ['takeover'] }),
    by: z.string().meta({ description: 'Who asked, as the tenant’s events name that person.', examples: ['Ana'] }),
  })
  .meta({ id: 'Steered' });
