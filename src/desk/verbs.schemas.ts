import { z } from 'zod';
import { lineSchema } from '../common/ids.js';

export const VERBS = ['takeover', 'release', 'say', 'whisper', 'transfer', 'end'] as const;
export type VerbName = (typeof VERBS)[number];

/** Longest text that is said or whispered at once: some minutes of speech. */
const MAX_TEXT = 2000;
const MAX_SHORT = 200;

type Field = 'text' | 'to' | 'mode' | 'reason';

/** What each verb needs, and what else it takes. */
const FIELDS: Readonly<Record<VerbName, { readonly needs: readonly Field[]; readonly takes: readonly Field[] }>> = {
  takeover: { needs: [], takes: [] },
  release: { needs: [], takes: [] },
  say: { needs: ['text'], takes: [] },
  whisper: { needs: ['text'], takes: [] },
  transfer: { needs: ['to'], takes: ['mode'] },
  end: { needs: [], takes: ['reason'] },
};
const ALL: readonly Field[] = ['text', 'to', 'mode', 'reason'];

const about = (description: string, example: string) => ({ description, examples: [example] });

export const verbSchema = z
  .strictObject({
    verb: z.enum(VERBS),
    text: lineSchema(MAX_TEXT).optional().meta(about('`say`: the agent says it. `whisper`: only the agent hears it.', 'One moment, please')), // prettier-ignore
    to: lineSchema(MAX_SHORT).optional().meta(about('`transfer`: a number or an address.', '+34910000000')),
    mode: z.enum(['cold', 'warm']).optional().meta(about('`transfer`: with or without a word before.', 'warm')),
    reason: lineSchema(MAX_SHORT).optional().meta(about('`end`: why.', 'abuse')),
    by: lineSchema(60).optional().meta(about('Who asks, for colleagues: `call.steered` and `handoff` name it.', 'Ana')),
  })
  .superRefine((body, context) => {
    const { needs, takes } = FIELDS[body.verb];
    for (const field of ALL) {
      if (body[field] === undefined && needs.includes(field))
        context.addIssue({ code: 'custom', path: [field], message: `is needed for ${body.verb}` });
      if (body[field] !== undefined && !needs.includes(field) && !takes.includes(field))
        context.addIssue({ code: 'custom', path: [field], message: `does not belong to ${body.verb}` });
    }
  });

export type Verb = z.infer<typeof verbSchema>;
