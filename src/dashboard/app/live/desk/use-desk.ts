/** What the desk knows and does: what the call takes, who has it, and what became of what was asked. */
import { useCallback, useEffect, useState } from 'react';
import type { Handoff } from '../../../../calls/fold/call-state.js';
import { asFault } from '../../api/problem.js';
import { ownName } from '../../common/place.js';
import { useWrite } from '../../session/use-write.js';
import { deskTexts } from '../../texts/desk.js';
import { useWorkspace } from '../../workspace/workspace.js';

export type VerbName = keyof typeof deskTexts.sent;

export interface Asked {
  readonly verb: VerbName;
  readonly text?: string;
  readonly to?: string;
  readonly mode?: string;
}

interface Said {
  readonly good: boolean;
  readonly text: string;
}

const NAME_KEY = ownName('switchboard.desk-name');

/** `place`: `/v1/calls/{call}`. */
export function useDesk(place: string) {
  const { client } = useWorkspace();
  const { write, prompt } = useWrite();
  const [verbs, setVerbs] = useState<readonly VerbName[]>([]);
  const [name, keepName] = useState(() => localStorage.getItem(NAME_KEY) ?? '');
  /** As the last answer named this person. */
  const [ownBy, setOwnBy] = useState<string | null>(null);
  const [busy, setBusy] = useState<VerbName | null>(null);
  const [said, setSaid] = useState<Said | null>(null);
  useEffect(() => {
    const closing = new AbortController();
    client
      .get<{ verbs: readonly VerbName[] }>(`${place}/verbs`, {}, closing.signal)
      .then(({ verbs }) => setVerbs(verbs))
      // Without an answer nothing is offered: the call is over, or its source is away.
      .catch(() => undefined);
    return () => closing.abort();
  }, [client, place]);
  const setName = useCallback((next: string) => {
    localStorage.setItem(NAME_KEY, next);
    keepName(next);
  }, []);
  const by = name.trim();
  const ask = useCallback(
    async (asked: Asked): Promise<boolean> => {
      setBusy(asked.verb);
      setSaid(null);
      try {
        const body = { ...asked, ...(by !== '' && { by }) };
        const answer = await write(() => client.send<{ by: string }>('POST', `${place}/verbs`, body));
        setOwnBy(answer.by);
        setSaid({ good: true, text: deskTexts.sent[asked.verb] });
        return true;
      } catch (error) {
        const fault = asFault(error);
        if (fault.slug === 'not-steerable') setVerbs([]);
        setSaid({ good: false, text: fault.slug === 'call-not-found' ? deskTexts.over : fault.message });
        return false;
      } finally {
        setBusy(null);
      }
    },
    [client, place, write, by],
  );
  const isOwn = (handoff: Handoff) => handoff.by !== null && (handoff.by === by || handoff.by === ownBy);
  return { verbs, name, setName, busy, said, ask, isOwn, prompt };
}
