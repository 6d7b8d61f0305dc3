/**
 * The calls that the fill multiplies. The server itself takes them in, so that its tables hold what the product writes.
 * A few of their words are common and many are rare, as in speech.
 */
export const TEMPLATE = { tenant: 'growth-template', agent: 'growth-template-agent', word: 'qqtemplateword' };
/** A separate template: a call with an event of a type that no other call has, and one that never ended. */
export const [RARE, LOST] = ['tpl-rare', 'tpl-lost'];
const COUNT = 240;
const COMMON = ['table', 'thank', 'please', 'today', 'number', 'order', 'booking', 'tomorrow', 'name', 'right'];
const LINES = 10;

/** The events of all templates, call by call, in order. */
export function templateEvents() {
  const random = seeded(7);
  const ids = Array.from({ length: COUNT }, (_, index) => `tpl-${String(index).padStart(4, '0')}`);
  return [...ids, RARE, LOST].flatMap((callId) => callEvents(callId, random));
}

function callEvents(callId, random) {
  const { agent, word } = TEMPLATE;
  const base = Date.UTC(2026, 0, 5, 10);
  let second = 0;
  const event = (type, fields) => ({
    event: type, callId, agent, at: new Date(base + (second += 3) * 1000).toISOString(),
    ...fields,
  });
  const phone = `+3460${String(Math.floor(random() * 1e7)).padStart(7, '0')}`;
  const who = { from: phone, to: '+34910000000', direction: 'inbound', transport: random() < 0.8 ? 'phone' : 'webrtc' };
  const lines = Array.from({ length: LINES }, (_, index) => {
    const text = `${sentence(random)}${index === 1 ? ` ${word}` : ''}`;
    const messageId = `${callId}-m${index}`;
    return index % 2 === 0 ? event('user.message', { messageId, text }) : event('bot.finished', { messageId, text });
  });
  const turns = Array.from({ length: LINES }, (_, index) => event('turn.end', { turnId: `t${index}` }));
  const tool = event('llm.toolCall', { msgId: `${callId}-t`, toolCalls: [{ id: 't1', name: 'find', arguments: '{}' }] });
  return [
    event('call.ringing', who), event('call.started', who), ...lines, ...turns, tool,
    ...(callId === RARE ? [event('growth.rare', { note: 'seldom' })] : []),
    ...(callId === LOST ? [] : [event('call.ended', { reason: random() < 0.7 ? 'hangup' : 'idle_timeout', duration: second })]),
  ];
} // prettier-ignore

/** Eight to twenty words; the hundred commonest make up most of them, of some four thousand. */
function sentence(random) {
  const count = 8 + Math.floor(random() * 12);
  return Array.from({ length: count }, () => wordOf(Math.floor(Math.exp(random() * 8.3)) - 1)).join(' ');
}

function wordOf(rank) {
  if (rank < COMMON.length) return COMMON[rank];
  const letters = 'bcdfghjklmnprstv';
  let [text, left] = ['', rank];
  for (let place = 0; place < 3; place += 1, left = Math.floor(left / 16)) text += letters[left % 16] + 'aeiou'[(rank + place) % 5];
  return text;
} // prettier-ignore

/** Mulberry32. */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let next = Math.imul(state ^ (state >>> 15), 1 | state);
    next = (next + Math.imul(next ^ (next >>> 7), 61 | next)) ^ next;
    return ((next ^ (next >>> 14)) >>> 0) / 4_294_967_296;
  };
}
