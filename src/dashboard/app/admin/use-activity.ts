import { useCallback } from 'react';
import { cookieClient } from '../api/client.js';
import { serverNow } from '../common/clock.js';
import { useLoaded } from '../stream/use-loaded.js';
import { useEvery } from '../ui/use-every.js';

export interface Activity {
  readonly name: string;
  readonly calls: number;
  readonly minutes: number;
  readonly failed: number;
  readonly lastCallAt: string | null;
}

const REFRESH_MS = 30_000;
/** Of one request's names: a URL may be some thousand characters long. */
const MAX_NAMES = 50;
const MAX_CHARACTERS = 4000;

/** What customers or agents have done since midnight, by name. Names that are not in it are not known yet. */
export function useActivity(of: 'tenants' | 'agents', names: readonly string[]): ReadonlyMap<string, Activity> {
  // A list of the API cannot name one that has a comma.
  const list = names.filter((name) => !name.includes(',')).join(',');
  const load = useCallback(
    async (signal: AbortSignal) => {
      const since = new Date(new Date(serverNow()).setHours(0, 0, 0, 0)).toISOString();
      const known = new Map<string, Activity>();
      for (const part of partsOf(list === '' ? [] : list.split(','))) {
        const query = { since, [of]: part.join(',') };
        const answer = await cookieClient.get<{ activity: Activity[] }>('/v1/admin/activity', query, signal);
        for (const one of answer.activity) known.set(one.name, one);
      }
      return known;
    },
    [of, list],
  );
  const { value, reload } = useLoaded(load);
  useEvery(REFRESH_MS, reload);
  return value ?? NONE;
}

const NONE: ReadonlyMap<string, Activity> = new Map();

function partsOf(names: readonly string[]): string[][] {
  const parts: string[][] = [];
  let length = MAX_CHARACTERS;
  for (const name of names) {
    // A character may take nine in a URL.
    const size = encodeURIComponent(name).length + 3;
    const last = parts.at(-1);
    if (last === undefined || length + size > MAX_CHARACTERS || last.length >= MAX_NAMES) {
      parts.push([name]);
      length = size;
    } else {
      last.push(name);
      length += size;
    }
  }
  return parts;
}
