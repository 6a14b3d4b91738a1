# SPDX-License-Identifier: MPL-2.0
"""The world that the nemesis harms: a Redis, two controllers and six agents, all real processes on loopback, every link through the
proxy. Knows how each is started, stopped and found; does not know why."""

import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import redis

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "stories"))

from helios import BIN, PATIENCE, Process, die_with_us, until  # noqa: E402
from proxy import Proxy  # noqa: E402
import toy  # noqa: E402

LEASE_S = 1.5
REALM = "chaos"
FAKETIME = pathlib.Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
GAVE_UP = (69, 73, 75)  # sysexits: Redis, a socket or the data directory cannot be had now
ENDPOINTS = ("agents", "control", "kpi", "events")
DISK = "4g"  # of Redis; only what is used takes memory
WORKERS = ("a1", "a2", "a3", "noisy")

# Everything that makes a realm slow for a person makes it fast here; nothing that a promise depends on is changed.
CONFIG = {
    "realm": REALM,
    "log": {"format": "json"},
    "agents": {"beat": "200ms"},
    "tasks": {"backoff": "100ms", "backoff_cap": "1s", "attempt": "10s"},
    "state": {"timeout": "1s", "history": 10_000_000},
    "health": toy.SHORT["health"],
    "cycle": {**toy.SHORT["cycle"], "every": "5s"},
    "verify": {**toy.SHORT["verify"], "breaker": 100},
    "emergency": {**toy.SHORT["emergency"], "per_target": 3, "per_realm": 10},
    "kpis": toy.KPIS,
    "optimizations": {**toy.GOOD_ONE, **toy.HARMFUL, **toy.RESPONSES},
}
PLAIN = ("quick", "once", "slow", "flaky", "crash", "hang", "fork", "loud", "deaf")


def free_ports(n, dice=random.SystemRandom()):
    """free_ports answers ports that are free, below those that the kernel gives to outgoing connections: they stay free."""
    found = []
    while len(found) < n:
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", dice.randrange(15000, 32000))) as s:
            found.append(s.getsockname()[1])
    return found


def now_ms():
    return int(time.time() * 1000)


class Server:
    """The Redis that both controllers share. A mark with our time is written into it again and again: it dates what lies around it
    in the file that the truth is read from."""

    def __init__(self, path):
        self.path, self.port, self.process = pathlib.Path(path), free_ports(1)[0], None
        self.start()
        until(self.answers, "Redis answers")
        self.client().set("mark", now_ms())  # before anybody else writes
        self.marking = threading.Event()
        self.marking.set()
        self.marker = threading.Thread(target=self.mark, daemon=True)
        self.marker.start()

    def start(self):
        self.process = Process(
            ["redis-server", "--port", self.port, "--bind", "127.0.0.1", "--dir", self.path, "--save", "", "--appendonly", "yes",
             "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0", "--enable-debug-command", "local",
             "--aof-use-rdb-preamble", "no"], self.path.parent / "redis.log")

    def client(self, timeout=5):
        return redis.Redis(host="127.0.0.1", port=self.port, socket_timeout=timeout, socket_connect_timeout=timeout)

    def answers(self):
        try:
            return self.client().ping()
        except redis.exceptions.RedisError:
            return False

    def mark(self):
        client = self.client(1)
        while self.marking.is_set():
            try:
                client.set("mark", now_ms())
            except redis.exceptions.RedisError:
                pass
            time.sleep(0.5)

    def heal(self):
        """heal makes it answer, whatever was done to it."""
        self.process.send(signal.SIGCONT)
        if not self.process.running():
            self.start()
        until(self.answers, "Redis answers")

    def close(self):
        self.marking.clear()
        self.marker.join()
        self.process.send(signal.SIGCONT)
        self.process.kill()


class Daemon:
    """A process that is killed, paused and started again under one name."""

    def __init__(self, name, path):
        self.name, self.path, self.process, self.clock = name, pathlib.Path(path), None, None
        self.path.mkdir(parents=True)
        self.deaths = []  # when, ms

    def launch(self, argv, env):
        env = {**os.environ, **env}
        if self.clock:
            env.update(LD_PRELOAD=str(FAKETIME), FAKETIME=self.clock, FAKETIME_DONT_RESET="1")
        self.process = Process(argv, self.path / "log", env=env)

    def running(self):
        return self.process is not None and self.process.running()

    def fell(self):
        """fell answers the exit code of a process that ended although nobody had asked it to, else None."""
        return None if self.process is None or self.process.running() else self.process.process.returncode

    def end(self, number=signal.SIGKILL):
        """end waits until it is gone; a clean end that takes too long is a kill."""
        if not self.running():
            return
        self.process.send(signal.SIGCONT)
        self.process.send(number)
        try:
            self.process.wait(PATIENCE)
        finally:
            self.process.kill()
        self.process = None
        self.deaths.append(now_ms())

    def pause(self):
        self.process.send(signal.SIGSTOP)

    def go_on(self):
        self.process.send(signal.SIGCONT)

    def heal(self):
        if self.running():
            self.go_on()
        else:
            self.start()

    def supervise(self):
        """supervise does what a service manager would: who gave up is started again. Answers what nobody may do: to crash."""
        code = self.fell()
        if code is None:
            return None
        self.deaths.append(now_ms())
        if code not in GAVE_UP:
            return f"{self.name} ended by itself with {code}: see {self.path / 'log'}"
        time.sleep(0.2)
        self.start()
        return None


