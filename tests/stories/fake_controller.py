# SPDX-License-Identifier: MPL-2.0
"""A controller of a few lines for the stories of the agent: it welcomes, answers beats, gives out what the
story says and keeps all that it hears. It knows the wire from docs/protocol.md alone."""

import json
import os
import signal
import subprocess
import time

import msgpack
import zmq

BIN = os.environ.get("HELIOS_BIN", "/nonexistent")
PATIENCE_S = 20


def wait_until(true, what, patience_s=PATIENCE_S):
    """wait_until waits for an event; a story never sleeps for luck."""
    until = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(0.01)


class Controller:
    def __init__(self, data, epoch=1, beat_ms=100, acknowledge=True):
        self.data, self.epoch, self.beat_ms, self.acknowledge = str(data), epoch, beat_ms, acknowledge
        self.context = zmq.Context()
        self.bus = self.context.socket(zmq.ROUTER)
        self.kpi = self.context.socket(zmq.SUB)
        self.kpi.subscribe(b"")
        ports = [s.bind_to_random_port("tcp://127.0.0.1") for s in (self.bus, self.kpi)]
        self.routes, self.heard, self.samples = {}, [], []
        self.cancels, self.drain, self.again, self.silent = [], False, False, False
        self.welcoming = True
        self.publish_endpoints(ports)

    def publish_endpoints(self, ports):
        os.makedirs(self.data, exist_ok=True)
        path = os.path.join(self.data, "endpoints.json")
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump({"agents": f"tcp://127.0.0.1:{ports[0]}", "control": "", "events": "",
                       "kpi": f"tcp://127.0.0.1:{ports[1]}"}, file)
        os.rename(path + ".new", path)

    def close(self):
        self.context.destroy(linger=0)

    def send(self, route, kind, **fields):
        self.bus.send_multipart([route, msgpack.packb({"type": kind, **fields})])

    # ---- what is heard, and what is answered by itself ----

    def on_hello(self, route, hello):
        self.routes[hello["agent"]] = route
        if self.welcoming:
            self.send(route, "welcome", realm="story", epoch=self.epoch, beat_ms=self.beat_ms)

    def on_beat(self, route, _beat):
        self.send(route, "beat_ok", epoch=self.epoch, cancels=self.cancels, drain=self.drain,
                  again=self.again)
        self.cancels, self.again = [], False

    def on_results(self, route, results):
        if self.acknowledge:
            self.settle(route, results["items"])

    def on_bye(self, route, bye):
        pass

    def settle(self, route, items):
        self.send(route, "results_ok",
                  items=[{"task": r["task"], "attempt": r["attempt"]} for r in items])

    def turn(self, ms=20):
        """turn takes in what has come; answers whether anything had."""
        poller = zmq.Poller()
        poller.register(self.bus, zmq.POLLIN)
        poller.register(self.kpi, zmq.POLLIN)
        ready = dict(poller.poll(ms))
        if self.kpi in ready:
            self.samples.append(msgpack.unpackb(self.kpi.recv()))
        if self.bus in ready:
            route, body = self.bus.recv_multipart()
            message = msgpack.unpackb(body)
            message["route"] = route
            self.heard.append(message)
            if not self.silent:
                getattr(self, "on_" + message["type"])(route, message)
        return bool(ready)

    def wait(self, true, what, patience_s=PATIENCE_S):
        until = time.monotonic() + patience_s
        while not (found := true()):
            assert time.monotonic() < until, f"waited in vain for {what}; heard: {self.heard[-5:]}"
            self.turn()
        return found

    # ---- the words of stories ----

    def all(self, kind):
        return [m for m in self.heard if m["type"] == kind]

    def greeted(self, agent="a1"):
        return self.wait(lambda: [m for m in self.all("hello") if m["agent"] == agent],
                         f"hello of {agent}")[-1]

    def give(self, *tasks, agent="a1", epoch=None):
        """give hands out tasks; each is a dict of fields beside the defaults."""
        items = [{"attempt": 1, "params": {}, **t} for t in tasks]
        self.send(self.routes[agent], "tasks", epoch=self.epoch if epoch is None else epoch,
                  items=items)

    def results(self, task=None):
        return [r for m in self.all("results") for r in m["items"] if task in (None, r["task"])]

    def result(self, task, patience_s=PATIENCE_S):
        """result waits for the first result of a task; fields that are at their default are added."""
        found = self.wait(lambda: self.results(task), f"the result of {task}", patience_s)[0]
        return {"exit_code": 0, "output": b"", "cut": False, "data": {}, "error": "", **found}

    def run(self, task, action, agent="a1", **fields):
        self.give({"id": task, "action": action, **fields}, agent=agent)
        return self.result(task)

    def beats(self):
        return self.all("beat")

    def readings(self, kpi):
        return [i["value"] for m in self.samples for i in m["items"] if i["kpi"] == kpi]

    def reading(self, kpi):
        return self.wait(lambda: self.readings(kpi), f"a sample of {kpi}")[0]


class Agent:
    """Agent is a real helios-agent with a config that is written as JSON, which is YAML."""

    def __init__(self, directory, controllers, actions=None, members=None, probes=None, env=None,
                 **settings):
        self.directory = str(directory)
        self.path = os.path.join(self.directory, "agent.yaml")
        self.write({"controllers": [str(c) for c in controllers], "allow_root": True,
                    "agents": members or {"a1": {"swarm": "backend"}}, "actions": actions or {},
                    "probes": probes or {}, **settings})
        self.log = open(os.path.join(self.directory, "agent.log"), "ab")
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("HELIOS_")}
        self.env.update(env or {})
        self.start()

    def write(self, config):
        with open(self.path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        self.config = config

    def start(self):
        self.process = subprocess.Popen([os.path.join(BIN, "helios-agent"), self.path], env=self.env,
                                        stdin=subprocess.DEVNULL, stderr=self.log)

    def said(self, text):
        with open(self.log.name, encoding="utf-8") as file:
            return text in file.read()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """stop asks for a clean end and answers the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def close(self):
        if self.process.poll() is None:
            self.kill()
        self.log.close()
