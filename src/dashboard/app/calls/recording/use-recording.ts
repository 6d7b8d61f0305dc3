/**
 * A call's recording as the page plays it: the browser's own player, asked for pieces as it needs them. It takes the
 * place of the replay, so the two never run against each other.
 */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useSearch } from 'wouter';
import type { CallView } from '../../../../calls/fold/call-view.js';
import { withQuery } from '../../api/client.js';
import { asFault, faultOf } from '../../api/problem.js';
import { basePath } from '../../common/place.js';
import { recordingTexts } from '../../texts/recording.js';
import { useWorkspace } from '../../workspace/workspace.js';
import type { CallRecord } from '../call-record.js';

export interface RecordingControl {
  /** Seconds. */
  readonly position: number;
  readonly length: number;
  readonly isPlaying: boolean;
  /** It was asked to play, and has nothing to play yet. */
  readonly isWaiting: boolean;
  readonly speed: number;
  /** Why it does not play, in words. */
  readonly failure: string | null;
  readonly seek: (seconds: number) => void;
  readonly toggle: () => void;
  readonly setSpeed: (speed: number) => void;
  readonly retry: () => void;
}

/** Null: there is none, or this person may not hear it. */
export function useRecording(record: CallRecord, view: CallView | undefined): RecordingControl | null {
  const url = useAddress(record, view);
  const audio = useMemo(() => (url === null ? null : newAudio()), [url]);
  const [, tell] = useState(0);
  const [failure, setFailure] = useState<string | null>(null);
  const [isWanted, setIsWanted] = useState(false);
  const begin = useBeginning();
  const load = useCallback(() => {
    if (audio === null || url === null) return;
    const at = audio.currentTime;
    setFailure(null);
    audio.src = url;
    if (at > 0) audio.currentTime = at;
  }, [audio, url]);
  useEffect(() => {
    if (audio === null || url === null) return;
    const told = () => tell((count) => count + 1);
    const failed = () => {
      if (!audio.hasAttribute('src')) return;
      setIsWanted(false);
      void wordsOn(url).then(setFailure);
    };
    for (const event of TOLD) audio.addEventListener(event, told);
    audio.addEventListener('error', failed);
    load();
    if (begin !== null) audio.currentTime = begin;
    return () => {
      for (const event of TOLD) audio.removeEventListener(event, told);
      audio.removeEventListener('error', failed);
      audio.pause();
      // Ends its request.
      audio.removeAttribute('src');
      audio.load();
    };
  }, [audio, url, load, begin]);
  return useMemo(() => {
    if (audio === null) return null;
    return {
      get position() {
        return audio.currentTime;
      },
      get length() {
        return Number.isFinite(audio.duration) ? audio.duration : (view?.duration ?? 0);
      },
      get isPlaying() {
        return !audio.paused;
      },
      get speed() {
        return audio.playbackRate;
      },
      get isWaiting() {
        return isWanted && audio.readyState < 3;
      },
      failure,
      seek: (seconds: number) => void (audio.currentTime = seconds),
      toggle: () => {
        setIsWanted(audio.paused);
        if (audio.paused) audio.play().catch(() => setIsWanted(false));
        else audio.pause();
      },
      setSpeed: (speed: number) => void (audio.playbackRate = speed),
      retry: load,
    };
  }, [audio, failure, isWanted, load, view?.duration]);
}

const TOLD = ['timeupdate', 'durationchange', 'play', 'pause', 'ended', 'seeking', 'ratechange', 'canplay', 'waiting'] as const; // prettier-ignore

function newAudio(): HTMLAudioElement {
  const audio = new Audio();
  audio.preload = 'metadata';
  return audio;
}

/** A browser sends a cookie with the request of its player, and no token: a view through a token has no sound. */
function useAddress({ place }: CallRecord, view: CallView | undefined): string | null {
  const { client, me } = useWorkspace();
  const mayHear = me.scopes.includes('recordings:read') || me.scopes.includes('admin');
  if (view?.recording !== true || view.state !== 'ended' || client.mode !== 'cookie' || !mayHear) return null;
  return basePath + withQuery(`${place.path}/recording`, place.query);
}

/** The moment that the address names (`?t=73`). */
function useBeginning(): number | null {
  const text = new URLSearchParams(useSearch()).get('t');
  const first = useRef(text === null ? null : Number(text));
  const seconds = first.current;
  return seconds !== null && Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
}

/** The player says only that it failed. The server says why. */
async function wordsOn(url: string): Promise<string> {
  try {
    const answer = await fetch(url, { headers: { Range: 'bytes=0-0' }, credentials: 'same-origin' });
    if (!answer.ok) return (await faultOf(answer)).message;
    void answer.body?.cancel();
    return recordingTexts.unplayable;
  } catch (error) {
    return asFault(error).message;
  }
}
