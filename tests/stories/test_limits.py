# SPDX-License-Identifier: MPL-2.0
"""What an action may take in the whole realm (Q1), through the death of a controller."""

import json
import signal
import subprocess

import pytest

from helios import BIN, Realm, until

LIMITS = {"limits": {"upload": {"max_concurrent": 2, "rate": "3/1h"}}, "agents": {"beat": "200ms"}}


@pytest.fixture(name="realm")
def make_realm(tmp_path):
    with Realm(tmp_path, LIMITS) as realm:
        yield realm


def limits(realm):
    done = subprocess.run([BIN / "helios", "limits", "--json", "--controller", realm.data],
                          capture_output=True, check=True)
    return json.loads(done.stdout)["limits"][0]


def test_q1_what_is_over_waits_and_a_takeover_forgets_nothing(realm):
    """
    client    submit upload × 5
    agent     <- two of them: at most two at once
    agent     result, <- the third: at most three an hour
    heliosd   kill -9, another one leads
    agent     <- nothing: the hour's three are taken; each of the others says why it waits
    """
    agent = realm.agent("a1", actions=["upload"], slots=5)
    client = realm.client()
    ids = [ticket["id"] for ticket in client.submit_all([{"action": "upload"}] * 5).values()]
    first, second = agent.task(), agent.task()
    assert agent.task(patience=1) is None
    assert "2 attempts of upload run, its limit is 2 at once" in client.query("task", id=ids[2])["task"]["why"]
    agent.result(first)
    third = agent.task()
    agent.result(second)
    agent.result(third)
    until(lambda: limits(realm)["running"] == 0, "all three have ended")

    realm.process.send(signal.SIGKILL)
    realm.process.wait()
    realm.start()
    agent = realm.agent("a1", actions=["upload"], slots=5)
    assert agent.task(patience=1) is None
    row = limits(realm)
    assert (row["in_time"], row["waiting"], row["open"]) == (3, 2, False) and row["next_at"] > 0
    assert "upload begins at most 3/1h: the next one in" in realm.client().query("task", id=ids[4])["task"]["why"]
