import { useMemo } from 'react';
import { useStore } from '../common/store.js';
import { PageHeading } from '../shell/page-heading.js';
import { callTexts } from '../texts/calls.js';
import { Empty, Loading } from '../ui/states.js';
import { WindowedList } from '../ui/windowed-list.js';
import type { LiveCalls } from '../workspace/live-calls.js';
import { useWorkspace } from '../workspace/workspace.js';
import type { LiveFilter } from './live-filter.js';
import { LivePanel } from './live-panel.js';
import { LIVE_ROW_HEIGHT, LiveRow } from './live-row.js';
import { useFollowed } from './use-followed.js';
import '../styles/calls.css';
import '../styles/live.css';

const texts = callTexts.live;

interface Props {
  /** The call that the viewer has picked; without one the page follows the newest. */
  readonly picked: string | undefined;
  readonly useFilter: () => LiveFilter;
}

/** The calls in progress: one customer's, or everybody's. */
export function LivePage({ picked, useFilter }: Props) {
  const { feed } = useWorkspace();
  const all = useStore(feed.calls.ids);
  const isLoaded = useStore(feed.isLoaded);
  const { accepts, control, place, noneMatch } = useFilter();
  const ids = useMemo(() => (accepts === null ? all : all.filter(accepts)), [all, accepts]);
  const followed = useFollowed(ids[0]);
  const shown = picked ?? followed;
  return (
    <div className={picked === undefined ? 'live' : 'live live-picked'}>
      <PageHeading title={texts.title}>
        <p className="count-tag numeric">{texts.inProgress(countInProgress(ids, feed.calls))}</p>
        {place === 'heading' && <div className="page-heading-end">{control}</div>}
      </PageHeading>
      {place === 'below' && control}
      <div className="live-columns">
        <section className="live-list card" aria-label={texts.list}>
          {!isLoaded && <Loading />}
          {isLoaded && ids.length === 0 && (
            <Empty title={accepts === null ? texts.empty : noneMatch}>{texts.emptyHint}</Empty>
          )}
          {ids.length > 0 && (
            <WindowedList
              label={texts.list}
              ids={ids}
              rowHeight={LIVE_ROW_HEIGHT}
              renderRow={(key) => <LiveRow callKey={key} isShown={key === shown} />}
            />
          )}
        </section>
        <section className="live-panel card">
          {shown === undefined ? (
            <Empty title={texts.nothingPicked} />
          ) : (
            <LivePanel key={shown} callKey={shown} isFollowing={picked === undefined} />
          )}
        </section>
      </div>
    </div>
  );
}

function countInProgress(ids: readonly string[], calls: LiveCalls): number {
  return ids.reduce((count, id) => count + (calls.get(id)?.endedAtMs === null ? 1 : 0), 0);
}
