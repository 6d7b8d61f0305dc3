/** An entry of the book of changes, as the API answers it, and how people call who and what is in it. */
import { auditTexts as texts } from '../texts/audit.js';

export interface AuditEntry {
  readonly id: string;
  readonly at: string;
  readonly by: string;
  /** The name of the token that did it, and of the one that was changed; null: there is none. */
  readonly byName: string | null;
  readonly targetName: string | null;
  readonly action: string;
  readonly target: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly requestId: string | null;
  /** The customers concerned; not in a customer's own book. */
  readonly tenants?: readonly string[];
}

export interface AuditPageAnswer {
  readonly audit: readonly AuditEntry[];
  readonly next: string | null;
}

export function actionText(action: string): string {
  return texts.actions[action] ?? action;
}

export function actorText({ by, byName }: Pick<AuditEntry, 'by' | 'byName'>): string {
  if (byName !== null) return byName;
  return by.startsWith('link ') ? texts.actors.link : (texts.actors[by] ?? shortened(by));
}

/** `nameOf` names a customer. */
export function targetText(
  { target, targetName, action }: Pick<AuditEntry, 'target' | 'targetName' | 'action'>,
  nameOf: (tenant: string) => string,
): string {
  if (targetName !== null) return targetName;
  return action.startsWith('tenant.') ? nameOf(target) : shortened(target);
}

/** A generated id says nothing to people: shows enough of it to tell it from another. */
export function shortened(text: string): string {
  return text.replace(/\b([0-9a-f]{8})-[0-9a-f-]{27}\b/g, '$1…');
}
