/**
 * Telephone numbers that ring at nobody's. Reserved for fiction where a regulator reserves any: Ofcom (020 7946 0xxx,
 * 07700 900xxx), NANPA (555-01xx), Bundesnetzagentur (Mitteilung 148/2021), ARCEP (01 99 00, 06 39 98). Spain, Italy
 * and Portugal reserve none: there, national numbers that begin with 000, which nobody can have.
 */
import type { Language } from './conversation.js';
import { SeededRandom } from './random.js';

/** `x` stands for any digit. */
const LINES: Readonly<Record<Language, string>> = {
  de: '+493023125xxx',
  en: '+442079460xxx',
  es: '+34000900xxx',
  fr: '+3319900xxxx',
  it: '+390009000xxx',
  pt: '+351000900xxx',
};

const CALLERS: Readonly<Record<Language, readonly string[]>> = {
  de: ['+496990009xxx', '+498999998xxx', '+494066969xxx'],
  en: ['+447700900xxx', '+120255501xx'],
  es: ['+34000600xxx'],
  fr: ['+3363998xxxx'],
  it: ['+390003000xxx'],
  pt: ['+351000600xxx'],
};

/** The number at which an agent answers in this language: always the same one. */
export function lineOf(agent: string, language: Language): string {
  return dial(LINES[language], new SeededRandom(`line ${language} ${agent}`));
}

/** Somebody's number. */
export function callerIn(language: Language, random: SeededRandom): string {
  return dial(random.pick(CALLERS[language]), random);
}

function dial(pattern: string, random: SeededRandom): string {
  return pattern.replace(/x/g, () => String(Math.floor(random.next() * 10)));
}
