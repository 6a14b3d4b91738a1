# SPDX-License-Identifier: MPL-2.0
"""Goal 1: durable no-op tasks with 64-byte parameters and results, the client waiting for every one, against the bare Redis list at
the same fsync policy, best of 1, 2 and 4 workers of each; and against other queues where they are installed, best of 2 and 4."""

import peers
from rig import BIN, Rig, best, ratio, row

TASKS = 300000
WORKERS = (1, 2, 4)


def helios(realm):
    return realm.bench("--trips", "0", "--tasks", str(TASKS), "--window", "32768")["flow"]["tasks_per_s"]


def redis_list(rig, redis, workers):
    return float(rig.run(BIN / "helios-bench-redis-list", redis.socket, "tasks", TASKS, workers))


def once(values, name, measure, *about):
    """once starts all anew, so that none has the other's files and memory."""
    with Rig() as rig:
        values.setdefault(name, []).append(measure(rig, *about))


def one_round(fsync, values, others):
    for workers in WORKERS:
        once(values, f"helios {workers}", lambda rig, n: helios(rig.realm(fsync, agents=n)), workers)
        once(values, f"redis list {workers}", lambda rig, n: redis_list(rig, rig.redis(fsync), n), workers)
    for name in others:
        for workers in WORKERS[1:]:
            once(values, f"{name} {workers}", lambda rig, n, peer=name: peers.rate(peer, rig, fsync, n), workers)


def measure(rounds):
    for fsync in ("always", "everysec"):
        values = {}
        others = [name for name in peers.compared(fsync) if peers.installed(name)]
        yield from (f"{name} is not installed" for name in peers.compared(fsync) if name not in others)
        for _ in range(rounds):
            one_round(fsync, values, others)
        for name, least in {"redis list": 1.0, **{name: peers.least(name) for name in others}}.items():
            chosen = {"helios": best(values, "helios"), name: best(values, name)}
            yield row(1, f"durable tasks/s, {fsync}", ratio(chosen, "helios", name), least, "×", chosen, name)
