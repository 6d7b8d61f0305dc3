/**
 * What is said in a call, in our vocabulary. Pure. A message is named by its place among the turns of its side. So the
 * words before it already have its name, and a second reading gives the same name.
 */
import { numberIn } from '../../common/exact-number.js';
import { type CallContext, type Dictated, withSamples } from './call-context.js';
import { type Entry, type Fields, isFields } from './entry.js';
import { msOf, personIn, present, renamed, timeIn } from './words.js';

/** An event that an entry becomes, before its envelope is added. */
export interface Draft {
  readonly type: string;
  readonly data: Fields;
  /** Delivered live only; absent: as the entry itself says. */
  readonly ephemeral?: boolean;
}

export interface Step {
  readonly events: readonly Draft[];
  readonly context: CallContext;
}

export type Translate = (entry: Entry, context: CallContext) => Step;

/** The longest piece that waits for the rest of its word. */
const MAX_PIECE = 64;
/** Scripts whose words have no spaces between them: pieces are sent as they come. */
const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;
/** Lines of supervisors that wait for the turn that repeats them. Bounds memory. */
const MAX_DICTATED = 16;

/** `user.state`: the caller begins or stops speaking; a caller who went away is reported as such. */
export const userState: Translate = ({ data }, known) => {
  const state = data['state'];
  const context = { ...known, userState: state };
  if (state === 'speaking') return { events: [{ type: 'speech.started', data: {}, ephemeral: true }], context };
  const wasSpeaking = known.userState === 'speaking' || !known.isWhole;
  const events: Draft[] = wasSpeaking ? [{ type: 'speech.ended', data: {}, ephemeral: true }] : [];
  if (state !== 'listening') events.push({ type: 'user.state', data: { state } });
  return { events, context };
};

/** Final ones too: `turn.user` follows and is the message. */
export const userTranscript: Translate = ({ call, data }, context) => {
  const messageId = context.isWhole ? `${call}_u${context.userTurns + 1}` : undefined;
  const said = renamed(data, { text: 'text', language: 'language', confidence: 'confidence' });
  return {
    events: [{ type: 'user.speaking', data: present({ messageId, ...said }), ephemeral: true }],
    context,
  };
};

export const userTurn: Translate = (entry, known) => {
  const { data, ephemeral } = entry;
  const metrics = isFields(data['metrics']) ? data['metrics'] : {};
  const [eou, asr] = [numberIn(metrics['end_of_turn_delay']), numberIn(metrics['transcription_delay'])];
  const said = {
    messageId: messageIdOf(entry, 'u', known, known.userTurns + 1),
    text: textIn(data),
    ...renamed(data, {
      language: 'language',
      confidence: 'transcript_confidence',
      speechId: 'speech_id',
      itemId: 'item_id',
    }),
    ...spokenTimes(metrics),
    endOfTurnMs: msOf(eou),
    transcriptionMs: msOf(asr),
  };
  const context: CallContext = ephemeral
    ? known
    : { ...known, userTurns: known.userTurns + 1, samples: withSamples(known.samples, { eou, asr }) };
  return { events: [{ type: 'user.message', data: present(said) }], context };
};

/** Deltas become whole words: pages put a space between two of them. */
export const agentTranscript: Translate = ({ call, data }, known) => {
  const { words, piece } = wordsAfter(known.pieceOfWord, data);
  const messageId = known.isWhole ? `${call}_b${known.agentTurns + 1}` : undefined;
  const times = renamed(data, { start: 'start', end: 'end' });
  const events = words.map((word, index) => ({
    type: 'bot.word',
    ephemeral: true,
    data: present({ messageId, word, wordIndex: known.isWhole ? known.words + index : undefined, ...times }),
  }));
  return { events, context: { ...known, words: known.words + words.length, pieceOfWord: piece } };
};

