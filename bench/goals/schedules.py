# SPDX-License-Identifier: MPL-2.0
"""Goal 9: 100,000 schedules. How soon a controller that was killed leads again, seen from outside; what an occurrence costs the core when
there are a thousand times as many schedules."""

import json
import signal
import statistics
import time

from growth import printed
from rig import BIN, Rig, interleaved, ratio, row, until

MANY = 100000
OCCURRENCES = 100000
SIZES = (100, 1000, 10000, 100000)


class Keeper:
    """A controller whose Redis outlives it, with MANY schedules, given in files as people would."""

    def __init__(self, rig):
        self.rig, self.path = rig, rig.path / "keeper"
        self.path.mkdir()
        listen = {e: f"ipc://{self.path}/{e}" for e in ("agents", "control", "kpi", "events")}
        self.config = self.path / "helios.yaml"
        state = {"url": f"unix:{rig.redis('everysec').socket}", "durability": "everysec"}
        self.config.write_text(json.dumps({"realm": "bench", "data": f"{self.path}/data", "listen": listen, "cycle": {"enabled": False},
                                           "state": state, "log": {"level": "warning"}}))
        self.start()
        file = self.path / "schedules.yaml"
        for begin in range(0, MANY, 5000):
            file.write_text(json.dumps({"schedules": {
                f"s{i}": {"cron": "~ ~ * * *", "action": "echo", "zone": "Europe/Berlin" if i % 4 == 3 else "UTC"}
                for i in range(begin, begin + 5000)}}))
            self.helios("schedule", "set", "--file", file)

    def helios(self, *words):
        out = self.rig.run(BIN / "helios", *words, "--controller", self.path / "data", "--json", check=False)
        return json.loads(out) if out.startswith("{") else {}

    def start(self):
        self.process = self.rig.start(BIN / "heliosd", "--config", self.config)
        until(lambda: self.helios("status").get("epoch", 0) > 0, "a leader")

    def restart(self):
        """restart answers the seconds from the start of the next heliosd to its first answer as the leader."""
        self.process.process.send_signal(signal.SIGKILL)
        self.process.process.wait()
        begin = time.monotonic()
        self.start()
        return time.monotonic() - begin


def an_occurrence(rig, size):
    return lambda: printed(rig.run(BIN / "helios-cost-schedules", "occurrences", OCCURRENCES, size), "occurrence_cpu_ns")


def measure(rounds):
    with Rig() as rig:
        keeper = Keeper(rig)
        values = interleaved(rounds, restart=keeper.restart,
                             core=lambda: printed(rig.run(BIN / "helios-cost-schedules", "restart", MANY), "restart_cpu_ms") / 1000)
        yield row(9, f"a killed controller with {MANY:,} schedules leads again", statistics.median(values["restart"]), 1, "s", values, better="lower")
        costs = interleaved(rounds, **{str(size): an_occurrence(rig, size) for size in SIZES})
        small, large = str(SIZES[0]), str(SIZES[-1])
        yield row(9, f"cost of an occurrence, {small} to {large} schedules", ratio(costs, large, small), 1.5, "×", costs, f"itself with {small}",
                  better="lower")
