/** Webhooks as the API answers them, and where they are: the reader's own, or those of a customer. */
import type { Client } from '../api/client.js';
import { webhookTexts as texts } from '../texts/webhooks.js';
import { countText } from '../ui/format.js';

export interface Failure {
  readonly at: string;
  readonly status: number | null;
  readonly reason: string;
}

export interface Webhook {
  readonly id: string;
  readonly url: string;
  readonly description: string | null;
  /** Null: all of them. */
  readonly agents: readonly string[] | null;
  readonly types: readonly string[] | null;
  readonly each: string;
  readonly format: string;
  readonly status: string;
  readonly behind: number;
  readonly waiting: number;
  readonly skipped: number;
  readonly lastSuccessAt: string | null;
  readonly lastFailure: Failure | null;
  readonly previousSecretUntil: string | null;
  readonly createdAt: string;
}

export type NewWebhook = Webhook & { readonly secret: string };

export interface WebhookList {
  readonly webhooks: readonly Webhook[];
  readonly next: string | null;
}

export interface Attempt {
  readonly id: string;
  readonly event: string;
  readonly type: string;
  readonly callId: string | null;
  readonly at: string;
  readonly ms: number;
  readonly status: number | null;
  readonly delivered: boolean;
  readonly reason: string | null;
  readonly response: string | null;
  /** When the event is sent again; null: it is not. */
  readonly next: string | null;
}

export interface WebhookPlace {
  readonly client: Client;
  /** Of the API. */
  readonly path: string;
  /** Of the page: the list; below it each webhook by its id. */
  readonly home: string;
  /** Who they belong to, if that is not the reader. */
  readonly owner: string | null;
  /** What one may choose among; null: too many. */
  readonly agents: readonly string[] | null;
  /** By which the page knows a call. */
  readonly callKey: (callId: string) => string;
}

/** As many as a customer may have. */
export const MAX_WEBHOOKS = 100;

export function pathOf({ path }: WebhookPlace, id: string): string {
  return `${path}/${encodeURIComponent(id)}`;
}

export function nameOf({ description, url }: Pick<Webhook, 'description' | 'url'>): string {
  return description === null || description === '' ? url : description;
}

export function needsAttention({ status }: Pick<Webhook, 'status'>): boolean {
  return status === 'failing' || status === 'disabled';
}

/** Where it stands, in words. */
export function progressOf({ behind, waiting, skipped }: Webhook): string[] {
  const parts = [
    ...(behind > 0 ? [texts.behind(eventsText(behind))] : []),
    ...(waiting > 0 ? [texts.waiting(eventsText(waiting))] : []),
    ...(skipped > 0 ? [texts.skipped(eventsText(skipped))] : []),
  ];
  return parts.length === 0 ? [texts.upToDate] : parts;
}

export function eventsText(count: number): string {
  return count === 1 ? '1 event' : `${countText(count)} events`;
}
