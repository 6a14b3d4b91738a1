# SPDX-License-Identifier: MPL-2.0
"""What a story needs: a realm of real daemons on free ports, and those who speak to it over the wire.

    with Realm(tmp_path, {"agents": {"beat": "200ms"}}) as realm:
        agent = realm.agent("a1", actions=["echo"])
        client = realm.client()
        ticket = client.submit("echo", key="j1")
        task = agent.task()
        agent.result(task, output=b"hello")
        assert client.done(ticket["id"])["state"] == "COMPLETED"

Everything waits for an event, and fails after PATIENCE seconds; nothing sleeps for luck.
"""

import ctypes
import json
import os
import pathlib
import re
import signal
import subprocess
import time
import uuid

import msgpack
import redis
import zmq

BIN = pathlib.Path(os.environ.get("HELIOS_BIN", pathlib.Path(__file__).resolve().parents[2] / "build/dev/bin"))
PATIENCE = 30
ANY_PORT = "tcp://127.0.0.1:*"
SANITIZER = re.compile(r"Sanitizer|runtime error:")  # what a build with sanitizers says of our faults


def until(condition, what, patience=PATIENCE):
    """until waits for a condition that no event announces, and answers what it gave."""
    end = time.monotonic() + patience
    while not (value := condition()):
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.01)
    return value


def merged(base, more):
    """merged lays one config over another; maps are merged, all else is replaced."""
    result = dict(base)
    for key, value in more.items():
        both_maps = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both_maps else value
    return result


def die_with_us():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: a test that is killed leaves nothing behind


