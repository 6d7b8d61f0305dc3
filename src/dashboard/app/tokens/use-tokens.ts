import { useCallback, useState } from 'react';
import { type Loaded, useLoaded } from '../stream/use-loaded.js';
import { useEvery } from '../ui/use-every.js';
import type { NewToken, OpenStreams, TokenPage, TokenPlace } from './token-list.js';

const PAGE = 200;
const LOOK_MS = 5000;

interface Tokens {
  readonly list: Loaded<TokenPage>;
  /** Which of them read now; undefined: not known. */
  readonly streams: OpenStreams | undefined;
  readonly isCreating: boolean;
  readonly setIsCreating: (isCreating: boolean) => void;
  /** The newest, whose text is shown until that is done with. */
  readonly created: NewToken | null;
  readonly finish: (token: NewToken) => void;
  readonly forget: () => void;
}

/** The list of a place's tokens, and the making of one. */
export function useTokens({ client, path }: Pick<TokenPlace, 'client' | 'path'>): Tokens {
  const load = useCallback(
    (signal: AbortSignal) => client.get<TokenPage>(path, { limit: PAGE }, signal),
    [client, path],
  );
  const list = useLoaded(load);
  const streams = useOpenStreams({ client, path });
  const [isCreating, setIsCreating] = useState(false);
  const [created, setCreated] = useState<NewToken | null>(null);
  const finish = (token: NewToken) => {
    setIsCreating(false);
    setCreated(token);
    list.reload();
  };
  return { list, streams, isCreating, setIsCreating, created, finish, forget: () => setCreated(null) };
}

/** Looked at again and again, while the page is seen. */
function useOpenStreams({ client, path }: Pick<TokenPlace, 'client' | 'path'>): OpenStreams | undefined {
  const load = useCallback(
    (signal: AbortSignal) =>
      client
        .get<{ tokens: { id: string; streams: number }[] }>(`${path}/streams`, {}, signal)
        .then(({ tokens }) => new Map(tokens.map(({ id, streams }) => [id, streams]))),
    [client, path],
  );
  const { value, fault, reload } = useLoaded(load);
  useEvery(LOOK_MS, reload);
  return fault === undefined ? value : undefined;
}
