/** Webhooks and attempts as they are shown, always without secrets. Pure. */
import type { Prisma, Webhook, WebhookAttempt } from '../database/generated/client.js';
import type { ReaderView } from '../readers/reader-table.js';

export interface WebhookView {
  readonly id: string;
  readonly url: string;
  readonly description: string | null;
  /** Null: all of them. */
  readonly agents: readonly string[] | null;
  readonly types: readonly string[] | null;
  readonly each: string;
  readonly format: string;
  /** `failing`: active, and the last attempt failed. */
  readonly status: string;
  /** Every event up to this one was sent, or is stored as waiting. */
  readonly cursor: string;
  /** Events of the tenant's after the cursor. */
  readonly behind: number;
  /** Events up to the cursor that wait for another attempt, or behind such an event of their call. */
  readonly waiting: number;
  /** Events for which no request could be made, and the last of them. */
  readonly skipped: number;
  readonly lastSkipped: Prisma.JsonValue;
  readonly lastSuccessAt: string | null;
  readonly lastFailure: { readonly at: string; readonly status: number | null; readonly reason: string } | null;
  /** Until then the previous secret signs, too. */
  readonly previousSecretUntil: string | null;
  readonly createdAt: string;
}

export interface AttemptView {
  readonly id: string;
  readonly event: string;
  readonly type: string;
  readonly callId: string | null;
  readonly at: string;
  readonly ms: number;
  /** The status of the answer; null: there was no answer. */
  readonly status: number | null;
  readonly delivered: boolean;
  readonly reason: string | null;
  /** The first 2 KiB of the answer to a failed attempt. */
  readonly response: string | null;
  /** When the event is sent again; null: it is not sent again. */
  readonly next: string | null;
}

export interface WebhookFilter {
  readonly agents?: readonly string[];
  readonly types?: readonly string[];
}

export function webhookView(row: Webhook, reader: ReaderView | undefined, waiting: number, now: Date): WebhookView {
  const { agents = null, types = null } = row.filter as WebhookFilter;
  const { previousUntil } = row;
  return {
    id: row.id,
    url: row.url,
    description: row.description,
    agents,
    types,
    each: row.each,
    format: row.format,
    status: row.status === 'active' && row.failures > 0 ? 'failing' : row.status,
    cursor: String(reader?.cursor ?? 0),
    behind: reader?.behind ?? 0,
    waiting,
    skipped: reader?.skipped ?? 0,
    lastSkipped: reader?.lastSkipped ?? null,
    lastSuccessAt: row.lastSuccessAt?.toISOString() ?? null,
    lastFailure: lastFailureOf(row),
    previousSecretUntil: previousUntil !== null && previousUntil > now ? previousUntil.toISOString() : null,
    createdAt: row.createdAt.toISOString(),
  };
}

/** What an operator sees of a webhook that needs somebody. */
export interface FailingWebhook {
  readonly tenant: string;
  readonly id: string;
  readonly url: string;
  readonly status: 'failing' | 'disabled';
  readonly lastFailure: WebhookView['lastFailure'];
}

export function failingView(row: Webhook): FailingWebhook {
  const { id, tenantId: tenant, url, status } = row;
  return { tenant, id, url, status: status === 'disabled' ? 'disabled' : 'failing', lastFailure: lastFailureOf(row) };
}

export function attemptView(row: WebhookAttempt): AttemptView {
  const { id, seq, type, callId, at, ms, status, isDelivered: delivered, reason, response, nextAt } = row;
  return {
    id,
    event: String(seq),
    type,
    callId,
    at: at.toISOString(),
    ms,
    status,
    delivered,
    reason,
    response,
    next: nextAt?.toISOString() ?? null,
  };
}

function lastFailureOf(row: Webhook): WebhookView['lastFailure'] {
  const { lastFailureAt: at, lastFailureStatus: status, lastFailureReason: reason } = row;
  return at === null ? null : { at: at.toISOString(), status, reason: reason ?? '' };
}
