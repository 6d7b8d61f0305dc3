/**
 * What the peers share: Switchboard's two paths, and the events of a request. They report their port, and end with the
 * bench.
 */
import { createServer } from 'node:http';

/**
 * `onReader(agent, request, response)` keeps a stream; `onEvents([{agent, event, text}])` gets the events of one
 * request.
 */
export function serve({ onReader, onEvents }) {
  const server = createServer((request, response) => {
    if (request.method === 'POST') takeIn(request, response, onEvents);
    else onReader(agentOf(request), request, response);
  });
  listen(server);
}

export function listen(server) {
  process.on('disconnect', () => process.exit(0));
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
}

/** A reader's "token" is its tenant's one agent. */
export function agentOf(request) {
  return request.headers.authorization?.slice('Bearer '.length) ?? '';
}

export function takeIn(request, response, onEvents) {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (text) => (body += text));
  request.on('end', async () => {
    const lines = body.split('\n').filter((line) => line !== '');
    await onEvents(lines.map(readEvent));
    const answer = `{"accepted":${lines.length}}`;
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': answer.length });
    response.end(answer);
  });
}

function readEvent(line) {
  const { event, ...data } = JSON.parse(line);
  return { agent: data.agent, event, text: JSON.stringify(data) };
}

export function byAgent(events) {
  const groups = new Map();
  for (const event of events) {
    const group = groups.get(event.agent);
    if (group) group.push(event);
    else groups.set(event.agent, [event]);
  }
  return groups;
}
