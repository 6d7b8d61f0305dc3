import { memo } from 'react';
import { eventTexts as texts } from '../texts/events.js';
import { TenantTag } from '../ui/tenant-tag.js';
import type { ShownEvent } from './event-filter.js';

/** In pixels, as events.css has it. */
export const EVENT_ROW_HEIGHT = 40;

interface Props {
  readonly event: ShownEvent;
  readonly showsTenant: boolean;
  readonly isShown: boolean;
  readonly onPick: (event: ShownEvent) => void;
}

export const EventRow = memo(function EventRow({ event, showsTenant, isShown, onPick }: Props) {
  const { seq, type, agent, at, tenant } = event;
  return (
    <button
      type="button"
      className={showsTenant ? 'event-row event-row-owned' : 'event-row'}
      aria-current={isShown ? 'true' : undefined}
      onClick={() => onPick(event)}
    >
      <time className="muted numeric event-time" dateTime={at}>
        {timeText(at)}
      </time>
      <span className="muted numeric event-id">
        {seq ?? (
          <span className="tag" title={texts.interimHint}>
            {texts.interim}
          </span>
        )}
      </span>
      <span className="event-type">{type}</span>
      {showsTenant && <span className="event-tenant">{agent !== null && <TenantTag tenant={tenant} />}</span>}
      <bdi className="event-agent">{agent}</bdi>
      <bdi className="muted event-said">{glanceOf(event)}</bdi>
    </button>
  );
});

const TIME = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

/** `14:03:07.120`: events of a second are told apart. */
function timeText(at: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '';
  return `${TIME.format(date)}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** What a row has room for. */
const MAX_GLANCE = 120;
const SHOWN_ELSEWHERE = new Set(['agent', 'at', 'tenant']);

/** The most telling of an event, else its data as it is. */
function glanceOf({ data }: ShownEvent): string {
  const { text, word, name, reason } = data;
  const told = [text, word, name, reason].find((value) => typeof value === 'string' && value !== '');
  if (typeof told === 'string') return told.slice(0, MAX_GLANCE);
  const rest = Object.entries(data).filter(([key]) => !SHOWN_ELSEWHERE.has(key));
  return rest
    .map(([key, value]) => `${key}: ${shortOf(value)}`)
    .join(', ')
    .slice(0, MAX_GLANCE);
}

function shortOf(value: unknown): string {
  if (typeof value === 'string') return value.slice(0, MAX_GLANCE);
  return typeof value === 'object' ? '…' : JSON.stringify(value);
}
