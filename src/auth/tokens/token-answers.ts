/** The answers about tokens, as `/openapi.json` describes them. */
import { z } from 'zod';
import { idField, momentField, pageOf, tenantField } from '../../common/answer-fields.js';
import { scopeSchema } from '../principal.js';

export const tokenText = z.string().meta({ description: 'A token’s text.', examples: ['eyJhbGciOiJFUzI1NiIs…'] });
export const scopesField = z.array(scopeSchema).meta({ examples: [['events:read']] });

/** Never contains the token's text, which is not stored. */
export const tokenAnswer = z
  .object({
    id: idField,
    name: z.string().meta({ examples: ['dashboard'] }),
    tenant: tenantField.nullable().meta({ description: 'Null: a token of the platform’s.', examples: ['acme'] }),
    scopes: scopesField,
    createdAt: momentField,
    expiresAt: momentField,
    revokedAt: momentField.nullable().meta({ examples: [null] }),
    lastUsedAt: momentField.nullable(),
  })
  .meta({ id: 'Token' });

export const tokenPage = pageOf(
  'tokens',
  tokenAnswer
    .extend({
      signIn: z.boolean().meta({
        description:
          'True: the token of a person’s tab, signed in by a link. It ends with the session, and cannot be rolled.',
        examples: [false],
      }),
      current: z.boolean().meta({
        description: 'True: this request was made with it, or by the session that belongs to it.',
        examples: [false],
      }),
    })
    .meta({ id: 'ListedToken' }),
);

/** Tokens of a list that read a stream now; the others have none open. */
export const tokenStreamsAnswer = z.object({
  tokens: z.array(
    z
      .object({
        id: idField.meta({ description: 'A token, as its list names it.' }),
        streams: z
          .int()
          .min(1)
          .meta({ description: 'Open with it, or with a token that was minted from it.', examples: [2] }),
      })
      .meta({ id: 'TokenStreams' }),
  ),
  next: z.null(),
});

/** The one answer that has the token's text. */
export const newTokenAnswer = tokenAnswer.extend({ token: tokenText }).meta({ id: 'NewToken' });

/** A new token in the place of another, and until when that one goes on working. */
export const rolledTokenAnswer = newTokenAnswer
  .extend({
    replaces: z.object({
      id: idField,
      worksUntil: momentField.meta({ description: 'The moment of the request: it has ended.' }),
    }),
  })
  .meta({ id: 'RolledToken' });

export const streamTokenAnswer = z
  .object({
    token: tokenText,
    url: z.string().meta({ examples: ['http://127.0.0.1:3000/v1/events?token=eyJhbGciOiJFUzI1NiIs…'] }),
    expiresAt: momentField,
  })
  .meta({ id: 'StreamToken' });

/** An API token that reads what a tenant reads. */
export const viewAnswer = z.object({ token: tokenText, expiresAt: momentField }).meta({ id: 'View' });
