#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""A Helios agent written from docs/protocol.md alone: it offers the actions `echo` and `add`.

usage: agent.py ENDPOINT [ID [SWARM]]        for example: agent.py tcp://127.0.0.1:7301 py1 backend
"""
import signal, sys, time, uuid  # noqa: E401
import msgpack
import zmq

CREDIT, AGAIN_S = 8, 1.0  # attempts that we hold at most; the pause before anything is said again
ACTIONS = {"echo": lambda p: p["text"], "add": lambda p: str(p["a"] + p["b"])}
MANIFEST = [{"name": name, "params": [{"name": p, "kind": kind, "required": True} for p in params]}
            for name, kind, params in (("echo", "string", ["text"]), ("add", "int", ["a", "b"]))]


class Agent:
    def __init__(self, endpoint, name="py1", swarm="backend"):
        self.me = {"agent": name, "instance": uuid.uuid4().hex, "swarm": swarm, "slots": 1,
                   "prefetch": CREDIT - 1, "actions": MANIFEST, "version": "example"}
        self.epoch = self.answered = self.hello_at = self.beat_at = self.results_at = 0
        self.beat_s, self.welcomed, self.leaving = AGAIN_S, False, False
        self.results = {}  # (task, attempt) -> result, until it is acknowledged
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger = 500
        self.socket.connect(endpoint)

    def say(self, kind, **fields):
        if self.socket.poll(0, zmq.POLLOUT):  # a full queue is no harm: all that matters is said again
            self.socket.send(msgpack.packb({"type": kind, **fields}))

    def run(self, task):
        answer = {"task": task["id"], "attempt": task["attempt"], "outcome": "COMPLETED"}
        try:
            return answer | {"output": ACTIONS[task["action"]](task.get("params", {})).encode()}
        except (KeyError, TypeError, AttributeError) as error:
            return answer | {"outcome": "REFUSED", "error": f"wrong action or parameters: {error!r}"}

    def receive(self, m, now):
        if m.get("epoch", self.epoch) < self.epoch:
            return  # a leader of the past
        self.epoch, items, retry_ms = m.get("epoch", self.epoch), m.get("items", []), m.get("retry_ms", 1000)
        if m["type"] == "welcome":
            self.welcomed, self.answered, self.beat_s, self.results_at = True, now, m["beat_ms"] / 1000, 0
        elif m["type"] == "refuse":
            print("refused:", m["code"], m["reason"], file=sys.stderr)
            self.welcomed, self.hello_at, self.leaving = False, now + retry_ms / 1000, self.leaving or not retry_ms
        elif m["type"] == "beat_ok":
            self.answered, self.welcomed = now, self.welcomed and not m.get("again", False)
            self.leaving = self.leaving or m.get("drain", False)
        elif m["type"] == "tasks":
            self.results |= {held: self.run(t) for t in items
                             if (held := (t["id"], t["attempt"])) not in self.results}
            self.results_at = 0
        elif m["type"] == "results_ok":
            for item in items:
                self.results.pop((item["task"], item["attempt"]), None)

    def tick(self, now):
        self.welcomed = self.welcomed and now - self.answered < 3 * self.beat_s
        if not self.welcomed and now >= self.hello_at:
            self.hello_at = now + AGAIN_S
            self.say("hello", **self.me, epoch=self.epoch, holds=[f"{t}/{a}" for t, a in self.results])
        if self.welcomed and now >= self.beat_at:
            self.beat_at = now + self.beat_s
            self.say("beat", free=max(0, CREDIT - len(self.results)))
        if self.welcomed and self.results and now >= self.results_at:
            self.results_at = now + AGAIN_S
            self.say("results", items=list(self.results.values()))


if __name__ == "__main__":
    agent = Agent(*sys.argv[1:4]) if len(sys.argv) > 1 else sys.exit(__doc__)
    signal.signal(signal.SIGTERM, lambda *_: setattr(agent, "leaving", True))
    while agent.results or not agent.leaving:
        agent.tick(time.monotonic())
        if agent.socket.poll(50):
            agent.receive(msgpack.unpackb(agent.socket.recv()), time.monotonic())
    agent.say("bye", reason="done")
