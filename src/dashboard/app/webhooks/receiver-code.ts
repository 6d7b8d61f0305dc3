/** The receivers of examples/webhooks, word for word, to copy; test/dashboard/receivers.spec.ts compares them. */

export interface Receiver {
  readonly command: string;
  readonly code: string;
}

export const RECEIVERS = {
  node: {
    command: 'WEBHOOK_SECRET=whsec_… node receiver.mjs',
    code: `// node receiver.mjs: needs \`npm i standardwebhooks\`, and the secret in WEBHOOK_SECRET.
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';

const webhook = new Webhook(process.env.WEBHOOK_SECRET);
createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray()).toString();
  try {
    const { type, id, data } = webhook.verify(body, request.headers);
    console.log(id, type, data);
    response.writeHead(204).end();
  } catch {
    response.writeHead(400).end();
  }
}).listen(Number(process.env.PORT ?? 8080));
`,
  },
  python: {
    command: 'WEBHOOK_SECRET=whsec_… python3 receiver.py',
    code: `# python3 receiver.py: needs nothing but Python, and the secret in WEBHOOK_SECRET.
import base64, hashlib, hmac, json, os, time
from http.server import BaseHTTPRequestHandler, HTTPServer

KEY = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        name, at = self.headers["webhook-id"], self.headers["webhook-timestamp"]
        digest = hmac.new(KEY, f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
        wanted = "v1," + base64.b64encode(digest).decode()
        given = self.headers["webhook-signature"].split(" ")
        known = abs(time.time() - int(at)) < 300 and any(hmac.compare_digest(wanted, one) for one in given)
        if known:
            event = json.loads(body)
            print(event["id"], event["type"], event["data"], flush=True)
        self.send_response(204 if known else 400)
        self.end_headers()


HTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), Receiver).serve_forever()
`,
  },
  php: {
    command: 'WEBHOOK_SECRET=whsec_… php -S 127.0.0.1:8080 receiver.php',
    code: `<?php // php -S 127.0.0.1:8080 receiver.php: needs nothing but PHP, and the secret in WEBHOOK_SECRET.
$key = base64_decode(substr(getenv('WEBHOOK_SECRET'), strlen('whsec_')));
$body = file_get_contents('php://input');
[$id, $at] = [$_SERVER['HTTP_WEBHOOK_ID'] ?? '', $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '0'];
$wanted = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$at.$body", $key, true));
$isKnown = abs(time() - (int) $at) < 300;
$matches = array_filter(explode(' ', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? ''), fn ($one) => hash_equals($wanted, $one));
http_response_code($isKnown && $matches ? 204 : 400);
if ($isKnown && $matches) error_log(json_decode($body)->id . ' ' . json_decode($body)->type);
`,
  },
} as const satisfies Record<string, Receiver>;
