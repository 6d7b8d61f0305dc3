import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { callTexts } from '../texts/calls.js';

interface Props {
  /** Changes whenever there is more to see. */
  readonly watch: string;
  readonly children: ReactNode;
}

/** How near to the end counts as being there. */
const NEAR_PX = 60;

/** Keeps scrolling to the end as the content grows, unless the reader has scrolled back. */
export function ScrollToLatest({ watch, children }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const [isAtEnd, setIsAtEnd] = useState(true);
  const toEnd = () => frame.current?.scrollTo({ top: frame.current.scrollHeight });
  useLayoutEffect(() => {
    if (isAtEnd) toEnd();
  }, [watch, isAtEnd]);
  useEffect(() => {
    const element = frame.current;
    const look = () => {
      if (element) setIsAtEnd(element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX);
    };
    element?.addEventListener('scroll', look, { passive: true });
    return () => element?.removeEventListener('scroll', look);
  }, []);
  return (
    <div className="latest">
      <div ref={frame} className="latest-frame" tabIndex={0} role="region" aria-label={callTexts.call.transcript}>
        {children}
      </div>
      {!isAtEnd && (
        <button type="button" className="button button-small latest-button" onClick={() => setIsAtEnd(true)}>
          {callTexts.live.latest}
        </button>
      )}
    </div>
  );
}
