import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { baseUrl } from '../common/place.js';
import { eventTexts as texts } from '../texts/events.js';
import { CopyButton } from '../ui/copy-button.js';
import { wholeMomentText } from '../ui/format.js';
import { keyOf } from '../workspace/reach.js';
import { useWorkspace } from '../workspace/workspace.js';
import { type EventFilter, KINDS, toggled, valueOf } from './event-filter.js';
import type { ShownEvent } from './event-filter.js';
import { useWordOf } from './filter-bar.js';
import { eventCurl } from './stream-lines.js';

interface Props {
  readonly event: ShownEvent;
  readonly filter: EventFilter;
  readonly onFilter: (filter: EventFilter) => void;
  readonly onClose: () => void;
  /** What else can be done with it. */
  readonly actions?: ReactNode;
}

/** One event as it came: its data, and how a program gets it. */
export function EventDetail({ event, filter, onFilter, onClose, actions }: Props) {
  const workspace = useWorkspace();
  const wordOf = useWordOf();
  const { seq, type, callId, at, data } = event;
  const json = JSON.stringify({ ...(seq !== null && { id: String(seq) }), type, data }, null, 2);
  const narrowing = KINDS.filter((kind) => kind !== 'tenants' || workspace.showsTenant).flatMap((kind) => {
    const value = valueOf(event, kind);
    return value === null || filter[kind].includes(value) ? [] : [{ kind, value }];
  });
  return (
    <>
      <header className="event-detail-head">
        <h2 className="section-title event-detail-type">{type}</h2>
        <button type="button" className="button button-small" onClick={onClose}>
          {texts.close}
        </button>
      </header>
      <div className="event-detail-body">
        <p className="muted event-detail-facts">
          <span className="numeric">{seq === null ? texts.interimHint : `${texts.id} ${seq}`}</span>
          <time dateTime={at}>{wholeMomentText(at)}</time>
        </p>
        <div className="event-detail-actions">
          {narrowing.map(({ kind, value }) => (
            <button
              key={kind}
              type="button"
              className="button button-small event-only"
              onClick={() => onFilter(toggled(filter, kind, value))}
            >
              <bdi>{texts.only(wordOf(kind, value))}</bdi>
            </button>
          ))}
          {callId !== null && (
            <Link
              href={`/calls/${encodeURIComponent(keyOf(workspace, { ...event, callId }))}`}
              className="button button-small"
            >
              {texts.openCall}
            </Link>
          )}
          {actions}
        </div>
        <div className="event-detail-actions">
          <CopyButton text={json} label={texts.copyJson} />
          <CopyButton text={eventCurl(baseUrl, workspace, event)} label={texts.copyCurl} />
        </div>
        <pre className="snippet-code event-json" tabIndex={0} aria-label={texts.json}>
          {json}
        </pre>
      </div>
    </>
  );
}
