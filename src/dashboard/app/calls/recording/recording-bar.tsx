import type { CallView } from '../../../../calls/fold/call-view.js';
import { callTexts } from '../../texts/calls.js';
import { recordingTexts as texts } from '../../texts/recording.js';
import { CopyButton } from '../../ui/copy-button.js';
import { clockText, spokenLength } from '../../ui/format.js';
import { Icon } from '../../ui/icons.js';
import type { Replay } from '../replay.js';
import { TalkMap } from '../replay-bar.js';
import type { RecordingControl } from './use-recording.js';
import '../../styles/recording.css';

const SPEEDS = [1, 1.5, 2] as const;

interface Props {
  readonly control: RecordingControl;
  /** Draws who spoke when; null: too long, or not loaded yet. */
  readonly replay: Replay | null;
  readonly view: CallView;
}

/** Plays what was recorded. The transcript follows it. */
export function RecordingBar({ control, replay, view }: Props) {
  const { position, length, isPlaying, isWaiting, speed, failure, seek, toggle, setSpeed, retry } = control;
  const link = `${location.origin}${location.pathname}?t=${Math.floor(position)}`;
  return (
    <section className="replay card" aria-label={texts.title}>
      <button type="button" className="button button-primary replay-play" onClick={toggle}>
        <Icon name={isPlaying ? 'pause' : 'play'} />
        {isPlaying ? texts.pause : texts.play}
      </button>
      <div className="replay-track">
        {replay !== null && <TalkMap replay={replay} view={view} />}
        <input
          type="range"
          className="replay-range"
          aria-label={texts.position}
          aria-valuetext={callTexts.replay.of(spokenLength(position), spokenLength(length))}
          min={0}
          max={Math.max(length, 0.1)}
          step={1}
          value={position}
          onChange={(event) => seek(Number(event.target.value))}
        />
      </div>
      <p className="replay-time numeric">
        {clockText(position)} <span className="muted">/ {clockText(length)}</span>
      </p>
      <fieldset className="choice">
        <legend className="visually-hidden">{callTexts.replay.speed}</legend>
        {SPEEDS.map((one) => (
          <label key={one} className="choice-one">
            <input
              type="radio"
              name="speed"
              className="visually-hidden"
              checked={speed === one}
              onChange={() => setSpeed(one)}
            />
            <span>{callTexts.replay.times(one)}</span>
          </label>
        ))}
      </fieldset>
      <CopyButton text={link} label={callTexts.replay.link} />
      <p className="recording-state" role="status">
        {isWaiting && failure === null ? texts.loading : ''}
      </p>
      {failure !== null && (
        <p className="recording-failure field-error" role="alert">
          {texts.failed} {failure}{' '}
          <button type="button" className="button button-small" onClick={retry}>
            {texts.retry}
          </button>
        </p>
      )}
    </section>
  );
}
