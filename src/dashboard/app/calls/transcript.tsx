import { memo, useEffect, useRef } from 'react';
import { useSearch } from 'wouter';
import type { CallView } from '../../../calls/fold/call-view.js';
import type { LiveState } from '../../../calls/fold/live-state.js';
import type { TranscriptEntry } from '../../../calls/fold/transcript.js';
import { callTexts } from '../texts/calls.js';
import { clockText } from '../ui/format.js';
import { Icon } from '../ui/icons.js';
import { LineMeasures } from './line-measures.js';
import { FiredMarks } from './fired-rules.js';
import { firedLines, lineOfEvent } from './line-of-event.js';
import { type ScriptLine, scriptOf } from './script.js';
import { ToolCard } from './tool-card.js';
import { useGrowing } from './use-growing.js';

const texts = callTexts.call;

interface Props {
  readonly view: CallView;
  /** What is being said now; null in a call that is over. */
  readonly live: LiveState | null;
  /** Whether whole lines are read out as they come: for a call that the viewer has picked, not for every newest one. */
  readonly announces?: boolean;
  /** Long ones come a screenful at a time, from the beginning. */
  readonly isGradual?: boolean;
  /** Called with the seconds into the call at which a line begins. */
  readonly onSeek?: (seconds: number) => void;
}

/** All that was said, as text and never as anything else. */
export function Transcript({ view, live, announces = false, isGradual = false, onSeek }: Props) {
  const script = scriptOf(view, live);
  const fired = firedLines(script, view.fired ?? []);
  const pointed = usePointedLine(script);
  const count = useGrowing(script.length, isGradual && pointed.key === undefined);
  const startMs = Date.parse(view.startedAt);
  if (script.length === 0) {
    const text = view.state === 'ended' ? texts.nothingSaidEver : texts.nothingSaid;
    return <p className="script-empty muted">{text}</p>;
  }
  return (
    <ol className="script" aria-live={announces ? 'polite' : 'off'} aria-relevant="additions">
      {script.slice(0, count).map((line) => (
        <li
          key={line.key}
          data-line={line.key}
          ref={line.key === pointed.key ? pointed.ref : undefined}
          className={classOf(line, fired.has(line.key), line.key === pointed.key)}
          aria-hidden={line.kind === 'saying'}
        >
          <Line line={line} startMs={startMs} {...(onSeek && { onSeek })} />
          <FiredMarks fired={fired.get(line.key) ?? []} />
        </li>
      ))}
    </ol>
  );
}

/** The line that the address names by an event (`?event=7`): it is scrolled to once, as soon as it is shown. */
function usePointedLine(script: readonly ScriptLine[]) {
  const event = new URLSearchParams(useSearch()).get('event');
  const key = event === null ? undefined : lineOfEvent(script, { event })?.key;
  const ref = useRef<HTMLLIElement>(null);
  const isShown = key !== undefined;
  useEffect(() => {
    if (isShown) ref.current?.scrollIntoView({ block: 'center' });
  }, [isShown, event]);
  return { key, ref };
}

function classOf(line: ScriptLine, isCaught: boolean, isPointed: boolean): string {
  const marks = `${isCaught ? ' line-caught' : ''}${isPointed ? ' line-pointed' : ''}`;
  return `line line-${line.kind} ${sideOf(line)}${marks}`;
}

function sideOf(line: ScriptLine): string {
  if (line.kind === 'tool') return 'line-middle';
  return `line-${line.kind === 'said' ? line.entry.role : line.role}`;
}

interface LineProps {
  readonly line: ScriptLine;
  readonly startMs: number;
  readonly onSeek?: (seconds: number) => void;
}

function Line({ line, startMs, onSeek }: LineProps) {
  switch (line.kind) {
    case 'tool':
      return <ToolCard tool={line.tool} />;
    case 'saying':
      return (
        <p className="bubble bubble-now" dir="auto">
          {line.text}
          <span className="caret" />
        </p>
      );
    case 'said':
      return <Said entry={line.entry} spokenUntil={line.spokenUntil} startMs={startMs} {...(onSeek && { onSeek })} />;
  }
}

interface SaidProps {
  readonly entry: TranscriptEntry;
  readonly spokenUntil: number | null;
  readonly startMs: number;
  readonly onSeek?: (seconds: number) => void;
}

const Said = memo(function Said({ entry, spokenUntil, startMs, onSeek }: SaidProps) {
  const { role, text, at, interrupted, corrected, by } = entry;
  const seconds = Math.max(0, (Date.parse(at) - startMs) / 1000);
  const spoken = spokenUntil ?? text.length;
  return (
    <>
      <p className="line-head">
        <span className="line-who">{role === 'user' ? texts.caller : texts.agent}</span>
        {by !== undefined && <bdi>{texts.saidBy(by)}</bdi>}
        {onSeek ? (
          <button
            type="button"
            className="line-time numeric"
            aria-label={callTexts.replay.goTo(clockText(seconds))}
            onClick={() => onSeek(seconds)}
          >
            {clockText(seconds)}
          </button>
        ) : (
          <span className="line-time numeric">{clockText(seconds)}</span>
        )}
        <LineMeasures entry={entry} />
      </p>
      <p className="bubble" dir="auto">
        {text.slice(0, spoken)}
        {spoken < text.length && <span className="unspoken">{text.slice(spoken)}</span>}
      </p>
      {corrected && <p className="line-mark line-mark-quiet">{texts.corrected}</p>}
      {interrupted && (
        <p className="line-mark">
          <Icon name="interrupted" />
          {texts.interrupted}
        </p>
      )}
    </>
  );
}, isSameLine);

/** A replay makes the same entries anew: they need not be rendered again. */
function isSameLine(one: SaidProps, other: SaidProps): boolean {
  return isSame(one.entry, other.entry) && isSame(one, { ...other, entry: one.entry });
}

function isSame<Fields extends object>(one: Fields, other: Fields): boolean {
  const names = Object.keys({ ...one, ...other }) as (keyof Fields)[];
  return names.every((name) => Object.is(one[name], other[name]));
}
