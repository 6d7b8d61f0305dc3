# python3 receiver.py: needs nothing but Python, and the secret in WEBHOOK_SECRET.
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
