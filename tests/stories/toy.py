# SPDX-License-Identifier: MPL-2.0
"""A toy service under Helios' control: a directory with one number a file. Its KPIs are these numbers with noise, published by a
thread; its optimizations and emergency acts are runs of toy_action.py by real helios-agents in two swarms."""

import json
import os
import pathlib
import random
import subprocess
import threading
import time

from fake_controller import Agent
from helios import BIN, PATIENCE, Realm, merged, until
from samples import Source

ACTION = pathlib.Path(__file__).resolve().parent / "toy_action.py"

# The numbers at the start, and what Helios knows of them. Two are bad: one in each swarm, and one more that nothing moves.
NUMBERS = {"latency": 500, "queue": 200, "lag": 60, "errors": 0.5}
GOOD = {"latency": 110, "queue": 15, "lag": 12, "errors": 0.5}
KPIS = {
    "latency": {"unit": "ms", "swarm": "frontend", "target": 100, "critical": 600, "weight": 3, "stale": "4s"},
    "queue": {"unit": "ms", "swarm": "backend", "target": 20, "critical": 300, "weight": 2, "stale": "4s"},
    "lag": {"unit": "ms", "swarm": "backend", "target": 10, "critical": 110, "weight": 1, "stale": "4s"},
    "errors": {"unit": "%", "target": 1, "critical": 10, "weight": 4, "stale": "4s"},
}


def plan(swarm, kpi, value, **more):
    """plan is an optimization that writes a value into the file of a KPI; `half` makes it stop half way at `hold`."""
    name = f"{kpi}_to_{value}"
    return {"swarm": swarm, "improves": kpi, "guards": [] if kpi == "errors" else ["errors"], "touches": [f"file-{kpi}"],
            "diagnose": {"action": "diagnose"}, "apply": {"action": name}, "rollback": {"action": f"undo_{kpi}"},
            "check": {"action": "check"}, "impact": 0.8, "complexity": 1, **more}


def emergency(swarm, kpi):
    out = plan(swarm, kpi, GOOD[kpi], emergency=True, guards=[])
    return {key: out[key] for key in out if key not in ("diagnose", "check")}


GOOD_ONE = {"shrink": plan("frontend", "latency", 110)}
HARMFUL = {"shout": plan("backend", "queue", 260)}
IDLE = {"wish": plan("backend", "lag", 60)}
RESPONSES = {f"rescue_{kpi}": emergency(KPIS[kpi]["swarm"], kpi) for kpi in ("latency", "queue", "lag")}


def run(*words):
    return {"run": ["/usr/bin/python3", "-BS", str(ACTION), *words], "output": "json", "timeout": "60s", "grace": "50ms"}


def actions_of(optimizations, members):
    """actions_of is the manifest for these optimizations: each named step becomes one run of toy_action.py."""
    analyst, implementer, verifier = members
    out = {"diagnose": {**run("diagnose"), "agents": [analyst]}, "check": {**run("check"), "agents": [verifier]}}
    for one in optimizations.values():
        kpi, value = one["apply"]["action"].split("_to_")
        verb = "half" if one.get("title") == "half" else "apply"
        out[one["apply"]["action"]] = {**run(verb, kpi, value), "agents": [implementer]}
        out[f"undo_{kpi}"] = {**run("rollback", kpi), "agents": [implementer]}
    return out


# Windows are as short as the settings allow: a whole cycle fits into ten seconds.
SHORT = {
    "agents": {"beat": "200ms"},
    "health": {"window": "1s", "enter_windows": 2, "enter_after": "1s", "leave_windows": 2, "leave_after": "1s",
               "evaluate": "200ms", "stale": "4s"},
    "cycle": {"first": "1s", "every": "1h", "cooldown": "1s", "analyze": "10s"},
    "verify": {"baseline": "2s", "settle": "500ms", "window": "4s", "looks": 2, "return": "8s"},
    "emergency": {"settle": "500ms", "verify": "8s"},
    "tasks": {"backoff": "100ms"},
    "kpis": KPIS,
}


