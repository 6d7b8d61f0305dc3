import { type ReactNode, useEffect, useRef, useState } from 'react';

interface Props {
  readonly label: string;
  readonly ids: readonly string[];
  /** In pixels; every row has it. */
  readonly rowHeight: number;
  readonly renderRow: (id: string) => ReactNode;
}

/** Rows above and below what is seen, so that scrolling does not show holes. */
const SPARE_ROWS = 6;

/** A long list of which the document holds only the visible rows. Its rows state their place in the whole. */
export function WindowedList({ label, ids, rowHeight, renderRow }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ first: 0, count: 20 });
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const look = () => {
      const first = Math.max(0, Math.floor(element.scrollTop / rowHeight) - SPARE_ROWS);
      const count = Math.ceil(element.clientHeight / rowHeight) + 2 * SPARE_ROWS;
      setView((known) => (known.first === first && known.count === count ? known : { first, count }));
    };
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, [rowHeight]);
  const first = Math.min(view.first, Math.max(0, ids.length - view.count));
  const shown = ids.slice(first, first + view.count);
  return (
    <div ref={frame} className="windowed" tabIndex={-1}>
      <ul className="windowed-rows" aria-label={label} style={{ height: ids.length * rowHeight }}>
        {shown.map((id, index) => (
          <li
            key={id}
            className="windowed-row"
            style={{ height: rowHeight, transform: `translateY(${(first + index) * rowHeight}px)` }}
            aria-setsize={ids.length}
            aria-posinset={first + index + 1}
          >
            {renderRow(id)}
          </li>
        ))}
      </ul>
    </div>
  );
}
