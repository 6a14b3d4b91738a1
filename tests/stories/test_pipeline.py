# SPDX-License-Identifier: MPL-2.0
"""Pipelines with real daemons (P1 to P11): begun and watched with the command line, through the death of a controller."""

import json
import os
import signal
import subprocess

import pytest

from helios import BIN, PATIENCE, Realm, until

VIDEO = {"pipelines": {"video": {
    "params": {"topic": "sea", "style": None},
    "dir": "/srv/films",
    "steps": {
        "script": {"action": "write", "params": {"topic": "${params.topic}"}},
        "voice": {"action": "speak", "after": ["script"], "params": {"text": "${steps.script.data.text}"}},
        "images": {"action": "draw", "after": ["script"], "each": "${steps.script.data.scenes}", "params": {"scene": "${item}"}},
        "film": {"action": "join", "after": ["voice", "images"], "retries": 0,
                 "params": {"images": "${steps.images.data.file}", "dir": "${run.dir}"},
                 "artifacts": {"film": "film.mp4"}},
    }}}, "agents": {"beat": "200ms"}}
ACTIONS = ["write", "speak", "draw", "join"]


def helios(realm, *words):
    return subprocess.run([BIN / "helios", *map(str, words)], capture_output=True, text=True, timeout=PATIENCE,
                          stdin=subprocess.DEVNULL,
                          env={"PATH": os.environ["PATH"], "HELIOS_DATA": str(realm.data), "HELIOS_AUTHOR": "ada"})


def answer(realm, *words):
    done = helios(realm, "pipeline", *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def state(realm, run="r-1"):
    return answer(realm, "status", run)["state"]


@pytest.fixture(name="realm")
def make_realm(tmp_path):
    with Realm(tmp_path, VIDEO) as realm:
        yield realm


def begin(realm):
    done = helios(realm, "pipeline", "run", "video", "--params", '{"style": "calm"}')
    assert done.returncode == 0, done.stderr
    assert done.stdout == "r-1 RUNNING\n"


def work_until_film(agent):
    agent.result(agent.task(), data={"text": "Tides", "scenes": ["a", "b"]})
    given = [agent.task() for _ in range(3)]
    for task in given:
        agent.result(task, data={"file": f"{task['params'].get('scene')}.png"})
    return given


def test_a_run_of_a_pipeline(realm):
    """
    helios    pipeline run video                -> r-1
    agent     <- write, speak, draw × 2, join: each with what the ones before returned
    helios    pipeline status, list, history, show
    """
    agent = realm.agent("a1", actions=ACTIONS, slots=4)
    begin(realm)
    given = work_until_film(agent)
    assert sorted(str(task["params"]) for task in given) == ["{'scene': 'a'}", "{'scene': 'b'}", "{'text': 'Tides'}"]
    film = agent.task()
    assert film["params"] == {"images": ["a.png", "b.png"], "dir": "/srv/films/video/r-1"}
    shown = helios(realm, "pipeline", "status", "r-1").stdout
    assert "75 %  3 of 4 steps" in shown and "critical path: film" in shown and "2/2" in shown
    agent.result(film)
    until(lambda: state(realm) == "COMPLETED", "the run completes")
    shown = helios(realm, "pipeline", "status", "r-1").stdout
    assert "100 %" in shown and "/srv/films/video/r-1/film.mp4" in shown
    assert "r-1" in helios(realm, "pipeline", "list").stdout
    assert "COMPLETED" in helios(realm, "pipeline", "history", "video").stdout
    drawn = helios(realm, "pipeline", "show", "video").stdout
    assert "4 steps on 3 levels" in drawn and "◀─ voice, images" in drawn
    assert '"script" -> "voice";' in helios(realm, "pipeline", "show", "video", "--dot").stdout
    assert "r-1 of video" in helios(realm, "why", "r-1").stdout


def test_p3_a_controller_dies_in_the_middle(realm):
    """
    heliosd   kill -9 while two steps run; another one leads
    agent     goes on; what had ended is not asked for again
    """
    agent = realm.agent("a1", actions=ACTIONS, slots=4)
    begin(realm)
    agent.result(agent.task(), data={"text": "Tides", "scenes": ["a"]})
    tasks = {task["action"]: task for task in (agent.task(), agent.task())}
    agent.result(tasks["speak"])
    realm.process.send(signal.SIGKILL)
    realm.process.wait()
    realm.start()
    assert state(realm) == "RUNNING"
    agent = realm.agent("a2", actions=ACTIONS, slots=4)
    drawn = agent.task()
    assert drawn["action"] == "draw" and drawn["params"] == {"scene": "a"}
    agent.result(drawn, data={"file": "a.png"})
    film = agent.task()
    assert film["action"] == "join"
    agent.result(film)
    until(lambda: state(realm) == "COMPLETED", "the run completes")


def test_p10_what_failed_is_tried_again_and_nothing_else(realm):
    agent = realm.agent("a1", actions=ACTIONS, slots=4)
    begin(realm)
    work_until_film(agent)
    agent.result(agent.task(), outcome="FAILED", error="disk full")
    until(lambda: state(realm) == "FAILED", "the run fails")
    assert "disk full" in helios(realm, "pipeline", "status", "r-1").stdout
    assert helios(realm, "pipeline", "retry", "r-1").stdout == "r-1 RUNNING\n"
    film = agent.task()
    assert film["action"] == "join"
    agent.result(film)
    until(lambda: state(realm) == "COMPLETED", "the run completes")
    assert helios(realm, "pipeline", "retry", "r-1").returncode != 0


def test_p10_a_run_is_cancelled(realm):
    agent = realm.agent("a1", actions=ACTIONS)
    begin(realm)
    task = agent.task()
    assert "being cancelled" in helios(realm, "pipeline", "cancel", "r-1", "--reason", "enough").stdout
    agent.result(task, outcome="CANCELLED")
    until(lambda: state(realm) == "CANCELLED", "the run is cancelled")
    assert "was cancelled by ada: enough" in helios(realm, "pipeline", "history").stdout


def test_a_dry_run_and_words_that_are_wrong(realm):
    done = helios(realm, "pipeline", "run", "video", "--dry-run", "--wait", "--params", '{"style": 1}')
    assert done.returncode == 1 and "steps.script.data.text" in done.stdout  # nothing is expected of script
    assert 'script  would ask for write with {"topic":"sea"}' in done.stdout
    assert "needs the parameter style" in helios(realm, "pipeline", "run", "video").stderr
    assert helios(realm, "pipeline", "run", "video", "--params", "[]").returncode == 64
    assert helios(realm, "pipeline", "status", "r-9").returncode == 66
    assert helios(realm, "pipeline", "dance").returncode == 64
    assert "helios pipeline show NAME" in helios(realm, "pipeline", "show").stderr


def test_p9_a_circle_is_refused_with_its_place(tmp_path):
    wrong = tmp_path / "helios.yaml"
    wrong.write_text("pipelines:\n  p:\n    steps:\n      a: {action: x, after: [b]}\n      b: {action: x, after: [a]}\n")
    done = subprocess.run([BIN / "helios", "config", "check", wrong], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 78 and f"{wrong}:5:30: pipelines.p goes round in a circle: a after b after a" in done.stdout + done.stderr
