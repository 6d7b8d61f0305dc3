/** What is wrong now, in the order in which somebody should look at it. Pure. */
import { adminTexts } from '../../texts/admin.js';
import { operatorTexts } from '../../texts/operator.js';
import { countText, momentText } from '../../ui/format.js';
import type { Health } from '../health/health.js';
import type { LinkRequest } from '../platform.js';

export interface Concern {
  readonly key: string;
  readonly severity: 'bad' | 'warn';
  readonly title: string;
  readonly detail: string;
  /** Where more is said about it. */
  readonly to: string;
}

export interface Attention {
  readonly linkRequests: readonly LinkRequest[];
  readonly tenants: readonly {
    readonly tenant: string;
    readonly calls: number;
    readonly failed: number;
    readonly toolFailed: number;
  }[];
  readonly webhooks: readonly {
    readonly tenant: string;
    readonly id: string;
    readonly url: string;
    readonly status: 'failing' | 'disabled';
    readonly lastFailure: { readonly reason: string } | null;
  }[];
}

const texts = operatorTexts.home;
const health = adminTexts.health;
/** So many events are seconds of work. */
const BEHIND = 1000;

type Found = readonly [key: string, severity: Concern['severity'], title: string, detail: string, to: string];

export function concernsIn(state: Health, attention: Attention, nameOf: (tenant: string) => string): Concern[] {
  const found = [...serverConcerns(state), ...sourceConcerns(state), ...customerConcerns(attention, nameOf)];
  const concerns = found.map(([key, severity, title, detail, to]) => ({ key, severity, title, detail, to }));
  return concerns.sort((one, other) => Number(one.severity === 'warn') - Number(other.severity === 'warn'));
}

function serverConcerns({ status, database, tail, bus, streams, calls }: Health): Found[] {
  const found: Found[] = [];
  const add = (isSo: boolean | undefined, key: string, severity: Concern['severity'], title: string, detail = '') => {
    if (isSo === true) found.push([key, severity, title, detail, '/health']);
  };
  const isDown = database.state !== 'up';
  add(isDown, 'database', 'bad', texts.database, database.reason);
  add(status === 'leaving', 'leaving', 'warn', texts.leaving);
  add(tail?.state === 'behind', 'tail', 'bad', texts.tail(tail?.behindSeconds ?? 0), health.hints['tail']);
  // Without a database nothing is delivered and nothing can be read: that is said once.
  add(tail?.state === 'away' && !isDown, 'tail', 'bad', texts.tailAway, health.hints['tail']);
  add(bus.state === 'away', 'bus', 'warn', texts.bus, health.hints['bus']);
  add(streams?.state === 'leaking', 'streams', 'warn', texts.streams, texts.streamsHint);
  add(calls?.state === 'away' && !isDown, 'calls', 'bad', texts.callsAway, health.hints['calls']);
  const percent = calls?.percent;
  if (percent !== undefined) add(true, 'rebuilding', 'warn', texts.rebuilding(percent), health.hints['calls']);
  const behind = calls?.behind ?? 0;
  add(percent === undefined && behind > BEHIND, 'behind', 'warn', texts.callsBehind(countText(behind)));
  return found;
}

function sourceConcerns({ sources }: Health): Found[] {
  return Object.entries(sources).flatMap(([name, { state, error }]): Found[] => {
    const isFine = state === 'live' || state === 'standby';
    if (isFine && error === null) return [];
    const detail = [health.states[state] ?? state, ...(error === null ? [] : [error])].join(': ');
    return [
      [`source ${name}`, isFine || state === 'connecting' ? 'warn' : 'bad', texts.source(name), detail, '/health'],
    ];
  });
}

function customerConcerns({ tenants, webhooks, linkRequests }: Attention, nameOf: (tenant: string) => string): Found[] {
  return [
    ...linkRequests.map(({ id, tenant, person, askedAt }): Found => {
      const detail = texts.linkRequestHint(momentText(askedAt));
      return [`request ${id}`, 'warn', texts.linkRequest(nameOf(tenant), person), detail, `/tenants/${tenant}`];
    }),
    ...webhooks.map(({ tenant, id, url, status, lastFailure }): Found => {
      const detail = lastFailure === null ? url : `${url}: ${lastFailure.reason}`;
      return [
        `webhook ${id}`,
        status === 'disabled' ? 'bad' : 'warn',
        texts.webhook(nameOf(tenant), status),
        detail,
        `/tenants/${tenant}`,
      ];
    }),
    ...tenants.map(({ tenant, calls, failed, toolFailed }): Found => {
      const detail = texts.failingHint(calls, failed, toolFailed);
      const query = new URLSearchParams({ tenant }).toString();
      return [`tenant ${tenant}`, 'warn', texts.failing(nameOf(tenant)), detail, `/calls?${query}`];
    }),
  ];
}
