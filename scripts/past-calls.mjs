/**
 * Two weeks of a customer's calls, for screenshots: more by day than by night, more on weekdays, the same on every run.
 */
const HOUR_MS = 3_600_000;
const DAYS = 14;
const REASONS = ['hangup', 'hangup', 'hangup', 'hangup', 'idle_timeout', 'no_answer', 'busy', 'max_duration'];
const TRANSPORTS = ['phone', 'phone', 'phone', 'phone', 'webrtc', 'webrtc', 'chat'];
const LINES = [
  ['Good evening, how can I help?', 'A table for two on Thursday, please.', 'At what time?', 'Half past eight.'],
  [
    'Hello, this is the front desk.',
    'We will arrive late tonight.',
    'No problem, somebody is always here.',
    'Thank you.',
  ],
  ['Good morning, what can I do for you?', 'Has my parcel left yet?', 'It will be with you tomorrow.', 'Lovely, bye.'],
];

/** Events for `/v1/ingest`, in order. */
export function pastCalls(agents, now) {
  const random = seeded(11);
  const events = [];
  for (let hour = DAYS * 24; hour > 1; hour--) {
    const beginMs = now - hour * HOUR_MS;
    for (let count = Math.round(busyness(new Date(beginMs)) * random()); count > 0; count--)
      events.push(...oneCall(`past-${events.length}`, agents, beginMs + random() * HOUR_MS, random));
  }
  return events;
}

function busyness(date) {
  const hour = date.getUTCHours();
  const byDay = Math.max(0, Math.sin(((hour - 6) / 16) * Math.PI)) + (hour > 17 && hour < 21 ? 0.6 : 0);
  return 7 * byDay * (date.getUTCDay() % 6 === 0 ? 0.55 : 1);
}

function oneCall(callId, agents, startMs, random) {
  const pick = (list) => list[Math.floor(random() * list.length)];
  const [agent, transport, reason, lines] = [pick(agents), pick(TRANSPORTS), pick(REASONS), pick(LINES)];
  const seconds = Math.round(25 + 160 * random() ** 2);
  const from = transport === 'phone' ? `+3400060${String(Math.floor(random() * 10_000)).padStart(4, '0')}` : transport;
  const event = (type, second, fields) => ({
    event: type,
    callId,
    agent,
    at: new Date(startMs + second * 1000).toISOString(),
    from,
    to: '+34000900124',
    direction: 'inbound',
    transport,
    ...fields,
  });
  const said = reason === 'no_answer' || reason === 'busy' ? [] : lines;
  return [
    event('call.started', 0, {}),
    ...said.map((text, index) =>
      event(index % 2 === 0 ? 'bot.speaking' : 'user.message', 2 + (index * seconds) / 5, {
        messageId: `${callId}-${index}`,
        text,
      }),
    ),
    event('call.ended', seconds, { reason, duration: said.length === 0 ? 0 : seconds }),
  ];
}

/** Mulberry32: small, and good enough for pictures. */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let next = Math.imul(state ^ (state >>> 15), 1 | state);
    next = (next + Math.imul(next ^ (next >>> 7), 61 | next)) ^ next;
    return ((next ^ (next >>> 14)) >>> 0) / 4_294_967_296;
  };
}
