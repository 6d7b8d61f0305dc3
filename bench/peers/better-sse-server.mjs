/** The library `better-sse`: a session a reader, a channel an agent. */
import { createChannel, createSession } from 'better-sse';
import { serve } from './fan-out.mjs';

const channels = new Map();
let seq = 0;

serve({
  async onReader(agent, request, response) {
    const session = await createSession(request, response, { keepAlive: null, serializer: (data) => data });
    const channel = channels.get(agent) ?? createChannel();
    channels.set(agent, channel);
    channel.register(session);
    session.push('', 'ready');
  },
  onEvents(events) {
    for (const { agent, event, text } of events)
      channels.get(agent)?.broadcast(text, event, { eventId: String((seq += 1)) });
  },
});
