# SPDX-License-Identifier: MPL-2.0
"""SIGTERM that waits: a controller, an agent and a whole `helios up` let what runs end, say what they wait for, and hurry when asked twice."""

import json
import os
import signal
import socket
import subprocess

import pytest

import fake_controller
from helios import BIN, PATIENCE, Realm, until

WAITS = {"stop": {"wait": "5m"}, "agents": {"beat": "200ms"}}


def working(realm, **about):
    """working is a client and an agent that runs one task while another one waits for it."""
    client, agent = realm.client(), realm.agent("a1", **about)
    first, second = client.submit("echo"), client.submit("echo")
    return client, agent, agent.task(), first["id"], second["id"]


def test_the_controller_waits_for_what_runs_and_begins_nothing(tmp_path):
    with Realm(tmp_path, WAITS) as realm:
        client, agent, task, first, second = working(realm)
        assert task["id"] == first
        realm.process.send(signal.SIGTERM)
        said = realm.until_line("controller.waiting")
        assert f"waits for 1 attempt, " in said and f"{first} echo on a1 for " in said
        refused = client.submit("echo")
        assert refused["code"] == "draining" and "stops as soon as what runs has ended" in refused["reason"]
        status = client.query("status")
        assert status["closing"] and status["running"] == 1 and status["running_tasks"].startswith(f"{first} echo on a1")
        waits = client.query("task", id=second)["task"]
        assert waits["state"] == "PENDING" and waits["why"] == "this controller stops and waits for what runs: nothing is started"
        agent.result(task)
        assert client.done(first)["state"] == "COMPLETED"
        assert realm.process.wait() == 0
        assert realm.lines("controller.waited") == ["nothing runs any more"] and realm.lines("controller.handed_over")
        assert agent.task(patience=0) is None
        realm.start()
        agent = realm.agent("a2")
        assert agent.task()["id"] == second   # nothing is lost


def test_a_second_signal_hurries_and_what_runs_goes_on(tmp_path):
    with Realm(tmp_path, WAITS) as realm:
        _, agent, task, first, _ = working(realm)
        realm.process.send(signal.SIGTERM)
        realm.until_line("controller.waiting")
        realm.process.send(signal.SIGTERM)
        assert realm.process.wait() == 0
        assert realm.lines("controller.hurries") and realm.lines("controller.handed_over"), "a clean stop all the same"
        realm.start()
        agent.close()
        again = realm.agent("a1", hello=False)
        again.greeting["instance"] = agent.greeting["instance"]
        again.held = agent.held
        again.hello()
        again.result(task)
        until(lambda: realm.client().query("task", id=first)["task"]["state"] == "COMPLETED", "the attempt counts")


def test_it_waits_so_long_and_no_longer(tmp_path):
    with Realm(tmp_path, {**WAITS, "stop": {"wait": "300ms"}}) as realm:
        working(realm)
        realm.process.send(signal.SIGTERM)
        assert realm.process.wait() == 0
        assert realm.lines("controller.waited") == ["1 still run: they go on, and the next leader hears of their ends"]


@pytest.mark.parametrize("config", [{}, WAITS], ids=["default", "idle"])
def test_nothing_to_wait_for_is_not_waited_for(tmp_path, config):
    """Without the setting what runs is left to the next leader at once, as ever; an idle one has nothing to wait for."""
    with Realm(tmp_path, config) as realm:
        if not config:
            working(realm)
        assert realm.stop() == 0
        assert not realm.lines("controller.waiting") and realm.lines("controller.handed_over")


# ---- the service manager ----

SYSTEMD = "libsystemd" in subprocess.run(["ldd", BIN / "heliosd"], capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(not SYSTEMD, reason="this build has no libsystemd")
def test_the_service_manager_hears_what_it_waits_for_and_gives_it_time(tmp_path, monkeypatch):
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(tmp_path / "notify"))
    manager.settimeout(PATIENCE)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    with Realm(tmp_path / "realm", WAITS) as realm:
        _, agent, task, first, _ = working(realm)
        realm.process.send(signal.SIGTERM)
        while "STOPPING=1" not in (said := manager.recv(4096).decode()):
            pass
        lines = said.split("\n")
        status = next(line for line in lines if line.startswith("STATUS="))
        assert status.startswith("STATUS=waits for 1 attempt, ") and f"{first} echo on a1" in status
        assert any(line.startswith("EXTEND_TIMEOUT_USEC=") and int(line.split("=")[1]) >= 10_000_000 for line in lines)
        agent.result(task)
        assert realm.process.wait() == 0
    manager.close()


