#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""A Helios client written from docs/protocol.md alone. Endpoints come from HELIOS_CONTROL and HELIOS_EVENTS.

usage: client.py run ACTION [PARAMS]          submits a task (parameters as JSON), prints its output at its end
       client.py query WHAT                   prints the answer as JSON, for example: client.py query status
       client.py events [PREFIX]              the present state, then events as JSON lines until Ctrl-C
"""
import json, os, sys, time, uuid  # noqa: E401
import msgpack
import zmq

CONTROL = os.environ.get("HELIOS_CONTROL", "tcp://127.0.0.1:7302")
EVENTS = os.environ.get("HELIOS_EVENTS", "tcp://127.0.0.1:7304")
ANSWER_S = 5  # no answer within this time: say it again


class Client:
    def __init__(self):
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.connect(CONTROL)

    def messages(self, seconds):
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.socket.poll(left * 1000):
                yield msgpack.unpackb(self.socket.recv())

    def ask(self, kind, wanted, **fields):
        """ask says it until one of the wanted messages answers; a second answer to the same ref does no harm."""
        ref = uuid.uuid4().hex
        for _ in range(6):
            self.socket.send(msgpack.packb({"type": kind, "ref": ref, **fields}))
            for m in self.messages(ANSWER_S):
                if m["type"] in wanted and m.get("ref") == ref:
                    return m
        sys.exit(f"no answer from {CONTROL}")

    def run(self, action, params):
        # With a key of its own it is safe to submit again: the same key is the same task (T3).
        request = {"action": action, "params": params, "key": uuid.uuid4().hex}
        answer = self.ask("submit", ("accepted", "rejected"), client="python", items=[request])
        if answer["type"] == "rejected":
            sys.exit(f"{answer['items'][0]['code']}: {answer['items'][0]['reason']}")
        task = answer["items"][0]["id"]
        while True:  # watch answers at once when it has ended already, so asking again loses nothing
            self.socket.send(msgpack.packb({"type": "watch", "ref": "w", "ids": [task]}))
            for m in self.messages(ANSWER_S):
                ended = [i for i in m.get("items", []) if m["type"] == "done" and i["id"] == task]
                if ended:
                    return ended[0]

    def query(self, what):
        answer = self.ask("query", ("reply",), what=what)
        return answer.get("data", {}) if answer["ok"] else sys.exit(f"{answer['code']}: {answer['error']}")

    def events(self, prefix=""):
        tap = zmq.Context.instance().socket(zmq.SUB)
        tap.setsockopt_string(zmq.SUBSCRIBE, prefix)
        tap.connect(EVENTS)
        now = self.query("snapshot")  # after the subscription: what happens meanwhile is kept by the socket
        yield now
        while True:
            event = msgpack.unpackb(tap.recv_multipart()[1])
            if (event["epoch"], event["seq"]) > (now["epoch"], now["event_seq"]):
                yield event


if __name__ == "__main__":
    verb, rest = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else sys.exit(__doc__)
    client = Client()
    if verb == "run":
        end = client.run(rest[0], json.loads(rest[1]) if len(rest) > 1 else {})
        print(end.get("output", b"").decode(errors="replace") or end.get("error", ""))
        sys.exit(end["state"] != "COMPLETED")
    for answer in [client.query(rest[0])] if verb == "query" else client.events(*rest):
        print(json.dumps(answer, default=repr), flush=True)
