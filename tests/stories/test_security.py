# SPDX-License-Identifier: MPL-2.0
"""Keys (Z1, Z2, Z4): who proves none gets nowhere, who has one may do what its role says, and a key that is revoked is worth
nothing within a second, in mid-session. Real daemons, real CURVE, on loopback."""

import json
import os
import pathlib
import subprocess

import pytest

from fake_controller import Agent
from helios import BIN, PATIENCE, Process, Realm, Redis, until
from keys import Keys
from samples import Source

NOPE = 0.7  # s in which somebody who is shut out hears nothing: the others are answered within milliseconds
CONFIG = {"agents": {"beat": "200ms"}, "log": {"level": "debug"}}
KPI = {"kpis": {"lag": {"target": 10, "critical": 100, "unit": "ms", "swarm": "backend"}}}


class Locked:
    """A realm that asks for keys; the story's own peers have an operator's."""

    def __init__(self, path, config=None):
        self.path, self.keys = path, Keys(path)
        self.keys.new("ada", "operator")
        self.agents = []
        self.realm = Realm(path / "c", {**CONFIG, **self.keys.settings(), **(config or {})}, prove=self.keys.prove("ada"))
        self.client = self.realm.client()

    def agent(self, name, actions=None, id=None, security=None, welcomed=True):
        home = self.path / f"agent-{name}"
        home.mkdir(exist_ok=True)
        security = security if security is not None else {"key": str(self.keys.secret(name))}
        one = Agent(home, [self.realm.data], members={id or name: {"swarm": "backend"}}, actions=actions or {"echo": {"builtin": "echo"}},
                    data=str(home / "data"), security=security)
        self.agents.append(one)
        if welcomed:
            until(lambda: self.state(id or name) == "live", f"{name} is welcomed")
        return one

    def state(self, agent):
        found = [a["state"] for a in self.client.query("agents").get("agents", []) if a["id"] == agent]
        return found[0] if found else None

    def helios(self, name, *words, **environment):
        """helios runs a verb with the key of that name."""
        identity = {"HELIOS_IDENTITY": str(self.keys.secret(name))} if name else {}
        return subprocess.run([BIN / "helios", *map(str, words)], capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL,
                              env={"PATH": os.environ["PATH"], "HELIOS_DATA": str(self.realm.data), **identity, **environment}, check=False)

    def counter(self, name):
        return self.client.query("status")["counters"][name]

    def close(self):
        for one in self.agents:
            one.close()
        self.realm.close()


@pytest.fixture(name="locked")
def make_locked(tmp_path):
    made = []

    def make(config=None):
        made.append(Locked(tmp_path, config))
        return made[-1]
    yield make
    for one in made:
        one.close()


# ---- who is let in ----

def test_z2_who_is_allowed_works_and_who_is_not_is_refused(locked):
    """
    web1      its key is allowed: welcomed, does a task
    stranger  has a key that nobody allowed: is not let in; the controller counts it and says so
    """
    realm = locked()
    realm.keys.new("web1", "agent")
    realm.keys.new("stranger", "agent", allow=False)
    realm.agent("web1")
    tap = realm.realm.tap()
    done = realm.client.done(realm.client.submit("echo", params={"text": "hello"})["id"])
    assert done["state"] == "COMPLETED"
    before = realm.counter("refused_rights")
    stranger = realm.agent("stranger", welcomed=False)
    until(lambda: realm.counter("refused_rights") > before, "it was refused")
    assert "not allowed" in tap.until("peer.refused")["text"]
    assert realm.state("stranger") is None
    until(lambda: stranger.said("link.silent") and stranger.said("helios keys allow"), "it says why")
    realm.keys.allow("stranger")
    until(lambda: realm.state("stranger") == "live", "let in without a restart of anybody")


def test_z2_without_a_key_nobody_gets_in(locked):
    realm = locked()
    plain = realm.realm.client(prove=lambda socket: None)
    assert plain.ask("query", "reply", what="status", patience=NOPE) is None
    silent = realm.realm.tap(prove=lambda socket: None)
    hears = realm.realm.tap("realm.")
    until(lambda: realm.client.command("freeze") and realm.client.command("unfreeze") and hears.until("realm.frozen", patience=0.2),
          "who has a key hears it")
    assert silent.until("realm.frozen", patience=NOPE) is None


