# SPDX-License-Identifier: MPL-2.0
"""Agents and clients of Helios in Python: the same calls as libhelios (include/helios/*.h), written from docs/protocol.md alone.
Needs pyzmq and msgpack (Debian: python3-zmq, python3-msgpack).

    with Client() as client:
        print(client.run("echo", {"text": "hi"}).output)

    agent = Agent("greeter", "backend")
    agent.action("greet", lambda a: a.complete(f"hello {a.params['name']}"), name=str)
    agent.run()

Controllers are named as everywhere: data directories or tcp://HOST, from `controllers`, $HELIOS_CONTROLLER, $HELIOS_DATA or ./data; our
key from `identity` or $HELIOS_IDENTITY, the keys of hosts from `controller_keys` or $HELIOS_CONTROLLER_KEY.
"""

import dataclasses
import getpass
import json
import math
import os
import pathlib
import time
import uuid

import msgpack
import zmq

AGAIN_S = 1.0  # what nobody has answered is said again
LOOK_S = 0.5  # between two looks at an endpoints.json
SILENT_BEATS = 3  # unanswered: the controller is greeted anew
PORTS = {"agents": 7301, "control": 7302, "kpi": 7303, "events": 7304}
LATER = ("not_leader", "busy", "full")  # refusals after which the same is said again
OUTPUT_MAX, CHECKPOINT_MAX = 64 * 1024, 16 * 1024
PRIORITIES = {"emergency": 0, "high": 1, "usual": 2, "low": 3, "idle": 4}
KINDS = {str: "string", int: "int", float: "number", bool: "bool", dict: "json", list: "json"}


class Error(Exception):
    """What did not work, in a sentence; `code` is the wire's, as bad_request, or "" when nobody answered."""

    def __init__(self, text, code=""):
        super().__init__(text)
        self.code = code


# ---- where the controllers are


def read_key(file):
    """read_key gives the fields of a key file: name, public, secret."""
    lines = (line.split(":", 1) for line in pathlib.Path(file).read_text("ascii").splitlines() if not line.startswith("#"))
    return {name.strip(): value.strip() for name, value in lines}


class Place:
    """One controller: its endpoints and its public key, read anew when it has been started again."""

    def __init__(self, where, key):
        self.where, self.key, self.endpoints, self.looked = where, key, {}, 0.0
        if where.startswith("tcp://"):
            self.endpoints = {name: f"{where}:{port}" for name, port in PORTS.items()}

    def look(self, now):
        """look answers whether its endpoints have changed."""
        if self.where.startswith("tcp://") or now - self.looked < LOOK_S:
            return False
        self.looked, before = now, (self.endpoints, self.key)
        try:
            read = json.loads((pathlib.Path(self.where) / "endpoints.json").read_text("utf-8"))
            self.endpoints, self.key = {name: read[name] for name in PORTS}, read.get("key", "")
        except (OSError, ValueError, KeyError):
            return False  # it is being started again: what was known may still be true
        return (self.endpoints, self.key) != before


class Peers:
    """All controllers, and sockets to them with our key when they ask for one."""

    def __init__(self, controllers=None, identity=None, controller_keys=None):
        named = controllers or os.environ.get("HELIOS_CONTROLLER") or os.environ.get("HELIOS_DATA") or "./data"
        keys = (controller_keys or os.environ.get("HELIOS_CONTROLLER_KEY") or "").split()
        keys = [key if len(key) == 40 else read_key(key)["public"] for key in keys]
        identity = identity or os.environ.get("HELIOS_IDENTITY")
        self.own = read_key(identity) if identity else None
        self.places = [Place(where, key) for where, key in
                       zip(filter(None, named.split(",")), keys + [""] * named.count(",") + [""])]
        for place in self.places:
            place.look(time.monotonic())
        if not any(place.endpoints for place in self.places):
            raise Error(f"no controller runs with the data directory {named} (it has no endpoints.json)")

    def connect(self, place, endpoint, kind=zmq.DEALER, linger=0):
        if endpoint not in place.endpoints:
            return None
        socket = zmq.Context.instance().socket(kind)
        socket.linger = linger
        if place.key:
            if self.own is None:
                raise Error(f"{place.where} asks for a key: make one with `helios keys new`, and name it in $HELIOS_IDENTITY")
            socket.curve_publickey, socket.curve_secretkey = self.own["public"].encode(), self.own["secret"].encode()
            socket.curve_serverkey = place.key.encode()
        if kind == zmq.SUB:
            socket.setsockopt_string(zmq.SUBSCRIBE, "")
        socket.connect(place.endpoints[endpoint])
        return socket


