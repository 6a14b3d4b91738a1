# SPDX-License-Identifier: MPL-2.0
"""The nemesis: a table of faults, and who draws from it by a seed. A fault has a victim, begins with `do`, lasts a while and ends with
`undo`; several are under way at once, never two on one victim. The seed gives the same order of the same faults every time; what
the processes make of it is their own."""

import contextlib
import dataclasses
import os
import random
import resource
import signal
import socket
import time
import uuid

import msgpack
import redis
import zmq

from world import BIN, FAKETIME, LEASE_S, WORKERS

UNDER_WAY = 3  # faults at once


@dataclasses.dataclass
class Fault:
    name: str
    doc: str
    victims: tuple      # of these one is drawn; `leader` and `standby` are found when it begins
    do: callable        # (world, victim, random) -> what undo gets as `was`
    undo: callable      # (world, victim, was)
    lasts: tuple        # seconds: least, most
    weight: float = 1


CONTROLLERS = ("leader", "standby")
AGENTS = (*WORKERS, "of-frontend", "of-backend")
PEERS = ("a1", "a2", "a3", "c1", "c2", "of-frontend", "source")


def nothing(*_):
    pass


# ---- processes

def kill(world, victim, _random):
    world.daemon(victim).end()


def leave(world, victim, _random):
    world.daemon(victim).end(signal.SIGTERM)


def start(world, victim, _was):
    if not world.daemon(victim).running():
        world.daemon(victim).start()


def pause(world, victim, _random):
    world.daemon(victim).pause()


def go_on(world, victim, _was):
    world.daemon(victim).go_on()


def flap(world, victim, dice):
    for _ in range(4):
        world.daemon(victim).end()
        world.daemon(victim).start()
        time.sleep(dice.uniform(0.05, 0.5))


def wrong_clock(world, victim, dice):
    """Starts it anew with a clock that is one hour off."""
    daemon = world.daemon(victim)
    daemon.end()
    daemon.clock = dice.choice(["+1h", "-1h"])
    daemon.start()


def right_clock(world, victim, _was):
    daemon = world.daemon(victim)
    daemon.end()
    daemon.clock = None
    daemon.start()


def few_descriptors(world, victim, _random):
    """All descriptors but two are taken, then many want one."""
    pid = world.daemon(victim).process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{pid}/fd")) + 2, before[1]))
    crowd = []
    for _ in range(20 if victim in [c.name for c in world.controllers] else 0):
        with contextlib.suppress(OSError):
            crowd.append(socket.create_connection(("127.0.0.1", world.daemon(victim).ports["agents"]), 1))
    return pid, before, crowd


def many_descriptors(_world, _victim, was):
    pid, before, crowd = was
    for one in crowd:
        one.close()
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


# ---- links: a victim's are named VICTIM>…

def mode(name):
    def do(world, victim, dice):
        world.proxy.mode(f"{victim}>*", name, dice.randrange(1 << 30))
    return do


def mend(world, victim, _was):
    world.proxy.mode(f"{victim}>*", "pass")


def mend_noise(world, victim, was):
    """Nothing tells a changed number from a true one: an agent that was told of a far epoch obeys no lower one until it is restarted
    (A6). Links that somebody may harm so need keys (Z1)."""
    mend(world, victim, was)
    world.daemon("noisy").end()
    world.daemon("noisy").start()


# ---- Redis

def kill_redis(world, _victim, _random):
    world.redis.process.kill()


def heal_redis(world, _victim, _was):
    world.redis.heal()


def stall(world, _victim, dice):
    seconds = dice.choice([0.3, 0.9, 1.6, 4])
    with contextlib.suppress(redis.exceptions.RedisError):
        world.redis.client(0.1).execute_command("DEBUG", "SLEEP", seconds)


def order(*words):
    """An order to Redis, repeated until it takes it: undoing must not fail because something else is wrong."""
    def do(world, _victim, _random):
        for _ in range(100):
            with contextlib.suppress(redis.exceptions.RedisError):
                return world.redis.client().execute_command(*words)
            time.sleep(0.1)
        raise AssertionError(f"Redis does not take {words}")
    return do


