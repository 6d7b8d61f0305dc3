/** A condition as a sentence. Pure. */
import { ruleTexts } from '../texts/rules.js';
import { roundText } from '../ui/format.js';
import type { Condition, Single } from './conditions.js';

const texts = ruleTexts.words;
/** Phrases that a sentence names; a rule may have fifty. */
const MAX_NAMED = 4;
const MINUTE = 60;
const MS = 1000;

export function conditionInWords(when: Condition): string {
  return when.all ? texts.all(when.all.map(singleInWords)) : singleInWords(when);
}

function singleInWords({ said, silence, latency, toolFailed, longerThan, ended, handoff, score }: Single): string {
  if (said?.pattern !== undefined) return texts.pattern[said.by](said.pattern);
  if (said) return texts.said[said.by](either((said.words ?? []).map((word) => `“${word}”`)));
  if (silence) return texts.silence[silence.by ?? 'anybody'](lengthInWords(silence.seconds));
  if (latency) return texts.latency(lengthInWords(latency.overMs / MS));
  if (toolFailed) return toolFailed.name === undefined ? texts.anyTool : texts.tool(toolFailed.name);
  if (longerThan) return texts.longerThan(lengthInWords(longerThan.seconds));
  if (ended) return texts.ended(either(ended.reasons.map(texts.reason)));
  if (handoff) return texts.handoff[handoff];
  return score ? texts.score : texts.unknown;
}

function either(names: readonly string[]): string {
  const rest = names.length - MAX_NAMED;
  if (rest > 1) return `${names.slice(0, MAX_NAMED).join(', ')} ${texts.or} ${texts.more(rest)}`;
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} ${texts.or} ${last}`;
}

function lengthInWords(seconds: number): string {
  const isMinutes = seconds >= 2 * MINUTE && seconds % MINUTE === 0;
  return isMinutes ? `${seconds / MINUTE} min` : `${roundText(seconds)} s`;
}