class Toy(Realm):
    """Toy is a realm with the toy's directory, the pulse that publishes its numbers, and a real agent process a swarm."""

    def __init__(self, path, optimizations, numbers=None, **config):
        self.numbers, self.optimizations, self.staff = pathlib.Path(path) / "numbers", optimizations, {}
        self.numbers.mkdir(parents=True)
        for name, number in {**NUMBERS, **(numbers or {})}.items():
            self.set(name, number)
        super().__init__(path, merged({**SHORT, "optimizations": optimizations}, config))
        self.beating = threading.Event()
        self.beating.set()
        self.pulse = threading.Thread(target=self.beat, daemon=True)
        self.pulse.start()
        for swarm in ("frontend", "backend"):
            self.hire(swarm)

    def close(self):
        self.beating.clear()
        self.pulse.join()
        for agent in self.staff.values():
            agent.close()
        super().close()

    # ---- its numbers ----

    def set(self, name, number):
        written = self.numbers / f"{name}.by-hand"
        written.write_text(str(number))
        written.rename(self.numbers / name)

    def get(self, name):
        return float((self.numbers / name).read_text())

    def hold(self, name="hold"):
        """hold makes runs of toy_action.py wait half way until release."""
        self.set(name, 1)

    def release(self, name="hold"):
        (self.numbers / name).unlink()

    def beat(self):
        """beat publishes fifty readings a second of each number, with noise of five percent."""
        noise, source = random.Random(1), Source(self, "toy")
        while self.beating.is_set():
            source.publish(*((kpi, max(0.0, self.get(kpi) * noise.gauss(1, 0.05))) for kpi in KPIS))
            time.sleep(0.02)
        source.close()

    # ---- its agents ----

    def hire(self, swarm):
        """hire starts a helios-agent process with the three roles of a swarm."""
        members = {f"prometheus-{swarm}": {"swarm": swarm, "role": "analyst"},
                   f"hephaestus-{swarm}": {"swarm": swarm, "role": "implementer", "slots": 4},
                   f"athena-{swarm}": {"swarm": swarm, "role": "verifier", "slots": 2}}
        mine = {name: o for name, o in self.optimizations.items() if o["swarm"] == swarm}
        home = self.path / swarm
        home.mkdir(exist_ok=True)
        self.staff[swarm] = Agent(home, [self.data], actions=actions_of(mine, list(members)), members=members,
                                  env={"TOY": str(self.numbers)}, pass_env=["TOY"], data=str(home / "data"))

    # ---- what a story asks ----

    def crash(self):
        """crash is kill -9 and a new start: nothing is said, nothing is handed over."""
        self.kill()
        self.start()

    def start(self, *more):
        self.desk = None
        super().start(*more)
        return self

    def query(self, what, **args):
        """query asks over one connection, made anew after a restart."""
        self.desk = self.desk or self.client()
        return self.desk.query(what, **args)

    def helios(self, *words, code=0):
        """helios runs the command line tool as a person would, without a terminal, and answers what it prints."""
        done = subprocess.run([BIN / "helios", *words], capture_output=True, text=True, timeout=PATIENCE, check=False,
                              env={**os.environ, "HELIOS_DATA": str(self.data)})
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def ledger(self, topic=None, id=None):
        return [e for e in self.query("ledger", limit=1000)["entries"]
                if topic in (None, e["topic"]) and id in (None, e["id"])]

    def newest(self, name):
        """newest answers the newest optimization of a name, in full, or None."""
        found = [o for o in self.query("optimizations")["optimizations"] if o["name"] == name]
        return self.query("optimization", id=max(found, key=lambda o: int(o["id"][2:]))["id"]) if found else None

    def reaches(self, name, *states):
        """reaches waits until the newest optimization of this name is in one of the states, and answers it."""
        def there():
            o = self.newest(name)
            return o if o and o["state"] in states else None
        try:
            return until(there, f"{name} is {' or '.join(states)}")
        except AssertionError as error:
            raise AssertionError("\n".join([str(error), *(e["text"] for e in self.ledger())])) from None

    def reports(self, word):
        """reports answers those whose name has this word, oldest name first: (JSON, Markdown); both always lie there."""
        found = sorted(p for p in (self.data / "reports").glob("*.json") if word in p.name)
        return [(json.loads(p.read_text()), p.with_suffix(".md").read_text()) for p in found]
