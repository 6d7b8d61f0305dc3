import { useCallback, useEffect, useMemo, useState } from 'react';
import { useSearch } from 'wouter';
import type { CallEvent } from '../../../calls/fold/call-event.js';
import type { CallView } from '../../../calls/fold/call-view.js';
import { logOf } from './call-log.js';
import type { CallRecord } from './call-record.js';
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

/** A call with more events than this is not played: they are all kept in memory. */
const MAX_EVENTS = 5000;
/** Frames per second: more cannot be seen in growing text. */
const FRAME_MS = 50;

/** The position in a call: at first the moment that the address names (`?t=73`), otherwise its end. */
export function useReplay(view: CallView | undefined, record: CallRecord): ReplayControl {
  const search = useSearch();
  const events = useEvents(view?.state === 'ended', record);
  const replay = useMemo(
    () => (view === undefined || events === null ? null : new Replay(view, events)),
    [view, events],
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

/** All events of a finished call; null until they are loaded, or if they are too many to be played. */
function useEvents(hasEnded: boolean, { place, callId }: CallRecord): readonly CallEvent[] | null {
  const [events, setEvents] = useState<readonly CallEvent[] | null>(null);
  useEffect(() => {
    setEvents(null);
    if (!hasEnded) return;
    const closing = new AbortController();
    const read = async () => {
      const all: CallEvent[] = [];
      for await (const event of logOf(place.client, callId, 0, closing.signal))
        if (all.push(event) > MAX_EVENTS) return;
      setEvents(all);
    };
    // Without them the call is shown, but cannot be played.
    read().catch(() => undefined);
    return () => closing.abort();
  }, [hasEnded, place, callId]);
  return events;
}

function momentIn(search: string): number {
  const text = new URLSearchParams(search).get('t');
  const seconds = text === null ? Number.NaN : Number(text);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : Number.POSITIVE_INFINITY;
}
