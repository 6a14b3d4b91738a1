# SPDX-License-Identifier: MPL-2.0
"""One leads, the others stand by (L1–L6, X10): real controllers on one Redis, real agents, the command line. Whoever is killed,
paused or stopped, what was accepted is done once and nobody is told of an error."""

import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

from fake_controller import Agent
from helios import BIN, PATIENCE, Process, Realm, Redis, until

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples" / "python"
PYTHON = "/usr/bin/python3"

CONFIG = {"agents": {"beat": "200ms"}, "log": {"level": "debug"}}


class Group:
    """Several controllers of one realm on one Redis; the first one leads at the start."""

    def __init__(self, path, n=2, config=None):
        self.path = path
        self.redis = Redis(path / "redis")
        self.realms = [Realm(path / f"c{i}", {**CONFIG, "state": {"url": self.redis.url}, **(config or {})}, start=False)
                       for i in range(n)]
        for i, realm in enumerate(self.realms):
            realm.start(lead=i == 0)
        self.agents = []

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for one in [*self.agents, *self.realms]:
            one.close()
        self.redis.stop()

    @property
    def where(self):
        return ",".join(str(realm.data) for realm in self.realms)

    def agent(self, name, actions, **settings):
        home = self.path / name
        home.mkdir(exist_ok=True)
        self.agents.append(Agent(home, [realm.data for realm in self.realms], members={name: {"swarm": "backend", "slots": 4}},
                                 actions=actions, data=str(home / "data"), **settings))
        leader = self.realms[0].client()
        until(lambda: any(a["id"] == name and a["state"] == "live" for a in leader.query("agents").get("agents", [])),
              f"{name} is welcomed")
        return self.agents[-1]

    def helios(self, *words, where=None):
        return subprocess.run([BIN / "helios", *map(str, words), "--controller", where or self.where], capture_output=True,
                              text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL, check=False)

    def answer(self, *words):
        done = self.helios(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def submits(self, *words):
        """submits starts a `helios submit --wait` that goes on by itself."""
        return subprocess.Popen([BIN / "helios", "submit", *map(str, words), "--wait", "--controller", self.where],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)


@pytest.fixture(name="group")
def make_group(tmp_path):
    groups = []

    def make(*args, **kwargs):
        groups.append(Group(tmp_path, *args, **kwargs))
        return groups[-1]
    yield make
    for group in groups:
        group.__exit__()


def slow(path, name="work"):
    """slow is an action that waits for the file `go`, and writes one line a start."""
    return {name: {"run": ["/bin/sh", "-c", f"echo $HELIOS_TASK >> {path}/starts; while [ ! -e {path}/go ]; do sleep 0.02; done"]}}


def starts(path):
    return (path / "starts").read_text().split() if (path / "starts").exists() else []


def in_state(group, state):
    return [c for c in json.loads(group.helios("controllers", "--json", "--timeout", "300ms").stdout)["controllers"] if c["state"] == state]


# ---- who leads ----

def test_l1_kill_9_of_the_leader_and_the_standby_dispatches(tmp_path, group):
    """
    c0       leads, a1 runs one task, another one waits for it; kill -9
    c1       leads in epoch 2, welcomes a1; the first attempt goes on, the waiting one is dispatched
    client   `helios submit --wait` hears of it on stderr alone
    """
    two = group()
    two.agent("a1", {**slow(tmp_path), "echo": {"builtin": "echo"}})
    first = two.submits("work", "--key", "first")
    until(lambda: starts(tmp_path), "it runs")
    id = two.answer("tasks")["tasks"][0]["id"]
    after = two.submits("echo", "--after", id)
    until(lambda: len(two.answer("tasks")["tasks"]) == 2, "the second one waits")
    two.realms[0].kill()
    two.realms[1].until_leading()
    (tmp_path / "go").touch()
    for client in (first, after):
        out, err = client.communicate(timeout=PATIENCE)
        assert client.returncode == 0 and "COMPLETED" in out, err
        assert err.splitlines() == [f"helios: {two.realms[1].data} leads now, in epoch 2"]
    assert starts(tmp_path) == [id], "it was started once"
    assert two.answer("status")["epoch"] == 2


def test_l4_agents_and_sources_follow_the_leader(tmp_path, group):
    """a1 was known to the standby: it is asked to greet in the moment of the take-over, and its samples arrive there."""
    two = group(config={"kpis": {"lag": {"target": 10, "critical": 100, "swarm": "backend"}}})
    two.agent("a1", {}, probes={"lag": {"kind": "command", "every": "50ms", "run": ["/bin/echo", "5"]}})
    until(lambda: "callers" in in_state(two, "stands by")[0] and in_state(two, "stands by")[0]["callers"] == 1, "a1 greets c1")
    two.realms[0].kill()
    two.realms[1].until_leading()
    client = two.realms[1].client()
    until(lambda: [a["state"] for a in client.query("agents")["agents"]] == ["live"], "a1 is welcomed by c1")
    until(lambda: client.query("kpi", name="lag").get("samples") or client.query("sources")["sources"], "its samples arrive")
    assert client.query("status")["counters"]["agents_lost"] == 0


def test_l2_a_leader_that_was_paused_wakes_up_fenced(tmp_path, group):
    """
    c0       SIGSTOP for longer than the lease, with tasks and submits waiting in its sockets; c1 leads
    c0       SIGCONT: dispatches nothing, accepts nothing, steps down
    """
    two = group()
    two.agent("a1", {**slow(tmp_path), "echo": {"builtin": "echo"}})
    for n in range(3):
        assert two.helios("submit", "work", "--key", f"k{n}").returncode == 0
    until(lambda: len(starts(tmp_path)) == 3, "all run")
    paused, late = two.realms[0], two.realms[0].client()
    paused.process.send(signal.SIGSTOP)
    for n in range(20):
        late.say("submit", ref=str(n), client="late", items=[{"action": "echo", "key": f"late{n}"}])
    two.realms[1].until_leading()
    time.sleep(1)  # the pause is what is tested: it is longer than what L2 and the lease allow
    paused.process.send(signal.SIGCONT)
    paused.until_line("controller.fenced")
    refused = [late.hear("accepted", "rejected")["type"] for _ in range(20)]
    assert set(refused) == {"rejected"}, "nothing is accepted by one who does not lead"
    (tmp_path / "go").touch()
    leader = two.realms[1].client()
    until(lambda: leader.query("status")["tasks_live"] == 0, "all have ended")
    assert sorted(starts(tmp_path)) == sorted(set(starts(tmp_path))), "nothing was dispatched twice"
    assert leader.query("status")["counters"]["completed"] == 3
    assert [c["where"] for c in in_state(two, "leads")] == [str(two.realms[1].data)]


def test_l3_sigterm_hands_over_and_no_client_sees_an_error(tmp_path, group):
    """
    clients  submit, ask and order all the time
    c0       SIGTERM -> c1 leads; c0 starts again and stands by; c1 SIGTERM -> c0 leads
    clients  exit code 0 each, every key is one task
    """
    two = group()
    two.agent("a1", {"echo": {"builtin": "echo"}})
    script = ('n=0; while [ ! -e "$1/over" ]; do n=$((n+1)); '
              '"$0" submit echo --key "$2-$n" --wait >> "$1/out-$2" 2>> "$1/err-$2" && "$0" tasks >/dev/null 2>> "$1/err-$2" && '
              '"$0" pause a1 >/dev/null 2>> "$1/err-$2" && "$0" resume a1 >/dev/null 2>> "$1/err-$2" || echo $? >> "$1/bad"; done')
    clients = [Process(["/bin/sh", "-c", script, BIN / "helios", tmp_path, f"p{i}"], tmp_path / "clients.log",
                       env={"HELIOS_CONTROLLER": two.where, "PATH": "/bin:/usr/bin"}) for i in range(2)]
    for leader, next_ in ((0, 1), (1, 0)):
        n = (tmp_path / "out-p0").stat().st_size if (tmp_path / "out-p0").exists() else 0
        until(lambda n=n: (tmp_path / "out-p0").exists() and (tmp_path / "out-p0").stat().st_size > n + 100, "there is load")
        assert two.realms[leader].stop() == 0
        two.realms[next_].until_leading()
        two.realms[leader].start(lead=False)
    (tmp_path / "over").touch()
    assert [c.wait() for c in clients] == [0, 0]
    assert not (tmp_path / "bad").exists(), [(tmp_path / f"err-p{i}").read_text() for i in range(2)]
    for i in range(2):
        ends = [line for line in (tmp_path / f"out-p{i}").read_text().splitlines() if line.startswith("t-")]
        assert len(ends) == len(set(ends)) and all("COMPLETED" in line for line in ends)
        assert all("leads now" in line for line in (tmp_path / f"err-p{i}").read_text().splitlines())


def test_l3_helios_handover_changes_places(group):
    """c0 leads, handover: c1 leads, c0 stands by and can take over again."""
    two = group()
    assert two.helios("handover").returncode == 0
    two.realms[1].until_leading()
    two.realms[0].until_line("controller.handed_over")
    until(lambda: [c["where"] for c in in_state(two, "stands by")] == [str(two.realms[0].data)], "c0 stands by")
    two.realms[1].kill()
    two.realms[0].until_leading()
    assert two.answer("status")["epoch"] == 3


def test_l3_a_lead_that_nobody_takes_is_taken_back(group):
    one = group(1)
    assert one.helios("handover").returncode == 0
    until(lambda: len(in_state(one, "leads")) == 1 and one.answer("status")["epoch"] == 2, "it leads again")


def test_three_controllers_exactly_one_leads(group):
    """kill -9 of whoever leads, twice: among those that live one leads, each in a higher epoch."""
    three = group(3)
    client = three.submits("echo", "--key", "lasts")
    epochs = []
    for _ in range(2):
        leader = until(lambda: in_state(three, "leads"), "one leads")[0]
        epochs.append(leader["epoch"])
        next(r for r in three.realms if str(r.data) == leader["where"]).kill()
    last = until(lambda: in_state(three, "leads"), "the last one leads")
    assert len(last) == 1 and [*epochs, last[0]["epoch"]] == [1, 2, 3]
    assert len(in_state(three, "unreachable")) == 2
    survivor = next(r for r in three.realms if str(r.data) == last[0]["where"])
    agent = survivor.agent("a1")
    agent.result(agent.task())
    assert "COMPLETED" in client.communicate(timeout=PATIENCE)[0] and client.returncode == 0


# ---- what is shown ----

def test_controllers_shows_every_one(group):
    two = group()
    shown = two.answer("controllers")["controllers"]
    ids = [(realm.data / "controller.id").read_text().strip() for realm in two.realms]
    assert [(c["state"], c["leads"], c["epoch"], c["id"]) for c in shown] == [
        ("leads", True, 1, ids[0]), ("stands by", False, 0, ids[1])]
    assert [c["pid"] for c in shown] == [realm.process.pid for realm in two.realms]
    assert all(c["store"] == "ok" and c["version"] and c["host"] and c["since"] for c in shown)
    until(lambda: [c["lease"]["holder"] for c in two.answer("controllers")["controllers"]] == [ids[0]] * 2, "both see the lease")
    assert [c["endpoints"]["control"] for c in shown] == [realm.endpoints["control"] for realm in two.realms]
    two.realms[1].process.send(signal.SIGSTOP)
    table = two.helios("controllers", "--timeout", "500ms")
    assert table.returncode == 0 and "unreachable" in table.stdout and "leads" in table.stdout
    two.realms[1].process.send(signal.SIGCONT)
    alone = two.helios("status", "--timeout", "500ms", where=str(two.realms[1].data))
    assert alone.returncode == 75 and f"{ids[0]} leads" in alone.stderr, "who asks a standby alone is told who leads"
    assert two.answer("status")["controller"] == ids[0]


# ---- the kill switch ----

def test_x10_frozen_survives_the_death_of_the_leader(group):
    """freeze; kill -9 of the leader: the standby leads frozen; unfreeze ends it everywhere."""
    two = group()
    assert two.helios("freeze", "--reason", "test").returncode == 0
    assert all((realm.data / "frozen").exists() for realm in two.realms)
    two.realms[0].kill()
    two.realms[1].until_leading()
    assert two.answer("status")["frozen"] is True
    two.realms[0].start(lead=False)
    assert two.helios("unfreeze").returncode == 0
    assert two.answer("status")["frozen"] is False
    assert not any((realm.data / "frozen").exists() for realm in two.realms)


def test_x10_a_controller_that_was_away_learns_it_from_the_record(group):
    """c1 is down while c0 freezes; c0 dies, c1 starts: it leads frozen, and unfrozen it stays so over a take-over."""
    two = group()
    two.realms[1].kill()
    assert two.helios("freeze", "--timeout", "500ms").returncode == 0
    assert not (two.realms[1].data / "frozen").exists()
    two.realms[0].kill()
    two.realms[1].start()
    assert two.answer("status")["frozen"] is True
    until((two.realms[1].data / "frozen").exists, "it has its own file now")
    assert two.helios("unfreeze", "--timeout", "500ms").returncode == 0
    (two.realms[0].data / "frozen").unlink()
    two.realms[1].kill()
    two.realms[0].start()
    assert two.answer("status")["frozen"] is False


def test_x10_freeze_needs_no_redis(group):
    """Redis hangs: every controller takes it all the same, and the one that leads later is frozen."""
    two = group()
    two.redis.process.send(signal.SIGSTOP)
    assert two.helios("freeze").returncode == 0, "a commit would never be answered"
    assert all((realm.data / "frozen").exists() for realm in two.realms)
    two.redis.process.send(signal.SIGCONT)
    until(lambda: two.helios("status").returncode == 0 and two.answer("status")["frozen"], "it is frozen")


# ---- clients in other languages ----

def test_the_python_client_finds_the_leader(group):
    """run by examples/python/client.py: its task is submitted to c0, which is killed; c1 sends the end."""
    two = group()
    controllers = ",".join(str(realm.data) for realm in two.realms)
    run = subprocess.Popen([PYTHON, "-B", EXAMPLES / "client.py", "run", "echo", '{"text": "both"}'], stdout=subprocess.PIPE,
                           text=True, env={**os.environ, "HELIOS_CONTROLLER": controllers})
    asker = two.realms[0].client()
    until(lambda: asker.query("status")["tasks_live"] == 1, "c0 has the task")
    two.realms[0].kill()
    two.realms[1].until_leading()
    agent = two.realms[1].agent("a1")
    agent.result(agent.task(), output=b"both")
    assert run.communicate(timeout=PATIENCE)[0] == "both\n" and run.returncode == 0
