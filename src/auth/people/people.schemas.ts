import { z } from 'zod';
import { lineSchema } from '../../common/ids.js';

export const personName = lineSchema(100).meta({ examples: ['Ana Pérez'] });
export const emailSchema = z
  .email('must be an e-mail address')
  .max(254)
  .meta({ examples: ['ana@acme.example'] });

export const changePersonSchema = z
  .strictObject({ name: personName.optional(), email: emailSchema.nullable().optional() })
  .refine((change) => Object.keys(change).length > 0, 'must change something');
