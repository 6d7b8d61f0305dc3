/** A customer with many calls at once, as the API shows it: enough for the page, and nothing that costs time. */
const AGENTS = ['mara', 'lucia', 'sol', 'julia'];
const REPLY = 'Of course, I have put you down for Thursday at half past eight, a table by the window.'.split(' ');
const QUESTION = 'Could we come a little later, and is there room for a pram?'.split(' ');

/** Calls in rotation: each adds an event when its turn comes, ends after a while, and another one begins. */
export class Traffic {
  seq = 0;
  #calls = new Map();
  #turns = [];
  #started = 0;

  constructor(count, turnsACall) {
    this.turnsACall = turnsACall;
    for (let index = 0; index < count; index++) this.#begin(Math.floor((index / count) * turnsACall));
  }

  /** The next events, as frames of the stream. */
  frames(count) {
    let text = '';
    for (let done = 0; done < count; done++) {
      const turn = this.#turns.shift();
      const { value, done: isOver } = turn.next();
      if (isOver) this.#begin(0);
      else {
        this.#turns.push(turn);
        text += value;
      }
    }
    return text;
  }

  inProgress() {
    return [...this.#calls.values()].map(({ summary }) => summary);
  }

  logOf(callId) {
    return this.#calls.get(callId)?.log ?? [];
  }

  #begin(turnsDone) {
    this.#started += 1;
    const callId = `CA_${this.#started}`;
    const agent = AGENTS[this.#started % AGENTS.length];
    const line = {
      from: `+34600${String(this.#started).padStart(6, '0')}`,
      to: '+34910000000',
      direction: 'inbound',
      transport: 'phone',
    };
    const at = new Date().toISOString();
    const summary = { callId, agent, ...line, name: null, state: 'live', startedAt: at, endedAt: null };
    const quality = { latency: null, tools: { calls: 0, failed: 0 }, score: null, interruptions: 0 };
    const rest = { duration: null, reason: null, lastLine: null, incomplete: false, quality };
    this.#calls.set(callId, { summary: { ...summary, ...rest }, log: [] });
    this.#turns.push(this.#conversation(callId, agent, line, turnsDone));
  }

  *#conversation(callId, agent, line, turnsDone) {
    const say = (type, fields, isDurable = true) =>
      this.#frame(callId, type, { callId, ...line, ...fields, agent }, isDurable);
    yield say('call.started', {});
    for (let turn = turnsDone; turn < this.turnsACall; turn++) {
      const [reply, question] = [{ messageId: `b${turn}` }, { messageId: `u${turn}` }];
      yield say('bot.speaking', { ...reply, text: '' });
      for (const [wordIndex, word] of REPLY.entries()) yield say('bot.word', { ...reply, word, wordIndex }, false);
      yield say('bot.finished', reply);
      yield say('message.confirmed', { ...reply, text: REPLY.join(' ') });
      for (const [index] of QUESTION.entries())
        yield say('user.speaking', { ...question, text: QUESTION.slice(0, index + 1).join(' ') }, false);
      yield say('user.message', { ...question, text: QUESTION.join(' ') });
    }
    yield say('call.ended', { reason: 'hangup', duration: 60 });
    this.#calls.delete(callId);
  }

  #frame(callId, type, data, isDurable) {
    const at = new Date().toISOString();
    const event = { ...data, at };
    if (!isDurable) return `event: ${type}\ndata: ${JSON.stringify(event)}\n\n`;
    this.seq += 1;
    this.#calls.get(callId)?.log.push({ id: String(this.seq), type, at, data: event });
    return `event: ${type}\nid: ${this.seq}\ndata: ${JSON.stringify(event)}\n\n`;
  }
}
