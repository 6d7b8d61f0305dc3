import { useEffect, useRef } from 'react';
import { useStore } from '../common/store.js';
import { PageHeading } from '../shell/page-heading.js';
import { callTexts } from '../texts/calls.js';
import { Empty, Loading } from '../ui/states.js';
import { usePointing } from '../ui/use-pointing.js';
import { WindowedList } from '../ui/windowed-list.js';
import { useWorkspace } from '../workspace/workspace.js';
import { isAlerting, sound } from './alert.js';
import { LivePanel } from './live-panel.js';
import { LIVE_ROW_HEIGHT, LiveRow } from './live-row.js';
import { LiveTools } from './live-tools.js';
import { useFollowed } from './use-followed.js';
import { useLiveList, useLiveView } from './use-live-list.js';
import '../styles/calls.css';
import '../styles/filters.css';
import '../styles/live.css';

const texts = callTexts.live;

interface Props {
  /** The call that the viewer has picked; without one the page follows the newest. */
  readonly picked: string | undefined;
}

/** The calls in progress: one customer's, or everybody's. */
export function LivePage({ picked }: Props) {
  const { feed, me, showsTenant } = useWorkspace();
  const isLoaded = useStore(feed.isLoaded);
  const [view, change] = useLiveView();
  const pointing = usePointing();
  const { keys, newest, inProgress, wanted } = useLiveList(view, pointing.isAiming);
  const followed = useFollowed(newest, picked === undefined, pointing.isOn);
  const shown = picked ?? followed;
  const isNarrowed = view.q !== '' || view.agent !== '';
  const title = useAlert(wanted);
  return (
    <div className={picked === undefined ? 'live' : 'live live-picked'}>
      <PageHeading title={texts.title} documentTitle={title}>
        <p className="count-tag numeric">{texts.inProgress(inProgress)}</p>
        {wanted > 0 && <p className="tag tag-warn numeric">{texts.wanted(wanted)}</p>}
      </PageHeading>
      <LiveTools
        view={view}
        onChange={change}
        agents={me.agents ?? []}
        searchHint={showsTenant ? texts.searchHintAll : texts.searchHint}
      />
      {/* A row does not move away while somebody points at it. */}
      <div className="live-columns" {...pointing.handlers}>
        <section className="live-list card" aria-label={texts.list}>
          {!isLoaded && <Loading />}
          {isLoaded && keys.length === 0 && (
            <Empty title={isNarrowed ? texts.noneMatch : texts.empty}>{isNarrowed ? '' : texts.emptyHint}</Empty>
          )}
          {keys.length > 0 && (
            <WindowedList
              label={texts.list}
              ids={keys}
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

/** The browser's title says how many callers ask for a person; a sound announces each if it is turned on. */
function useAlert(wanted: number): string {
  const isOn = useStore(isAlerting);
  const known = useRef(wanted);
  useEffect(() => {
    if (isOn && wanted > known.current) sound();
    known.current = wanted;
  }, [isOn, wanted]);
  return isOn && wanted > 0 ? `(${wanted}) ${texts.title}` : texts.title;
}
