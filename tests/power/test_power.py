# SPDX-License-Identifier: MPL-2.0
"""Power loss: what Redis had not synced is gone (power.c says what that means). What was acknowledged is still there and ends
once; and where the disk lies about its syncs, the same questions find the loss, so they can."""

import os
import pathlib
import random
import sys
import threading

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "stories"))

from helios import BIN, Process, Realm, Redis, until  # noqa: E402
from test_crash import busy_agent, submit_all  # noqa: E402

KEYS = 60  # of each client: more batches than the tail of acknowledged ones that a controller keeps (C7)
CLIENTS = 4
SEEDS = [int(s) for s in os.environ.get("POWER_SEEDS", "1 2").split()]


class PoweredRedis(Redis):
    """A redis-server on a disk that forgets what was not synced whenever it ends."""

    def __init__(self, path, **power):
        self.power = {"LD_PRELOAD": str(BIN / "libpower.so"), "POWER_DIR": str(path / "disk"),
                      **{f"POWER_{name.upper()}": str(value) for name, value in power.items()}}
        (path / "disk").mkdir(parents=True)
        super().__init__(path)

    def start(self):
        self.socket.unlink(missing_ok=True)
        argv = ["redis-server", "--port", "0", "--unixsocket", self.socket, "--dir", self.path / "disk", "--save", "",
                "--appendonly", "yes", "--appendfsync", "always"]
        self.process = Process(argv, self.path / "redis.log", env={**os.environ, **self.power})
        until(self.answers, "Redis answers")

    def cut(self):
        """cut is the loss itself; what it took is seen at the next start."""
        self.process.kill()

    def bytes_lost(self):
        lines = (self.path / "redis.log").read_text(errors="replace").splitlines()
        return [int(line.split()[1]) for line in lines if line.startswith("power: ")]


def realm_on(redis, path, **config):
    base = {"state": {"url": redis.url}, "tasks": {"backoff": "100ms"}, "agents": {"beat": "200ms"}}
    return Realm(path, {**base, **config})


def load(realm, accepted):
    """load has clients submit keyed tasks, one message a key at least, until all are accepted."""
    clients = [threading.Thread(target=submit_all, args=(realm, f"c{n}", KEYS, accepted[n])) for n in range(CLIENTS)]
    for one in clients:
        one.start()
    return clients


def missing_of(realm, accepted):
    """missing_of answers the acknowledged keys that do not lead to their first task any more (T3)."""
    client, missing = realm.client(), []
    for n, found in enumerate(accepted):
        keys = sorted(found)
        for at in range(0, len(keys), 10):
            part = keys[at:at + 10]
            requests = [{"action": "work", "key": key, "params": {"text": key}} for key in part]
            answers = client.submit_all(requests, client=f"c{n}", watch=False)
            missing += [(n, key) for i, key in enumerate(part) if answers[i].get("id") != found[key]]
    return missing


@pytest.mark.parametrize("seed", SEEDS)
def test_c1_nothing_acknowledged_is_lost_with_the_power(tmp_path, seed):
    """
    4 clients   submit 60 keyed tasks each; two agents do them
    Redis       loses its power three times, at moments that the seed draws; once while it rewrites its file
    """
    draw = random.Random(seed)
    redis = PoweredRedis(tmp_path / "redis", slow_us=2000)
    with realm_on(redis, tmp_path / "one") as realm:
        tap, accepted = realm.tap("task.completed"), [{} for _ in range(CLIENTS)]
        for name in ("a1", "a2"):
            busy_agent(realm, name)
        clients, moment = load(realm, accepted), 0
        for cut in (1, 2, 3):
            moment += draw.randint(10, 70)
            until(lambda m=moment: sum(map(len, accepted)) >= m, "there is load")
            if cut == 2:
                redis.client().bgrewriteaof()  # new files under new names, half way or done
            redis.cut()
            realm.until_line("controller.held", cut)
            redis.start()
            realm.until_line("controller.resumed", cut)
        for one in clients:
            one.join()
        ids = {id for found in accepted for id in found.values()}
        assert len(ids) == CLIENTS * KEYS, "each key is one task"
        until(lambda: realm.client().query("status")["tasks_live"] == 0, "all have ended")
        counters = realm.client().query("status")["counters"]
        assert counters["completed"] == len(ids), counters
        until(lambda: tap.until("none", patience=0.1) or {e["id"] for e in tap.events} >= ids, "each end was told")
        assert len(tap.events) == len(ids), "once"
        assert missing_of(realm, accepted) == [] and not realm.lines("store.lost")
        assert len(redis.bytes_lost()) == 3
    redis.stop()


def test_c1_the_whole_machine_loses_its_power(tmp_path):
    """The controller dies with its Redis; both come back, and do what was accepted."""
    redis = PoweredRedis(tmp_path / "redis", slow_us=2000)
    with realm_on(redis, tmp_path / "one") as realm:
        client = realm.client()
        ids = [client.submit("work", key=f"k{n}")["id"] for n in range(100)]
        redis.cut()
        realm.kill()
        redis.start()
        realm.start()
        assert realm.client().query("status")["tasks_live"] == 100
        tap = realm.tap("task.completed")
        busy_agent(realm, "a1")
        until(lambda: realm.client().query("status")["tasks_live"] == 0, "all have ended")
        until(lambda: tap.until("none", patience=0.1) or {e["id"] for e in tap.events} >= set(ids), "each end was told")
        assert len(tap.events) == 100
    redis.stop()


def test_c7_a_disk_that_lies_is_found_out(tmp_path):
    """
    Redis       answers each sync before it is one, and loses its power
    the same    keys lead to other tasks now: these questions see a loss, and the controller says so and freezes
    """
    redis = PoweredRedis(tmp_path / "redis", lie=1)
    with realm_on(redis, tmp_path / "one") as realm:
        client, accepted = realm.client(), [{}]
        for n in range(100):  # each a commit of its own: more than the tail that is kept
            key = f"k{n}"
            accepted[0][key] = client.submit_all([{"action": "work", "key": key, "params": {"text": key}}], client="c0")[0]["id"]
        assert missing_of(realm, accepted) == []
        redis.cut()
        realm.until_line("store.held")
        redis.start()
        assert "C7" in realm.until_line("store.lost")
        realm.until_leading()
        until(lambda: realm.client().query("status")["frozen"], "it is frozen")
        assert redis.bytes_lost()[0] > 0
        gone = realm.client().query("task", id=accepted[0]["k7"])
        assert gone.get("code") == "not_found", gone
        assert missing_of(realm, accepted) != []
    redis.stop()
