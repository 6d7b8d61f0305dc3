/** The answers about signing in, as `/openapi.json` describes them. */
import { z } from 'zod';
import { momentField, tenantField } from '../../common/answer-fields.js';
import { scopesField, tokenText } from '../tokens/token-answers.js';

export const signInLinkAnswer = z
  .object({ url: z.string().meta({ examples: ['http://127.0.0.1:3000/#code=k3…'] }), expiresAt: momentField })
  .meta({ id: 'SignInLink' });

const session = { tenant: tenantField.nullable(), scopes: scopesField, expiresAt: momentField };

export const sessionAnswer = z.object(session).meta({ id: 'Session' });

export const signedInAnswer = z.object({ ...session, token: tokenText }).meta({ id: 'SignedIn' });