def test_z2_a_controller_must_prove_its_key_too(locked):
    """An agent that expects another controller's key talks to nobody."""
    realm = locked()
    realm.keys.new("web1", "agent")
    realm.keys.new("impostor", "controller", allow=False)
    one = realm.agent("web1", security={"key": str(realm.keys.secret("web1")), "controllers": [str(realm.keys.public("impostor"))]}, welcomed=False)
    wrong = realm.realm.client(prove=realm.keys.prove("ada", server="impostor"))
    assert wrong.ask("query", "reply", what="status", patience=NOPE) is None
    assert realm.state("web1") in (None, "live") and one.process.poll() is None


def test_z2_a_stolen_agent_id_is_refused(locked):
    realm = locked()
    realm.keys.new("web1", "agent")
    tap = realm.realm.tap()
    one = realm.agent("web1", id="db1", welcomed=False)
    assert "not" in tap.until("agent.refused", id="db1")["text"]
    until(lambda: one.said("link.refused"), "it says why")
    assert realm.state("db1") is None


# ---- revoked ----

def test_z2_a_revoked_agent_is_lost_and_its_task_is_done_elsewhere(locked, tmp_path):
    realm = locked()
    slow = {"work": {"run": ["/bin/sh", "-c", f"echo $HELIOS_AGENT >> {tmp_path}/starts; while [ ! -e {tmp_path}/go ]; do sleep 0.02; done"]}}
    starts = tmp_path / "starts"
    realm.keys.new("web1", "agent")
    realm.keys.new("web2", "agent")
    realm.agent("web1", slow)
    tap = realm.realm.tap()
    id = realm.client.submit("work")["id"]
    until(starts.exists, "web1 runs it")
    realm.agent("web2", slow)
    realm.keys.revoke("web1")
    assert tap.until("key.revoked")
    assert "revoked" in tap.until("agent.lost", id="web1")["text"]
    until(lambda: starts.read_text().split() == ["web1", "web2"], "web2 runs it")
    (tmp_path / "go").touch()
    assert realm.client.done(id)["state"] == "COMPLETED"
    assert tap.until("task.completed", id=id)
    assert realm.state("web1") == "lost", "what web1 says does not count any more"
    realm.keys.allow("web1")
    until(lambda: realm.state("web1") == "live", "it is let in again")


def test_z2_a_revoked_observer_hears_nothing_more_and_another_one_does(locked):
    realm = locked()
    for name in ("eve", "bob"):
        realm.keys.new(name, "observer")
    eve, bob = (realm.realm.tap("realm.", prove=realm.keys.prove(name)) for name in ("eve", "bob"))
    def frozen_again():
        realm.client.command("freeze")
        realm.client.command("unfreeze")
        return all(tap.until("realm.frozen", patience=0.1) for tap in (eve, bob))
    until(frozen_again, "both hear")
    realm.keys.revoke("eve")
    realm.realm.until_line("door.revoked")

    for tap in (eve, bob):  # what came before is still to be read
        tap.until("nothing", patience=NOPE)
        tap.events.clear()

    def heard_again():  # the socket was closed under everybody: who is allowed comes back by itself
        realm.client.command("freeze")
        realm.client.command("unfreeze")
        return bob.until("realm.frozen", patience=0.3)
    until(heard_again, "bob hears again")
    assert eve.until("realm.frozen", patience=NOPE) is None


def test_z2_a_revoked_client_is_not_answered_any_more(locked):
    realm = locked()
    realm.keys.new("carl", "client")
    carl = realm.realm.client(prove=realm.keys.prove("carl"))
    assert "id" in carl.submit("echo", key="one")
    realm.keys.revoke("carl")
    realm.realm.until_line("door.revoked")
    assert carl.submit("echo", key="two", patience=NOPE) is None
    assert realm.client.query("tasks")["total"] == 1


# ---- roles ----

@pytest.mark.parametrize("role, words, allowed", [
    ("observer", ["status"], True), ("observer", ["submit", "echo"], False), ("observer", ["freeze"], False),
    ("client", ["submit", "echo"], True), ("client", ["status"], True), ("client", ["freeze"], False),
    ("operator", ["freeze"], True), ("operator", ["submit", "echo"], True)])
