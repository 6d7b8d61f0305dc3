/** Plays what is spoken on the phone or over WebRTC: turns of the caller and of the agent, word by word. */
import type { BotStep, KeysStep, SpokenConversation, SpokenStep, UserStep } from './conversation.js';
import { playTool, relayed, told } from './cues.js';
import { Cue, Scene, wordMs, wordsOf } from './scene.js';

/** What the agent was saying when the caller interrupted. */
interface CutOff {
  readonly messageId: string;
  readonly playedMs: number;
  readonly wordsSpoken: number;
  readonly lastWord: string;
}

export class SpokenPlayer {
  private turnId = 0;
  private replies = 0;
  private tools = 0;
  private digits = '';
  /** Silence that the script asked for before the next cue. */
  private silenceMs = 0;
  private cutOff: CutOff | undefined;

  constructor(private readonly scene: Scene<SpokenConversation>) {}

  *play(): Generator<Cue> {
    const { steps } = this.scene.conversation;
    for (const [index, step] of steps.entries()) {
      if ('silenceMs' in step) this.silenceMs += step.silenceMs;
      else if ('user' in step) yield* this.user(step);
      else if ('bot' in step) yield* this.bot(step, steps[index + 1]);
      else if ('keys' in step) yield* this.keys(step);
      else yield* playTool(this.scene, step, { msgId: this.replyId(this.replies + 1), number: (this.tools += 1) });
    }
  }

  private *user(step: UserStep): Generator<Cue> {
    const { scene, turnId } = { scene: this.scene, turnId: (this.turnId += 1) };
    const { random } = scene;
    const messageId = `${scene.id}_u${turnId}`;
    const text = scene.fill(step.user);
    // A caller who interrupts does not wait first.
    const beforeMs = this.cutOff ? this.pause(60, 200) : this.pause(500, 1300);
    yield relayed(scene, beforeMs, 'speech.started', { turnId, confidence: round(random.between(0.72, 0.97)) });
    if (this.cutOff) {
      yield relayed(scene, Math.round(random.between(120, 260)), 'bot.interrupted', {
        ...this.cutOff,
        reason: 'user_spoke',
      });
      this.cutOff = undefined;
    }
    const durationMs = yield* this.interimWords(step, { messageId, text, turnId });
    yield relayed(scene, 240, 'speech.ended', { turnId, durationMs });
    const confidence = round(random.between(0.93, 0.995));
    yield relayed(scene, 30, 'user.message', {
      messageId,
      text,
      confidence,
      turnId,
      language: scene.conversation.language,
    });
    yield this.turn('eager.turn', { messageId, text, probability: random.between(0.55, 0.8), latencyMs: 120 });
    yield this.turn('turn.end', { messageId, text, probability: random.between(0.9, 0.99), latencyMs: 240 });
  }

  /** The words understood so far, one more each time. Returns how long it took to say them, in milliseconds. */
  private *interimWords(
    step: UserStep,
    { messageId, text, turnId }: { messageId: string; text: string; turnId: number },
  ): Generator<Cue, number> {
    const { scene } = this;
    const { random } = scene;
    const words = wordsOf(text);
    const confidence = round(random.between(0.74, 0.92));
    let spokenMs = 0;
    for (const [index, word] of words.entries()) {
      const soFar = words.slice(0, index + 1).join(' ');
      const afterMs = wordMs(word, random);
      spokenMs += afterMs;
      yield relayed(scene, afterMs, 'user.speaking', { messageId, text: soFar, confidence });
      if (step.hesitates && index === Math.floor(words.length / 2) - 1) {
        const hesitatesMs = Math.round(random.between(700, 1500));
        spokenMs += 300 + hesitatesMs;
        yield this.turn('turn.pause', {
          messageId,
          text: soFar,
          probability: random.between(0.2, 0.45),
          latencyMs: 300,
        });
        yield relayed(scene, hesitatesMs, 'turn.resumed', { turnId });
      }
    }
    if (random.chance(0.3)) yield this.metrics('user', 0, true);
    return spokenMs;
  }

  private *bot(step: BotStep, next: SpokenStep | undefined): Generator<Cue> {
    const { scene } = this;
    const { random } = scene;
    const messageId = this.replyId((this.replies += 1));
    const text = scene.fill(step.bot);
    const words = wordsOf(text);
    const cutAfter = next !== undefined && 'user' in next ? next.interruptsAfterWords : undefined;
    const spoken = words.slice(0, cutAfter);
    yield relayed(scene, this.pause(350, 900), 'bot.speaking', { messageId, text: step.streamed ? '' : text });
    let playedMs = 0;
    let wordLastsMs = Math.round(random.between(120, 260));
    for (const [wordIndex, word] of spoken.entries()) {
      yield relayed(scene, wordLastsMs, 'bot.word', { messageId, word, wordIndex });
      wordLastsMs = wordMs(word, random);
      playedMs += wordLastsMs;
    }
    if (cutAfter !== undefined) {
      this.cutOff = { messageId, playedMs, wordsSpoken: spoken.length, lastWord: spoken.at(-1) ?? '' };
      return;
    }
    yield relayed(scene, wordLastsMs, 'bot.finished', { messageId, durationMs: playedMs });
    yield relayed(scene, 20, 'message.confirmed', { messageId, text });
    if (random.chance(0.4)) yield this.metrics('bot', 30, false);
  }

  private *keys(step: KeysStep): Generator<Cue> {
    for (const digit of this.scene.fill(step.keys)) {
      this.digits += digit;
      yield relayed(this.scene, this.pause(320, 650), 'call.dtmf_received', { digit, digits: this.digits });
    }
  }

  /**
   * The SDK's `Turn`: its `id` is the turn's number. It comes `latencyMs` after the last word, part of which have
   * passed.
   */
  private turn(type: string, turn: { messageId: string; text: string; probability: number; latencyMs: number }): Cue {
    const { latencyMs, messageId, text } = turn;
    const probability = round(turn.probability);
    return told(this.scene, latencyMs, type, {
      id: this.turnId,
      messageId,
      text,
      confidence: 0,
      probability,
      latencyMs,
    });
  }

  private metrics(source: 'user' | 'bot', afterMs: number, isSpeech: boolean): Cue {
    const { random } = this.scene;
    const rms = round(isSpeech ? random.between(0.05, 0.2) : random.between(0.001, 0.01));
    const energyDb = round(20 * Math.log10(rms));
    const peak = round(rms * random.between(2, 4));
    return relayed(this.scene, afterMs, 'audio.metrics', { source, energyDb, rms, peak, isSpeech });
  }

  private replyId(number: number): string {
    return `${this.scene.id}_b${number}`;
  }

  /** A moment between two of them, and the silence that the script asks for. */
  private pause(lowMs: number, highMs: number): number {
    const pauseMs = Math.round(this.scene.random.between(lowMs, highMs)) + this.silenceMs;
    this.silenceMs = 0;
    return pauseMs;
  }
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