def say(socket, kind, **fields):
    if socket and socket.poll(0, zmq.POLLOUT):  # a full queue is no harm: all that matters is said again
        socket.send(msgpack.packb({"type": kind, **fields}))


def received(sockets, wait_s):
    """received gives (index, message) of all that has come, after at most wait_s."""
    poller = zmq.Poller()
    for socket in filter(None, sockets):
        poller.register(socket, zmq.POLLIN)
    if not poller.poll(max(0, wait_s) * 1000):
        return
    for i, socket in enumerate(sockets):
        while socket and socket.poll(0):
            yield i, msgpack.unpackb(socket.recv())


class Source:
    """Measurements, numbered (H1), to every controller."""

    def __init__(self, peers, name):
        self.peers, self.name, self.instance, self.sent = peers, name, uuid.uuid4().hex, 0
        self.sockets, self.heard = {}, False

    def send(self, kpi, value, at=0, patience_s=2.0):
        if not math.isfinite(value):
            raise Error(f"{kpi}: a value that is not finite was not measured", "bad_args")
        for place in self.peers.places:
            endpoint = place.endpoints.get("kpi")
            if endpoint and endpoint not in self.sockets:
                self.sockets[endpoint] = self.peers.connect(place, "kpi", zmq.XPUB, 500)
        until = time.monotonic() + patience_s  # what is sent before somebody listens is lost
        while not self.heard and time.monotonic() < until:
            self.heard = any(socket.poll(10) for socket in self.sockets.values())
        self.sent += 1
        item = {"kpi": kpi, "value": float(value), "at": int(at or time.time() * 1000)}
        for socket in self.sockets.values():
            say(socket, "samples", source=self.name, instance=self.instance, first=self.sent, items=[item])

    def close(self):
        for socket in self.sockets.values():
            socket.close()


# ---- clients


@dataclasses.dataclass
class Result:
    """How a task ended: COMPLETED, FAILED, CANCELLED or UNKNOWN."""

    state: str
    output: str = ""
    data: dict = dataclasses.field(default_factory=dict)
    error: str = ""
    attempts: int = 1


