# SPDX-License-Identifier: MPL-2.0
"""Who uses the realm while it is harmed: clients that know every controller, a source of samples, and a person who looks after it.
Each is a thread of its own with sockets of its own. What clients see they tell the history as facts."""

import random
import threading
import time
import uuid
import zlib

import msgpack
import zmq

from world import now_ms, toy

ANSWER_S = 1.0   # a submit that is not answered in this time is sent again, to the next controller
WATCH_S = 2.0    # so often a client asks again for the end of its tasks
AT_ONCE = 40     # submits of one client that are under way

# kind: (weight, what its request says). An attempt that hangs ends by its time.
SHORT = {"attempt_ms": 1500, "max_attempts": 2}
KINDS = {
    "quick": (60, {}),
    "slow": (6, {"max_attempts": 10}),
    "once": (15, {"at_most_once": True}),
    "flaky": (6, {"max_attempts": 10}),
    "crash": (2, SHORT),
    "hang": (1, SHORT),
    "fork": (1, SHORT),
    "fill": (1, SHORT),
    "loud": (0.1, SHORT),
    "deaf": (1, SHORT),
}


class Facts:
    """Facts collects what was seen, from all threads."""

    def __init__(self):
        self.lock, self.all = threading.Lock(), []

    def add(self, fact, at=None, **fields):
        with self.lock:
            self.all.append({"at": now_ms() if at is None else at, "fact": fact, **{k: v for k, v in fields.items() if v}})


def stands_by(message):
    return "not_leader" in (message.get("code"), *(item.get("code") for item in message.get("items", [])))


class Controllers:
    """One DEALER for each controller; the one that answered last is asked first (docs/reliability.md)."""

    def __init__(self, ways):
        self.sockets, self.best = [], 0
        for way in ways:
            self.sockets.append(zmq.Context.instance().socket(zmq.DEALER))
            self.sockets[-1].linger = 0
            self.sockets[-1].connect(way["control"])

    def say(self, kind, **fields):
        try:
            self.sockets[self.best].send(msgpack.packb({"type": kind, **fields}), zmq.NOBLOCK)
        except zmq.Again:
            self.other()

    def other(self):
        self.best = (self.best + 1) % len(self.sockets)

    def hear(self, patience_s):
        """hear answers one message that came from any of them, or None."""
        ready = zmq.select(self.sockets, [], [], patience_s)[0]
        if not ready:
            return None
        message, index = msgpack.unpackb(ready[0].recv()), self.sockets.index(ready[0])
        if not stands_by(message):
            self.best = index
        elif self.best == index:
            self.other()
        return message

    def ask(self, kind, patience_s=20, **fields):
        """ask sends a question until a leader has answered it; None when patience ends."""
        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            ref = uuid.uuid4().hex
            self.say(kind, ref=ref, **fields)
            answer_by = time.monotonic() + ANSWER_S
            while (left := answer_by - time.monotonic()) > 0:
                message = self.hear(left)
                if message and message.get("ref") == ref:
                    break
            else:
                self.other()
                continue
            if message.get("code") not in ("not_leader", "busy"):
                return message
            time.sleep(0.05)
        return None

    def close(self):
        for socket in self.sockets:
            socket.close()


def digest(request):
    return zlib.crc32(msgpack.packb(request))


class Thread(threading.Thread):
    """A thread that is told to stop. What it raises is the run's failure."""

    def __init__(self, failures):
        super().__init__(daemon=True)
        self.stopping, self.failures = threading.Event(), failures

    def run(self):
        try:
            self.work()
        except BaseException as error:
            self.failures.append(f"{type(self).__name__}: {error!r}")
            raise

    def stop(self):
        self.stopping.set()


