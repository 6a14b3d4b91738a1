# SPDX-License-Identifier: MPL-2.0
"""Goal 8: full load for a long time. Memory is flat, and no task takes over 100 ms unless Redis itself says that it was writing for
as long. SOAK_MINUTES says how long (10), SOAK_FSYNC with which policy (everysec)."""

import json
import os
import pathlib
import statistics
import time

from rig import Rig, row, rss_bytes

MINUTES = float(os.environ.get("SOAK_MINUTES", "10"))
FSYNC = os.environ.get("SOAK_FSYNC", "everysec")
WINDOW = 4096  # tasks on their way: full load, and a queue of a few milliseconds
EVERY_MS = 10  # between two tasks whose time is taken
CHUNK_S = 10
LIMIT_MS = 100
# What Redis measures itself when it takes longer than its threshold (LATENCY HISTORY).
REDIS_EVENTS = ("aof-write", "aof-write-pending-fsync", "aof-write-active-child", "aof-write-alone", "aof-fsync-always", "aof-fstat",
                "aof-rename", "aof-rewrite-diff-write", "fork", "command", "fast-command")


def redis_pauses(realm, since):
    """redis_pauses answers the milliseconds of the longest pause that Redis has seen in itself since then."""
    socket = realm.path / "data" / "redis" / "redis.sock"
    longest = 0
    for event in REDIS_EVENTS:
        lines = realm.rig.run("redis-cli", "-s", socket, "latency", "history", event).split()
        longest = max([longest, *(int(ms) for at, ms in zip(lines[::2], lines[1::2]) if int(at) >= int(since))])
    return longest


def chunk(realm):
    """chunk takes the time of tasks for a while, among the load; answers one line of the figures."""
    began = time.time()
    trip = realm.bench("--force", "--tasks", "0", "--trips", str(CHUNK_S * 1000 // EVERY_MS), "--every", f"{EVERY_MS}ms", "--within", "5m")["round_trip"]
    status = realm.status()
    return {"at": began, "p50_ms": trip["p50_us"] / 1000, "p99_ms": trip["p99_us"] / 1000, "max_ms": trip["max_us"] / 1000,
            "redis_ms": redis_pauses(realm, began), "completed": status["counters"]["completed"], "controller_mb": rss_bytes(realm.controller.pid) / 1e6,
            "agents_mb": rss_bytes(realm.agents.pid) / 1e6, "redis_mb": realm.redis_info("used_memory") / 1e6}


def growth(lines, name):
    """growth compares the last third with the middle one: the first fills what is bounded."""
    third = max(len(lines) // 3, 1)
    values = [line[name] for line in lines]
    return statistics.median(values[-third:]) / statistics.median(values[-2 * third:-third] or values[-third:])


def measure(_rounds):
    with Rig() as rig:
        realm = rig.realm(FSYNC, agents=2)
        rig.run("redis-cli", "-s", realm.path / "data" / "redis" / "redis.sock", "config", "set", "latency-monitor-threshold", 20)
        realm.load("--window", WINDOW)
        lines = []
        while not lines or lines[-1]["at"] - lines[0]["at"] < MINUTES * 60 - CHUNK_S:
            lines.append(chunk(realm))
            if "SOAK_LOG" in os.environ:
                with pathlib.Path(os.environ["SOAK_LOG"]).open("a", encoding="utf-8") as log:
                    log.write(json.dumps(lines[-1]) + "\n")
    rate = (lines[-1]["completed"] - lines[0]["completed"]) / max(lines[-1]["at"] - lines[0]["at"], 1)
    for name in ("controller", "agents", "redis"):
        yield row(8, f"memory of {name}, last third of {MINUTES:g} min at {rate:.0f} tasks/s", growth(lines, f"{name}_mb"), 1.05, "×",
                  {"MB": [line[f"{name}_mb"] for line in lines]}, "the middle third", better="lower")
    values = {name: [line[f"{name}_ms"] for line in lines] for name in ("p50", "p99", "max", "redis")}
    yield row(8, f"longest time of a task, less what Redis was writing, {FSYNC}", max(line["max_ms"] - line["redis_ms"] for line in lines), LIMIT_MS,
              "ms", values, better="lower")
