/** Code that works as it stands, with the new token's own address in it; what a token may not do is not offered. */

export interface SnippetSource {
  readonly baseUrl: string;
  readonly token: string;
  readonly scopes: readonly string[];
  /** Of a stream, with a stream token in it; null where none could be made. */
  readonly streamUrl: string | null;
}

export interface Snippet {
  /** How a program is started, if it is one. */
  readonly command?: string;
  readonly code: string;
}

export type SnippetName = 'curl' | 'browser' | 'react' | 'node' | 'python' | 'send' | 'check';

/** In the order in which they are offered. */
export function snippetsOf(source: SnippetSource): ReadonlyMap<SnippetName, Snippet> {
  const { baseUrl, token, scopes, streamUrl } = source;
  const bearer = `-H "Authorization: Bearer ${token}"`;
  const reading: [SnippetName, Snippet][] = [
    ['curl', { code: `curl -N ${bearer} ${baseUrl}/v1/events` }],
    ['browser', { code: browserCode(streamUrl ?? `${baseUrl}/v1/events?token=…`) }],
    ['react', { code: REACT }],
    ['node', { command: `SWITCHBOARD_TOKEN=${token} node stream-url.mjs`, code: nodeCode(baseUrl) }],
    ['python', { command: `SWITCHBOARD_TOKEN=${token} python3 stream_url.py`, code: pythonCode(baseUrl) }],
  ];
  const sending: [SnippetName, Snippet] = ['send', { code: sendCode(baseUrl, bearer) }];
  const mayRead = scopes.some((scope) => scope === 'events:read');
  const maySend = scopes.some((scope) => scope === 'events:write');
  const offered = [...(mayRead ? reading : []), ...(maySend ? [sending] : [])];
  return new Map(offered.length > 0 ? offered : [['check', { code: `curl ${bearer} ${baseUrl}/v1/me` }]]);
}

const browserCode = (url: string) => `const stream = new EventSource("${url}");

stream.addEventListener("call.started", (event) => {
  const call = JSON.parse(event.data);
  console.log(call.callId, call.from, "talks to", call.agent);
});
stream.addEventListener("user.message", (event) => console.log(JSON.parse(event.data).text));
stream.addEventListener("call.ended", (event) => console.log(JSON.parse(event.data).reason));`;

const REACT = `import { useEffect, useState } from "react";

const newUrl = async () => (await (await fetch("/stream-url")).json()).url; // your own server: see Node and Python

export function LiveCalls() {
  const [calls, setCalls] = useState({});
  useEffect(() => {
    let stream, timer, left = false;
    const connect = async () => {
      const url = await newUrl().catch(() => undefined);
      if (left) return;
      if (url === undefined) return (timer = setTimeout(connect, 5000));
      stream = new EventSource(url);
      stream.addEventListener("call.started", (event) => {
        const call = JSON.parse(event.data);
        setCalls((known) => ({ ...known, [call.callId]: call }));
      });
      stream.addEventListener("call.ended", (event) => {
        const { callId } = JSON.parse(event.data);
        setCalls(({ [callId]: _ended, ...others }) => others);
      });
      stream.onerror = () => {
        // The browser reconnects by itself until the URL's token has expired.
        if (stream.readyState === EventSource.CLOSED) timer = setTimeout(connect, 1000);
      };
    };
    connect();
    return () => {
      left = true;
      clearTimeout(timer);
      stream?.close();
    };
  }, []);
  return (
    <ul>
      {Object.values(calls).map(({ callId, from, agent }) => (
        <li key={callId}>{from} talks to {agent}</li>
      ))}
    </ul>
  );
}`;

const nodeCode = (
  baseUrl: string,
) => `// stream-url.mjs: answers {"url", "expiresAt"}. Needs Node 18 or later and nothing else.
import { createServer } from "node:http";

const { SWITCHBOARD_TOKEN, PORT = "8081" } = process.env;

async function streamUrl() {
  const answer = await fetch("${baseUrl}/v1/stream-tokens", {
    method: "POST",
    headers: { Authorization: \`Bearer \${SWITCHBOARD_TOKEN}\`, "Content-Type": "application/json" },
    body: JSON.stringify({ ttl: "15m" }), // add agents: ["mara"] or types: ["call.*"] to narrow it
  });
  if (!answer.ok) throw new Error(await answer.text());
  const { token, expiresAt } = await answer.json();
  return { url: \`${baseUrl}/v1/events?token=\${token}\`, expiresAt };
}

const server = createServer(async (request, response) => {
  // Check here that the visitor is signed in to your own site.
  try {
    const body = JSON.stringify(await streamUrl());
    response.writeHead(200, { "Content-Type": "application/json", "Cache-Control": "no-store" }).end(body);
  } catch (error) {
    console.error(error);
    response.writeHead(502).end();
  }
});
server.listen(Number(PORT), "127.0.0.1", () => console.log(\`http://127.0.0.1:\${server.address().port}/stream-url\`));
`;

const pythonCode = (
  baseUrl: string,
) => `# stream_url.py: answers {"url", "expiresAt"}. Needs Python 3.8 or later and nothing else.
import json, os, sys, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def stream_url():
    request = urllib.request.Request(
        "${baseUrl}/v1/stream-tokens",
        method="POST",
        headers={"Authorization": "Bearer " + os.environ["SWITCHBOARD_TOKEN"], "Content-Type": "application/json"},
        data=json.dumps({"ttl": "15m"}).encode(),  # add "agents": ["mara"] or "types": ["call.*"] to narrow it
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        made = json.load(answer)
    return {"url": "${baseUrl}/v1/events?token=" + made["token"], "expiresAt": made["expiresAt"]}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        # Check here that the visitor is signed in to your own site.
        try:
            status, body = 200, json.dumps(stream_url()).encode()
        except OSError as error:
            print(error, file=sys.stderr)
            status, body = 502, b""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8081"))), Handler)
print(f"http://127.0.0.1:{server.server_port}/stream-url", flush=True)
server.serve_forever()
`;

const sendCode = (baseUrl: string, bearer: string) => `curl ${bearer} -H "Content-Type: application/json" \\
  -d '[{"event":"call.started","agent":"mara","callId":"test-1","from":"+34600000000"}]' \\
  ${baseUrl}/v1/ingest`;
