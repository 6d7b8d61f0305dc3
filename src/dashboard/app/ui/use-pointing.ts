import { type PointerEvent, useEffect, useState } from 'react';

/** A pointer that has not moved for this time is idle. */
const RESTS_MS = 4000;

export interface Pointing {
  /** A mouse is somewhere on it. */
  readonly isOn: boolean;
  /** It has moved there a moment ago: somebody may be about to click. */
  readonly isAiming: boolean;
  /** For the element. */
  readonly handlers: {
    readonly onPointerMove: (event: PointerEvent) => void;
    readonly onPointerLeave: () => void;
  };
}

export function usePointing(): Pointing {
  const [isOn, setIsOn] = useState(false);
  const [movedAt, setMovedAt] = useState<number | null>(null);
  useEffect(() => {
    if (movedAt === null) return;
    const timer = setTimeout(() => setMovedAt(null), RESTS_MS);
    return () => clearTimeout(timer);
  }, [movedAt]);
  const onPointerMove = ({ pointerType }: PointerEvent) => {
    if (pointerType !== 'mouse') return;
    setIsOn(true);
    const now = performance.now();
    // Not for every pixel.
    setMovedAt((known) => (known === null || now - known > RESTS_MS / 8 ? now : known));
  };
  const onPointerLeave = () => {
    setIsOn(false);
    setMovedAt(null);
  };
  return { isOn, isAiming: movedAt !== null, handlers: { onPointerMove, onPointerLeave } };
}
