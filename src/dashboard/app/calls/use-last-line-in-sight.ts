import { type RefObject, useEffect } from 'react';
import { useSearch } from 'wouter';

/** During playback new lines are scrolled into view, but not against a reader who scrolls. */
export function useLastLineInSight(script: RefObject<HTMLElement | null>, isPlaying: boolean): void {
  useEffect(() => {
    const element = script.current;
    if (!isPlaying || element === null) return;
    let height = element.scrollHeight;
    const observer = new MutationObserver(() => {
      if (element.scrollHeight === height) return;
      height = element.scrollHeight;
      element.querySelector('.line:last-child')?.scrollIntoView({ block: 'nearest' });
    });
    observer.observe(element, { childList: true, subtree: true, characterData: true });
    return () => observer.disconnect();
  }, [script, isPlaying]);
}

/**
 * A link to a moment of the call (`?t=73`) goes there: what was said last by then is scrolled to as soon as it is
 * shown.
 */
export function useMomentInSight(script: RefObject<HTMLElement | null>, isShown: boolean): void {
  const moment = new URLSearchParams(useSearch()).get('t');
  useEffect(() => {
    if (isShown && moment !== null)
      script.current?.querySelector('.line:last-child')?.scrollIntoView({ block: 'center' });
  }, [script, isShown, moment]);
}

/** The address names a moment of the call. */
export function useIsOfMoment(): boolean {
  return new URLSearchParams(useSearch()).has('t');
}
