/** An event of each kind as a test sends it. Pure; it belongs to no real call. */
import { serialiseJson } from '../common/json.js';
import type { Sent } from './delivery-body.js';

const CALL = { callId: 'CA_sample', agent: 'sample' };

const DATA: Readonly<Record<string, object>> = {
  'call.started': { from: '+34600000000', to: '+34910000000', direction: 'inbound', transport: 'phone' },
  'call.ended': { reason: 'caller-hangup', duration: 42 },
  'user.message': { messageId: 'msg_1', text: 'Hello, is anybody there?' },
  'bot.confirmed': { messageId: 'msg_2', text: 'Good morning! How can I help?' },
  'call.completed': {
    from: '+34600000000',
    to: '+34910000000',
    direction: 'inbound',
    transport: 'phone',
    state: 'ended',
    duration: 42,
    reason: 'caller-hangup',
    tools: [],
    transcript: [{ role: 'user', text: 'Hello, is anybody there?', messageId: 'msg_1' }],
  },
};

/** `seq` 0: no event has that number. */
export function sampleOf(type: string, at: Date): Sent {
  const time = at.toISOString();
  const data = serialiseJson({ ...CALL, ...DATA[type], at: time });
  return { type, at: time, callId: CALL.callId, agent: CALL.agent, data, seq: 0, isTest: true };
}