class Controller(Daemon):
    """A heliosd with fixed ports and its own way to Redis."""

    def __init__(self, world, name):
        super().__init__(name, world.path / name)
        self.data = self.path / "data"
        self.ports = dict(zip(ENDPOINTS, free_ports(len(ENDPOINTS))))
        at_redis = world.proxy.link(f"{name}>redis", world.redis.port)
        config = {**CONFIG, "data": str(self.data), "listen": {k: f"tcp://127.0.0.1:{p}" for k, p in self.ports.items()},
                  "state": {**CONFIG["state"], "url": f"redis://127.0.0.1:{at_redis}/0"}}
        (self.path / "helios.yaml").write_text(json.dumps(config, indent=1))

    def start(self):
        self.launch([BIN / "heliosd", "--config", self.path / "helios.yaml"], {})

    def id(self):
        return (self.data / "controller.id").read_text().strip()


class Agent(Daemon):
    """A helios-agent that sees the controllers through links of its own."""

    def __init__(self, world, name, members, actions):
        super().__init__(name, world.path / name)
        self.members = list(members)
        self.env = {"CHAOS_LOG": str(world.log), "CHAOS_TOY": str(HERE.parent / "stories" / "toy_action.py"),
                    "TOY": str(world.numbers)}
        config = {"controllers": [str(d) for d in world.views(name)], "allow_root": True, "agents": members, "actions": actions,
                  "data": str(self.path / "data"), "pass_env": list(self.env), "log": {"format": "json"}}
        (self.path / "agent.yaml").write_text(json.dumps(config, indent=1))

    def start(self):
        self.launch([BIN / "helios-agent", self.path / "agent.yaml"], self.env)




def actions_of_toy(swarm):
    mine = {n: o for n, o in CONFIG["optimizations"].items() if o["swarm"] == swarm}
    members = [f"prometheus-{swarm}", f"hephaestus-{swarm}", f"athena-{swarm}"]
    actions = toy.actions_of(mine, members)
    for action in actions.values():
        action["run"] = [str(HERE / "act"), "toy", *action["run"][action["run"].index(str(toy.ACTION)) + 1:]]
    return actions


class World:
    """World owns all of it. Its daemons are found by name; `views` are what one peer sees of the controllers."""

    def __init__(self, path, crowd=1000):
        self.path, self.crowd = pathlib.Path(path), crowd
        self.path.mkdir(parents=True, exist_ok=True)
        self.own_disk = self.mount(self.path / "redis")
        self.log, self.numbers = self.path / "actions.log", self.path / "numbers"
        self.log.touch()
        self.numbers.mkdir()
        for name, number in toy.NUMBERS.items():
            self.set_number(name, number)
        self.proxy = Proxy(preexec_fn=die_with_us)
        self.redis = Server(self.path / "redis")
        self.controllers = [Controller(self, name) for name in ("ada", "bob")]
        self.agents = [self.worker(name) for name in WORKERS] + [self.hire(swarm) for swarm in ("frontend", "backend")]
        for daemon in self.controllers + self.agents:
            daemon.start()

    def mount(self, path):
        """mount gives Redis a file system of its own, where this host lets us."""
        path.mkdir()
        return subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "helios-chaos", path], check=False,
                              capture_output=True).returncode == 0

    def worker(self, name):
        kinds = ("noise",) if name == "noisy" else PLAIN
        actions = {kind: {"run": [str(HERE / "act"), kind], "grace": "300ms"} for kind in kinds}
        if name != "noisy":
            actions["fill"] = {"run": [str(HERE / "act"), "fill"], "file_size": "64KiB"}
        return Agent(self, name, {name: {"swarm": "noise" if name == "noisy" else "work", "slots": 3, "prefetch": 2}}, actions)

    def hire(self, swarm):
        members = {f"prometheus-{swarm}": {"swarm": swarm, "role": "analyst"},
                   f"hephaestus-{swarm}": {"swarm": swarm, "role": "implementer", "slots": 4},
                   f"athena-{swarm}": {"swarm": swarm, "role": "verifier", "slots": 2}}
        return Agent(self, f"of-{swarm}", members, actions_of_toy(swarm))

    def ways(self, viewer):
        """ways answers the endpoints of each controller as this viewer sees them: links of its own, named VIEWER>CONTROLLER:KIND."""
        return [{kind: f"tcp://127.0.0.1:{self.proxy.link(f'{viewer}>{c.name}:{kind}', port)}" for kind, port in c.ports.items()}
                for c in self.controllers]

    def views(self, viewer):
        """views writes the ways as data directories, which is how an agent finds its controllers."""
        found = []
        for controller, way in zip(self.controllers, self.ways(viewer)):
            found.append(self.path / "views" / viewer / controller.name)
            found[-1].mkdir(parents=True)
            (found[-1] / "endpoints.json").write_text(json.dumps({**way, "pid": 1}))
        return found

    def set_number(self, name, number):
        written = self.numbers / f"{name}.by-hand"
        written.write_text(str(number))
        written.rename(self.numbers / name)

    def number(self, name):
        return float((self.numbers / name).read_text())

    def daemon(self, name):
        return next(d for d in self.controllers + self.agents if d.name == name)

    def leader(self):
        """leader answers the controller that holds the lease; the first one when that cannot be known."""
        try:
            holder = (self.redis.client(0.5).hget(f"{{helios:{REALM}}}:lease", "holder") or b"").decode()
        except redis.exceptions.RedisError:
            holder = ""
        return next((c for c in self.controllers if c.running() and c.id() == holder), self.controllers[0])

    def heal(self):
        self.proxy.mode("*", "pass")
        self.redis.heal()
        for daemon in self.controllers + self.agents:
            daemon.clock = None
            daemon.heal()

    def close(self):
        for daemon in self.agents + self.controllers:
            daemon.end()
        self.redis.close()
        self.proxy.close()
        if self.own_disk:
            shutil.copytree(self.path / "redis", self.path / "redis.kept")
            subprocess.run(["umount", self.path / "redis"], check=True)
