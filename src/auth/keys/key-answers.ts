/** The answers about signing keys, as `/openapi.json` describes them. */
import { z } from 'zod';
import { idField, momentField } from '../../common/answer-fields.js';

export const signingKeyAnswer = z
  .object({
    kid: idField,
    createdAt: momentField,
    signsFrom: momentField,
    state: z.enum(['next', 'signing', 'verifying']).meta({ examples: ['signing'] }),
    tokens: z
      .int()
      .min(0)
      .meta({ description: 'Tokens that it signed and that still work.', examples: [12] }),
  })
  .meta({ id: 'SigningKey' });

export const signingKeyList = z.object({ keys: z.array(signingKeyAnswer), next: z.null() });

/** A JSON Web Key Set (RFC 7517). */
export const jwksAnswer = z.object({
  keys: z.array(z.looseObject({ kty: z.string(), kid: z.string(), alg: z.string(), use: z.string() })).meta({
    examples: [
      [{ kty: 'EC', crv: 'P-256', x: 'f83OJ3D2…', y: 'x_FEzRu9…', kid: '3f0c9a4e', alg: 'ES256', use: 'sig' }],
    ],
  }),
});
