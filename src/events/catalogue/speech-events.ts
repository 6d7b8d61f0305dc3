/** What is said, word by word and as a whole, and whose turn it is. */
import { z } from 'zod';
import { type EventType, durable, ephemeral, numberOf, said, spoken, textOf } from './event-type.js';

const turnId = numberOf('The turn’s number within the call.', 1);
const confidence = numberOf('0 to 1.', 0.93);
const language = textOf('Its language.', 'en');
const messageId = said.messageId;
const turn = {
  ...said,
  id: z
    .union([z.number(), z.string()])
    .optional()
    .meta({ description: 'The turn.', examples: [1] }),
  turnId,
  confidence,
  probability: numberOf('That the caller has finished, 0 to 1.', 0.95),
  latencyMs: numberOf('Milliseconds since the last word.', 240),
};

export const SPEECH_EVENTS: readonly EventType[] = [
  ephemeral('speech.started', 'The caller begins to speak.', { turnId, confidence }),
  ephemeral('speech.ended', 'The caller stops speaking.', {
    turnId,
    durationMs: numberOf('Milliseconds.', 1840),
  }),
  ephemeral('user.speaking', 'What is understood so far; each replaces the one before.', {
    ...said,
    confidence,
    language,
    turnId,
  }),
  durable('user.message', 'What the caller said.', {
    ...spoken,
    endOfTurnMs: numberOf('Milliseconds until the end of the turn was known.', 420),
    transcriptionMs: numberOf('Milliseconds until the text was there.', 180),
    ...said,
    confidence,
    turnId,
    language,
  }),
  ephemeral('eager.turn', 'The caller may have finished.', turn),
  ephemeral('turn.pause', 'The caller pauses and has not finished.', turn),
  ephemeral('turn.resumed', 'The caller goes on.', turn),
  ephemeral('turn.continued', 'What seemed to be the end of a turn was none.', turn),
  ephemeral('turn.start', 'A turn begins. From a call’s log: durable.', {
    turn: numberOf('Its number.', 1),
    role: textOf('`user` or `bot`.', 'user'),
  }),
  ephemeral('turn.end', 'The caller has finished: the agent’s turn. From a call’s log: durable.', {
    ...turn,
    turn: numberOf('Its number.', 1),
    latency: z.unknown().optional(),
  }),
  durable('bot.speaking', 'The agent begins to speak. `text` is empty where the words come as they are made up.', {
    ...spoken,
    latencyMs: numberOf('Milliseconds from the caller’s last word to the agent’s first.', 910),
    llmMs: numberOf('Of these, until the model answered.', 480),
    ttsMs: numberOf('Of these, until there was sound.', 210),
    ...said,
    words: z.array(z.unknown()).optional(),
  }),
  ephemeral('bot.word', 'A word that the agent says.', {
    messageId,
    word: textOf('The word.', 'Certainly,'),
    wordIndex: numberOf('From 0.', 0),
  }),
  durable('bot.finished', 'The agent has said it all.', {
    messageId,
    durationMs: numberOf('Milliseconds.', 2100),
    text: textOf('The words, where no other event has them.', 'Certainly, for two.').optional(),
  }),
  durable('bot.interrupted', 'The caller spoke over the agent.', {
    messageId,
    atWord: numberOf('How many words were said.', 4),
    wordsSpoken: numberOf('The same.', 4),
    durationMs: spoken.durationMs,
    text: textOf('The words that were heard.', 'Certainly, for'),
    lastWord: textOf('The last of them.', 'Certainly,'),
    playedMs: numberOf('Milliseconds that were heard.', 1300),
    reason: textOf('Why.', 'user_speech'),
  }),
  durable('bot.corrected', 'The text of an earlier `bot.speaking` is replaced.', {
    ...said,
    supersedes: numberOf('The `seq` of what it replaces.', 17),
  }),
  durable('message.confirmed', 'The final text of what the agent said.', said),
  durable('reply.rejected', 'A reply was thrown away before it was said.', {
    messageId,
    reason: textOf('Why.', 'superseded'),
  }),
  ephemeral('user.state', 'What the caller does.', { state: textOf('As the source says.', 'speaking') }),
  ephemeral('audio.metrics', 'How the line sounds.', {
    source: textOf('`user` or `bot`.', 'user'),
    energyDb: numberOf('dB.', -32),
    rms: z.number().optional(),
    peak: z.number().optional(),
    isSpeech: z.boolean().optional(),
    mos: z.number().optional(),
    jitter: z.number().optional(),
    loss: z.number().optional(),
  }),
];
