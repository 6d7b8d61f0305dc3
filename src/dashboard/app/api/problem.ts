/** What went wrong with a request, as the page needs to know it. */
import type { ProblemBody, ProblemSlug } from '../../../common/problem.js';
import { beingErased, fieldNames, problemTexts, serverAnswered, unreachable } from '../texts/problems.js';

/** `unreachable`: no answer came at all; `needs-token`: this tab has no token for changes. */
export type FaultSlug = ProblemSlug | 'unreachable' | 'needs-token';

export class Fault extends Error {
  constructor(
    readonly slug: FaultSlug,
    detail: string,
    /** Further members of the problem: `errors`, the actual owner … */
    readonly body: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail);
  }

  /** True if the right to be here is missing, not the thing itself. */
  get endsSession(): boolean {
    return ['token-missing', 'token-invalid', 'token-expired', 'token-revoked', 'tenant-suspended'].includes(this.slug);
  }
}

/** An answer other than 2xx. A proxy in between may answer in its own words, which are not shown. */
export async function faultOf(response: Response): Promise<Fault> {
  const body = (await response.json().catch(() => null)) as (ProblemBody & Record<string, unknown>) | null;
  const slug = /^\/problems\/([a-z-]+)$/.exec(body?.type ?? '')?.[1];
  if (body === null || slug === undefined) {
    return response.status >= 500
      ? new Fault('unavailable', serverAnswered(response.status))
      : new Fault('not-found', serverAnswered(response.status));
  }
  return new Fault(slug as ProblemSlug, reasonsIn(body.errors) ?? ownWords(slug, body) ?? body.detail, body);
}

/** The page's words, where the API's are for programs: it says tenant where the page says customer. */
function ownWords(slug: string, body: Readonly<Record<string, unknown>>): string | undefined {
  // Such a problem says how far the erasure is.
  return slug === 'tenant-exists' && 'erased' in body ? beingErased : problemTexts[slug];
}

/** What is wrong with the input: the field as its form calls it, and why, in the server's words. */
function reasonsIn(errors: unknown): string | undefined {
  if (!Array.isArray(errors)) return undefined;
  const reasons = (errors as { path?: unknown; message?: unknown }[]).flatMap(({ path, message }) =>
    typeof message === 'string'
      ? [typeof path === 'string' && path !== '' ? `${fieldNames[path] ?? path}: ${message}` : message]
      : [],
  );
  return reasons.length === 0 ? undefined : reasons.join('; ');
}

export function asFault(error: unknown): Fault {
  return error instanceof Fault ? error : new Fault('unreachable', unreachable);
}
