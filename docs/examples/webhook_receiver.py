#!/usr/bin/env python3
"""Takes news from Switchboard: checks the signature, tells doubles by their id, passes over what is older than what it has.

    pip install standardwebhooks
    WEBHOOK_SECRET=whsec_… python3 webhook_receiver.py 8090

WEBHOOK_SECRET was shown once, when the webhook was made. Put what your system does with news into `take`.
"""

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["WEBHOOK_SECRET"])
seen: set[str] = set()  # keep both in your database, in the transaction of what you do about the news
versions: dict[str, int] = {}
one_at_a_time = threading.Lock()


def take(news):
    """What your system does about it."""
    print(f"{news['type']} {news['object_kind']} {news['object_id']} {json.dumps(news['data'])}", flush=True)  # noqa: T201


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # the connection is kept: many come one after the other

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            news = webhook.verify(body, dict(self.headers))  # also refuses what is older than five minutes
        except WebhookVerificationError:
            self.answer(401)
            return
        with one_at_a_time:
            if news["id"] not in seen:
                if news["object_version"] >= versions.get(news["object_id"], 0):
                    try:
                        take(news)
                    except Exception as error:
                        print(f"{news['id']} was not taken: {error!r}", file=sys.stderr, flush=True)  # noqa: T201
                        self.answer(503)  # not 2xx: it comes again, and is not known as seen
                        return
                    versions[news["object_id"]] = news["object_version"]
                seen.add(news["id"])
        self.answer(204)  # any 2xx; a double too, or it comes again

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        """Quiet."""


if __name__ == "__main__":
    ThreadingHTTPServer(("0.0.0.0", int(sys.argv[1])), Receiver).serve_forever()  # noqa: S104
