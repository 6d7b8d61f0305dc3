import { memo } from 'react';
import { Link } from 'wouter';
import { callTexts } from '../texts/calls.js';
import { momentText, wholeMomentText } from '../ui/format.js';
import { AgentMark, CallTimer, TransportTag, TurnTag, callerName, reasonText } from './call-facts.js';
import type { FoundCall, Snippet } from './use-call-list.js';

const { columns } = callTexts.list;

export function CallTable({ calls }: { readonly calls: readonly FoundCall[] }) {
  return (
    <table className="table calls-table">
      <caption className="visually-hidden">{callTexts.list.caption}</caption>
      <thead>
        <tr>
          <th scope="col">{columns.who}</th>
          <th scope="col">{columns.agent}</th>
          <th scope="col">{columns.line}</th>
          <th scope="col">{columns.started}</th>
          <th scope="col" className="cell-end">
            {columns.duration}
          </th>
          <th scope="col">{columns.outcome}</th>
        </tr>
      </thead>
      <tbody>
        {calls.map((call) => (
          <CallRow key={call.callId} call={call} />
        ))}
      </tbody>
    </table>
  );
}

const CallRow = memo(function CallRow({ call }: { readonly call: FoundCall }) {
  const isLive = call.state !== 'ended';
  const path = `${isLive ? '/live' : '/calls'}/${encodeURIComponent(call.callId)}`;
  return (
    <tr className="table-row">
      <th scope="row">
        <Link href={path} className="row-link">
          <bdi>{callerName(call)}</bdi>
        </Link>
        {call.snippet && <Found snippet={call.snippet} />}
      </th>
      <td>
        <span className="cell-agent">
          <AgentMark agent={call.agent} />
          <bdi>{call.agent}</bdi>
        </span>
      </td>
      <td className="muted">
        <TransportTag transport={call.transport} />
      </td>
      <td className="muted numeric">
        <time dateTime={call.startedAt} title={wholeMomentText(call.startedAt)}>
          {momentText(call.startedAt)}
        </time>
      </td>
      <td className="cell-end">
        <CallTimer {...call} />
      </td>
      <td>
        {isLive ? <TurnTag turn={call.state === 'ringing' ? 'ringing' : 'live'} /> : <Outcome reason={call.reason} />}
      </td>
    </tr>
  );
});

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
