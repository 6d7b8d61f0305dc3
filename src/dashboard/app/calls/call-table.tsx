import { type ReactNode, memo } from 'react';
import { Link, useSearch } from 'wouter';
import { callTexts } from '../texts/calls.js';
import { countText, momentText, roundText, wholeMomentText } from '../ui/format.js';
import { TenantTag } from '../ui/tenant-tag.js';
import { keyOf } from '../workspace/reach.js';
import { useWorkspace } from '../workspace/workspace.js';
import type { Column } from './call-columns.js';
import { AgentMark, CallTimer, TransportTag, TurnTag, callerName, reasonText } from './call-facts.js';
import { FiredTags } from './fired-rules.js';
import type { FoundCall, Snippet } from './use-call-list.js';

const names = callTexts.list.columns;

/** From here on the API counts a call as slow (docs/calls.md, "Quality"). */
const SLOW_MS = 2000;
const MS = 1000;

interface Props {
  readonly calls: readonly FoundCall[];
  readonly columns: readonly Column[];
  /** How they are sorted; empty: newest first. */
  readonly sort: string;
}

export function CallTable({ calls, columns, sort }: Props) {
  const workspace = useWorkspace();
  return (
    <table className="table calls-table">
      <caption className="visually-hidden">{callTexts.list.captions[sort] ?? callTexts.list.captions['']}</caption>
      <thead>
        <tr>
          <th scope="col">{names.who}</th>
          {columns.map((column) => (
            <th key={column} scope="col" className={column === 'duration' ? 'cell-end' : undefined}>
              {names[column]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {calls.map((call) => {
          const key = keyOf(workspace, call);
          return <CallRow key={key} callKey={key} call={call} columns={columns} />;
        })}
      </tbody>
    </table>
  );
}

interface RowProps {
  readonly callKey: string;
  readonly call: FoundCall;
  readonly columns: readonly Column[];
}

const CallRow = memo(function CallRow({ callKey, call, columns }: RowProps) {
  const search = useSearch();
  const isLive = call.state !== 'ended';
  // A call that is over is read among those that it was found with.
  const path = isLive ? '/live' : '/calls';
  const href = `${path}/${encodeURIComponent(callKey)}`;
  return (
    <tr className="table-row">
      <th scope="row" className="col-who">
        <Link href={href} state={{ list: search }} className="row-link">
          <bdi>{callerName(call)}</bdi>
        </Link>
        <FiredTags fired={call.fired} />
        {call.snippet && <Found snippet={call.snippet} />}
      </th>
      {columns.map((column) => (
        <td key={column} className={`col-${column} ${column === 'duration' ? 'cell-end' : ''}`}>
          {CELLS[column](call)}
        </td>
      ))}
    </tr>
  );
});

const CELLS: Readonly<Record<Column, (call: FoundCall) => ReactNode>> = {
  tenant: ({ tenant }) => <TenantTag tenant={tenant ?? null} />,
  agent: ({ agent }) => (
    <span className="cell-agent">
      <AgentMark agent={agent} />
      <bdi>{agent}</bdi>
    </span>
  ),
  line: ({ transport }) => <TransportTag transport={transport} />,
  direction: ({ direction }) => callTexts.list.directions[direction ?? ''] ?? direction,
  started: ({ startedAt }) => (
    <time className="numeric" dateTime={startedAt} title={wholeMomentText(startedAt)}>
      {momentText(startedAt)}
    </time>
  ),
  duration: (call) => <CallTimer {...call} />,
  outcome: ({ state, reason }) =>
    state === 'ended' ? <Outcome reason={reason} /> : <TurnTag turn={state === 'ringing' ? 'ringing' : 'live'} />,
  latency: ({ quality: { latency } }) => (
    <span className={latency !== null && latency.p95 >= SLOW_MS ? 'numeric measure-bad' : 'numeric'}>
      {latency && callTexts.list.seconds(roundText(latency.p95 / MS))}
    </span>
  ),
  tools: ({ quality: { tools } }) =>
    tools.calls > 0 && (
      <span className={tools.failed > 0 ? 'numeric measure-bad' : 'numeric'}>
        {callTexts.list.failedOf(countText(tools.failed), countText(tools.calls))}
      </span>
    ),
  score: ({ quality: { score } }) =>
    score && (
      <span className={score.passed === false ? 'tag tag-bad' : 'tag'} title={score.reason ?? undefined}>
        {callTexts.list.scores[String(score.passed)]}
      </span>
    ),
  id: ({ callId }) => <code className="call-id">{callId}</code>,
};

const BAD = new Set(['failed', 'busy', 'no_answer', 'lost']);

export function Outcome({ reason }: { readonly reason: string | null }) {
  return <span className={reason !== null && BAD.has(reason) ? 'tag tag-bad' : 'tag'}>{reasonText(reason)}</span>;
}

/** The line in which the words were found, the words marked. */
function Found({ snippet: { text, matches } }: { readonly snippet: Snippet }) {
  const parts = matches.flatMap(({ start, end }, index) => [
    <span key={`${start}-`}>{text.slice(matches[index - 1]?.end ?? 0, start)}</span>,
    <mark key={start}>{text.slice(start, end)}</mark>,
  ]);
  return (
    <p className="found" dir="auto">
      {parts}
      {text.slice(matches.at(-1)?.end ?? 0)}
    </p>
  );
}
