import { useEffect } from 'react';

/** Repeats work while the page is visible; in a hidden tab it waits until the tab is seen again. */
export function useEvery(periodMs: number, act: () => void): void {
  useEffect(() => {
    const look = () => {
      if (document.visibilityState === 'visible') act();
    };
    const timer = setInterval(look, periodMs);
    document.addEventListener('visibilitychange', look);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }, [periodMs, act]);
}
