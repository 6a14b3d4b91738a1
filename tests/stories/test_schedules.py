# SPDX-License-Identifier: MPL-2.0
"""What runs by the clock, on real daemons: through kill -9, by hand, and from the command line (S1 to S8)."""

import json
import os
import signal
import subprocess
import time

import pytest

from helios import BIN, Realm, Redis, until

SCHEDULES = {
    "schedules": {
        "tick": {"cron": "@every 1s", "action": "tick", "params": {"at": "${time}"}, "overlap": "allow", "misfire": "all"},
        "nightly": {"cron": "0 2 * * *", "zone": "Europe/Berlin", "action": "tidy", "takes": "10s"},
        "after": {"cron": "immediate", "action": "look", "after": ["nightly"]},
    },
}


@pytest.fixture(name="realm")
def make_realm(tmp_path):
    with Realm(tmp_path, SCHEDULES) as realm:
        yield realm


def helios(realm, *words, code=0):
    done = subprocess.run([BIN / "helios", "schedule", *words, "--controller", realm.data], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def rows(realm):
    return {row["name"]: row for row in json.loads(helios(realm, "list", "--json"))["schedules"]}


def test_s1_kill_9_loses_no_occurrence_and_repeats_none(realm):
    """
    heliosd   every second an occurrence; kill -9 four times amid them
    agent     <- each second's task once, none missing
    """
    seen = []
    for _ in range(4):
        agent = realm.agent("a1", actions=["tick"], slots=100)
        until_seconds = time.monotonic() + 2.5
        while time.monotonic() < until_seconds:
            task = agent.task(patience=0.3)
            if task:
                seen.append(task["params"]["at"])
                agent.result(task)
        realm.process.send(signal.SIGKILL)
        realm.process.wait()
        realm.start()
    agent = realm.agent("a1", actions=["tick"], slots=100)
    while task := agent.task(patience=3 if rows(realm)["tick"]["running"] else 0.1):
        if task["params"]["at"] not in seen or task["attempt"] == 1:
            seen.append(task["params"]["at"])
        agent.result(task)
        if len(seen) > 25:
            break
    times = sorted(int(time.mktime(time.strptime(at[:19], "%Y-%m-%dT%H:%M:%S"))) for at in seen)
    assert len(set(times)) == len(times), "none twice"
    assert times == list(range(times[0], times[0] + len(times))), "none missing"


def test_s7_run_pause_and_resume_from_the_command_line(realm):
    """
    helios    schedule run nightly        -> a task, now
    agent     result                      -> `after` follows at once (S8)
    helios    schedule pause tick         -> nothing more
    """
    assert "nightly runs as t-" in helios(realm, "run", "nightly")
    assert "is forbid" in helios(realm, "run", "nightly", code=75)
    agent = realm.agent("a1", actions=["tidy", "look"], slots=4)  # who does not beat while a command runs is lost
    agent.result(agent.task())
    assert agent.task()["action"] == "look"
    assert "tick is paused" in helios(realm, "pause", "tick")
    started = rows(realm)["tick"]["started"]
    assert rows(realm)["tick"]["state"] == "paused"
    realm.process.send(signal.SIGKILL)
    realm.process.wait()
    realm.start()
    row = rows(realm)
    assert (row["tick"]["state"], row["tick"]["started"]) == ("paused", started)
    assert row["nightly"]["ended"] and row["after"]["running"] == 1
    assert "goes on" in helios(realm, "resume", "tick")
    until(lambda: rows(realm)["tick"]["started"] > started, "what was missed runs: misfire is all")


def test_s3_the_list_speaks_local_time(realm):
    shown = helios(realm, "list", "--no-color")
    assert "0 2 * * * Europe/Berlin" in shown and " in " in shown
    nightly = rows(realm)["nightly"]
    assert nightly["next_zone"] in ("CET", "CEST")
    assert nightly["next_offset"] in (3600, 7200)
    assert (nightly["next"] // 1000 + nightly["next_offset"]) % 86400 == 2 * 3600
    assert nightly["next_zone"] in shown
    assert "nightly" in helios(realm, "next", "3", "--name", "nightly")
    assert len(json.loads(helios(realm, "next", "7", "--json"))["next"]) == 7


def test_s1_schedules_are_given_and_taken_away_by_commands(realm, tmp_path):
    assert "at character 3" in helios(realm, "set", "x", "--cron", "0 99 * * *", "--action", "a", code=64)
    assert "is of the config" in helios(realm, "set", "tick", "--cron", "@daily", "--action", "a", code=77)
    assert "x is given" in helios(realm, "set", "x", "--cron", "@every 1s", "--action", "spoon", "--params", '{"n": 1}', "--misfire", "skip")
    agent = realm.agent("a1", actions=["spoon"], slots=4)
    assert agent.task()["params"] == {"n": 1}
    many = tmp_path / "many.yaml"
    many.write_text(json.dumps({"schedules": {f"s{i}": {"cron": "~ ~ * * *", "action": "a"} for i in range(1200)}}))
    assert "1200 schedules are given" in helios(realm, "set", "--file", str(many))
    assert len(rows(realm)) == 1204
    minutes = {row["next"] // 60000 % 60 for row in rows(realm).values() if row["name"].startswith("s")}
    assert len(minutes) > 50, "~ spreads"
    assert "x is taken away" in helios(realm, "remove", "x")
    assert "no schedule 'x'" in helios(realm, "show", "x", code=66)


def started_with(realm, **environment):
    """started_with starts the realm's controller in another environment than ours."""
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        realm.start()
    finally:
        os.environ.clear()
        os.environ.update(before)


def test_s4_a_controller_whose_clock_is_ahead_finds_what_is_late(tmp_path):
    """
    heliosd   kill -9; its clock is put forward by 3 h; it leads again
    tap       <- schedule.skipped: two of three hours; the newest of them runs
    """
    library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
    if not os.path.exists(library):
        pytest.skip("the package faketime is not installed")
    if b"__asan_init" in (BIN / "heliosd").read_bytes():
        pytest.skip("libfaketime and AddressSanitizer do not get along")
    redis = Redis(tmp_path / "redis")
    config = {"schedules": {"hourly": {"cron": "@hourly", "action": "tick"}}, "state": {"url": redis.url}}
    try:
        with Realm(tmp_path, config) as realm:
            assert rows(realm)["hourly"]["started"] == 0
            realm.process.send(signal.SIGKILL)
            realm.process.wait()
            started_with(realm, LD_PRELOAD=library, FAKETIME="+3h", FAKETIME_DONT_RESET="1")
            until(lambda: rows(realm)["hourly"]["started"] == 1, "the newest late one runs")
            row = rows(realm)["hourly"]
            assert (row["started"], row["skipped"]) == (1, 2)
    finally:
        redis.stop()


WEEK = {
    "curate": {"cron": "0 0 * * *", "action": "curate", "takes": "10s"},
    "produce": {"cron": "0 */4 * * *", "action": "make", "takes": "12m", "after": ["curate"]},
    "analytics": {"cron": "0 */6 * * *", "action": "analyse", "takes": "7h"},
    "sweep": {"cron": "*/30 * * * *", "action": "sweep", "overlap": "replace", "takes": "40m"},
}


def simulate(file, *words):
    done = subprocess.run([BIN / "helios", "schedule", "simulate", "--file", str(file), "--from", "2026-11-22T00:30:00Z", "--days", "2", *words],
                          capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "120"})
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_s5_two_days_are_simulated_and_drawn(tmp_path):
    file = tmp_path / "helios.yaml"
    file.write_text(json.dumps({"schedules": WEEK, "tasks": {"attempt": "1d", "total": 0}}))
    told = json.loads(simulate(file, "--json"))
    of = {name: [o for o in told["occurrences"] if o["schedule"] == name] for name in WEEK}
    count = {name: {word: sum(o["outcome"] == word for o in of[name]) for word in ("COMPLETED", "SKIPPED", "CANCELLED")} for name in WEEK}
    assert count["curate"] == {"COMPLETED": 2, "SKIPPED": 0, "CANCELLED": 0}
    assert count["produce"] == {"COMPLETED": 7, "SKIPPED": 5, "CANCELLED": 0}, "nothing before curate has completed once"
    assert count["analytics"]["SKIPPED"] == 4 and count["analytics"]["COMPLETED"] in (3, 4)
    assert count["sweep"]["CANCELLED"] > 90
    first = next(o for o in of["produce"] if o["outcome"] == "COMPLETED")
    assert first["start"] == next(o for o in of["curate"])["end"], "after"
    assert first["end"] - first["start"] == 12 * 60000
    assert told == json.loads(simulate(file, "--json")), "the same each time"
    drawn = simulate(file)
    assert "│Mon 23" in drawn and "curate" in drawn and "5 skipped" in drawn and "×" in drawn and "\033" not in drawn


def test_s5_a_running_controller_knows_how_long_it_takes(tmp_path):
    config = {"schedules": {"nightly": {"cron": "0 2 * * *", "action": "tidy", "takes": "1h"}}}
    with Realm(tmp_path, config) as realm:
        assert "runs as" in helios(realm, "run", "nightly")
        agent = realm.agent("a1", actions=["tidy"])
        agent.result(agent.task(), elapsed_ms=300000)
        until(lambda: rows(realm)["nightly"]["took_ms"] == 300000, "it is known")
        file = tmp_path / "week.yaml"
        file.write_text(json.dumps(config | {"tasks": {"attempt": "1d", "total": 0}}))
        told = json.loads(simulate(file, "--json", "--controller", realm.data))
        assert [o["end"] - o["start"] for o in told["occurrences"]] == [300000, 300000]
        told = json.loads(simulate(file, "--json"))
        assert [o["end"] - o["start"] for o in told["occurrences"]] == [3600000, 3600000]
