import { useCallback, useState } from 'react';
import { type Loaded, useLoaded } from '../stream/use-loaded.js';
import type { NewToken, TokenPage, TokenPlace } from './token-list.js';

const PAGE = 200;

interface Tokens {
  readonly list: Loaded<TokenPage>;
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
  const [isCreating, setIsCreating] = useState(false);
  const [created, setCreated] = useState<NewToken | null>(null);
  const finish = (token: NewToken) => {
    setIsCreating(false);
    setCreated(token);
    list.reload();
  };
  return { list, isCreating, setIsCreating, created, finish, forget: () => setCreated(null) };
}
