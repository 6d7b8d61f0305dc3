import type { Bill } from '../../../../calls/fold/bill.js';
import type { CallView } from '../../../../calls/fold/call-view.js';
import { QualityCard } from './quality-card.js';
import { TimePartsBar } from './time-parts.js';
import { TraceCard } from './trace-card.js';
import type { LinesOfTrace } from './use-lines-of-trace.js';
import '../../styles/trace.css';

interface Props {
  readonly view: CallView;
  readonly cost: Bill | null | undefined;
  readonly position: number | null;
  readonly isPartial: boolean;
  readonly lines: LinesOfTrace;
}

/** What a call's page says of its quality and its course: a part of the page that is loaded by itself. */
export default function CallQuality({ view, cost, position, isPartial, lines }: Props) {
  return (
    <div className="call-quality">
      <div className="quality-row">
        <QualityCard view={view} cost={cost} />
        <TimePartsBar view={view} />
      </div>
      <TraceCard {...{ view, position, isPartial }} onOpen={lines.goTo} returned={lines.returned} />
    </div>
  );
}
