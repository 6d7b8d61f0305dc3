/** Who looks at this page: determined at the start, changed by signing in and out, here or in another tab. */
import { call } from '../api/client.js';
import { type FaultSlug, asFault } from '../api/problem.js';
import { ownName } from '../common/place.js';
import { createStore } from '../common/store.js';
import { takeCode } from './sign-in-code.js';
import { writeToken } from '../api/write-token.js';

export interface Me {
  /** Null: an operator of the platform. */
  readonly tenant: string | null;
  readonly scopes: readonly string[];
  /** Null: more than a page could let choose from. */
  readonly agents: readonly string[] | null;
  readonly expiresAt: string;
}

/** Why nobody is signed in; `none`: nobody has been. */
export type SignedOutReason = FaultSlug | 'none' | 'signed-out' | 'code-refused';

export type Session =
  | { readonly kind: 'checking' }
  | { readonly kind: 'unreachable' }
  /** By a link. A click uses it, not its opening: mail scanners open every link, and run the scripts there. */
  | { readonly kind: 'invited'; readonly code: string }
  | { readonly kind: 'signed-out'; readonly reason: SignedOutReason }
  | { readonly kind: 'signed-in'; readonly me: Me };

export const session = createStore<Session>({ kind: 'checking' });

/**
 * All tabs of this browser share one cookie: when it changes, each of them has to check again, and must not go on
 * writing as somebody else.
 */
const tabs = new BroadcastChannel(ownName('switchboard.session'));
tabs.onmessage = () => {
  writeToken.set(null);
  void lookAgain();
};

/** Called once, as the page starts. */
export async function startSession(): Promise<void> {
  // A link that is opened in a tab of this page loads nothing anew.
  addEventListener('hashchange', () => invite());
  if (!invite()) await look('none');
}

function invite(): boolean {
  const code = takeCode();
  if (code !== null) session.set({ kind: 'invited', code });
  return code !== null;
}

/** The code that was refused last: it still tells the server who asks for another link. */
let refusedCode: string | undefined;

/** Asks for a new sign-in link, as whoever the server knows this to be. Rejects with a Fault. */
export async function askForLink(email: string): Promise<void> {
  const body = { ...(refusedCode && { code: refusedCode }), ...(email !== '' && { email }) };
  await call('POST', '/v1/session/link-requests', { body });
}

/** By the code of a link, which is used up. */
export async function acceptInvitation(code: string): Promise<void> {
  session.set({ kind: 'checking' });
  try {
    const { token } = await call<{ token?: string }>('POST', '/v1/session/code', { body: { code } });
    writeToken.set(token ?? null);
    tabs.postMessage('changed');
    await look('none');
  } catch (error) {
    const { slug } = asFault(error);
    if (slug === 'unreachable' || slug === 'unavailable') session.set({ kind: 'unreachable' });
    else {
      refusedCode = code;
      await look('code-refused');
    }
  }
}

/** By a pasted token. Rejects with a Fault. */
export async function signIn(token: string): Promise<void> {
  await call('POST', '/v1/session', { token });
  session.set({ kind: 'checking' }); // Why nobody was signed in before is over.
  writeToken.set(token);
  tabs.postMessage('changed');
  await look('none');
}

export async function signOut(): Promise<void> {
  writeToken.set(null);
  session.set({ kind: 'signed-out', reason: 'signed-out' });
  await call('DELETE', '/v1/session').catch(() => undefined); // The page has dropped the session in any case.
  tabs.postMessage('changed');
}

/** The right to be here may have ended, as a request or the stream reported. Resolves to whether it still exists. */
export async function lookAgain(reason: SignedOutReason = 'signed-out'): Promise<boolean> {
  await look(reason);
  return session.get().kind === 'signed-in';
}

async function look(reasonWithout: SignedOutReason): Promise<void> {
  const asked = session.get();
  try {
    const me = await call<Me>('GET', '/v1/me');
    const known = session.get();
    if (known !== asked && hasSignedOut()) return; // The answer says what was so before.
    const isSame = known.kind === 'signed-in' && JSON.stringify(known.me) === JSON.stringify(me);
    if (!isSame) session.set({ kind: 'signed-in', me });
  } catch (error) {
    const fault = asFault(error);
    if (fault.endsSession) {
      const reason = fault.slug === 'token-missing' ? reasonWithout : fault.slug;
      writeToken.set(null);
      session.set({ kind: 'signed-out', reason: hasSignedOut() ? 'signed-out' : reason });
    } else if (session.get().kind !== 'signed-in') session.set({ kind: 'unreachable' });
  }
}

/** A person's action counts more than failures of requests at that moment, whichever answer comes last. */
function hasSignedOut(): boolean {
  const known = session.get();
  return known.kind === 'signed-out' && known.reason === 'signed-out';
}