def test_z1_what_a_role_may_do_on_the_command_line(locked, role, words, allowed):
    realm = locked()
    realm.keys.new("me", role)
    done = realm.helios("me", *words)
    if allowed:
        assert done.returncode == 0, done.stderr
    else:
        assert done.returncode == 77 and "no right" in done.stderr, (done.returncode, done.stderr)


@pytest.mark.parametrize("role", ["agent", "source"])
def test_z1_who_has_no_business_at_control_is_not_let_in(locked, role):
    realm = locked()
    realm.keys.new("me", role)
    me = realm.realm.client(prove=realm.keys.prove("me"))
    assert me.ask("query", "reply", what="status", patience=NOPE) is None
    assert realm.counter("refused_rights") >= 1


def test_z1_a_source_publishes_and_an_observer_does_not(locked):
    realm = locked(KPI)
    for name, role in (("gauge", "source"), ("eve", "observer")):
        realm.keys.new(name, role)
    sources = [Source(realm.realm, name, realm.keys.prove(name)) for name in ("gauge", "eve")]

    def known():
        for source in sources:
            source.publish(("lag", 5.0))
        return {s["source"] for s in realm.client.query("sources")["sources"]}
    until(lambda: "gauge" in known(), "its samples are there")
    assert known() == {"gauge"}
    for source in sources:
        source.close()


# ---- several controllers ----

def test_z2_agents_follow_a_take_over_with_keys(tmp_path):
    keys, redis = Keys(tmp_path), Redis(tmp_path / "redis")
    keys.new("ada", "operator")
    keys.new("web1", "agent")
    keys.new("second", "controller", allow=False)
    config = {**CONFIG, "state": {"url": redis.url}}
    one = Realm(tmp_path / "c1", {**config, **keys.settings()}, prove=keys.prove("ada"))
    two = Realm(tmp_path / "c2", {**config, "security": {"key": str(keys.secret("second")), "allowed": str(keys.allowed)}},
                start=False, prove=keys.prove("ada", server="second"))
    two.start(lead=False)
    agent = Agent(tmp_path, [one.data, two.data], members={"web1": {"swarm": "backend"}}, actions={"echo": {"builtin": "echo"}},
                  data=str(tmp_path / "agent"), security={"key": str(keys.secret("web1"))})
    try:
        client = one.client()
        until(lambda: [a for a in client.query("agents").get("agents", []) if a["state"] == "live"], "it is welcomed")
        one.kill()
        two.until_leading()
        second = two.client()
        done = second.done(second.submit("echo", params={"text": "hi"})["id"])
        assert done["state"] == "COMPLETED"
    finally:
        agent.close()
        one.close()
        two.close()
        redis.stop()


# ---- secrets and mistakes ----

def texts_of(realm):
    """texts_of is all that can be read of a realm without its key files: arguments, environment, logs, events, Redis, answers."""
    found = [realm.realm.log.read_bytes(), json.dumps(realm.client.query("ledger")).encode(), realm.realm.file.read_bytes()]
    found += [pathlib.Path(agent.log.name).read_bytes() for agent in realm.agents]
    for pid in [realm.realm.process.pid, *(agent.process.pid for agent in realm.agents)]:
        found += [pathlib.Path(f"/proc/{pid}/cmdline").read_bytes(), pathlib.Path(f"/proc/{pid}/environ").read_bytes()]
    redis = realm.realm.redis()
    for key in redis.keys("*"):
        found.append(redis.dump(key) or b"")
    found.append((realm.realm.data / "endpoints.json").read_bytes())
    found.append(realm.helios("ada", "config", "show", realm.realm.file).stdout.encode())
    return found


def test_z4_no_secret_is_to_be_seen(locked):
    realm = locked()
    realm.keys.new("web1", "agent")
    realm.agent("web1")
    realm.client.done(realm.client.submit("echo")["id"])
    public = realm.keys.read("ctl")["public"].encode()
    assert any(public in text for text in texts_of(realm)), "what is looked for in the same way is found"
    for name in ("ctl", "web1", "ada"):
        secret = realm.keys.read(name)["secret"].encode()
        assert not any(secret in text for text in texts_of(realm)), name


def refused_start(path, config):
    realm = Realm(path, config, start=False)
    realm.write()
    process = Process([BIN / "heliosd", "--config", realm.file], realm.log)
    return process.wait(), realm.log.read_text()


