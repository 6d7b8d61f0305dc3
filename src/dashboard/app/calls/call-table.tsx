import { type ReactNode, memo } from 'react';
import { Link, useSearch } from 'wouter';
import { callTexts } from '../texts/calls.js';
import { momentText, wholeMomentText } from '../ui/format.js';
import { TenantTag } from '../ui/tenant-tag.js';
import { keyOf } from '../workspace/reach.js';
import { useWorkspace } from '../workspace/workspace.js';
import type { Column } from './call-columns.js';
import { msText } from './trace/trace-words.js';
import { AgentMark, CallTimer, TransportTag, TurnTag, callerName, reasonText } from './call-facts.js';
import type { FoundCall, Snippet } from './use-call-list.js';

const names = callTexts.list.columns;

interface Props {
  readonly calls: readonly FoundCall[];
  readonly columns: readonly Column[];
}

export function CallTable({ calls, columns }: Props) {
  const workspace = useWorkspace();
  return (
    <table className="table calls-table">
      <caption className="visually-hidden">{callTexts.list.caption}</caption>
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
  latency: ({ quality: { latency } }) =>
    latency === null ? '–' : <span className="numeric">{msText(latency.p95)}</span>,
  outcome: ({ state, reason }) =>
    state === 'ended' ? <Outcome reason={reason} /> : <TurnTag turn={state === 'ringing' ? 'ringing' : 'live'} />,
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