class Client:
    """Submits, waits, asks, measures. Everything is said to all controllers, again and again, until the one that leads has answered."""

    def __init__(self, controllers=None, identity=None, controller_keys=None, name="python", timeout_s=30.0):
        self.peers, self.name, self.timeout_s = Peers(controllers, identity, controller_keys), name, timeout_s
        self.sockets = [self.peers.connect(place, "control") for place in self.peers.places]
        self.source, self.watched, self.on_end = Source(self.peers, name), {}, None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.source.close()
        for socket in filter(None, self.sockets):
            socket.close()

    def _heard(self, wait_s):
        for i, place in enumerate(self.peers.places):
            if place.look(time.monotonic()):
                if self.sockets[i]:
                    self.sockets[i].close()
                self.sockets[i] = self.peers.connect(place, "control")
        for _, m in received(self.sockets, wait_s):
            for end in m.get("items", []) if m["type"] == "done" else []:
                if end["id"] in self.watched:
                    self.watched[end["id"]] = end
            yield m

    def _ask(self, kind, wanted, **fields):
        ref, until, why = uuid.uuid4().hex, time.monotonic() + self.timeout_s, ("no controller has answered", "")
        while time.monotonic() < until:
            again = time.monotonic() + AGAIN_S
            for socket in self.sockets:
                say(socket, kind, ref=ref, **fields)
            while time.monotonic() < again:
                for m in self._heard(again - time.monotonic()):
                    if m["type"] not in wanted or m.get("ref") != ref:
                        continue
                    refusal = m["items"][0] if m["type"] == "rejected" else m
                    if refusal.get("code", "ok") not in LATER:
                        return m
                    why = (refusal.get("reason") or refusal.get("error") or refusal["code"], refusal["code"])
        raise Error(*why)

    def submit(self, action, params=None, key=None, priority="usual", **more):
        """submit answers the task's id. more: fields of `request` in docs/protocol.md, as swarm, after, locks or not_before."""
        request = {"action": action, "params": params or {}, "key": key or uuid.uuid4().hex, "priority": PRIORITIES[priority], **more}
        answer = self._ask("submit", ("accepted", "rejected"), client=self.name, items=[request])
        if answer["type"] == "rejected":
            raise Error(answer["items"][0]["reason"], answer["items"][0]["code"])
        return answer["items"][0]["id"]

    def watch(self, task):
        """watch: on_end(task, result) is called, once, from turn or a call that waits."""
        self.watched.setdefault(task, None)
        for socket in self.sockets:
            say(socket, "watch", ref="w", ids=[task])  # answered at once when it has ended already

    def turn(self, wait_s=0.0):
        for _ in self._heard(wait_s):
            pass
        for task in [t for t, end in self.watched.items() if end and self.on_end]:
            self.on_end(task, self._result(self.watched.pop(task)))

    @staticmethod
    def _result(end):
        return Result(end["state"], end.get("output", b"").decode(errors="replace"), end.get("data") or {}, end.get("error", ""),
                      end.get("attempts", 1))

    def wait(self, task, timeout_s=math.inf):
        until = time.monotonic() + timeout_s
        while not self.watched.get(task):
            if time.monotonic() >= until:
                raise Error(f"{task} has not ended; it goes on")
            self.watch(task)
            again = min(until, time.monotonic() + AGAIN_S)
            while not self.watched[task] and time.monotonic() < again:
                for _ in self._heard(again - time.monotonic()):
                    pass
        return self._result(self.watched.pop(task))

    def run(self, action, params=None, timeout_s=math.inf, **more):
        return self.wait(self.submit(action, params, **more), timeout_s)

    def _reply(self, answer):
        if not answer["ok"]:
            raise Error(answer["error"], answer["code"])
        return answer.get("data", {})

    def query(self, what, **args):
        return self._reply(self._ask("query", ("reply",), what=what, args=args))

    def command(self, verb, **args):
        author = os.environ.get("HELIOS_AUTHOR") or getpass.getuser()
        return self._reply(self._ask("command", ("reply",), verb=verb, args=args, author=author))

    def publish(self, kpi, value, at=0):
        self.source.send(kpi, value, at)

    def events(self, prefix=""):
        """events gives the present state, then every event whose topic begins so, for ever."""
        taps = [self.peers.connect(place, "events", zmq.SUB) for place in self.peers.places]
        now = self.query("snapshot")  # after the subscription: what happens meanwhile is kept by the socket
        yield now
        poller = zmq.Poller()
        for tap in filter(None, taps):
            poller.register(tap, zmq.POLLIN)
        while True:
            for tap, _ in poller.poll():
                event = msgpack.unpackb(tap.recv_multipart()[1])
                if (event["epoch"], event["seq"]) > (now["epoch"], now["event_seq"]) and event["topic"].startswith(prefix):
                    yield event


# ---- agents


class Attempt:
    """One attempt of a task. End it once: complete, complete_json or fail."""

    def __init__(self, agent, task):
        self.agent, self.task, self.number, self.action = agent, task["id"], task["attempt"], task["action"]
        self.params, self.key, self.saved = dict(task.get("params") or {}), task.get("key", ""), task.get("checkpoint") or None
        self.until = time.monotonic() + (task.get("timeout_ms") or 3600_000) / 1000
        self.began, self.percent, self.note, self.checkpoint = 0.0, 0, "", b""
        self.cancelled, self.on_cancel, self.result = False, None, None

    def progress(self, percent, note=""):
        self.percent, self.note = max(0, min(100, int(percent))), note[:256]

    def save(self, checkpoint):
        if not 0 < len(checkpoint) <= CHECKPOINT_MAX:
            raise Error("a checkpoint has 1 to 16384 bytes", "bad_args")
        self.checkpoint = checkpoint
        self.agent.beat_at = 0.0

    def wait(self, seconds=0.0):
        """wait lets the agent speak and listen; False: end now. Only inside the handler."""
        end = time.monotonic() + seconds
        self.agent.turn(seconds)
        while not self.stopped() and (left := end - time.monotonic()) > 0:
            self.agent.turn(left)
        return not self.stopped()

    def stopped(self):
        return self.cancelled or time.monotonic() >= self.until or self.agent.gone

    def complete(self, output=""):
        text = output.encode() if isinstance(output, str) else bytes(output)
        self._end("COMPLETED", output=text[:OUTPUT_MAX], cut=len(text) > OUTPUT_MAX)

    def complete_json(self, data):
        self._end("COMPLETED", data=dict(data))

    def fail(self, error):
        self._end("FAILED", exit_code=1, error=str(error))

    def _end(self, outcome, **fields):
        if self.cancelled:
            outcome, fields = "CANCELLED", {"error": "cancelled"}
        elif time.monotonic() >= self.until:
            outcome, fields = "TIMEOUT", {"error": "its time was over"}
        elapsed = int((time.monotonic() - self.began) * 1000) if self.began else 0
        self.result = {"task": self.task, "attempt": self.number, "outcome": outcome, "elapsed_ms": elapsed, **fields}
        self.agent.results_at, self.agent.ended = 0.0, self.agent.ended + 1


