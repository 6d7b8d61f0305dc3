/**
 * The least that Node can do: the events of one request for one agent are framed once, including HTTP's chunk around
 * them, and written to the sockets of that agent's readers. No database, no rights, no replay, no bounds, no framework.
 */
import { byAgent, serve } from './fan-out.mjs';

const readers = new Map();
let seq = 0;

serve({
  onReader(agent, request, response) {
    const group = readers.get(agent) ?? new Set();
    readers.set(agent, group);
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache, no-transform' });
    response.write(':ready\n\n');
    group.add(response.socket);
    response.on('close', () => group.delete(request.socket));
  },
  onEvents(events) {
    for (const [agent, own] of byAgent(events)) {
      const group = readers.get(agent);
      if (group === undefined) continue;
      const frames = own.map(({ event, text }) => `event: ${event}\nid: ${(seq += 1)}\ndata: ${text}\n\n`).join('');
      const chunk = Buffer.from(`${Buffer.byteLength(frames).toString(16)}\r\n${frames}\r\n`);
      for (const socket of group) socket.write(chunk);
    }
  },
});