def fill_disk(world, _victim, _random):
    """Redis ends itself when it cannot write: it is started again when there is room."""
    free = os.statvfs(world.redis.path)
    filler = world.redis.path / "filler"
    with open(filler, "wb") as file:
        with contextlib.suppress(OSError):
            os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize)


def free_disk(world, _victim, _was):
    (world.redis.path / "filler").unlink()
    world.redis.heal()


# ---- peers

def crowd(world, _victim, dice):
    """Many agents greet the leader at once, and vanish without a word."""
    sockets = []
    for i in range(world.crowd):
        s = zmq.Context.instance().socket(zmq.DEALER)
        s.linger = 0
        s.connect(f"tcp://127.0.0.1:{world.leader().ports['agents']}")
        s.send(msgpack.packb({"type": "hello", "agent": f"crowd-{i}", "instance": uuid.UUID(int=dice.getrandbits(128)).hex,
                              "swarm": "crowd", "actions": [{"name": "nothing"}]}))
        sockets.append(s)
    return sockets


def deaf_peers(world, _victim, _random):
    """A tap and a client that ask for much and never read."""
    sockets = []
    for controller in world.controllers:
        for kind, port in ((zmq.SUB, "events"), (zmq.DEALER, "control")):
            s = zmq.Context.instance().socket(kind)
            s.rcvhwm, s.linger, s.sndtimeo = 1, 0, 100
            s.setsockopt(zmq.RCVBUF, 2048)
            if kind == zmq.SUB:
                s.subscribe(b"")
            s.connect(f"tcp://127.0.0.1:{controller.ports[port]}")
            sockets.append(s)
            for i in range(500 if kind == zmq.DEALER else 0):
                with contextlib.suppress(zmq.Again):
                    s.send(msgpack.packb({"type": "query", "ref": str(i), "what": "tasks", "args": {"limit": 1000}}))
    return sockets


def go_away(_world, _victim, was):
    for s in was:
        s.close()


FAULTS = [
    Fault("kill", "kill -9", CONTROLLERS + AGENTS, kill, start, (0.1, 4), 6),
    Fault("stop", "SIGTERM: a clean end", CONTROLLERS + AGENTS, leave, start, (0.1, 3), 2),
    *(Fault(f"pause_{by}", f"SIGSTOP for {by} of the lease", CONTROLLERS + AGENTS, pause, go_on, (float(by) * LEASE_S,) * 2, weight)
      for by, weight in (("0.9", 1), ("1.0", 1), ("1.1", 1), ("10", 0.5))),
    Fault("cut", "connections end and are refused", PEERS + CONTROLLERS, mode("cut"), mend, (0.2, 4), 2),
    Fault("silent", "connections stand, nothing passes", PEERS + CONTROLLERS, mode("silent"), mend, (0.2, 6), 2),
    Fault("only_up", "the answers do not arrive", PEERS + CONTROLLERS, mode("only_up"), mend, (0.2, 4), 2),
    Fault("only_down", "the questions do not arrive", PEERS + CONTROLLERS, mode("only_down"), mend, (0.2, 4), 2),
    Fault("slow", "20 to 400 ms for each piece", PEERS + CONTROLLERS, mode("slow"), mend, (1, 6), 2),
    Fault("flip", "bits change on the way", ("noisy", "noise"), mode("flip"), mend_noise, (1, 6), 2),
    Fault("redis_kill", "Redis is killed and started again", ("redis",), kill_redis, heal_redis, (0.1, 3), 2),
    Fault("redis_stall", "Redis does nothing for a while", ("redis",), stall, nothing, (4, 4), 2),
    Fault("redis_memory", "Redis is out of memory", ("redis",), order("CONFIG", "SET", "maxmemory", "1mb"),
          order("CONFIG", "SET", "maxmemory", "0"), (0.5, 4), 2),
    Fault("redis_replica", "Redis is a replica of nobody", ("redis",), order("REPLICAOF", "127.0.0.1", "1"),
          order("REPLICAOF", "NO", "ONE"), (0.5, 3), 2),
    Fault("redis_alone", "Redis has too few replicas", ("redis",), order("CONFIG", "SET", "min-replicas-to-write", "1"),
          order("CONFIG", "SET", "min-replicas-to-write", "0"), (0.5, 3), 1),
    Fault("redis_disk", "the disk of Redis is full", ("redis",), fill_disk, free_disk, (0.5, 3), 1),
    Fault("clock", "started anew, its clock one hour off", CONTROLLERS + ("a1", "of-backend"), wrong_clock, right_clock, (3, 10), 1.5),
    Fault("descriptors", "no descriptor is left", CONTROLLERS + ("a1", "a2"), few_descriptors, many_descriptors, (0.5, 4), 1),
    Fault("crowd", "a crowd of agents greets at once and vanishes", ("crowd",), crowd, go_away, (0.5, 2), 0.5),
    Fault("deaf", "a tap and a client that never read", ("deaf",), deaf_peers, go_away, (3, 10), 1),
    Fault("flap", "an agent dies and comes back, again and again", WORKERS, flap, nothing, (0.1, 0.1), 1),
]


