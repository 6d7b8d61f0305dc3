import { useEffect, useState } from 'react';

/**
 * Calls in progress, as one writes it against Pinecall's own `pc.stream()`. Nothing in it knows Switchboard: the browser
 * reconnects and sends the last id by itself, so what happened meanwhile comes, too.
 */
export function CallMonitor({ url = '/events' }) {
  const [calls, setCalls] = useState(new Map());

  useEffect(() => {
    const events = new EventSource(url);
    const on = (type, change) =>
      events.addEventListener(type, (e) => {
        const d = JSON.parse(e.data);
        setCalls((before) => change(new Map(before), d));
      });
    const say = (who) => (calls, d) => {
      const call = calls.get(d.callId);
      if (!call || !d.text) return calls;
      return calls.set(d.callId, { ...call, lines: [...call.lines, { who, text: d.text }] });
    };

    on('call.started', (calls, d) => calls.set(d.callId, { from: d.from, agent: d.agent, lines: [] }));
    on('user.message', say('caller'));
    on('bot.speaking', say('agent'));
    on('call.ended', (calls, d) => {
      console.log(`${d.callId} ended: ${d.reason}, ${d.duration} s`);
      calls.delete(d.callId);
      return calls;
    });
    return () => events.close();
  }, [url]);

  return (
    <main>
      <h1>{calls.size === 1 ? '1 call' : `${calls.size} calls`}</h1>
      {[...calls].map(([callId, { from, agent, lines }]) => (
        <article key={callId} data-call={callId}>
          <h2>
            {from} with {agent}
          </h2>
          <ul>
            {lines.map(({ who, text }, index) => (
              <li key={index}>
                <b>{who}</b> {text}
              </li>
            ))}
          </ul>
        </article>
      ))}
    </main>
  );
}
