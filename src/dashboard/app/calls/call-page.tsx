import { type ReactNode, Suspense, lazy, useCallback, useRef } from 'react';
import { Link } from 'wouter';
import { useHistoryState } from 'wouter/use-browser-location';
import type { CallView } from '../../../calls/fold/call-view.js';
import type { CallRecord } from './call-record.js';
import { useCallRecord } from './use-call-record.js';
import { NotFoundPage } from '../shell/not-found-page.js';
import { PageHeading } from '../shell/page-heading.js';
import { callTexts } from '../texts/calls.js';
import { wholeMomentText } from '../ui/format.js';
import { Icon } from '../ui/icons.js';
import { Failed, Loading } from '../ui/states.js';
import { useStore } from '../common/store.js';
import { AgentMark, CallTimer, TransportTag, TurnTag, callerName, turnOf } from './call-facts.js';
import { Outcome } from './call-table.js';
import { FiredTags } from './fired-rules.js';
import { RecordingBar } from './recording/recording-bar.js';
import { useCurrentLine } from './recording/use-current-line.js';
import { useRecording } from './recording/use-recording.js';
import { ReplayBar } from './replay-bar.js';
import { ShowEarlier } from './show-earlier.js';
import { BackToTrace, useLinesOfTrace } from './trace/use-lines-of-trace.js';
import { Transcript } from './transcript.js';
import { useIsOfMoment, useLastLineInSight, useMomentInSight } from './use-last-line-in-sight.js';
import { useReplay } from './use-replay.js';
import { TenantTag } from '../ui/tenant-tag.js';
import { useWorkspace } from '../workspace/workspace.js';
import '../styles/calls.css';
import '../styles/call-page.css';

const texts = callTexts.call;
/** Charts of a call are not in the first script. */
const CallQuality = lazy(() => import('./trace/call-quality.js'));

interface Props {
  /** As the lists have it. */
  readonly callKey: string;
  /** What else can be done with it, beside its heading. */
  readonly actions?: ReactNode;
}

/** One call: what was said, which tools ran, how long it all took, and the call again as it happened. */
export function CallPage({ callKey, actions }: Props) {
  const record = useCallRecord(callKey);
  return record === null ? <Loading /> : <Whole callKey={callKey} record={record} actions={actions} />;
}

function Whole({ callKey, record, actions }: Props & { readonly record: CallRecord }) {
  const { showsTenant } = useWorkspace();
  const list = useListOfIt();
  const script = useRef<HTMLElement>(null);
  const state = useStore(record.state);
  const control = useReplay(state.view, record);
  const isOfMoment = useIsOfMoment();
  const { view, fault, earlier, cost } = state;
  const { seek } = control;
  const lines = useLinesOfTrace(
    script,
    useCallback(() => seek(Infinity), [seek]),
  );
  const recording = useRecording(record, state.view);
  useCurrentLine(script, state.view, recording);
  useLastLineInSight(script, control.isPlaying);
  useMomentInSight(script, control.replay !== null);
  if (fault?.slug === 'call-not-found' || fault?.slug === 'validation') return <NotFoundPage />;
  if (fault) return <Failed fault={fault} onRetry={() => void record.load()} />;
  if (view === undefined) return <Loading />;
  const { replay, position } = control;
  const hasEnded = view.state === 'ended';
  // With a recording, the whole transcript is shown, and follows what is heard.
  const moment = hasEnded && recording === null ? replay?.at(position) : undefined;
  const isReplaying = hasEnded && recording === null && replay !== null && position < replay.length;
  return (
    <article className="call-page">
      <Link href={list} className="back-link">
        <Icon name="back" />
        {texts.all}
      </Link>
      <PageHeading title={callerName(view)}>
        {isReplaying && moment && <TurnTag turn={turnOf(moment.live)} />}
        {showsTenant && <TenantTag tenant={state.tenant} />}
        {actions !== undefined && <div className="page-heading-end">{actions}</div>}
      </PageHeading>
      <Facts view={view} />
      {view.incomplete && <p className="notice">{texts.incomplete}</p>}
      {!hasEnded && (
        <p className="notice">
          {texts.isLive} <Link href={`/live/${encodeURIComponent(callKey)}`}>{texts.watchLive}</Link>
        </p>
      )}
      <Suspense>
        <CallQuality
          view={replay === null ? view : replay.at(Infinity).view}
          position={isReplaying ? position : null}
          isPartial={earlier !== null && replay === null}
          {...{ cost, lines }}
        />
      </Suspense>
      {recording && <RecordingBar control={recording} replay={replay} view={view} />}
      {hasEnded && replay && !recording && <ReplayBar control={control} replay={replay} view={view} />}
      {view.truncated && <p className="notice">{texts.truncated}</p>}
      <section ref={script} className="card call-script" aria-label={texts.transcript}>
        {earlier !== null && moment === undefined && <ShowEarlier onShow={() => void record.showEarlier()} />}
        <Transcript
          view={moment?.view ?? view}
          live={isReplaying && moment ? moment.live : null}
          isGradual={lines.line === null && !isOfMoment}
          {...(hasEnded && { onSeek: recording?.seek ?? seek })}
        />
        <BackToTrace lines={lines} />
      </section>
    </article>
  );
}

/** The list that it was found in, as it was searched. */
function useListOfIt(): string {
  const { list } = useHistoryState<{ list?: unknown } | null>() ?? {};
  return typeof list === 'string' && list !== '' ? `/calls?${list}` : '/calls';
}

function Facts({ view }: { readonly view: CallView }) {
  const { callId, agent, transport, direction, startedAt, from, to, state, reason } = view;
  return (
    <dl className="facts card">
      <Fact name={texts.agent}>
        <span className="cell-agent">
          <AgentMark agent={agent} />
          <bdi>{agent}</bdi>
        </span>
      </Fact>
      <Fact name={texts.transport}>
        <TransportTag transport={transport} />
        {direction !== null && <span className="muted"> {callTexts.directions[direction] ?? direction}</span>}
      </Fact>
      {from !== null && from !== transport && to !== null && (
        <Fact name={texts.numbers}>
          <bdi>{from}</bdi> → <bdi>{to}</bdi>
        </Fact>
      )}
      <Fact name={texts.started}>
        <time dateTime={startedAt}>{wholeMomentText(startedAt)}</time>
      </Fact>
      <Fact name={texts.duration}>
        <CallTimer {...view} />
      </Fact>
      <Fact name={texts.outcome}>
        {state === 'ended' ? <Outcome reason={reason} /> : <TurnTag turn={state === 'ringing' ? 'ringing' : 'live'} />}
      </Fact>
      {view.fired && (
        <Fact name={callTexts.rules.title}>
          <FiredTags fired={view.fired} />
        </Fact>
      )}
      <Fact name={texts.number}>
        <code className="call-id">{callId}</code>
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
