# SPDX-License-Identifier: MPL-2.0
"""The kill switch while Redis is away (X10): it takes effect at once, by command or by the file alone; data flows on; it survives a
restart; a person ends it. What freezing does with Redis in good health is in test_loop.py, with several controllers in test_standby.py."""

import signal

import pytest

from helios import Redis, until
from toy import GOOD_ONE, Toy

SLOW = {"cycle": {"every": "2s"}, "verify": {"baseline": "6s"}}  # time enough to be stopped before the change


@pytest.fixture(name="store")
def a_store(tmp_path):
    store = Redis(tmp_path / "redis")
    yield store
    store.stop()


def stand_still(store):
    store.process.send(signal.SIGSTOP)


def die(store):
    store.process.kill()


def come_back(store):
    if store.process.running():
        store.process.send(signal.SIGCONT)
    else:
        store.start()


def about_to_act(tmp_path, store):
    toy = Toy(tmp_path / "realm", GOOD_ONE, state={"url": store.url}, **SLOW)
    toy.reaches("shrink", "BASELINE")
    return toy


def samples(toy):
    return toy.query("status")["counters"]["samples_stored"]


def stays_frozen_and_watches(toy):
    """stays_frozen_and_watches: what was about to be changed is not, samples come in, and who asks is answered."""
    assert toy.reaches("shrink", "ABANDONED", "ACCEPTED", "ROLLED_BACK")["state"] == "ABANDONED"
    assert toy.get("latency") == 500
    before = samples(toy)
    until(lambda: samples(toy) > before + 50, "samples come in")
    client = toy.client()
    ticket = until(lambda: (t := client.submit("analysis", params={"depth": "quick"})) and "id" in t and t, "a submit is taken")
    assert client.done(ticket["id"])["state"] == "COMPLETED"


def lets_go_on(toy):
    toy.helios("unfreeze", "--author", "ada")
    assert not (toy.data / "frozen").exists()
    assert toy.reaches("shrink", "ACCEPTED") and toy.get("latency") == 110


@pytest.mark.parametrize("gone", [stand_still, die])
def test_x10_a_freeze_takes_effect_while_redis_is_away(tmp_path, store, gone):
    with about_to_act(tmp_path, store) as toy:
        gone(store)
        toy.helios("freeze", "--reason", "deploy", "--author", "ada")
        assert (toy.data / "frozen").exists()
        toy.until_line("controller.held")  # until then an answer waits for a commit that may come
        assert toy.query("status")["frozen"]
        before = samples(toy)
        until(lambda: samples(toy) > before + 50, "samples come in without Redis")
        come_back(store)
        until(lambda: toy.ledger("realm.frozen"), "the event is in the ledger as soon as there is one")
        stays_frozen_and_watches(toy)
        lets_go_on(toy)


def test_x10_the_file_alone_freezes_without_redis_and_survives_a_restart(tmp_path, store):
    with about_to_act(tmp_path, store) as toy:
        stand_still(store)
        toy.until_line("controller.held")
        (toy.data / "frozen").write_text("by hand\n")
        until(lambda: toy.query("status")["frozen"], "the file is seen")
        come_back(store)
        toy.crash()
        assert toy.query("status")["frozen"]
        stays_frozen_and_watches(toy)
        lets_go_on(toy)