@dataclasses.dataclass
class Action:
    call: object
    params: dict

    def refuse(self, params):
        """refuse gives the sentence why these are not its parameters; "" when they are."""
        for name, kind in self.params.items():
            if name not in params:
                return f"the parameter {name} is missing"
            fits = isinstance(params[name], (int, float) if kind is float else kind)
            if not fits or (kind is not bool and isinstance(params[name], bool)):
                return f"the parameter {name} must be a {KINDS[kind]}"
        unknown = sorted(params.keys() - self.params.keys())
        return f"there is no parameter {unknown[0]}" if unknown else ""


class Link:
    """The tie to one controller: greeted until it welcomes, then beats."""

    def __init__(self, place, socket):
        self.place, self.socket, self.welcomed, self.epoch = place, socket, False, 0
        self.hello_at, self.answered, self.beat_s = 0.0, 0.0, AGAIN_S


class Agent:
    """Offers actions and runs them; a result is said again until the controller has it."""

    def __init__(self, id, swarm, controllers=None, identity=None, controller_keys=None, slots=1, prefetch=0, stop_s=10.0):
        self.peers = Peers(controllers, identity, controller_keys)
        self.me = {"agent": id, "instance": uuid.uuid4().hex, "swarm": swarm, "slots": slots, "prefetch": prefetch, "version": "python"}
        self.slots, self.room, self.stop_s = slots, slots + prefetch, stop_s
        self.links = [Link(place, self.peers.connect(place, "agents", linger=500)) for place in self.peers.places]
        self.source, self.actions, self.timers = Source(self.peers, id), {}, []
        self.attempts = {}  # (task, attempt) → Attempt, until its result is acknowledged
        self.epoch = self.hellos = self.ended = 0
        self.beat_at = self.results_at = 0.0
        self.leave_at, self.draining, self.gone, self.calling = None, False, False, False

    def action(self, name, call, **params):
        """action offers one: call(attempt) ends it, then or later. params: name=type, all required."""
        self.actions[name] = Action(call, params)

    def every(self, seconds, call):
        self.timers.append([time.monotonic() + seconds, seconds, call])

    def sample(self, kpi, value):
        self.source.send(kpi, value, patience_s=0)

    def stop(self):
        """stop: nothing new is begun, what runs may end within stop_s, then it leaves. Safe in a signal handler."""
        self.leave_at = 0.0 if self.leave_at is not None else time.monotonic() + self.stop_s

    def run(self):
        while not self.gone:
            self.turn(0.2)

    def turn(self, wait_s=0.0):
        """turn does what is due and waits at most wait_s."""
        waiting = any(not a.began for a in self.attempts.values()) and not self.calling
        for i, m in received([link.socket for link in self.links], 0 if waiting else min(wait_s, 0.05)):
            self._take(self.links[i], m, time.monotonic())
        now = time.monotonic()
        for link in self.links:
            self._tend(link, now)
        for timer in [t for t in self.timers if now >= t[0]]:
            timer[0] = now + timer[1]
            timer[2](self)
        if not self.calling:
            self._start()
        self._report(time.monotonic())

    # -- what controllers say

    def _obey(self, link, epoch):
        if epoch < self.epoch:
            link.welcomed = False  # a leader of the past
            return False
        self.epoch = epoch
        return True

    def _take(self, link, m, now):
        if m["type"] == "refuse":
            link.welcomed, link.hello_at = False, now + m.get("retry_ms", 60000) / 1000
        elif m["type"] == "results_ok":
            for item in m["items"]:
                self.attempts.pop((item["task"], item["attempt"]), None)
        elif not self._obey(link, m.get("epoch", self.epoch)):
            return
        elif m["type"] == "welcome":
            link.welcomed, link.epoch, link.answered, link.beat_s = True, m["epoch"], now, m["beat_ms"] / 1000
            self.beat_at = self.results_at = 0.0
        elif m["type"] == "beat_ok":
            link.answered, link.welcomed = now, link.welcomed and not m.get("again", False)
            self.draining = m.get("drain", False)
            for item in m.get("cancels", []):
                self._cancel((item["task"], item["attempt"]))
        elif m["type"] == "tasks" and self.leave_at is None:
            for task in m["items"]:
                self.attempts.setdefault((task["id"], task["attempt"]), Attempt(self, task))

    def _cancel(self, held):
        attempt = self.attempts.get(held)
        if attempt is None or attempt.result or attempt.cancelled:
            return
        attempt.cancelled = True
        if not attempt.began:
            attempt.fail("cancelled before it began")
        elif attempt.on_cancel:
            attempt.on_cancel(attempt)

    # -- what we say

    def _leader(self):
        return next((link for link in self.links if link.welcomed and link.epoch == self.epoch), None)

    def _tend(self, link, now):
        if link.place.look(now):
            if link.socket:
                link.socket.close()
            link.socket, link.welcomed, link.hello_at = self.peers.connect(link.place, "agents", linger=500), False, 0.0
        if link.welcomed and now - link.answered >= SILENT_BEATS * link.beat_s:
            link.welcomed = False
        if not link.welcomed and now >= link.hello_at:
            link.hello_at, self.hellos = now + AGAIN_S, self.hellos + 1
            offered = [{"name": name, "params": [{"name": p, "kind": KINDS[kind], "required": True} for p, kind in a.params.items()]}
                       for name, a in self.actions.items()]
            say(link.socket, "hello", **self.me, actions=offered, epoch=self.epoch, nth=self.hellos,
                holds=[f"{task}/{number}" for task, number in self.attempts])

    def _start(self):
        for attempt in list(self.attempts.values()):
            running = sum(1 for a in self.attempts.values() if a.began and not a.result)
            if attempt.began or attempt.result or running >= self.slots or self.leave_at is not None:
                continue
            attempt.began, action, self.calling = time.monotonic(), self.actions.get(attempt.action), True
            try:
                refusal = action.refuse(attempt.params) if action else f"there is no action {attempt.action}"
                if refusal:
                    attempt._end("REFUSED", error=refusal)
                else:
                    action.call(attempt)
            except Exception as error:  # the task's trouble, not the agent's
                attempt.fail(f"{type(error).__name__}: {error}")
            finally:
                self.calling = False

    def _report(self, now):
        leader, running = self._leader(), [a for a in self.attempts.values() if a.began and not a.result]
        done = [a.result for a in self.attempts.values() if a.result]
        if leader and now >= self.beat_at:
            self.beat_at, leaving = now + leader.beat_s, self.leave_at is not None or self.draining
            say(leader.socket, "beat", free=0 if leaving else max(0, self.room - len(self.attempts) + len(done)), done=self.ended,
                running=[{"task": a.task, "attempt": a.number, "percent": a.percent, "note": a.note, "checkpoint": a.checkpoint}
                         for a in running])
        if leader and done and now >= self.results_at:
            self.results_at = now + AGAIN_S
            say(leader.socket, "results", items=done)
        hurried = self.leave_at is not None and now >= self.leave_at
        if (self.leave_at is not None or self.draining) and (hurried or not (done or running)):
            for link in self.links:
                say(link.socket, "bye", reason="drained" if self.draining else "stopped")
                if link.socket:
                    link.socket.close()
                    link.socket = None
            self.source.close()
            self.gone = True
