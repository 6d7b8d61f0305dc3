/** The closed list of problems that clients can meet (docs/protocol.md, section 11), and the error that carries one. */

const PROBLEMS = {
  validation: { status: 400, title: 'The request is not valid' },
  'token-missing': { status: 401, title: 'A token is required' },
  'token-invalid': { status: 401, title: 'The token is not valid' },
  'token-expired': { status: 401, title: 'The token has expired' },
  'token-revoked': { status: 401, title: 'The token was revoked' },
  'token-in-url': { status: 400, title: 'This token may not travel in a URL' },
  'insufficient-scope': { status: 403, title: 'The token does not allow this' },
  'tenant-suspended': { status: 403, title: 'The tenant is suspended' },
  'tenant-not-found': { status: 404, title: 'There is no such tenant' },
  'agent-not-found': { status: 404, title: 'There is no such agent' },
  'call-not-found': { status: 404, title: 'There is no such call' },
  'recording-not-found': { status: 404, title: 'There is no such recording' },
  'token-not-found': { status: 404, title: 'There is no such token' },
  'person-not-found': { status: 404, title: 'There is no such person' },
  'rule-not-found': { status: 404, title: 'There is no such rule' },
  'webhook-not-found': { status: 404, title: 'There is no such webhook' },
  'event-not-found': { status: 404, title: 'There is no such event' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'owner-changed': { status: 409, title: 'The agent has another owner' },
  'not-steerable': { status: 409, title: 'The call cannot be steered' },
  'idempotency-key-reused': { status: 409, title: 'The Idempotency-Key came with another body' },
  'too-many-tokens': { status: 409, title: 'Too many tokens' },
  'too-many-rules': { status: 409, title: 'Too many rules' },
  'too-many-webhooks': { status: 409, title: 'Too many webhooks' },
  'tenant-exists': { status: 409, title: 'There is such a tenant' },
  'payload-too-large': { status: 413, title: 'The request is too large' },
  'range-not-satisfiable': { status: 416, title: 'The range is not there' },
  'unsupported-media-type': { status: 415, title: 'The body has a type that is not read here' },
  'too-many-streams': { status: 429, title: 'Too many open streams' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  unavailable: { status: 503, title: 'Temporarily unavailable' },
} as const;

export type ProblemSlug = keyof typeof PROBLEMS;

export const PROBLEM_SLUGS = Object.keys(PROBLEMS) as readonly ProblemSlug[];

export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** As `application/problem+json`, without the request's `instance`. */
export interface ProblemBody {
  readonly type: `/problems/${ProblemSlug}`;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
}

/** An answer to a client. People outside read `detail`, so it never holds internals (SQL, stack, file names). */
export class Problem extends Error {
  constructor(
    readonly slug: ProblemSlug,
    readonly detail: string,
    /** `errors` on 400, and further members that the answer's schema names (RFC 9457, 3.2). */
    readonly extensions: { readonly errors?: readonly FieldError[]; readonly [member: string]: unknown } = {},
    /** For a problem that passes: when to try again, if known. */
    readonly retryAfterMs?: number,
  ) {
    super(`${slug}: ${detail}`);
  }

  get status(): number {
    return PROBLEMS[this.slug].status;
  }

  get title(): string {
    return PROBLEMS[this.slug].title;
  }

  /** True if the same request may succeed later. docs/protocol.md, section 3.5 says how an EventSource is told. */
  get passes(): boolean {
    return this.status === 429 || this.status === 503;
  }

  toJSON(): ProblemBody {
    return {
      type: `/problems/${this.slug}`,
      title: this.title,
      status: this.status,
      detail: this.detail,
      ...this.extensions,
    };
  }
}
