/** Code that works as it stands, with the new token's own address in it. */

export interface SnippetSource {
  readonly baseUrl: string;
  readonly token: string;
  /** Of a stream, with a stream token in it; null where none could be made. */
  readonly streamUrl: string | null;
}

export type SnippetName = 'curl' | 'browser' | 'react';

export function snippetsOf({ baseUrl, token, streamUrl }: SnippetSource): Readonly<Record<SnippetName, string>> {
  const url = streamUrl ?? `${baseUrl}/v1/events?token=…`;
  return {
    curl: `curl -N -H "Authorization: Bearer ${token}" ${baseUrl}/v1/events`,
    browser: `const stream = new EventSource("${url}");

stream.addEventListener("call.started", (event) => {
  const call = JSON.parse(event.data);
  console.log(call.callId, call.from, "talks to", call.agent);
});
stream.addEventListener("user.message", (event) => console.log(JSON.parse(event.data).text));
stream.addEventListener("call.ended", (event) => console.log(JSON.parse(event.data).reason));`,
    react: `import { useEffect, useState } from "react";

export function LiveCalls({ url = "${url}" }) {
  const [calls, setCalls] = useState({});
  useEffect(() => {
    const stream = new EventSource(url);
    stream.addEventListener("call.started", (event) => {
      const call = JSON.parse(event.data);
      setCalls((known) => ({ ...known, [call.callId]: call }));
    });
    stream.addEventListener("call.ended", (event) => {
      const { callId } = JSON.parse(event.data);
      setCalls(({ [callId]: _ended, ...others }) => others);
    });
    return () => stream.close();
  }, [url]);
  return (
    <ul>
      {Object.values(calls).map(({ callId, from, agent }) => (
        <li key={callId}>{from} talks to {agent}</li>
      ))}
    </ul>
  );
}`,
  };
}
