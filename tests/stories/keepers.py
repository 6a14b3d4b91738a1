# SPDX-License-Identifier: MPL-2.0
"""Keepers, each a heliosd that runs one heliosd a realm, and groups of them on one Redis."""

import collections
import json
import os
import pathlib
import signal
import subprocess

from fake_controller import Agent
from helios import ANY_PORT, BIN, SANITIZER, Process, Redis, merged, until

LONG = 60  # 150 processes on a machine that does other things as well


class Keeper:
    """One heliosd with the table `realms`."""

    def __init__(self, path, realms, config=None):
        self.path = pathlib.Path(path)
        self.path.mkdir(parents=True, exist_ok=True)
        self.file, self.log, self.data = self.path / "helios.yaml", self.path / "heliosd.log", self.path / "data"
        base = {"data": "data", "log": {"format": "json"}, "reports": {"enabled": False},
                "listen": {name: ANY_PORT for name in ("agents", "control", "kpi", "events")}}
        self.config = {**merged(base, config or {}), "realms": {name: about or {} for name, about in realms.items()}}
        self.process = None

    def start(self, **options):
        self.write()
        self.process = Process([BIN / "heliosd", "--config", self.file], self.log, **options)
        return self

    def write(self, config=None):
        self.config.update(config or {})
        self.file.write_text(json.dumps(self.config, indent=2))

    def lines(self, event, program="heliosd"):
        """lines answers the texts of an event that the keeper itself, or a child, has logged."""
        whole = [line for line in self.log.read_text().splitlines(keepends=True) if line.endswith("}\n")]
        found = [json.loads(line) for line in whole if line.startswith("{")]
        return [line["text"] for line in found if line["event"] == event and line["program"] == program]

    def until_ready(self, n=1):
        until(lambda: len(self.lines("keeper.ready")) >= n, "all realms are ready", LONG)

    def about(self, realm):
        """about reads what the process of a realm says of itself, None while it is not there."""
        try:
            return json.loads((self.data / realm / "endpoints.json").read_text())
        except FileNotFoundError:
            return None

    def id(self, realm):
        return (self.data / realm / "controller.id").read_text().strip()

    def children(self):
        return [int(pid) for pid in pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()]

    def vanish(self):
        """vanish is the end of a machine: all of its processes at once."""
        self.process.send(signal.SIGSTOP)  # it must not start again who dies first
        for pid in self.children():
            os.kill(pid, signal.SIGKILL)
        self.process.kill()

    def close(self):
        if self.process and self.process.running():
            self.process.send(signal.SIGCONT)
            assert self.process.stop() == 0
        assert not self.log.exists() or not SANITIZER.search(self.log.read_text()), f"see {self.log}"


class Group:
    """Keepers of the same realms on one Redis."""

    def __init__(self, path, realms, n, fair=False):
        """With fair=True Redis answers nobody before all are there: what is seen then is how leases spread, not who came first."""
        self.path, self.realms, self.redis = path, realms, Redis(path / "redis")
        shared = {"state": {"url": self.redis.url, "timeout": f"{LONG if fair else 2}s"}}
        self.keepers = [Keeper(path / f"k{i}", {name: {} for name in realms}, shared) for i in range(n)]
        self.peers = []
        if fair:
            self.redis.process.send(signal.SIGSTOP)
        for keeper in self.keepers:
            keeper.start()
        for keeper in self.keepers:
            keeper.until_ready()
        if fair:
            self.redis.process.send(signal.SIGCONT)
        self.whose = {keeper.id(realm): keeper for keeper in self.keepers for realm in realms}

    def leaders(self):
        """leaders answers which keeper leads each realm that is led, as Redis has it."""
        pipe = self.redis.client().pipeline(transaction=False)
        for realm in self.realms:
            pipe.hmget(f"{{helios:{realm}}}:lease", "holder", "renew")
        found = {}
        for realm, (holder, renew) in zip(self.realms, pipe.execute()):
            if holder and int(renew or 0) > 0:
                found[realm] = self.whose[holder.decode()]
        return found

    def until_all_led(self, by):
        """until_all_led waits until these keepers lead all realms, and answers who leads how many."""
        def led():
            now = self.leaders()
            return now if len(now) == len(self.realms) and all(keeper in by for keeper in now.values()) else None
        leaders = until(led, "all realms are led", LONG)
        return leaders, collections.Counter(keeper.path.name for keeper in leaders.values())

    def where(self, realm):
        return ",".join(str(keeper.data / realm) for keeper in self.keepers)

    def agent(self, realm, name, actions):
        home = self.path / name
        home.mkdir()
        self.peers.append(Agent(home, [keeper.data / realm for keeper in self.keepers], members={name: {"swarm": "backend"}},
                                actions=actions, data=str(home / "data")))

    def submits(self, realm, *words):
        return subprocess.Popen([BIN / "helios", "submit", *map(str, words), "--wait", "--controller", self.where(realm)],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)

    def close(self):
        for one in [*self.peers, *self.keepers]:
            one.close()
        self.redis.stop()
