#!/usr/bin/env python3
"""Takes "call somebody" from Switchboard, has a phone system do it, and tells Switchboard of the call.

    pip install standardwebhooks
    DIAL_SECRET=whsec_… URL=https://calls.example.com TOKEN=swb_… python3 click_to_call_receiver.py 8089

DIAL_SECRET is the `dial_secret` of the phone system in Switchboard, TOKEN one with the scope `events:write`. Put your own phone system's
way of ringing two phones into `dial`; a provider whose events go to Switchboard by themselves needs no `tell`.
"""

import json
import os
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["DIAL_SECRET"])
answers: dict[
    str, tuple[int, bytes]
] = {}  # what was answered to which webhook-id: the same again is not dialled again. Keep it where a restart does not lose it.
one_at_a_time = threading.Lock()


class Refused(Exception):
    """The phone system does not do it; the operator is shown why."""


def dial(extension, number, line, request_id):
    """Ring `extension`, then call `number` (and show `line`, if it is not empty). Answers the id that the call has at the phone system."""
    if not extension.isdigit():
        raise Refused(f"There is no phone {extension}.")
    print(f"ringing {extension}, then {number}", flush=True)  # noqa: T201
    return f"call-{request_id[-12:]}"


def tell(phone_system, event):
    """Post an event of the call. Repeat it until it is answered 2xx."""
    headers = {"Authorization": "Bearer " + os.environ["TOKEN"], "Content-Type": "application/json"}
    address = f"{os.environ['URL']}/api/v1/calls/events/?phone_system={phone_system}"
    request = urllib.request.Request(address, json.dumps(event).encode(), headers)  # noqa: S310
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            webhook.verify(body, dict(self.headers))  # also refuses what is older than five minutes
        except WebhookVerificationError:
            self.answer(401, {"reason": "The signature is not genuine."})
            return
        with one_at_a_time:
            known = answers.get(self.headers["webhook-id"])
            answers[self.headers["webhook-id"]] = status, said = known or self.carry_out(json.loads(body))
        self.answer(status, said)

    def carry_out(self, command):
        if command["kind"] != "dial":
            return 422, {"reason": "This phone system only dials."}
        asked = command["dial"]
        try:
            call_id = dial(asked["extension"], asked["number"], asked["line"], asked["call_request_id"])
        except Refused as why:
            return 422, {"reason": str(why)}
        event = {
            "type": "call.initiated",
            "call_id": call_id,
            "call_request_id": asked["call_request_id"],
            "direction": "outbound",
            "from": asked["extension"],
            "to": asked["number"],
            "agent": asked["extension"],
        }
        threading.Thread(target=tell, args=(command["phone_system"], event)).start()
        return 200, {"call_id": call_id}

    def answer(self, status, said):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
