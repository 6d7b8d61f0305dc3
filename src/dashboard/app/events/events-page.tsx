import { type ReactNode, useMemo, useRef, useState } from 'react';
import { useSearchParams } from 'wouter';
import { useStore } from '../common/store.js';
import { PageHeading } from '../shell/page-heading.js';
import { eventTexts as texts } from '../texts/events.js';
import { countText } from '../ui/format.js';
import { Icon } from '../ui/icons.js';
import { Empty } from '../ui/states.js';
import { useKeys } from '../ui/use-keys.js';
import { usePointing } from '../ui/use-pointing.js';
import { WindowedList } from '../ui/windowed-list.js';
import { useWorkspace } from '../workspace/workspace.js';
import { EventDetail } from './event-detail.js';
import { addressOf, filterIn, isNarrowed, type EventFilter } from './event-filter.js';
import { EVENT_ROW_HEIGHT, EventRow } from './event-row.js';
import type { ShownEvent } from './event-filter.js';
import { FilterBar } from './filter-bar.js';
import { StreamCode } from './stream-code.js';
import { useEventTail } from './use-event-tail.js';
import '../styles/call-list.css';
import '../styles/filters.css';
import '../styles/live.css';
import '../styles/tokens-page.css';
import '../styles/events.css';

interface Props {
  /** What else can be done with an event. */
  readonly actionsOf?: (event: ShownEvent) => ReactNode;
}

/** The stream as it comes, for developers: one customer's, or the platform's. */
export default function EventsPage({ actionsOf }: Props) {
  const { showsTenant } = useWorkspace();
  const [params, setParams] = useSearchParams();
  const address = params.toString();
  const filter = useMemo(() => filterIn(new URLSearchParams(address)), [address]);
  const setFilter = (next: EventFilter) => setParams(addressOf(next), { replace: true });
  const [isPaused, setIsPaused] = useState(false);
  const [isScrolled, setIsScrolled] = useState(false);
  const [picked, setPicked] = useState<ShownEvent | null>(null);
  const list = useRef<HTMLElement>(null);
  const pointing = usePointing();
  const tail = useEventTail(filter, isPaused || isScrolled || pointing.isAiming);
  const { events, waiting, received } = useStore(tail.shown);
  const byKey = useMemo(() => new Map(events.map((event) => [event.key, event])), [events]);
  const ids = useMemo(() => events.map(({ key }) => key), [events]);
  useKeys({ p: () => setIsPaused((known) => !known) });
  const catchUp = () => {
    tail.catchUp();
    list.current?.querySelector('.windowed')?.scrollTo(0, 0);
  };
  return (
    <div className={picked === null ? 'live events' : 'live events events-picked'}>
      <PageHeading title={texts.title}>
        <p className="count-tag numeric">{texts.received(countText(received))}</p>
        {isPaused && <p className="tag tag-warn">{texts.paused}</p>}
        <div className="page-heading-end">
          <button type="button" className="button" onClick={() => tail.clear()}>
            {texts.clear}
          </button>
          <button
            type="button"
            className={isPaused ? 'button button-primary' : 'button'}
            aria-keyshortcuts="p"
            onClick={() => setIsPaused(!isPaused)}
          >
            <Icon name={isPaused ? 'play' : 'pause'} />
            {isPaused ? texts.resume : texts.pause}
          </button>
        </div>
      </PageHeading>
      <FilterBar filter={filter} onChange={setFilter} recent={() => tail.recentEvents} />
      <div className="event-columns">
        <section
          ref={list}
          className="live-list card event-list"
          aria-label={texts.list}
          onScrollCapture={({ target }) => setIsScrolled((target as Element).scrollTop > 0)}
          {...pointing.handlers}
        >
          {waiting > 0 && (
            <button type="button" className="button button-small event-waiting numeric" onClick={catchUp}>
              {texts.held(countText(waiting))}
            </button>
          )}
          {events.length === 0 && (
            <Empty title={isNarrowed(filter) ? texts.noneMatch : texts.empty}>
              {isNarrowed(filter) ? texts.noneMatchHint : texts.emptyHint}
            </Empty>
          )}
          {events.length > 0 && (
            <WindowedList
              label={texts.list}
              ids={ids}
              rowHeight={EVENT_ROW_HEIGHT}
              renderRow={(id) => {
                const event = byKey.get(id);
                return (
                  event && (
                    <EventRow event={event} showsTenant={showsTenant} isShown={id === picked?.key} onPick={setPicked} />
                  )
                );
              }}
            />
          )}
        </section>
        <section className="card event-detail" aria-label={texts.detail}>
          {picked === null ? (
            <Empty title={texts.pick} />
          ) : (
            <EventDetail
              event={picked}
              filter={filter}
              onFilter={setFilter}
              onClose={() => setPicked(null)}
              actions={actionsOf?.(picked)}
            />
          )}
        </section>
      </div>
      <StreamCode filter={filter} />
    </div>
  );
}
