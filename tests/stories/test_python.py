# SPDX-License-Identifier: MPL-2.0
"""The wire is open: the example agent and client, written from docs/protocol.md alone, work with the real daemons."""

import json
import os
import pathlib
import signal
import subprocess

import pytest

from helios import PATIENCE, Process, Realm, until
from samples import Source

SOURCE = pathlib.Path(os.environ.get("HELIOS_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
PYTHON = "/usr/bin/python3"
EXAMPLES = SOURCE / "examples" / "python"


@pytest.fixture(name="realm")
def make_realm(tmp_path):
    with Realm(tmp_path, {"agents": {"beat": "200ms"}, "kpis": {"latency": {"target": 100, "critical": 600}}}) as realm:
        yield realm


class Hired:
    """Hired is a running examples/python/agent.py."""

    def __init__(self, realm, name="py1"):
        self.process = Process([PYTHON, "-B", EXAMPLES / "agent.py", name], realm.path / f"{name}.log",
                               env={**os.environ, "HELIOS_DATA": str(realm.data)})
        client = realm.client()
        until(lambda: [a for a in client.query("agents")["agents"] if a["id"] == name and a["live"]], f"{name} is welcomed")

    def __enter__(self):
        return self.process

    def __exit__(self, *error):
        if self.process.running():
            self.process.kill()


def client(realm, *words, code=0):
    done = subprocess.run([PYTHON, "-B", EXAMPLES / "client.py", *words], capture_output=True, text=True, timeout=PATIENCE,
                          check=False, env={**os.environ, "HELIOS_DATA": str(realm.data)})
    assert done.returncode == code, (words, done)
    return done.stdout


def test_a_task_from_client_to_agent_and_back(realm):
    with Hired(realm):
        assert client(realm, "run", "echo", '{"text": "hello, Helios"}') == "hello, Helios\n"
        assert client(realm, "run", "add", '{"a": 40, "b": 2}') == "42\n"


def test_wrong_parameters_fail_with_a_sentence(realm):
    with Hired(realm):
        assert "parameter" in client(realm, "run", "add", '{"a": 40}', code=1)


def test_progress_cancel_and_a_checkpoint_that_outlives_its_agent(realm):
    asker = realm.client()
    now = lambda: asker.query("task", id=task)["task"]
    with Hired(realm, "py1") as agent:
        task = asker.submit("count", params={"to": 100000})["id"]
        until(lambda: now().get("progress", "") > "at 2", "it tells of its progress")
        agent.kill()
    with Hired(realm, "py2"):
        until(lambda: now()["agent"] == "py2" and now().get("progress"), "the next agent goes on")
        assert now()["progress"] != "at 0", "from where the first one was"
        assert asker.command("cancel", id=task)["ok"]
        until(lambda: now()["state"] == "CANCELLED", "it is cancelled")


def test_query_prints_the_status(realm):
    status = json.loads(client(realm, "query", "status"))
    assert status["realm"] == "story" and status["epoch"] == 1


def test_events_begin_with_the_present_state(realm):
    tap = subprocess.Popen([PYTHON, "-B", EXAMPLES / "client.py", "events", "task."], stdout=subprocess.PIPE, text=True,
                           env={**os.environ, "HELIOS_DATA": str(realm.data)})
    try:
        assert json.loads(tap.stdout.readline())["event_seq"] >= 1
        with Hired(realm):
            client(realm, "run", "echo", '{"text": "x"}')
        topics = [json.loads(tap.stdout.readline())["topic"] for _ in range(3)]
        assert topics == ["task.accepted", "task.dispatched", "task.completed"]
    finally:
        tap.kill()
        tap.wait()


def test_a9_the_agent_leaves_on_purpose(realm):
    tap = realm.tap("agent.")
    with Hired(realm) as agent:
        agent.send(signal.SIGTERM)
        assert agent.wait() == 0
    assert tap.until("agent.left", id="py1")
    assert not [e for e in tap.events if e["topic"] == "agent.lost"]


def test_t10_the_agent_obeys_a_drain(realm):
    with Hired(realm) as agent:
        assert realm.client().command("drain", scope="agent", id="py1")["ok"]
        assert agent.wait() == 0


def test_a3_an_agent_that_is_killed_is_lost(realm):
    tap = realm.tap("agent.")
    with Hired(realm) as agent:
        agent.kill()
    assert tap.until("agent.lost", id="py1")


def test_the_agent_survives_a_controller_that_is_killed(realm):
    """It greets again, with the same instance, what it held is not lost."""
    # The ports are kept over the restart, as a config with fixed ports does.
    realm.stop()
    realm.write({"listen": realm.endpoints and {k: realm.endpoints[k] for k in ("agents", "control", "kpi", "events")}})
    realm.start()
    with Hired(realm):
        realm.kill()
        realm.start()
        until(lambda: run_again(realm), "the task is done")


def run_again(realm):
    """The private Redis of the killed controller ends, another one starts: the client says it again until it is taken."""
    done = subprocess.run([PYTHON, "-B", EXAMPLES / "client.py", "run", "echo", '{"text": "again"}'], capture_output=True,
                          text=True, timeout=PATIENCE, check=False,
                          env={**os.environ, "HELIOS_DATA": str(realm.data)})
    assert done.returncode == 0, done
    return done.stdout == "again\n"


def test_eight_clients_at_once(realm):
    with Hired(realm, "py1"), Hired(realm, "py2"):
        runs = [subprocess.Popen([PYTHON, "-B", EXAMPLES / "client.py", "run", "add", json.dumps({"a": n, "b": n})],
                                 stdout=subprocess.PIPE, text=True,
                                 env={**os.environ, "HELIOS_DATA": str(realm.data)}) for n in range(8)]
        assert [run.communicate(timeout=PATIENCE)[0] for run in runs] == [f"{2 * n}\n" for n in range(8)]


def test_a_measurement_of_the_client_becomes_a_kpi(realm):
    client(realm, "publish", "latency", "350")
    asker = realm.client()
    until(lambda: asker.query("kpi", name="latency")["now"].get("count"), "the sample arrives")
    assert asker.query("kpi", name="latency")["now"]["last"] == 350


def test_samples_from_python_become_a_kpi(realm):
    source, asker = Source(realm), realm.client()
    until(lambda: source.publish(("latency", 350)) or asker.query("kpi", name="latency")["now"].get("count"), "samples arrive")
    now = asker.query("kpi", name="latency")["now"]
    assert (now["last"], now["score"]) == (350, 50)
    source.close()