class Client(Thread):
    """A client submits tasks with keys until each is answered, and watches those that were accepted until they are done."""

    def __init__(self, world, facts, failures, name, seed, rate, kinds=None, swarm="work"):
        super().__init__(failures)
        self.facts, self.name, self.rate, self.swarm = facts, name, rate, swarm
        self.random, self.kinds = random.Random(f"{seed} {name}"), kinds or KINDS
        self.ways = world.ways(name)
        self.made = 0
        self.under_way = {}   # key -> (request, when to send it again)
        self.refs = {}        # ref -> keys of that submit
        self.waiting = {}     # task -> when it was accepted
        self.counted = set()  # tasks whose output was looked at
        self.known = []       # (key, request) that were accepted
        self.refused = False  # the last submit was answered, with no
        self.loading = True   # else it only finishes what it has

    def left(self):
        """left answers what was not answered and what was not told, the first few of them."""
        return [*self.under_way][:5] + [*self.waiting][:5]

    def work(self):
        self.wire = Controllers(self.ways)
        due = watch = time.monotonic()
        while not self.stopping.is_set():
            now = time.monotonic()
            if self.loading and now >= due and len(self.under_way) < AT_ONCE:
                due = max(due, now - 1) + self.random.expovariate(self.rate)
                self.begin()
            self.send_due(now)
            if now >= watch:
                watch = now + WATCH_S
                self.ask_again()
            self.take(max(0.0, min(0.05, due - now)) if self.loading else 0.05)
        self.wire.close()

    def take(self, patience_s):
        message = self.wire.hear(patience_s)
        if message and message["type"] in self.ANSWERS:
            self.ANSWERS[message["type"]](self, message)

    # ---- what it asks

    def request(self):
        names = list(self.kinds)
        kind = self.random.choices(names, [self.kinds[n][0] for n in names])[0]
        return {"action": kind, "swarm": self.swarm, "backoff_ms": 100, "priority": self.random.randrange(5), **self.kinds[kind][1]}

    def begin(self):
        """begin is a new task mostly; sometimes a key is used again, with the same body or another one (T3)."""
        dice = self.random.random()
        if dice < 0.05 and self.known:
            key, request = self.random.choice(self.known)
            if dice < 0.02:
                request = {**request, "note": "another body"}
        else:
            self.made += 1
            key, request = f"{self.name}-{self.made}", self.request()
        self.under_way.setdefault(key, (request, 0))

    def send_due(self, now):
        due = [key for key, (_, at) in self.under_way.items() if at <= now][:10]
        if not due:
            return
        if any(at for _, at in (self.under_way[key] for key in due)) and not self.refused:
            self.wire.other()
        self.refused = False
        ref = uuid.uuid4().hex
        self.refs[ref] = due
        for key in due:
            request = self.under_way[key][0]
            self.facts.add("asked", who=self.name, key=key, n=digest(request), m=int(request.get("at_most_once", False)))
            self.under_way[key] = (request, now + ANSWER_S)
        self.wire.say("submit", ref=ref, client=self.name, watch=True,
                      items=[{"key": key, **self.under_way[key][0]} for key in due])

    def ask_again(self):
        self.refs = dict(list(self.refs.items())[-1000:])
        if self.waiting:
            ids = self.random.sample(list(self.waiting), min(len(self.waiting), 200))
            self.wire.say("watch", ref="watch", ids=ids)
            self.wire.other()  # nobody answers this but by an end: the next one is asked next time

    # ---- what it hears

    def item_of(self, message, item):
        """item_of answers the key and the request that an answer is about; None when it is about an older try."""
        keys = self.refs.get(message["ref"], [])
        key = keys[item["index"]] if item["index"] < len(keys) else None
        return (key, self.under_way[key][0]) if key in self.under_way else (None, None)

    def on_accepted(self, message):
        for item in message["items"]:
            key, request = self.item_of(message, item)
            if key is None:
                continue
            del self.under_way[key]
            self.facts.add("accepted", who=self.name, key=key, id=item["id"], n=digest(request))
            self.waiting[item["id"]] = now_ms()
            if len(self.known) < 1000:
                self.known.append((key, request))

    def on_rejected(self, message):
        for item in message["items"]:
            key, request = self.item_of(message, item)
            if key is None:
                continue
            if item["code"] in ("busy", "full", "not_leader", "draining"):
                self.under_way[key] = (request, time.monotonic() + 0.2)
                self.refused = True  # who to ask next is known by now
                continue
            del self.under_way[key]
            self.facts.add("refused", who=self.name, key=key, text=item["code"], n=digest(request))

    def on_done(self, message):
        for item in message["items"]:
            if not item.get("forgotten"):  # the end lies further back than a new leader looks
                self.facts.add("told", who=self.name, id=item["id"], text=item["state"])
            self.waiting.pop(item["id"], None)
            if "output" in item and item["state"] == "COMPLETED" and item["id"] not in self.counted:
                self.count(item)

    def count(self, item):
        """The output says which attempt it is of; the history knows which one was current."""
        self.counted.add(item["id"])
        task, _, attempt = item["output"].split(b"\n")[0].decode().partition("/")
        self.facts.add("counted", who=self.name, id=item["id"], text="COMPLETED", n=int(attempt) if task == item["id"] else 0)

    ANSWERS = {"accepted": on_accepted, "rejected": on_rejected, "done": on_done}


class Noise(Client):
    """A client whose bytes are changed on their way: what it hears may be anything, and it must harm nobody."""

    def take(self, patience_s):
        try:
            super().take(patience_s)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, msgpack.UnpackException):
            pass


class Source(Thread):
    """The pulse of the toy world: its numbers with noise, published to every controller."""

    def __init__(self, world, failures, seed):
        super().__init__(failures)
        self.world, self.instance, self.next = world, uuid.uuid4().hex, 1
        self.random, self.ways = random.Random(seed), world.ways("source")

    def work(self):
        socket = zmq.Context.instance().socket(zmq.PUB)
        socket.linger = 0
        for way in self.ways:
            socket.connect(way["kpi"])
        while not self.stopping.wait(0.05):
            items = [{"kpi": kpi, "value": max(0.0, self.world.number(kpi) * self.random.gauss(1, 0.05)), "at": now_ms()}
                     for kpi in toy.KPIS]
            socket.send(msgpack.packb({"type": "samples", "source": "toy", "instance": self.instance, "first": self.next,
                                       "items": items}))
            self.next += len(items)
        socket.close()


class Person(Thread):
    """A person who lets automation go on when it froze, and whose world gets worse by itself: so there is always something to do."""

    def __init__(self, world, failures, seed):
        super().__init__(failures)
        self.world, self.random, self.ways = world, random.Random(f"{seed} person"), world.ways("person")
        self.spoiling = True

    def work(self):
        wire = Controllers(self.ways)
        worse = time.monotonic() + 10
        while not self.stopping.wait(1):
            status = wire.ask("query", 2, what="status", args={})
            if status and status.get("data", {}).get("frozen"):
                wire.ask("command", 2, verb="unfreeze", args={"reason": "seen"}, author="person")
            if self.spoiling and time.monotonic() >= worse:
                worse = time.monotonic() + self.random.uniform(10, 30)
                self.spoil()
        wire.close()

    def spoil(self):
        """spoil makes one number bad again, or all of them so bad that health collapses."""
        if self.random.random() < 0.3:
            worse = {"latency": 700, "queue": 400, "lag": 150}
        else:
            name = self.random.choice(["latency", "queue", "lag"])
            worse = {name: toy.NUMBERS[name]}
        for name, number in worse.items():
            self.world.set_number(name, number)
