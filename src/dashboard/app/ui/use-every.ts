import { useEffect } from 'react';

/** Does it again and again while the page is looked at; what is behind another tab waits, and is done when it is seen again. */
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
