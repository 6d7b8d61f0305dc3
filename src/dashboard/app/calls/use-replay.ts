import { useCallback, useEffect, useMemo, useState } from 'react';
import { useSearch } from 'wouter';
import type { CallRecordState } from '../live/call-record.js';
import { Replay } from './replay.js';

export const SPEEDS = [1, 2, 8] as const;

export interface ReplayControl {
  readonly replay: Replay | null;
  /** Seconds into the call; its end, when the whole call is shown. */
  readonly position: number;
  readonly isPlaying: boolean;
  readonly speed: number;
  readonly seek: (seconds: number) => void;
  readonly toggle: () => void;
  readonly setSpeed: (speed: number) => void;
}

/** Pictures a second: more are not seen in growing text. */
const FRAME_MS = 50;

/** Where in a call one stands, at first at the moment that the address names (`?t=73`), else at its end. */
export function useReplay({ view, events, isComplete }: CallRecordState): ReplayControl {
  const search = useSearch();
  const replay = useMemo(
    () => (view === undefined || !isComplete ? null : new Replay(view, events)),
    [view, events, isComplete],
  );
  const [position, setPosition] = useState(() => momentIn(search));
  const [isPlaying, setIsPlaying] = useState(false);
  const [speed, setSpeed] = useState<number>(SPEEDS[0]);
  const length = replay?.length ?? 0;
  useEffect(() => {
    if (!isPlaying) return;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      const passed = ((now - last) / 1000) * speed;
      last = now;
      setPosition((known) => Math.min(length, known + passed));
    }, FRAME_MS);
    return () => clearInterval(timer);
  }, [isPlaying, speed, length]);
  const isAtEnd = position >= length;
  useEffect(() => {
    if (isAtEnd) setIsPlaying(false);
  }, [isAtEnd]);
  const toggle = useCallback(() => {
    if (!isPlaying && isAtEnd) setPosition(0);
    setIsPlaying(!isPlaying);
  }, [isPlaying, isAtEnd]);
  return { replay, position: Math.min(position, length), isPlaying, speed, seek: setPosition, toggle, setSpeed };
}

function momentIn(search: string): number {
  const text = new URLSearchParams(search).get('t');
  const seconds = text === null ? Number.NaN : Number(text);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : Number.POSITIVE_INFINITY;
}
