# SPDX-License-Identifier: MPL-2.0
"""Goal 1: durable no-op tasks with 64-byte parameters and results, the client waiting for every one, against the bare Redis list at
the same fsync policy. Best of 1, 2 and 4 workers of each."""

from rig import BIN, Rig, best, ratio, row

TASKS = 300000
WORKERS = (1, 2, 4)


def helios(realm):
    return lambda: realm.bench("--trips", "0", "--tasks", str(TASKS), "--window", "32768")["flow"]["tasks_per_s"]


def redis_list(rig, redis, workers):
    return lambda: float(rig.run(BIN / "helios-bench-redis-list", redis.socket, "tasks", TASKS, workers))


def measure(rounds, only=("always", "everysec")):
    for fsync in only:
        values = {}
        for _ in range(rounds):  # a round starts all anew, so that none has the other's files and memory
            for workers in WORKERS:
                with Rig() as rig:
                    values.setdefault(f"helios {workers}", []).append(helios(rig.realm(fsync, agents=workers))())
                with Rig() as rig:
                    values.setdefault(f"redis list {workers}", []).append(redis_list(rig, rig.redis(fsync), workers)())
        chosen = {"helios": best(values, "helios"), "redis list": best(values, "redis list")}
        yield row(1, f"durable tasks/s, {fsync}", ratio(chosen, "helios", "redis list"), 1.0, "×", values | chosen, "bare Redis list")
