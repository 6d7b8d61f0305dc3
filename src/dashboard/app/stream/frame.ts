/**
 * What comes over a stream, and which names it may come under: a browser's EventSource hears only those that it is
 * told.
 */

export interface StreamFrame {
  readonly type: string;
  /** The reader's number of a durable event; null for one that is live only. */
  readonly seq: number | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Said by the stream itself, about itself. */
export const CONTROL_TYPES = ['connected', 'log.caught_up', 'agents.changed', 'token.expiring', 'stream.closing'];

/** Events of calls, of every wire (their list is open: what else the log shows is listened to from then on). */
export const EVENT_TYPES = [
  'call.ringing',
  'call.started',
  'call.ended',
  'call.summary',
  'call.dtmf_received',
  'call.erased',
  'log.gap',
  'user.speaking',
  'user.message',
  'speech.started',
  'speech.ended',
  'eager.turn',
  'audio.metrics',
  'turn.start',
  'turn.pause',
  'turn.end',
  'turn.resumed',
  'turn.continued',
  'bot.speaking',
  'bot.word',
  'bot.finished',
  'bot.interrupted',
  'bot.corrected',
  'message.confirmed',
  'reply.rejected',
  'skill.loaded',
  'skill.unloaded',
  'docs.sources',
  'tool.call',
  'tool.result',
  'llm.toolCall',
  'llm.tool_result',
  'handoff.requested',
  'handoff.active',
  'handoff.released',
  'supervisor.said',
  'supervisor.whispered',
  'whatsapp.sessionStarted',
  'whatsapp.sessionEnded',
  'whatsapp.message',
  'whatsapp.response',
  'whatsapp.status',
  'session.paused',
  'session.resumed',
  'state.changed',
  'user.state',
  'custom',
  'event.received',
  'rule.fired',
  'call.attached',
  'call.error',
  'call.line',
  'call.route_failed',
  'call.routed',
  'call.score',
  'call.transferred',
  'chat.started',
  'confirm.declined',
  'confirm.granted',
  'confirm.request',
  'attention.answered',
  'supervisor.ended',
  'supervisor.transferred',
];

/** The call that an event is about; a chat says `sessionId` instead. Null: about none. */
export function callIdOf({ data }: Pick<StreamFrame, 'data'>): string | null {
  const id = data['callId'] ?? data['sessionId'];
  return typeof id === 'string' ? id : null;
}

/** Whose event it is, where a stream says so; null: nobody's, or a stream of one tenant. */
export function tenantOf({ data }: Pick<StreamFrame, 'data'>): string | null {
  return typeof data['tenant'] === 'string' ? data['tenant'] : null;
}

export function atOf({ data }: Pick<StreamFrame, 'data'>): string {
  return typeof data['at'] === 'string' ? data['at'] : new Date().toISOString();
}

/** A call was erased: what is kept of it is to go. Where its events stood, the same stands now. */
export function isErasure(frame: Pick<StreamFrame, 'type'>): boolean {
  return frame.type === 'call.erased';
}

/**
 * The stream's own word that the cursor can't be honoured; the same name on an event of a call says that the call has a
 * hole.
 */
export function isStreamGap(frame: StreamFrame): boolean {
  return frame.type === 'log.gap' && callIdOf(frame) === null;
}
