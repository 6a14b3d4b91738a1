# SPDX-License-Identifier: MPL-2.0
"""Acknowledged data is destroyed by force: nobody can bring it back, so what must hold is C7: the leader notices, freezes automation
and says so; and the realm goes on with what is left."""

import shutil

import pytest

import load
from helios import until
from world import World


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path / "w", crowd=0)
    yield world
    world.close()


class Desk:
    """A client that waits for each of its answers."""

    def __init__(self, world):
        self.wire = load.Controllers(world.ways("desk"))

    def submit(self, key):
        def accepted():
            answer = self.wire.ask("submit", 20, client="desk", watch=True, items=[{"key": key, "action": "quick", "swarm": "work"}])
            return answer and answer["type"] == "accepted" and answer["items"][0]["id"]
        return until(accepted, f"{key} is accepted")

    def done(self, task):
        def ended():
            self.wire.say("watch", ref="w", ids=[task])
            message = self.wire.hear(0.5)
            if message is None:
                self.wire.other()
            return message and message["type"] == "done" and next((i for i in message["items"] if i["id"] == task), None)
        return until(ended, f"{task} has ended")

    def status(self):
        answer = self.wire.ask("query", 20, what="status", args={})
        assert answer and answer["ok"], f"nobody leads: {answer}"
        return answer["data"]


def flush(world):
    world.redis.client().flushall()


def older_snapshot(world, kept):
    world.redis.process.kill()
    shutil.rmtree(world.redis.path / "appendonlydir")
    shutil.copytree(kept, world.redis.path / "appendonlydir")
    world.redis.heal()


def keep_snapshot(world, path):
    shutil.copytree(world.redis.path / "appendonlydir", path)
    return path


def said_it(world):
    return [c.name for c in world.controllers if '"store.lost"' in (c.path / "log").read_text()]


def is_said(world, desk):
    until(lambda: said_it(world), "somebody says that data was lost (C7)")
    until(lambda: desk.status()["frozen"], "automation is frozen (C7)")


def goes_on(desk, epoch):
    """New work is done, by agents that obey the leader: whoever has seen the old epoch obeys no lower one (A6)."""
    assert desk.done(desk.submit("after"))["state"] == "COMPLETED"
    assert desk.status()["epoch"] > epoch


def test_all_keys_are_deleted(world):
    """C7, A6, L1: the epoch of before never comes again. More commits than a leader still has, or it would apply all of them again."""
    desk = Desk(world)
    for i in range(60):
        desk.done(desk.submit(f"before-{i}"))
    epoch = desk.status()["epoch"]
    flush(world)
    is_said(world, desk)
    goes_on(desk, epoch)


def test_a_snapshot_of_the_same_term(world, tmp_path):
    """C7: what the leader still has, without a gap, it applies again; nothing that was acknowledged is lost."""
    desk = Desk(world)
    desk.done(desk.submit("kept"))
    kept = keep_snapshot(world, tmp_path / "kept")
    tasks = {key: desk.submit(key) for key in ("lost-1", "lost-2", "lost-3")}
    older_snapshot(world, kept)
    is_said(world, desk)
    assert {key: desk.submit(key) for key in tasks} == tasks
    assert [desk.done(task)["state"] for task in tasks.values()] == ["COMPLETED"] * 3


def test_a_snapshot_of_before_a_take_over(world, tmp_path):
    """C7, A6, L1."""
    desk = Desk(world)
    first = desk.submit("kept")
    desk.done(first)
    kept, leader = keep_snapshot(world, tmp_path / "kept"), world.leader()
    leader.end()
    for i in range(20):
        desk.done(desk.submit(f"lost-{i}"))
    leader.start()
    epoch = desk.status()["epoch"]
    older_snapshot(world, kept)
    is_said(world, desk)
    goes_on(desk, epoch)
    assert desk.submit("kept") == first


def test_nothing_is_noticed_when_nothing_is_lost(world):
    """A restart of Redis that brings everything back freezes nobody."""
    desk = Desk(world)
    desk.done(desk.submit("before"))
    world.redis.process.kill()
    world.redis.heal()
    assert desk.done(desk.submit("after"))["state"] == "COMPLETED"
    assert not said_it(world) and not desk.status()["frozen"]
