# SPDX-License-Identifier: MPL-2.0
"""What all benchmarks share: a realm of our own on unix sockets, peers and their Redis, CPU and memory of processes, medians of
interleaved rounds. HELIOS_BIN is the directory of the programs (default: build/release/bin)."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[1]
BIN = pathlib.Path(os.environ.get("HELIOS_BIN", SOURCE / "build" / "release" / "bin")).resolve()
PARAMS = '{"text": "' + 64 * "x" + '"}'  # what `echo` answers: 64 bytes there, 64 bytes back
PATIENCE_S = 30


def until(true, what):
    end = time.monotonic() + PATIENCE_S
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"waited in vain for {what}")
        time.sleep(0.005)


def cpu_seconds(pid):
    """cpu_seconds is user and system time of the process, threads included."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_bytes(pid):
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def children(pid):
    return [int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Process:
    """One process of a benchmark, stopped by its pid."""

    def __init__(self, words, pin=None, **more):
        if pin is not None:
            words = ["taskset", "-c", str(pin), *words]
        self.process = subprocess.Popen([str(w) for w in words], **more)
        self.pid = self.process.pid

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Rig(contextlib.ExitStack):
    """A directory of its own and everything that was started in it."""

    def __init__(self, pin=None):
        super().__init__()
        self.pin = pin
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="helios-bench-"))
        self.callback(shutil.rmtree, self.path, ignore_errors=True)

    def start(self, *words, **more):
        p = Process(words, self.pin, **more)
        self.callback(p.stop)
        return p

    def run(self, *words, check=True):
        """run answers what a program prints."""
        if self.pin is not None:
            words = ["taskset", "-c", str(self.pin), *words]
        done = subprocess.run([str(w) for w in words], capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise RuntimeError(f"{words}: {done.stderr or done.stdout}")
        return done.stdout

    def redis(self, fsync):
        """redis starts a server as the private one is: a unix socket, an append-only file, no snapshots."""
        path = self.path / f"redis-{fsync}"
        path.mkdir()
        p = self.start("redis-server", "--port", 0, "--unixsocket", path / "r.sock", "--dir", path, "--save", "", "--appendonly", "yes",
                       "--appendfsync", fsync, "--logfile", path / "log")
        until((path / "r.sock").exists, "Redis")
        p.socket = path / "r.sock"
        return p

    def realm(self, durability="everysec", agents=1, slots=16, prefetch=512, **config):
        return Realm(self, durability, agents, slots, prefetch, config)


class Realm:
    """A controller with its private Redis, and one process of agents that offer `echo` and `noop` (builtins) and `true` (a program)."""

    def __init__(self, rig, durability, agents, slots, prefetch, config):
        self.rig, self.path = rig, rig.path / f"realm-{len(list(rig.path.iterdir()))}"
        self.path.mkdir()
        listen = {e: f"ipc://{self.path}/{e}" for e in ("agents", "control", "kpi", "events")}
        whole = {"realm": "bench", "data": f"{self.path}/data", "listen": listen, "state": {"durability": durability},
                 "cycle": {"enabled": False}, "tasks": {"max_queued": 3000000}, "log": {"level": "warning"}, **config}
        (self.path / "helios.yaml").write_text(json.dumps(whole))
        self.controller = rig.start(BIN / "heliosd", "--config", self.path / "helios.yaml")
        until(lambda: self.status().get("epoch", 0) > 0, "a leader")
        self.redis_pid = next(p for p in children(self.controller.pid) if "redis" in pathlib.Path(f"/proc/{p}/comm").read_text())
        self.agents = self.start_agents(agents, slots, prefetch) if agents else None

    def start_agents(self, count, slots, prefetch, name="a"):
        manifest = {"controllers": [f"{self.path}/data"], "allow_root": True, "log": {"level": "warning"},
                    "agents": {name: {"swarm": "s", "count": count, "slots": slots, "prefetch": prefetch}},
                    "actions": {"echo": {"builtin": "echo"}, "noop": {"builtin": "noop"}, "true": {"run": ["/bin/true"]}}}
        file = self.path / f"{name}.yaml"
        file.write_text(json.dumps(manifest))
        process = self.rig.start(BIN / "helios-agent", file)
        until(lambda: self.status().get("agents_live", 0) >= count, "the agents")
        return process

    def helios(self, *words):
        out = self.rig.run(BIN / "helios", *words, "--controller", self.path / "data", "--json", check=False)
        return json.loads(out) if out.startswith("{") else {}

    def status(self):
        return self.helios("status") if (self.path / "data" / "endpoints.json").exists() else {}

    def bench(self, *words):
        out = self.helios("bench", "--action", "echo", "--params", PARAMS, *words)
        if not out:
            raise RuntimeError(f"helios bench {words} printed nothing")
        return out

    def load(self, *words):
        """load starts a client whose tasks flow until the rig ends."""
        self.rig.start(BIN / "helios", "bench", "--action", "echo", "--params", PARAMS, "--force", "--trips", 0, "--tasks", 10**12, "--within",
                       "1d", "--controller", self.path / "data", *words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: self.status()["counters"]["completed"] > 1000, "the load")

    def redis_info(self, field):
        text = self.rig.run("redis-cli", "-s", self.path / "data" / "redis" / "redis.sock", "info")
        return int(next(line.split(":")[1] for line in text.splitlines() if line.startswith(field + ":")))


def spread(values):
    """spread is half of what lies between the quartiles, in per cent of the median."""
    median = statistics.median(values)
    if len(values) < 3 or median == 0:
        return 0.0
    low, _, high = statistics.quantiles(values, n=4)
    return 50 * (high - low) / median


def interleaved(rounds, **measures):
    """interleaved calls each measure once a round, in turn, so that all see the same noise. Answers the values of each."""
    values = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            values[name].append(measure())
    return values


def best(values, prefix):
    """best answers the values of the number of workers that has the highest median."""
    return max((v for k, v in values.items() if k.startswith(prefix)), key=statistics.median)


def row(goal, what, value, limit, unit="", values=None, peer="", better="higher"):
    """row is one line of the table: `value` is compared with `limit`."""
    good = value >= limit if better == "higher" else value <= limit
    return {"goal": goal, "what": what, "peer": peer, "value": round(value, 4), "limit": limit, "unit": unit, "better": better,
            "good": good, "values": {k: [round(x, 2) for x in v] for k, v in (values or {}).items()},
            "spread": {k: round(spread(v), 1) for k, v in (values or {}).items()}}


def ratio(values, ours, theirs):
    return statistics.median(values[ours]) / statistics.median(values[theirs])
