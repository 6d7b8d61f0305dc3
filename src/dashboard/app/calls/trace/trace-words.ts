/** What is said of an item of a trace, for eyes and ears alike. Pure. */
import { traceTexts as texts } from '../../texts/trace.js';
import { clockText } from '../../ui/format.js';
import type { TraceItem } from './trace.js';

const MAX_TEXT = 160;
const SECOND_MS = 1000;
const MINUTE_SECONDS = 60;

/** `870 ms`, `1.7 s`. */
export function msText(ms: number): string {
  return ms < SECOND_MS ? `${Math.round(ms)} ms` : `${(ms / SECOND_MS).toFixed(1)} s`;
}

/** `4.4 s`, `2:05`. */
export function lengthOf(seconds: number): string {
  return seconds < MINUTE_SECONDS ? `${seconds.toFixed(1)} s` : clockText(seconds);
}

export function nameOf({ lane, by, text }: TraceItem): string {
  if (lane === 'tool') return texts.tool(text ?? texts.unnamed);
  if (lane === 'silence') return texts.silence;
  return lane === 'caller' ? texts.caller : by === null ? texts.agent : texts.person(by);
}

/** `4.4 s`, `answered after 2.1 s, slow`, `interrupted`. */
export function factsOf(item: TraceItem): string[] {
  const { lane, latencyMs, confidence, isSlow, hasFailed, isInterrupted, isRunning } = item;
  const facts = [isRunning ? texts.running : lastsOf(item)];
  if (latencyMs !== null) facts.push(texts.answered(msText(latencyMs)) + (isSlow ? `, ${texts.slow}` : ''));
  if (hasFailed) facts.push(texts.failed);
  if (isInterrupted) facts.push(texts.interrupted);
  if (lane === 'caller' && confidence !== null) facts.push(texts.sure(Math.round(100 * confidence)));
  return facts;
}

function lastsOf({ from, until, toolMs }: TraceItem): string {
  if (toolMs !== null) return msText(toolMs);
  return from === null || until === null ? texts.lengthUnknown : lengthOf(until - from);
}

/** The words themselves, shortened; nothing for what has none. */
export function wordsOf({ lane, text }: TraceItem): string {
  if (text === null || lane === 'tool' || lane === 'silence') return '';
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}

/** All of it, as a screen reader says it. */
export function spokenItem(item: TraceItem, index: number, count: number): string {
  const parts = [`${clockText(item.at)} ${nameOf(item)}`, ...factsOf(item), wordsOf(item)];
  return `${texts.place(index + 1, count)}: ${parts.filter((part) => part !== '').join(', ')}`;
}