def cannot(world):
    """cannot answers the faults that this host does not allow, with the reason."""
    found = {}
    if not FAKETIME.exists():
        found["clock"] = "the package faketime is not installed"
    elif b"__asan_init" in (BIN / "heliosd").read_bytes():
        found["clock"] = "libfaketime and AddressSanitizer do not get along"
    if not world.own_disk:
        found["redis_disk"] = "no file system can be mounted here"
    return found


class Nemesis:
    """Nemesis draws faults until it is told to stop, then ends those that are under way."""

    def __init__(self, world, facts, seed, pace_s, only=None):
        self.world, self.facts, self.random, self.pace_s = world, facts, random.Random(seed), pace_s
        skipped = cannot(world)
        for name, why in skipped.items():
            print(f"chaos: without {name}: {why}")
        self.table = [f for f in FAULTS if f.name not in skipped and (not only or f.name in only)]
        self.under_way = []  # (end, fault, victim, was)
        self.counts = {}

    def run(self, until, watch):
        """run harms until that time; watch is called again and again and ends it when it answers something."""
        following = time.monotonic()
        while time.monotonic() < until and not watch():
            now = time.monotonic()
            for one in [u for u in self.under_way if u[0] <= now]:
                self.end(one)
            if now >= following:
                following = now + self.random.expovariate(1 / self.pace_s)
                self.begin(now)
            time.sleep(0.02)

    def begin(self, now):
        fault = self.random.choices(self.table, [f.weight for f in self.table])[0]
        drawn, lasts = self.random.choice(fault.victims), self.random.uniform(*fault.lasts)
        dice = random.Random(self.random.random())
        victim = self.named(drawn)
        if len(self.under_way) >= UNDER_WAY or victim in [u[2] for u in self.under_way]:
            return
        self.note(f"{fault.name} {victim} for {lasts:.1f} s", fault.name)
        was = fault.do(self.world, victim, dice)
        self.under_way.append((now + lasts, fault, victim, was))

    def named(self, victim):
        if victim not in CONTROLLERS:
            return victim
        leader = self.world.leader()
        return leader.name if victim == "leader" else next(c.name for c in self.world.controllers if c is not leader)

    def end(self, one):
        self.under_way.remove(one)
        _, fault, victim, was = one
        fault.undo(self.world, victim, was)
        self.note(f"{fault.name} {victim} is over")

    def note(self, text, counted=None):
        self.facts.add("fault", who=text.split()[1], text=text)
        if counted:
            self.counts[counted] = self.counts.get(counted, 0) + 1

    def stop(self):
        for one in list(self.under_way):
            self.end(one)
        self.world.heal()