function wordsAfter(piece: string, data: Fields): { readonly words: readonly string[]; readonly piece: string } {
  const delta = textIn(data);
  const isWord = numberIn(data['start']) !== undefined;
  const text = isWord && piece !== '' ? `${piece} ${delta}` : piece + delta;
  if (UNSPACED.test(text)) return { words: text === '' ? [] : [text], piece: '' };
  const words = text.split(/\s+/);
  const last = words.pop() ?? '';
  const isWhole = isWord || data['final'] === true || last.length > MAX_PIECE;
  return { words: (isWhole ? [...words, last] : words).filter((word) => word !== ''), piece: isWhole ? '' : last };
}

/**
 * The whole text is sent when the turn is over, because only then is it known: a page that prints `bot.speaking` prints
 * each line once. How the turn ended is in the same commit.
 */
export const agentTurn: Translate = (entry, known) => {
  const { data, ephemeral } = entry;
  const [text, interrupted] = [textIn(data), data['interrupted'] === true];
  const metrics = isFields(data['metrics']) ? data['metrics'] : {};
  const e2e = numberIn(metrics['e2e_latency']);
  const [llm, tts] = [numberIn(metrics['llm_node_ttft']), numberIn(metrics['tts_node_ttfb'])];
  const own = messageIdOf(entry, 'b', known, known.agentTurns + 1);
  const heard = dictatedIn(known.dictated, text, interrupted);
  const messageId = heard?.messageId ?? own;
  const times = spokenTimes(metrics);
  const spoken = {
    messageId,
    text,
    ...times,
    latencyMs: msOf(e2e),
    llmMs: msOf(llm),
    ttsMs: msOf(tts),
    ...renamed(data, { speechId: 'speech_id', itemId: 'item_id' }),
  };
  const over = present({ messageId, durationMs: times['durationMs'], ...(interrupted && { text }) });
  const events: Draft[] = [{ type: interrupted ? 'bot.interrupted' : 'bot.finished', data: over }];
  // A reply that was cut off before a word was heard gets no line.
  if (text !== '') events.unshift({ type: 'bot.speaking', data: present(spoken) });
  const counted = ephemeral
    ? {}
    : { agentTurns: known.agentTurns + 1, samples: withSamples(known.samples, { e2e, llm_ttft: llm, tts_ttfb: tts }) };
  const dictated = heard ? known.dictated.slice(known.dictated.indexOf(heard) + 1) : known.dictated;
  return { events, context: { ...known, ...counted, dictated, words: 0, pieceOfWord: '' } };
};

/** The agent's turn that speaks it repeats its text: both are about one message, or the line would appear twice. */
export const supervisorSaid: Translate = (entry, known) => {
  const text = textIn(entry.data);
  const messageId = messageIdOf(entry, 's', known, known.dictations + 1);
  const data = present({ messageId, text, by: personIn(entry.data['by']) });
  const dictated = [...known.dictated, { text, messageId }].slice(-MAX_DICTATED);
  const context = known.isWhole ? { ...known, dictations: known.dictations + 1, dictated } : known;
  return { events: [{ type: 'supervisor.said', data }], context };
};

function dictatedIn(dictated: readonly Dictated[], text: string, interrupted: boolean): Dictated | undefined {
  if (text === '') return undefined;
  return dictated.find((one) => one.text === text || (interrupted && one.text.startsWith(text)));
}

function messageIdOf({ call, seq }: Entry, side: 'u' | 'b' | 's', { isWhole }: CallContext, place: number): string {
  return isWhole ? `${call}_${side}${place}` : `${call}_${side}s${seq}`;
}

/** When it was said, and for how long. */
function spokenTimes(metrics: Fields): Fields {
  const [began, stopped] = [numberIn(metrics['started_speaking_at']), numberIn(metrics['stopped_speaking_at'])];
  const isStretch = began !== undefined && stopped !== undefined && stopped >= began;
  return present({
    startedAt: timeIn(began),
    endedAt: timeIn(stopped),
    durationMs: isStretch ? msOf(stopped - began) : undefined,
  });
}

function textIn(data: Fields): string {
  return typeof data['text'] === 'string' ? data['text'] : '';
}