def test_z4_a_key_that_others_can_read_is_refused(tmp_path):
    keys = Keys(tmp_path)
    keys.secret("ctl").chmod(0o644)
    code, log = refused_start(tmp_path / "c", keys.settings())
    assert code == 78 and "chmod 600" in log and keys.read("ctl")["secret"] not in log


def test_z2_a_controllers_key_has_that_role(tmp_path):
    keys = Keys(tmp_path)
    keys.new("web1", "agent")
    code, log = refused_start(tmp_path / "c", {"security": {"key": str(keys.secret("web1"))}})
    assert code == 78 and "an agent; a heliosd needs one of role controller" in log


@pytest.mark.parametrize("endpoint", ["agents", "control", "kpi", "events"])
def test_z1_tcp_beyond_loopback_needs_keys(tmp_path, endpoint):
    keys = Keys(tmp_path)
    everywhere = {"listen": {endpoint: "tcp://0.0.0.0:*"}}
    code, log = refused_start(tmp_path / "plain", everywhere)
    assert code == 78 and f"listen.{endpoint} can be reached by others, and needs keys" in log and "helios keys new" in log
    with Realm(tmp_path / "locked", {**everywhere, **keys.settings()}, start=False) as realm:
        realm.start(lead=False)
        assert "0.0.0.0" in realm.endpoints[endpoint]
    with Realm(tmp_path / "open", {**everywhere, "insecure": True}, start=False) as realm:
        realm.start(lead=False)
        assert "0.0.0.0" in realm.endpoints[endpoint]


def test_the_command_line_tells_what_is_wrong_with_a_key(locked):
    realm = locked()
    realm.keys.new("me", "operator")
    realm.keys.secret("me").chmod(0o644)
    done = realm.helios("me", "status")
    assert done.returncode == 78 and "chmod 600" in done.stderr
    done = realm.helios(None, "status", "--timeout", "1s")
    assert done.returncode == 69 and "--identity" in done.stderr, done.stderr


# ---- helios keys ----

def test_keys_are_made_once_with_the_right_modes(tmp_path):
    keys = Keys(tmp_path)
    old = os.umask(0)
    try:
        keys.new("web1", "agent", "--agents", "web1 web1-*", allow=False)
    finally:
        os.umask(old)
    assert keys.secret("web1").stat().st_mode & 0o777 == 0o600
    assert keys.public("web1").stat().st_mode & 0o777 == 0o644
    secret = keys.read("web1")["secret"]
    assert secret not in keys.public("web1").read_text()
    again = keys.helios("new", "web1", "--role", "agent", "--dir", keys.path)
    assert again.returncode == 73 and "choose another name" in again.stderr
    assert keys.read("web1")["secret"] == secret
    shown = json.loads(keys.done("show", keys.secret("web1"), "--json"))
    assert shown[0]["agents"] == "web1 web1-*" and secret not in json.dumps(shown)


def test_who_is_let_in_is_listed(tmp_path):
    keys = Keys(tmp_path)
    keys.new("web1", "agent")
    keys.new("ada", "operator")
    rows = json.loads(keys.done("list", "--allowed", keys.allowed, "--json"))
    assert [(row["name"], row["role"]) for row in rows] == [("ada", "operator"), ("web1", "agent")]
    keys.done("allow", keys.secret("web1"), "--allowed", keys.allowed)  # the secret's file: only its public half is taken
    assert "secret" not in (keys.allowed / "web1.pub").read_text()
    keys.revoke("web1")
    assert [row["name"] for row in json.loads(keys.done("list", "--allowed", keys.allowed, "--json"))] == ["ada"]
    again = keys.helios("revoke", "web1", "--allowed", keys.allowed)
    assert again.returncode == 66 and "helios keys list" in again.stderr


@pytest.mark.parametrize("words, says", [
    (["new"], "keys new NAME"), (["new", "a b", "--role", "agent"], "a name is"), (["new", "x"], "--role is"),
    (["new", "x", "--role", "king"], "--role is"), (["allow"], "keys allow"), (["revoke", "../x"], "no name"),
    (["show", "/dev/null"], "missing"), (["frobnicate"], "revoke NAME"), ([], "revoke NAME")])
def test_mistakes_have_a_sentence(tmp_path, words, says):
    keys = Keys(tmp_path)
    done = keys.helios(*words)
    assert done.returncode in (64, 65) and says in done.stderr, (done.returncode, done.stderr)
