import { type KeyboardEvent, type PointerEvent, memo, useMemo } from 'react';
import { traceTexts as texts } from '../../texts/trace.js';
import { clockText } from '../../ui/format.js';
import { type Lane, LANES, type TraceItem, ticksOf } from './trace.js';
import { HEIGHT, WIDTH, laneAt, laneTop, shapesOf } from './trace-shapes.js';
import { spokenItem } from './trace-words.js';

export interface Span {
  readonly from: number;
  readonly until: number;
}

interface Props {
  readonly items: readonly TraceItem[];
  readonly span: Span;
  /** Index of the item that is pointed out; null: none. */
  readonly chosen: number | null;
  /** Where a replay is; null: nowhere. */
  readonly position: number | null;
  /** Before this nothing is loaded; null: all is. */
  readonly loadedFrom: number | null;
  readonly onChoose: (index: number) => void;
  /** Goes to the chosen item's line. */
  readonly onOpen: (index: number) => void;
  readonly onZoom: (factor: number) => void;
}

const STEPS: Readonly<Record<string, number>> = {
  ArrowRight: 1,
  ArrowDown: 1,
  ArrowLeft: -1,
  ArrowUp: -1,
  PageDown: 10,
  PageUp: -10,
  Home: -Infinity,
  End: Infinity,
};

/**
 * The figure. It is one control, as a slider over its items: so a screen reader says each item, and the document stays
 * small however long the call is.
 */
export function TracePlot(props: Props) {
  const { items, span, chosen, position, loadedFrom, onChoose, onOpen, onZoom } = props;
  const length = span.until - span.from;
  const share = (seconds: number) => `${(100 * (seconds - span.from)) / length}%`;
  const item = chosen === null ? undefined : items[chosen];
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = STEPS[event.key];
    if (step !== undefined)
      onChoose(Math.min(items.length - 1, Math.max(0, (chosen ?? (step > 0 ? -1 : items.length)) + step)));
    else if (event.key === 'Enter' && chosen !== null) onOpen(chosen);
    else if (event.key === '+' || event.key === '-') onZoom(event.key === '+' ? 0.5 : 2);
    else return;
    event.preventDefault();
  };
  const click = (event: PointerEvent<HTMLDivElement>) => {
    const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
    const seconds = span.from + ((event.clientX - left) / width) * length;
    const index = nearest(items, seconds, laneAt(((event.clientY - top) / height) * HEIGHT));
    if (index !== null) onOpen(index);
  };
  return (
    <div className="trace-frame">
      <ul className="trace-lanes" aria-hidden="true">
        {LANES.map((lane) => (
          <li key={lane}>{texts.lanes[lane]}</li>
        ))}
      </ul>
      <div
        className="trace-plot"
        role="slider"
        tabIndex={0}
        aria-label={texts.plot}
        aria-valuemin={items.length === 0 ? 0 : 1}
        aria-valuemax={items.length}
        aria-valuenow={chosen === null ? 0 : chosen + 1}
        aria-valuetext={item === undefined || chosen === null ? texts.hint : spokenItem(item, chosen, items.length)}
        onKeyDown={press}
        onPointerUp={click}
      >
        {loadedFrom !== null && loadedFrom > span.from && (
          <span className="trace-unloaded" style={{ width: share(loadedFrom) }}>
            {texts.notLoaded}
          </span>
        )}
        <Shapes items={items} span={span} />
        {item !== undefined && <Chosen item={item} share={share} />}
        {position !== null && position >= span.from && position <= span.until && (
          <span className="trace-position" style={{ left: share(position) }} />
        )}
      </div>
      <p className="trace-axis numeric" aria-hidden="true">
        {ticksOf(span.from, span.until).map((tick) => (
          <span key={tick} style={{ left: share(tick) }}>
            {clockText(tick)}
          </span>
        ))}
      </p>
    </div>
  );
}

const Shapes = memo(function Shapes({ items, span }: { readonly items: readonly TraceItem[]; readonly span: Span }) {
  const shapes = useMemo(() => shapesOf(items, span.from, span.until), [items, span]);
  return (
    <svg className="trace-shapes" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" focusable="false">
      {LANES.map((lane) => (
        <rect key={lane} className="trace-lane" x="0" y={laneTop(lane)} width={WIDTH} height="24" />
      ))}
      {shapes.map(({ tone, path }) => (
        <path key={tone} className={`trace-${tone}`} d={path} />
      ))}
    </svg>
  );
});

function Chosen({ item, share }: { readonly item: TraceItem; readonly share: (seconds: number) => string }) {
  const [from, until] = [item.from ?? item.at, item.until ?? item.at];
  const width = `calc(${share(until)} - ${share(from)})`;
  const top = `${(100 * laneTop(item.lane)) / HEIGHT}%`;
  return <span className="trace-chosen" style={{ left: share(from), width, top }} />;
}

/** The item at a moment, first in its own lane: the one that covers it, else the nearest. */
function nearest(items: readonly TraceItem[], seconds: number, lane: Lane): number | null {
  let best: { index: number; distance: number } | null = null;
  for (const [index, item] of items.entries()) {
    const [from, until] = [item.from ?? item.at, item.until ?? item.at];
    const away = seconds < from ? from - seconds : Math.max(0, seconds - until);
    const distance = away + (item.lane === lane ? 0 : 1e6);
    if (best === null || distance < best.distance) best = { index, distance };
  }
  return best?.index ?? null;
}
