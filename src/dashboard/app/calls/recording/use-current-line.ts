import { type RefObject, useEffect, useMemo } from 'react';
import type { CallView } from '../../../../calls/fold/call-view.js';
import { scriptOf } from '../script.js';
import type { RecordingControl } from './use-recording.js';

/**
 * The line that is heard is marked in the transcript, and kept in sight while the recording plays. A click on a line
 * goes there; for the keyboard, the line's time is a button that does the same.
 */
export function useCurrentLine(
  script: RefObject<HTMLElement | null>,
  view: CallView | undefined,
  control: RecordingControl | null,
): void {
  const isOn = control !== null;
  const lines = useMemo(() => (view === undefined || !isOn ? [] : timesOf(view)), [view, isOn]);
  const position = control?.position ?? null;
  const key =
    position === null || position === 0 ? null : (lines.findLast(({ from }) => from <= position + EARLY)?.key ?? null);
  const isPlaying = control?.isPlaying ?? false;
  useEffect(() => {
    const line = key === null ? null : lineOf(script.current, key);
    if (line === null) return;
    line.setAttribute('aria-current', 'true');
    if (isPlaying) line.scrollIntoView({ block: 'nearest' });
    return () => line.removeAttribute('aria-current');
    // A transcript that was rendered anew has the same lines.
  }, [script, key, isPlaying, view]);
  useEffect(() => {
    const element = script.current;
    if (!isOn || element === null) return;
    element.classList.add('call-script-heard');
    element.addEventListener('click', goToLine);
    return () => {
      element.classList.remove('call-script-heard');
      element.removeEventListener('click', goToLine);
    };
  }, [script, isOn]);
}

/** A player stops a moment before the place that it was sent to. */
const EARLY = 0.05;

function timesOf(view: CallView): { readonly key: string; readonly from: number }[] {
  const startMs = Date.parse(view.startedAt);
  return scriptOf(view, null)
    .flatMap((line) =>
      line.kind === 'said' ? [{ key: line.key, from: (Date.parse(line.entry.at) - startMs) / 1000 }] : [],
    )
    .sort((one, other) => one.from - other.from);
}

function lineOf(script: HTMLElement | null, key: string): Element | null {
  return script?.querySelector(`[data-line="${CSS.escape(key)}"]`) ?? null;
}

function goToLine({ target }: MouseEvent): void {
  if (!(target instanceof Element) || target.closest('button, a, summary, pre') !== null) return;
  // Somebody marks a text to copy it.
  if (getSelection()?.isCollapsed === false) return;
  target.closest('.line')?.querySelector<HTMLElement>('button.line-time')?.click();
}
