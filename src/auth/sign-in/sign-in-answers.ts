/** The answers about signing in, as `/openapi.json` describes them. */
import { z } from 'zod';
import { momentField, personField, tenantField } from '../../common/answer-fields.js';
import { scopesField, tokenText } from '../tokens/token-answers.js';

export const signInLinkAnswer = z
  .object({ url: z.string().meta({ examples: ['http://127.0.0.1:3000/#code=k3…'] }), expiresAt: momentField })
  .meta({ id: 'SignInLink' });

export const tenantSignInLinkAnswer = signInLinkAnswer
  .extend({
    mailed: z
      .boolean()
      .optional()
      .meta({ description: 'Only where `mail` was asked for. False: the mail server did not take it.' }),
  })
  .meta({ id: 'TenantSignInLink' });

const expiresAt = momentField.meta({
  description: 'The longest end of the session. It ends sooner if nobody uses it for seven days.',
});
const session = { tenant: tenantField.nullable(), scopes: scopesField, expiresAt };

export const sessionAnswer = z.object(session).meta({ id: 'Session' });

/** For the tabs of a session. */
export const tabTokenAnswer = z.object({ token: tokenText, expiresAt: momentField }).meta({ id: 'TabToken' });

export const signedInAnswer = z
  .object({ ...session, person: personField.optional(), token: tokenText })
  .meta({ id: 'SignedIn' });
