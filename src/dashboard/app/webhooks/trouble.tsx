/** How many webhooks fail or are disabled, beside the name of their page, whichever page is open. */
import { useCallback, useEffect } from 'react';
import { createStore, useStore } from '../common/store.js';
import { useWatched } from '../stream/use-watched.js';
import { webhookTexts as texts } from '../texts/webhooks.js';
import { useWorkspace } from '../workspace/workspace.js';
import { MAX_WEBHOOKS, type Webhook, type WebhookList, needsAttention } from './webhook.js';

const LOOK_MS = 30_000;
const count = createStore(0);

/** Their page looks more often, and tells what it sees. */
export function tellTrouble(webhooks: readonly Pick<Webhook, 'status'>[]): void {
  count.set(webhooks.filter(needsAttention).length);
}

export function WebhooksBadge() {
  const { client } = useWorkspace();
  const load = useCallback(
    (signal: AbortSignal) => client.get<WebhookList>('/v1/webhooks', { limit: MAX_WEBHOOKS }, signal),
    [client],
  );
  const { value } = useWatched(load, LOOK_MS);
  useEffect(() => {
    if (value !== undefined) tellTrouble(value.webhooks);
  }, [value]);
  useEffect(() => () => count.set(0), []);
  const troubled = useStore(count);
  if (troubled === 0) return null;
  return (
    <span className="nav-badge">
      <span aria-hidden="true">{troubled}</span>
      <span className="visually-hidden">{texts.trouble(troubled)}</span>
    </span>
  );
}
