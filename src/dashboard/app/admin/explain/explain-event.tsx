import { Link } from 'wouter';
import type { ShownEvent } from '../../events/event-filter.js';
import { eventTexts } from '../../texts/events.js';

/** Leads to why customers do or do not get an event; nothing for an event that has no number. */
export function ExplainEvent({ event: { seq, tenant } }: { readonly event: ShownEvent }) {
  if (seq === null) return null;
  const query = new URLSearchParams({ ...(tenant !== null && { tenant }), of: String(seq) }).toString();
  return (
    <Link href={`/explain?${query}`} className="button button-small">
      {eventTexts.explain}
    </Link>
  );
}
