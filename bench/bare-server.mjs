/**
 * The server to compare with: the smallest fan-out that `node:http` allows. Events come in by the same POST as
 * Switchboard's, are parsed, framed once to the same bytes and written to every reader of the agent's tenant. No
 * database, no rights, no replay, no bounds. `run.mjs` starts it and is told its port; it ends with `run.mjs`.
 */
import { createServer } from 'node:http';

/** agent → its readers; a reader's "token" is its tenant's one agent. */
const readers = new Map();
const seqs = new Map();

const server = createServer((request, response) => {
  if (request.method === 'POST') return takeIn(request, response);
  const agent = request.headers.authorization?.slice('Bearer '.length) ?? '';
  const group = readers.get(agent) ?? new Set();
  readers.set(agent, group.add(response));
  response.on('close', () => group.delete(response));
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache, no-transform' });
  response.write(':ready\n\n');
});

function takeIn(request, response) {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (text) => (body += text));
  request.on('end', () => {
    const lines = body.split('\n').filter((line) => line !== '');
    for (const line of lines) fanOut(JSON.parse(line));
    const answer = `{"accepted":${lines.length}}`;
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': answer.length });
    response.end(answer);
  });
}

function fanOut({ event, ...data }) {
  const seq = (seqs.get(data.agent) ?? 0) + 1;
  seqs.set(data.agent, seq);
  const group = readers.get(data.agent);
  if (group === undefined) return;
  const frame = Buffer.from(`event: ${event}\nid: ${seq}\ndata: ${JSON.stringify(data)}\n\n`);
  for (const response of group) response.write(frame);
}

process.on('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
