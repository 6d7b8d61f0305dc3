/** Which problems an operation can meet (docs/protocol.md, section 11). */
import type { Access } from '../auth/auth.decorators.js';
import type { ProblemSlug } from '../common/problem.js';

const AUTHENTICATION: readonly ProblemSlug[] = [
  ...(['validation', 'token-in-url', 'token-missing', 'token-invalid', 'token-expired', 'token-revoked'] as const),
  ...(['insufficient-scope', 'tenant-suspended', 'rate-limited'] as const),
];
const BODY: readonly ProblemSlug[] = ['validation', 'payload-too-large', 'unsupported-media-type', 'rate-limited'];
const ALWAYS: readonly ProblemSlug[] = ['internal', 'unavailable'];

/** `own`: those that only this operation declares. Without access, the operation is closed to everybody. */
export function problemsOf(
  access: Access | undefined,
  hasBody: boolean,
  own: readonly ProblemSlug[] = [],
): readonly ProblemSlug[] {
  const isStream = access?.kind === 'scopes' && access.stream;
  return [
    ...new Set<ProblemSlug>([
      ...(access?.kind === 'public' ? [] : AUTHENTICATION),
      ...(hasBody ? BODY : []),
      ...own,
      ...(isStream ? (['too-many-streams'] as const) : []),
      ...ALWAYS,
    ]),
  ];
}
