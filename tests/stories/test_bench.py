# SPDX-License-Identifier: MPL-2.0
"""helios bench: what a user measures of an installation, and when it refuses to. No figure is judged."""

import json
import os
import subprocess

import pytest

from fake_controller import Agent
from helios import BIN, PATIENCE, Realm, until

USAGE, FAILED, TRY_AGAIN = 64, 70, 75
ACTIONS = {"noop": {"builtin": "noop"}, "wrong": {"run": ["/bin/sh", "-c", "exit 64"]}}  # 64 is never tried again


def bench(realm, *words):
    return subprocess.run([BIN / "helios", "bench", "--controller", realm.data, *map(str, words)], capture_output=True, text=True,
                          timeout=PATIENCE, stdin=subprocess.DEVNULL, check=False, env={"PATH": os.environ["PATH"]})


@pytest.fixture
def realm(tmp_path):
    with Realm(tmp_path / "realm", {"agents": {"beat": "200ms"}}) as realm:
        yield realm


@pytest.fixture
def working(realm, tmp_path):
    agent = Agent(tmp_path, [realm.data], ACTIONS, {"a1": {"swarm": "s", "slots": 4, "prefetch": 64}})
    try:
        until(lambda: realm.client().query("status")["agents_live"] == 1, "the agent")
        yield realm
    finally:
        agent.close()


def counted(realm, name):
    return realm.client().query("status")["counters"][name]


def test_round_trips_and_a_flow_are_counted_and_timed(working):
    done = bench(working, "--trips", 20, "--tasks", 1000, "--window", 300, "--batch", 100, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    trip, flow = report["round_trip"], report["flow"]
    assert trip["n"] == 20 and 0 < trip["p50_us"] <= trip["p99_us"] <= trip["max_us"]
    assert flow["tasks"] == 1000 and flow["tasks_per_s"] == pytest.approx(1000 / flow["seconds"])
    assert counted(working, "completed") == 1020


def test_people_read_one_line_of_each(working):
    done = bench(working, "--trips", 5, "--tasks", 10)
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 2
    assert "round trip" in done.stdout and "tasks/s" in done.stdout


def test_tasks_may_have_keys(working):
    assert bench(working, "--trips", 0, "--tasks", 30, "--keys").returncode == 0
    assert bench(working, "--trips", 0, "--tasks", 30, "--keys").returncode == 0
    assert counted(working, "completed") == 60, "each run has keys of its own"
    assert working.redis().hlen(working.key("key")) == 60


def test_a_rate_is_kept(working):
    report = json.loads(bench(working, "--trips", 0, "--tasks", 100, "--batch", 1, "--rate", 1000, "--json").stdout)
    assert report["flow"]["seconds"] >= 0.09 and "round_trip" not in report


def test_it_refuses_to_measure_others_work_unless_forced(working):
    working.client().submit("nobody_offers_this")
    done = bench(working, "--trips", 1, "--tasks", 1)
    assert done.returncode == TRY_AGAIN and "--force" in done.stderr and done.stdout == ""
    assert bench(working, "--trips", 1, "--tasks", 1, "--force").returncode == 0


def test_without_an_agent_it_ends_in_time_and_says_why(realm):
    done = bench(realm, "--trips", 1, "--tasks", 0, "--within", "300ms")
    assert done.returncode == TRY_AGAIN
    assert "offer noop" in done.stderr and "helios cancel" in done.stderr


def test_tasks_that_are_only_submitted_stay_queued(realm):
    done = bench(realm, "--submit-only", "--tasks", 500, "--batch", 100, "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["flow"]["submit_only"]
    assert realm.client().query("status")["tasks_live"] == 500


def test_an_action_that_fails_is_no_measure(working):
    done = bench(working, "--action", "wrong", "--trips", 1, "--tasks", 0)
    assert done.returncode == FAILED and "did not complete" in done.stderr


def test_what_the_controller_refuses_is_said(working):
    done = bench(working, "--params", '{"p": ["' + 70000 * "x" + '"]}', "--trips", 1, "--tasks", 0)
    assert done.returncode == TRY_AGAIN and "refused" in done.stderr


@pytest.mark.parametrize("words", [["--batch", "0"], ["--batch", "1001"], ["--params", "{"], ["--trips", "-1"], ["--priority", "5"]])
def test_what_makes_no_sense_is_usage(realm, words):
    assert bench(realm, *words).returncode == USAGE
