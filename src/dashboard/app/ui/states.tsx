/** What a page shows while it has nothing else to show: it loads, there is nothing, or something went wrong. */
import type { ReactNode } from 'react';
import type { Fault } from '../api/problem.js';
import { texts } from '../texts/en.js';

interface LoadingProps {
  readonly label?: string;
  /** In the middle of the window, when there is no page around it yet. */
  readonly fills?: boolean;
}

export function Loading({ label = texts.states.loading, fills = false }: LoadingProps) {
  return (
    <div className={fills ? 'state state-fills' : 'state'} role="status">
      <span className="spinner" aria-hidden="true" />
      <p className="state-text">{label}</p>
    </div>
  );
}

interface EmptyProps {
  readonly title: string;
  readonly children?: ReactNode;
}

export function Empty({ title, children }: EmptyProps) {
  return (
    <div className="state">
      <span className="state-mark" aria-hidden="true" />
      <p className="state-title">{title}</p>
      {children !== undefined && <div className="state-text">{children}</div>}
    </div>
  );
}

interface FailedProps {
  readonly fault: Fault;
  readonly onRetry?: () => void;
}

export function Failed({ fault, onRetry }: FailedProps) {
  return (
    <div className="state state-failed" role="alert">
      <p className="state-title">{texts.states.failed}</p>
      <p className="state-text">{fault.message}</p>
      {onRetry && (
        <button type="button" className="button" onClick={onRetry}>
          {texts.states.retry}
        </button>
      )}
    </div>
  );
}
