# SPDX-License-Identifier: MPL-2.0
"""The hourly report, here every second: a line of figures a time in DATA/reports, through kill -9; history and the newest report by verb."""

import datetime
import json
import os
import subprocess

from helios import BIN, PATIENCE, Realm, Redis, until

FIELDS = ["timestamp", "uptime_hours", "task_queue_size", "active_tasks", "completed_tasks", "failed_tasks", "metrics"]
METRICS = ["videos_produced_today", "videos_produced_total", "tasks_completed", "tasks_failed"]
CONFIG = {"reports": {"health": "1s"}, "production": {"counters": {"videos_produced": {"action": "upload"}}},
          "agents": {"beat": "200ms"}}


def lines(realm):
    """lines answers every report of every day, in order; a line that is no JSON fails the story."""
    found = []
    for path in sorted((realm.data / "reports").glob("health_*.json")):
        assert path.name == datetime.datetime.strptime(path.name, "health_%Y%m%d.json").strftime("health_%Y%m%d.json")
        text = path.read_text()
        assert text.endswith("\n")
        found += [json.loads(line) for line in text.splitlines()]
    return found


def helios(realm, *words):
    done = subprocess.run([BIN / "helios", *words], capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL,
                          env={"PATH": os.environ["PATH"], "HELIOS_DATA": str(realm.data)}, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def play(realm, agent_name="a1"):
    """play completes two uploads and an echo, and fails one for good."""
    client, agent = realm.client(), realm.agent(agent_name, actions=("upload", "echo"))
    tickets = []
    for action, outcome in (("upload", "COMPLETED"), ("upload", "COMPLETED"), ("echo", "COMPLETED"), ("upload", "FAILED")):
        ticket = client.submit(action, max_attempts=1)
        agent.result(agent.task(), outcome=outcome, exit_code=int(outcome == "FAILED"))
        assert client.done(ticket["id"])["state"] == outcome
        tickets.append(ticket["id"])
    return tickets


def test_a_line_has_the_seeds_fields_and_survives_kill_9(tmp_path):
    with Realm(tmp_path, CONFIG) as realm:
        tickets = play(realm)
        until(lambda: lines(realm) and lines(realm)[-1]["completed_tasks"] == 3, "a report tells of it")
        last = lines(realm)[-1]
        assert list(last) == FIELDS and list(last["metrics"]) == METRICS
        assert last["failed_tasks"] == 1 and last["active_tasks"] == 0 and last["task_queue_size"] == 0
        assert last["metrics"] == {"videos_produced_today": 2, "videos_produced_total": 2, "tasks_completed": 3, "tasks_failed": 1}
        datetime.datetime.strptime(last["timestamp"], "%Y-%m-%dT%H:%M:%SZ")
        realm.kill()
        newest = sorted((realm.data / "reports").glob("health_*.json"))[-1]
        with open(newest, "a", encoding="utf-8") as file:
            file.write('{"timestamp":"torn')    # what a power cut leaves
        before = len(newest.read_text().splitlines()) - 1
        realm.start()
        until(lambda: len(lines(realm)) > before + 1, "it goes on")
        assert lines(realm)[-1]["metrics"] == last["metrics"]
        stamps = [line["timestamp"] for line in lines(realm)]
        assert stamps == sorted(stamps) and len(set(stamps)) == len(stamps), "none twice"
        shown = json.loads(helios(realm, "health-report", "--json"))
        assert list(shown["report"]) == FIELDS and shown["now"]["completed_tasks"] == 3
        assert shown["file"] == newest.name or shown["file"] > newest.name
        history = json.loads(helios(realm, "history", "--json"))["tasks"]    # the ledger knows it after a restart too
        assert [task["id"] for task in history] == tickets
        assert [task["state"] for task in history] == ["COMPLETED"] * 3 + ["FAILED"]
        assert tickets[3] in helios(realm, "history", "--state", "FAILED") and tickets[0] not in helios(realm, "history", "--state", "FAILED")
        assert len(json.loads(helios(realm, "history", "--limit", "2", "--json"))["tasks"]) == 2


def test_another_controller_goes_on_with_the_figures(tmp_path):
    """Each writes its own data directory; together they have a line a time."""
    store = Redis(tmp_path / "redis")
    shared = {**CONFIG, "state": {"url": store.url}}
    try:
        with Realm(tmp_path / "a", shared) as first, Realm(tmp_path / "b", shared, start=False) as second:
            play(first)
            until(lambda: lines(first) and lines(first)[-1]["completed_tasks"] == 3, "a report tells of it")
            second.start(lead=False)
            first.kill()
            second.until_leading()
            until(lambda: len(lines(second)) > 1, "the other one reports")
            assert all(line["metrics"]["videos_produced_total"] == 2 for line in lines(second))
            stamps = [line["timestamp"] for line in lines(first) + lines(second)]
            assert stamps == sorted(stamps) and len(set(stamps)) == len(stamps), "none twice"
    finally:
        store.stop()