# ---- agents ----

def slow(path):
    script = path / "slow"
    script.write_text("#!/bin/sh\ntouch began\nwhile [ ! -e go ]; do sleep 0.02; done\necho done\n")
    script.chmod(0o755)
    return {"run": [str(script)]}


@pytest.fixture(name="pair")
def make_pair(tmp_path):
    c = fake_controller.Controller(tmp_path / "data")
    yield lambda wait: (c, fake_controller.Agent(tmp_path, ["data"], actions={"slow": slow(tmp_path)}, stop={"wait": wait}))
    c.close()


def test_an_agent_waits_as_long_as_its_file_says(pair, tmp_path):
    c, agent = pair("5m")
    c.greeted()
    c.give({"id": "t-1", "action": "slow"})
    fake_controller.wait_until((tmp_path / "began").exists, "it runs")
    agent.process.send_signal(signal.SIGTERM)
    fake_controller.wait_until(lambda: agent.said("waits for 1 attempt, ") and agent.said("t-1 slow for "), "it says what it waits for")
    (tmp_path / "go").touch()
    assert c.result("t-1")["output"] == b"done\n"
    c.wait(lambda: agent.process.poll() is not None, "it leaves")
    assert agent.process.returncode == 0 and not agent.said("agent.hurry")
    agent.close()


def test_an_agent_that_need_not_wait_stops_what_runs(pair, tmp_path):
    c, agent = pair("0s")
    c.greeted()
    c.give({"id": "t-1", "action": "slow"})
    fake_controller.wait_until((tmp_path / "began").exists, "it runs")
    agent.process.send_signal(signal.SIGTERM)
    c.wait(lambda: agent.process.poll() is not None, "it leaves")
    assert not c.results("t-1"), "it is done again elsewhere"
    agent.close()


# ---- helios up ----

@pytest.mark.parametrize("times", [1, 2], ids=["waits", "hurries"])
def test_up_lets_what_runs_end_before_it_stops_the_agents(tmp_path, times):
    (tmp_path / "agents").mkdir()
    (tmp_path / "helios.yaml").write_text(json.dumps({"realm": "toy", **WAITS}))
    action = {**slow(tmp_path), "cwd": str(tmp_path)}
    (tmp_path / "agents" / "one.yaml").write_text(json.dumps(
        {"controllers": ["${HELIOS_DATA}"], "agents": {"a1": {"swarm": "backend"}}, "actions": {"slow": action}, "stop": {"wait": "0s"}}))
    (tmp_path / "up.yaml").write_text(json.dumps({"agents": ["agents/*.yaml"]}))
    data, err = tmp_path / "data", tmp_path / "err"
    with open(tmp_path / "out", "w") as out, open(err, "w") as errors:
        up = subprocess.Popen([BIN / "helios", "up", tmp_path, "--data", data], stdin=subprocess.DEVNULL, stdout=out, stderr=errors)
    environment = {"PATH": os.environ["PATH"], "HELIOS_DATA": str(data)}
    until(lambda: "all is running" in (tmp_path / "out").read_text(), "it runs")
    subprocess.run([BIN / "helios", "submit", "slow", "--attempt-time", "5m"], env=environment, check=True, stdout=subprocess.DEVNULL)
    until((tmp_path / "began").exists, "the task runs")
    for _ in range(times):
        up.send_signal(signal.SIGINT)
        until(lambda: "waits for what runs: t-1 slow on a1 for " in err.read_text(), "it says what it waits for")
    if times == 1:
        (tmp_path / "go").touch()
    assert up.wait(2 * PATIENCE) == 0
    log = (data / "log" / "heliosd.log").read_text()
    assert ("nothing runs any more" in log) == (times == 1) and ("asked again" in log) == (times == 2)
