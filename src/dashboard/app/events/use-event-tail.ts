import { useEffect, useState } from 'react';
import { useWorkspace } from '../workspace/workspace.js';
import type { EventFilter } from './event-filter.js';
import { EventTail } from './event-tail.js';

/** The stream's newest events for as long as the page is shown. `filter` must be the same object while it is equal. */
export function useEventTail(filter: EventFilter, isHeld: boolean): EventTail {
  const { feed } = useWorkspace();
  const [tail] = useState(() => new EventTail());
  useEffect(() => {
    const untap = feed.tap((frames) => tail.take(frames));
    return () => {
      untap();
      tail.close();
    };
  }, [feed, tail]);
  useEffect(() => tail.narrow(filter), [tail, filter]);
  useEffect(() => tail.hold(isHeld), [tail, isHeld]);
  return tail;
}
