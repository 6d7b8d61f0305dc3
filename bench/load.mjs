/**
 * The events that both servers are given, and the two ways of sending them: as fast as they are answered, or at a fixed
 * rate.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { IngestClient } from './http-client.mjs';
import { TENANTS } from './options.mjs';

/** Events of an agent before its next call begins. */
const EVENTS_A_CALL = 200;
/** Connections for a fixed rate: enough that a request never waits for one unless the server lags. */
const RATE_CONNECTIONS = 16;
/**
 * Events per request at a fixed rate, each for another tenant. Sent one by one, the HTTP request would cost several
 * times what its event's deliveries do, and the difference of two runs would be noise.
 */
const RATE_EVENTS_A_REQUEST = 10;

const run = Date.now().toString(36);
let sent = 0;

/** CLOCK_MONOTONIC in µs: the same clock in every process of the machine. */
export const nowUs = () => Math.round(Number(process.hrtime.bigint() / 1000n));

export const agentName = (index) => `agent-${index}`;

/** A line of NDJSON: a durable event of about 200 bytes, unlike every other; `padding` is text to make it longer. */
function eventOf(agent, number, padding = '') {
  const call = Math.floor(sent / TENANTS / EVENTS_A_CALL);
  return (
    `{"event":"user.message","callId":"CA_${run}_${agent}_${call}","messageId":"msg_${run}_${number}",` +
    `"text":"I would like to move my appointment to Thursday${padding}","sentUs":${nowUs()},` +
    `"agent":"${agentName(agent)}","at":"${new Date().toISOString()}"}\n`
  );
}

/** As many events, each of the next agent in turn. */
function nextEvents(count, agents = TENANTS) {
  let lines = '';
  for (let index = 0; index < count; index += 1) lines += eventOf(sent++ % agents, sent);
  return lines;
}

/** As many events of one agent. */
function eventsOf(agent, count, padding) {
  let lines = '';
  for (let index = 0; index < count; index += 1) lines += eventOf(agent, sent++, padding);
  return lines;
}

/** Sends that many events of one agent, as fast as they are answered. */
export async function fill(subject, { agent, events, eventsARequest }) {
  const client = new IngestClient(subject, 1);
  try {
    for (let left = events; left > 0; left -= eventsARequest)
      await client.post(eventsOf(agent, Math.min(left, eventsARequest)), Math.min(left, eventsARequest));
  } finally {
    client.end();
  }
}

/**
 * Each connection sends its next request when the last is answered.
 * @returns {Promise<{eventsPerSecond: number, events: number, p99Ms: number}>} of the time after `warmUpMs`; the last: of requests
 */
export async function closedLoop(subject, { connections, eventsARequest, warmUpMs, forMs, onMeasuring = () => {} }) {
  const client = new IngestClient(subject, connections);
  const start = performance.now() + warmUpMs;
  const end = start + forMs;
  let events = 0;
  const tookMs = [];
  const work = async () => {
    while (performance.now() < end) {
      const began = performance.now();
      await client.post(nextEvents(eventsARequest), eventsARequest);
      const ended = performance.now();
      // A request that straddles an edge of the window counts by its share within.
      const within = Math.min(ended, end) - Math.max(began, start);
      if (within > 0) events += (eventsARequest * within) / (ended - began);
      if (began >= start) tookMs.push(ended - began);
    }
  };
  const measuring = wait(warmUpMs).then(onMeasuring);
  try {
    await Promise.all([measuring, ...Array.from({ length: connections }, work)]);
  } finally {
    client.end();
  }
  tookMs.sort((one, other) => one - other);
  return { eventsPerSecond: (events / forMs) * 1000, events, p99Ms: tookMs[Math.floor(tookMs.length * 0.99)] };
}

/**
 * Events at a fixed rate, whether or not the server keeps up. An event's clock starts before its request looks for a
 * free connection, so that a lagging server's queue counts as latency. `agent`: all events are this one's, else the
 * first `agents` take turns.
 * @returns {Promise<number>} events sent and answered
 */
export async function fixedRate(
  subject,
  { rate, forMs, eventsARequest = RATE_EVENTS_A_REQUEST, agent, agents, padding },
) {
  const client = new IngestClient(subject, RATE_CONNECTIONS);
  const start = performance.now();
  const next = () =>
    agent === undefined ? nextEvents(eventsARequest, agents) : eventsOf(agent, eventsARequest, padding);
  const total = Math.ceil((rate * forMs) / 1000 / eventsARequest);
  const answers = [];
  try {
    while (answers.length < total) {
      const due = ((performance.now() - start) * rate) / 1000 / eventsARequest;
      while (answers.length < Math.min(total, due)) {
        const answer = client.post(next(), eventsARequest);
        answer.catch(() => undefined); // Promise.all below throws it; here it must only not end the process.
        answers.push(answer);
      }
      await wait(1);
    }
    await Promise.all(answers);
  } finally {
    client.end();
  }
  return total * eventsARequest;
}
