import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { CallView } from '../../../../calls/fold/call-view.js';
import { useLiveSeconds } from '../../stream/use-connection.js';
import { traceTexts as texts } from '../../texts/trace.js';
import { clockText } from '../../ui/format.js';
import { type TraceItem, axisEnd, itemsOf } from './trace.js';
import { type Span, TracePlot } from './trace-plot.js';
import { MAX_SINGLE } from './trace-shapes.js';
import { factsOf, nameOf, wordsOf } from './trace-words.js';

interface Props {
  readonly view: CallView;
  /** Where a replay is; null: nowhere. */
  readonly position: number | null;
  /** Lines before the first one here are not loaded. */
  readonly isPartial: boolean;
  /** Shows a line of the transcript. */
  readonly onOpen: (line: string) => void;
  /** Changes when the reader comes back from a line. */
  readonly returned: number;
}

/** Turns, tools, silences and times to answer on one axis; each leads to its line. */
export function TraceCard({ view, position, isPartial, onOpen, returned }: Props) {
  const length = view.state === 'ended' ? (view.duration ?? 0) : null;
  const items = useMemo(() => itemsOf(view, length), [view, length]);
  const frame = useRef<HTMLElement>(null);
  // The item itself, not its place: what is loaded later may stand before it.
  const [line, setLine] = useState<Pick<TraceItem, 'line' | 'lane'> | null>(null);
  const chosen = useMemo(() => placeOf(items, line), [items, line]);
  const { span, zoom, show, isZoomed } = useSpan(view, items, length);
  const choose = (index: number) => {
    const item = items[index];
    if (item === undefined) return;
    setLine(item);
    show(item);
  };
  const open = (index: number) => {
    choose(index);
    const next = items[index]?.line ?? items.findLast((item) => item.line !== null)?.line;
    if (next != null) onOpen(next);
  };
  useEffect(() => {
    if (returned > 0) frame.current?.querySelector<HTMLElement>('.trace-plot')?.focus();
  }, [returned]);
  const item = chosen === null ? undefined : items[chosen];
  return (
    <section ref={frame} className="card trace" aria-label={texts.title}>
      <header className="trace-head">
        <h2 className="trace-title">{texts.title}</h2>
        {(items.length > MAX_SINGLE || isZoomed) && (
          <div className="trace-zoom">
            <button type="button" className="button button-small" onClick={() => zoom(0.5, item)}>
              {texts.zoomIn}
            </button>
            <button type="button" className="button button-small" disabled={!isZoomed} onClick={() => zoom(2, item)}>
              {texts.zoomOut}
            </button>
            <button type="button" className="button button-small" disabled={!isZoomed} onClick={() => zoom(null)}>
              {texts.whole}
            </button>
          </div>
        )}
      </header>
      {items.length === 0 ? (
        <p className="muted">{texts.none}</p>
      ) : (
        <>
          <TracePlot
            {...{ items, span, chosen, position }}
            loadedFrom={isPartial ? (items[0]?.at ?? null) : null}
            onChoose={choose}
            onOpen={open}
            onZoom={(factor) => zoom(factor, item)}
          />
          <Legend />
          <Detail item={item} onOpen={() => chosen !== null && open(chosen)} />
          {isPartial && <p className="muted trace-note">{texts.partlyLoaded}</p>}
        </>
      )}
    </section>
  );
}

function placeOf(items: readonly TraceItem[], known: Pick<TraceItem, 'line' | 'lane'> | null): number | null {
  if (known === null) return null;
  const index = items.findIndex(({ line, lane }) => line === known.line && lane === known.lane);
  return index < 0 ? null : index;
}

/** What is seen of the call: all of it, or a stretch that follows the chosen item. */
function useSpan(view: CallView, items: readonly TraceItem[], length: number | null) {
  const now = useLiveSeconds();
  const end = axisEnd(items, length, now - Date.parse(view.startedAt) / 1000);
  const [part, setPart] = useState<Span | null>(null);
  const span = useMemo(() => within(part ?? { from: 0, until: end }, end), [part, end]);
  const zoom = useCallback(
    (factor: number | null, around?: TraceItem) => {
      if (factor === null) return setPart(null);
      const middle = around === undefined ? (span.from + span.until) / 2 : around.at;
      const wide = Math.max(5, (span.until - span.from) * factor);
      setPart(wide >= end ? null : within({ from: middle - wide / 2, until: middle + wide / 2 }, end));
    },
    [span, end],
  );
  const show = useCallback((item: TraceItem) => {
    setPart((known) => {
      if (known === null || (item.at >= known.from && item.at <= known.until)) return known;
      const half = (known.until - known.from) / 2;
      return { from: item.at - half, until: item.at + half };
    });
  }, []);
  return { span, zoom, show, isZoomed: part !== null };
}

function within({ from, until }: Span, end: number): Span {
  const wide = Math.min(end, until - from);
  const begin = Math.max(0, Math.min(from, end - wide));
  return { from: begin, until: begin + wide };
}

function Legend() {
  return (
    <ul className="trace-legend">
      <li className="trace-key trace-key-latency">{texts.legend.latency}</li>
      <li className="trace-key trace-key-bad">{texts.legend.slow}</li>
    </ul>
  );
}

/** What is chosen, in words; otherwise how one chooses. */
function Detail({ item, onOpen }: { readonly item: TraceItem | undefined; readonly onOpen: () => void }) {
  if (item === undefined) return <p className="trace-detail muted">{texts.hint}</p>;
  const words = wordsOf(item);
  return (
    <div className="trace-detail">
      <p className="trace-facts">
        <span className="numeric muted">{clockText(item.at)}</span> <strong>{nameOf(item)}</strong>{' '}
        {factsOf(item).map((fact) => (
          <span key={fact} className="trace-fact">
            {fact}
          </span>
        ))}
      </p>
      {words !== '' && (
        <p className="trace-words" dir="auto">
          {words}
        </p>
      )}
      <button type="button" className="button button-small" onClick={onOpen}>
        {texts.toLine}
      </button>
    </div>
  );
}
