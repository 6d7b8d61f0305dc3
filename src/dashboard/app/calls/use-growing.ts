import { startTransition, useEffect, useState } from 'react';

/** As many lines as fill a screen, and as are added with each picture. */
const STEP = 60;

/**
 * How many lines of a long list are shown: at first a screenful, then more with each picture, so that the first one is
 * there at once. All of them if `isGradual` is false.
 */
export function useGrowing(length: number, isGradual: boolean): number {
  const [count, setCount] = useState(STEP);
  const isWhole = !isGradual || count >= length;
  useEffect(() => {
    if (isWhole) return;
    const timer = requestAnimationFrame(() => startTransition(() => setCount((known) => known + STEP)));
    return () => cancelAnimationFrame(timer);
  }, [count, isWhole]);
  return isWhole ? length : count;
}