class Process:
    """One program; its stderr lies in a file."""

    def __init__(self, argv, log, **options):
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(
                [str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                preexec_fn=die_with_us, **options)
        self.pid = self.process.pid

    def send(self, number):
        self.process.send_signal(number)

    def running(self):
        return self.process.poll() is None

    def wait(self, patience=PATIENCE):
        return self.process.wait(patience)

    def stop(self):
        """stop asks it to end and answers its exit code."""
        if self.running():
            self.send(signal.SIGTERM)
        return self.wait()

    def kill(self):
        self.process.kill()
        return self.wait()


class Redis:
    """A redis-server that several controllers share."""

    def __init__(self, path, *options):
        self.path, self.options = pathlib.Path(path), options
        self.socket = self.path / "r.sock"
        self.url = f"unix:{self.socket}"
        self.path.mkdir(parents=True, exist_ok=True)
        self.start()

    def start(self):
        self.socket.unlink(missing_ok=True)
        self.process = Process(
            ["redis-server", "--port", "0", "--unixsocket", self.socket, "--dir", self.path, "--save", "",
             "--appendonly", "yes", "--appendfsync", "always", *self.options], self.path / "redis.log")
        until(self.answers, "Redis answers")

    def answers(self):
        try:
            return self.client().ping()
        except redis.exceptions.RedisError:
            return False

    def client(self):
        return redis.Redis(unix_socket_path=str(self.socket))

    def stop(self):
        self.process.send(signal.SIGCONT)
        self.process.kill()


class Wire:
    """One DEALER that speaks and hears messages."""

    def __init__(self, endpoint, prove=None):
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger = 0
        if prove:
            prove(self.socket)  # a key of keys.py
        self.socket.connect(endpoint)
        self.heard = []  # messages that nobody has asked for yet

    def say(self, kind, **fields):
        self.socket.send(msgpack.packb({"type": kind, **fields}))

    def hear(self, *kinds, patience=PATIENCE, where=lambda message: True):
        """hear answers the oldest message of these kinds for which `where` holds; None when patience ends."""
        end = time.monotonic() + patience
        while True:
            for message in self.heard:
                if message["type"] in kinds and where(message):
                    self.heard.remove(message)
                    return message
            left = end - time.monotonic()
            if left <= 0 or not self.socket.poll(left * 1000):
                return None
            self.heard.append(msgpack.unpackb(self.socket.recv()))

    def close(self):
        self.socket.close()


class Client(Wire):
    """Who submits, asks and orders."""

    def ask(self, kind, *answers, patience=PATIENCE, **fields):
        ref = uuid.uuid4().hex
        self.say(kind, ref=ref, **fields)
        return self.hear(*answers, patience=patience, where=lambda m: m.get("ref") == ref)

    def submit_all(self, requests, client="story", watch=True, patience=PATIENCE):
        """submit_all answers the tickets and refusals by place in the list; fewer when patience ends."""
        ref, answers = uuid.uuid4().hex, {}
        self.say("submit", ref=ref, client=client, watch=watch, items=requests)
        end = time.monotonic() + patience
        while len(answers) < len(requests):
            m = self.hear("accepted", "rejected", patience=end - time.monotonic(), where=lambda m: m["ref"] == ref)
            if m is None:
                break
            answers.update({item["index"]: item for item in m["items"]})
        return answers

    def submit(self, action, patience=PATIENCE, **request):
        """submit answers a ticket (`id`) or a refusal (`code`, `reason`); None when patience ends."""
        return self.submit_all([{"action": action, **request}], patience=patience).get(0)

    def done(self, task, patience=PATIENCE):
        """done waits for the end of a task that was submitted here."""
        found = self.hear("done", patience=patience, where=lambda m: any(i["id"] == task for i in m["items"]))
        if found and len(found["items"]) > 1:  # others that ended in the same turn are asked for later
            self.heard.append({**found, "items": [i for i in found["items"] if i["id"] != task]})
        return found and next(i for i in found["items"] if i["id"] == task)

    def query(self, what, **args):
        """query answers the data, or the whole reply when it was refused."""
        reply = self.ask("query", "reply", what=what, args=args)
        assert reply, f"no answer to the query {what}"
        return reply.get("data", {}) if reply["ok"] else reply

    def command(self, verb, author="story", **args):
        reply = self.ask("command", "reply", verb=verb, author=author, args=args)
        assert reply, f"no answer to the command {verb}"
        return reply


class Agent(Wire):
    """An agent played by hand: it beats while it waits for something."""

    def __init__(self, endpoint, name, swarm="backend", actions=("echo",), slots=1, prefetch=0, prove=None, **hello):
        super().__init__(endpoint, prove)
        self.name, self.credit, self.held = name, slots + prefetch, {}
        self.greeting = {"agent": name, "instance": uuid.uuid4().hex, "swarm": swarm, "slots": slots,
                         "prefetch": prefetch, "actions": [a if isinstance(a, dict) else {"name": a} for a in actions],
                         **hello}
        self.tasks = []

    def hello(self, patience=PATIENCE):
        """hello greets until it is welcomed or refused for good, and answers that."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            self.say("hello", **{**self.greeting, "holds": list(self.held)})
            m = self.hear("welcome", "refuse", patience=1)
            if m and (m["type"] == "welcome" or m.get("code") != "not_leader"):
                return m
        return None

    def beat(self):
        running = [{"task": t["id"], "attempt": t["attempt"]} for t in self.held.values()]
        self.say("beat", free=max(0, self.credit - len(self.held)), running=running)

    def until(self, *kinds, patience=PATIENCE, where=lambda message: True):
        """until beats, and says hello again when asked to, until a message of these kinds comes."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            self.beat()
            m = self.hear(*kinds, patience=0.2, where=where)
            if m:
                return m
            if self.hear("beat_ok", patience=0, where=lambda m: m.get("again")):
                self.hello()
        return None

    def task(self, patience=PATIENCE):
        """task answers the next attempt that was sent to this agent, None when patience ends."""
        if not self.tasks:
            m = self.until("tasks", patience=patience)
            self.tasks.extend(m["items"] if m else [])
        if not self.tasks:
            return None
        task = self.tasks.pop(0)
        self.held[f"{task['id']}/{task['attempt']}"] = task
        return task

    def result(self, task, outcome="COMPLETED", patience=PATIENCE, **result):
        """result says how an attempt ended, again and again until it is acknowledged (A4); answers the settlement."""
        item = {"task": task["id"], "attempt": task["attempt"], "outcome": outcome, **result}
        end = time.monotonic() + patience
        while time.monotonic() < end:
            self.say("results", items=[item])
            m = self.until("results_ok", patience=2, where=lambda m: any(i["task"] == task["id"] for i in m["items"]))
            if m:
                self.held.pop(f"{task['id']}/{task['attempt']}", None)
                return next(i for i in m["items"] if i["task"] == task["id"])
        return None


class Tap:
    """Who listens to events."""

    def __init__(self, endpoint, topic="", prove=None):
        self.socket = zmq.Context.instance().socket(zmq.SUB)
        self.socket.linger = 0
        if prove:
            prove(self.socket)
        self.socket.setsockopt_string(zmq.SUBSCRIBE, topic)
        self.socket.connect(endpoint)
        self.events = []  # all that came, in order

    def until(self, topic, patience=PATIENCE, **fields):
        """until answers the first event of this topic with these fields, among those that came and will come."""
        end, seen = time.monotonic() + patience, 0
        while True:
            for event in self.events[seen:]:
                if event["topic"] == topic and all(event.get(k) == v for k, v in fields.items()):
                    return event
            seen = len(self.events)
            left = end - time.monotonic()
            if left <= 0 or not self.socket.poll(left * 1000):
                return None
            self.events.append(msgpack.unpackb(self.socket.recv_multipart()[1]))

    def close(self):
        self.socket.close()


class Realm:
    """One heliosd with its config and data directory."""

    def __init__(self, path, config=None, start=True, prove=None):
        self.path = pathlib.Path(path)
        self.path.mkdir(parents=True, exist_ok=True)
        self.data = self.path / "data"
        self.log = self.path / "heliosd.log"
        self.file = self.path / "helios.yaml"
        self.peers, self.process = [], None
        self.prove = prove  # the key that the story's own peers have unless they name one
        base = {"realm": "story", "data": str(self.data), "log": {"format": "json"},
                "listen": {name: ANY_PORT for name in ("agents", "control", "kpi", "events")}}
        self.config = merged(base, config or {})
        if start:
            self.start()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def write(self, config=None):
        """write puts the config (laid over the one before) into the file; JSON is YAML."""
        self.config = merged(self.config, config or {})
        self.file.write_text(json.dumps(self.config, indent=2))

    def start(self, lead=True, *more):
        """start waits until it leads, or with lead=False until its endpoints are there."""
        self.write()
        self.process = Process([BIN / "heliosd", "--config", self.file, *more], self.log)
        self.endpoints = until(self.read_endpoints, "endpoints.json is written")
        if lead:
            self.until_leading()
        return self

    def read_endpoints(self):
        assert self.process.running(), f"heliosd has ended: {self.log.read_text()[-2000:]}"
        try:
            found = json.loads((self.data / "endpoints.json").read_text())
        except FileNotFoundError:
            return None
        return found if found["pid"] == self.process.pid else None

    def until_leading(self, patience=PATIENCE):
        client = self.client()
        until(lambda: "epoch" in client.query("status"), "it leads", patience)

    def lines(self, event):
        """lines answers the texts of the log lines of an event."""
        found = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line["text"] for line in found if line["event"] == event]

    def until_line(self, event, n=1):
        return until(lambda: len(self.lines(event)) >= n and self.lines(event)[-1], f"log line {event}")

    def reload(self, config):
        self.write(config)
        self.process.send(signal.SIGHUP)

    def client(self, prove=None):
        return self.keep(Client(self.endpoints["control"], prove or self.prove))

    def agent(self, name, hello=True, **about):
        agent = self.keep(Agent(self.endpoints["agents"], name, **about))
        if hello:
            answer = agent.hello()
            assert answer and answer["type"] == "welcome", f"{name} was not welcomed: {answer}"
        return agent

    def tap(self, topic="", prove=None):
        return self.keep(Tap(self.endpoints["events"], topic, prove or self.prove))

    def keep(self, peer):
        self.peers.append(peer)
        return peer

    def redis(self):
        """redis is a connection to the private Redis."""
        return redis.Redis(unix_socket_path=str(self.data / "redis" / "redis.sock"))

    def key(self, name):
        return f"{{helios:{self.config['realm']}}}:{name}"

    def stop(self):
        return self.process.stop()

    def kill(self):
        return self.process.kill()

    def close(self):
        for peer in self.peers:
            peer.close()
        if self.process and self.process.running():
            self.process.send(signal.SIGCONT)
            self.stop()
        assert not self.log.exists() or not SANITIZER.search(self.log.read_text()), f"see {self.log}"
