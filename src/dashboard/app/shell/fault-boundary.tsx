import { Component, type ReactNode } from 'react';
import { texts } from '../texts/en.js';

interface Props {
  readonly children: ReactNode;
}

/** A fault in one page, or a part of it that could not be loaded, leaves the navigation standing. */
export class FaultBoundary extends Component<Props, { readonly failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <div className="state state-failed" role="alert">
        <p className="state-title">{texts.states.crashed}</p>
        <p className="state-text">{texts.states.crashedHint}</p>
        <button type="button" className="button" onClick={() => location.reload()}>
          {texts.states.reload}
        </button>
      </div>
    );
  }
}
