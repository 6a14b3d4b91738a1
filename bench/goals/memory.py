# SPDX-License-Identifier: MPL-2.0
"""Goal 3: what a queued task costs: memory of the controller, and of Redis beyond the payload. 64 bytes of parameters, 250 a message."""

import statistics
import time

from rig import PARAMS, Rig, row, rss_bytes

MANY = (100000, 1000000)
LIMIT_MB = 20  # per 100,000
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
    for n in MANY:
        values = {"MB": [], "bytes in Redis": []}
        for _ in range(rounds if n == MANY[0] else 1):
            with Rig() as rig:
                controller, redis = queue(rig.realm(agents=0), n)
                values["MB"].append(controller / 1e6 / (n / 100000))
                values["bytes in Redis"].append(redis / n - PAYLOAD)
        yield row(3, f"controller memory per 100k queued tasks, {n} of them", statistics.median(values["MB"]), LIMIT_MB, "MB",
                  {"MB": values["MB"]}, better="lower")
        yield row(3, f"Redis memory a task beyond its payload, {n} of them", statistics.median(values["bytes in Redis"]), 250, "bytes",
                  {"bytes": values["bytes in Redis"]}, better="lower")
