/** Whether a call that asks for a person makes a sound: off until somebody turns it on, for this browser. */
import { ownName } from '../common/place.js';
import { createStore } from '../common/store.js';

const KEY = ownName('switchboard.alert');
const TONES_HZ = [660, 880];
const TONE_SECONDS = 0.16;
const VOLUME = 0.12;

let audio: AudioContext | undefined;

export const isAlerting = createStore(localStorage.getItem(KEY) === 'on');

/** Called in a click: without one, a browser lets no page play sound. */
export function toggleAlert(): void {
  const next = !isAlerting.get();
  localStorage.setItem(KEY, next ? 'on' : 'off');
  isAlerting.set(next);
  if (next) sound();
}

/** Two short tones. */
export function sound(): void {
  audio ??= new AudioContext();
  const begin = audio.currentTime;
  for (const [index, frequency] of TONES_HZ.entries()) {
    const tone = new OscillatorNode(audio, { frequency });
    const volume = new GainNode(audio, { gain: VOLUME });
    tone.connect(volume).connect(audio.destination);
    tone.start(begin + index * TONE_SECONDS);
    tone.stop(begin + (index + 1) * TONE_SECONDS);
  }
}
