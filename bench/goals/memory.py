# SPDX-License-Identifier: MPL-2.0
"""Goal 3: what a queued task costs: memory of the controller, and of Redis beyond the payload. 64 bytes of parameters, 250 a message."""

import statistics
import time

from rig import PARAMS, Rig, row, rss_bytes

TASKS = 100000
PAYLOAD = len(PARAMS)


def settled(read):
    """settled reads a memory until it stands still."""
    before = read()
    for _ in range(20):
        time.sleep(0.2)
        now = read()
        if now == before:
            break
        before = now
    return now


def queue(realm, n):
    """queue answers the bytes that n more tasks cost in the controller and in Redis."""
    controller, redis = lambda: rss_bytes(realm.controller.pid), lambda: realm.redis_info("used_memory")
    before = settled(controller), settled(redis)
    realm.bench("--submit-only", "--force", "--tasks", str(n), "--batch", "250")
    return settled(controller) - before[0], settled(redis) - before[1]


def measure(rounds):
    values = {"MB": [], "bytes in Redis": []}
    for _ in range(rounds):
        with Rig() as rig:
            controller, redis = queue(rig.realm(agents=0), TASKS)
            values["MB"].append(controller / 1e6)
            values["bytes in Redis"].append(redis / TASKS - PAYLOAD)
    yield row(3, "controller memory, MB per 100k queued tasks", statistics.median(values["MB"]), 20, "MB", values, better="lower")
    yield row(3, "Redis memory a task beyond its payload", statistics.median(values["bytes in Redis"]), 250, "bytes", values,
              better="lower")
