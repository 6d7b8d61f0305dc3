/** Code that reads what the page shows, with the same filters. Pure. */
import { withQuery } from '../api/client.js';
import { path } from '../api/path.js';
import type { Reach } from '../workspace/reach.js';
import { type EventFilter, EVERYTHING, NOBODY } from './event-filter.js';
import type { ShownEvent } from './event-filter.js';

export interface StreamLines {
  readonly browser: string;
  readonly curl: string;
}

type Api = Pick<Reach, 'api' | 'showsTenant'>;

export function streamLines(baseUrl: string, reach: Api, filter: EventFilter): StreamLines {
  const url = baseUrl + streamPath(reach, filter);
  return { browser: `new EventSource(${JSON.stringify(url)})`, curl: curlOf(url, true) };
}

/** Where the API has this event; an event that is live only is awaited on its stream. */
export function eventCurl(baseUrl: string, reach: Api, { seq, type }: ShownEvent): string {
  if (seq === null) return curlOf(baseUrl + streamPath(reach, { ...EVERYTHING, types: [type] }), true);
  if (reach.showsTenant) return curlOf(`${baseUrl}${reach.api}/events?after=${seq - 1}`, true);
  return curlOf(`${baseUrl}${reach.api}/log?after=${seq - 1}&limit=1`, false);
}

function streamPath({ api, showsTenant }: Api, { types, agents, calls, tenants }: EventFilter): string {
  const [call] = calls;
  // One call has a stream of its own, and one agent.
  if (call !== undefined && !showsTenant) return withList(`${api}${path`/calls/${call}/events`}`, { types });
  const named = tenants.filter((tenant) => tenant !== NOBODY);
  const unassigned = tenants.includes(NOBODY) ? ['true'] : [];
  return withList(`${api}/events`, { ...(showsTenant && { tenants: named, unassigned }), agents, types });
}

function withList(where: string, lists: Readonly<Record<string, readonly string[]>>): string {
  const query = Object.entries(lists).map(([name, values]) => [name, values.join(',')]);
  // A comma, a colon and a star stand for themselves in a query, and are easier to read.
  return withQuery(where, Object.fromEntries(query) as Record<string, string>)
    .replaceAll('%2C', ',')
    .replaceAll('%3A', ':');
}

function curlOf(url: string, isStream: boolean): string {
  return `curl ${isStream ? '-N ' : ''}-H "Authorization: Bearer $TOKEN" '${url.replaceAll("'", '%27')}'`;
}
