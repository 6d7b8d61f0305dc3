import { memo } from 'react';
import type { CallView } from '../../../calls/fold/call-view.js';
import { callTexts } from '../texts/calls.js';
import { CopyButton } from '../ui/copy-button.js';
import { clockText, spokenLength } from '../ui/format.js';
import { Icon } from '../ui/icons.js';
import type { Replay } from './replay.js';
import { type ReplayControl, SPEEDS } from './use-replay.js';

const texts = callTexts.replay;

interface Props {
  readonly control: ReplayControl;
  readonly replay: Replay;
  readonly view: CallView;
}

/** Plays the call again, at any speed and from any point. */
export function ReplayBar({ control, replay, view }: Props) {
  const { position, isPlaying, speed, seek, toggle, setSpeed } = control;
  const { length } = replay;
  const link = `${location.origin}${location.pathname}?t=${Math.floor(position)}`;
  return (
    <section className="replay card" aria-label={texts.title}>
      <button type="button" className="button button-primary replay-play" onClick={toggle}>
        <Icon name={isPlaying ? 'pause' : 'play'} />
        {isPlaying ? texts.pause : texts.play}
      </button>
      <div className="replay-track">
        <TalkMap replay={replay} view={view} />
        <input
          type="range"
          className="replay-range"
          aria-label={texts.position}
          aria-valuetext={texts.of(spokenLength(position), spokenLength(length))}
          min={0}
          max={length}
          step={0.1}
          value={position}
          onChange={(event) => seek(Number(event.target.value))}
        />
      </div>
      <p className="replay-time numeric">
        {clockText(position)} <span className="muted">/ {clockText(length)}</span>
      </p>
      <fieldset className="choice">
        <legend className="visually-hidden">{texts.speed}</legend>
        {SPEEDS.map((one) => (
          <label key={one} className="choice-one">
            <input
              type="radio"
              name="speed"
              className="visually-hidden"
              checked={speed === one}
              onChange={() => setSpeed(one)}
            />
            <span>{texts.times(one)}</span>
          </label>
        ))}
      </fieldset>
      <CopyButton text={link} label={texts.link} />
    </section>
  );
}

/** Who spoke when, and where tools ran. Visual only: the transcript says the same. */
export const TalkMap = memo(function TalkMap({ replay, view }: { readonly replay: Replay; readonly view: CallView }) {
  const { length, stretches } = replay;
  const share = (seconds: number) => `${(100 * seconds) / Math.max(length, 0.1)}%`;
  return (
    <div className="talk-map" aria-hidden="true">
      {stretches.map(({ entry, from, until }) => (
        <span
          key={`${entry.role} ${entry.seq}`}
          className={`talk talk-${entry.role} ${entry.interrupted ? 'talk-cut' : ''}`}
          style={{ left: share(from), width: share(Math.max(until - from, 0.3)) }}
        />
      ))}
      {view.tools.map(({ id, at }) => (
        <span key={id} className="talk talk-tool" style={{ left: share(replay.secondsAt(at)) }} />
      ))}
    </div>
  );
});
