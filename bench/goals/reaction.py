# SPDX-License-Identifier: MPL-2.0
"""Goal 5: from a bad sample to the emergency task in an agent's hands, through the commit, without dwell: while nothing else happens,
and while 30,000 tasks a second flow. An hour's budget of emergency acts is small on purpose (X8), so every round has a realm of its own."""

import statistics

from rig import BIN, Rig, row

ACTS = 15  # of a realm, within its budget
FLOW = 30000
CONFIG = {
    "cycle": {"enabled": False, "cooldown": "0s"},
    "kpis": {"pain": {"swarm": "clinic", "target": 1, "critical": 10}},
    "health": {"window": "1s", "enter_windows": 0, "enter_after": "0s", "leave_windows": 0, "leave_after": "0s", "evaluate": "100ms"},
    "emergency": {"settle": "0s", "verify": "2s", "per_target": 16, "per_realm": 16},
    "optimizations": {"relief": {"swarm": "clinic", "improves": "pain", "touches": ["patient"], "emergency": True,
                                 "apply": {"action": "relieve"}, "rollback": {"action": "undo"}}},
}


def reactions(loaded):
    """reactions answers the milliseconds of each, in one realm."""
    with Rig() as rig:
        realm = rig.realm("everysec", agents=2, **CONFIG)
        if loaded:
            realm.load("--rate", FLOW)
        endpoints = [f"ipc://{realm.path}/{e}" for e in ("agents", "kpi", "events")]
        return [int(us) / 1000 for us in rig.run(BIN / "helios-bench-reaction", *endpoints, ACTS).split()]


def p99(values):
    return statistics.quantiles(values, n=100, method="inclusive")[98]


def measure(rounds):
    values = {"idle": [], "loaded": []}
    for _ in range(rounds):
        for name, all_of_it in values.items():
            all_of_it += reactions(name == "loaded")
    what = "bad sample to emergency task"
    yield row(5, f"{what}, idle, median", statistics.median(values["idle"]), 1, "ms", values, better="lower")
    yield row(5, f"{what}, idle, p99 of {len(values['idle'])}", p99(values["idle"]), 5, "ms", better="lower")
    yield row(5, f"{what}, {FLOW} tasks/s, p99 of {len(values['loaded'])}", p99(values["loaded"]), 25, "ms", better="lower")
