#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""A Helios client written from docs/protocol.md alone. Endpoints come from HELIOS_CONTROL and HELIOS_EVENTS: those of all
controllers, with commas between. Everything is said to all of them, again and again, until the one that leads has answered.

usage: client.py run ACTION [PARAMS]          submits a task (parameters as JSON), prints its output at its end
       client.py query WHAT                   prints the answer as JSON, for example: client.py query status
       client.py events [PREFIX]              the present state, then events as JSON lines until Ctrl-C
"""
import json, os, sys, time, uuid  # noqa: E401
import msgpack
import zmq

CONTROL = os.environ.get("HELIOS_CONTROL", "tcp://127.0.0.1:7302").split(",")
EVENTS = os.environ.get("HELIOS_EVENTS", "tcp://127.0.0.1:7304").split(",")
AGAIN_S, PATIENCE_S = 1, 30  # no answer within this time: say it again; give up
PASSES = ("not_leader", "busy", "full")  # refusals after which the same is said again


class Client:
    def __init__(self):
        self.poller, self.sockets = zmq.Poller(), [zmq.Context.instance().socket(zmq.DEALER) for _ in CONTROL]
        for socket, endpoint in zip(self.sockets, CONTROL):
            socket.linger = 0
            socket.connect(endpoint)
            self.poller.register(socket, zmq.POLLIN)

    def say(self, kind, **fields):
        """say tells all controllers, and gives what any of them answers until it is time to say it again."""
        for socket in self.sockets:
            socket.send(msgpack.packb({"type": kind, **fields}))
        until = time.monotonic() + AGAIN_S
        while (left := until - time.monotonic()) > 0:
            for socket, _ in self.poller.poll(left * 1000):
                yield msgpack.unpackb(socket.recv())

    def ask(self, kind, wanted, **fields):
        """ask says it until the leader answers; a second answer to the same ref does no harm."""
        ref, until, refusal = uuid.uuid4().hex, time.monotonic() + PATIENCE_S, "no answer"
        while time.monotonic() < until:
            for m in self.say(kind, ref=ref, **fields):
                if m["type"] not in wanted or m.get("ref") != ref:
                    continue
                refusal = m["items"][0]["code"] if m["type"] == "rejected" else m.get("code", "")
                if refusal not in PASSES:
                    return m
        sys.exit(f"{refusal} from {CONTROL}")

    def run(self, action, params):
        # With a key of its own it is safe to submit again: the same key is the same task (T3).
        request = {"action": action, "params": params, "key": uuid.uuid4().hex}
        answer = self.ask("submit", ("accepted", "rejected"), client="python", items=[request])
        if answer["type"] == "rejected":
            sys.exit(f"{answer['items'][0]['code']}: {answer['items'][0]['reason']}")
        task = answer["items"][0]["id"]
        while True:  # watch answers at once when it has ended already, so asking again loses nothing
            for m in self.say("watch", ref="w", ids=[task]):
                ended = [i for i in m.get("items", []) if m["type"] == "done" and i["id"] == task]
                if ended:
                    return ended[0]

    def query(self, what):
        answer = self.ask("query", ("reply",), what=what)
        return answer.get("data", {}) if answer["ok"] else sys.exit(f"{answer['code']}: {answer['error']}")

    def events(self, prefix=""):
        tap = zmq.Context.instance().socket(zmq.SUB)
        tap.setsockopt_string(zmq.SUBSCRIBE, prefix)
        for endpoint in EVENTS:
            tap.connect(endpoint)
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
