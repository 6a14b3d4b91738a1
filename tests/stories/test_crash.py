# SPDX-License-Identifier: MPL-2.0
"""Killed with -9, whoever it is and whenever: what was begun goes on and ends properly, nothing is left half applied, no accepted
task is lost."""

import os
import threading

import pytest

from fake_controller import Agent
from helios import Realm, Redis, until
from toy import GOOD, HARMFUL, RESPONSES, Toy, plan

# A baseline is longer than the three windows that a new leader must have seen (L5).
PATIENT = {"verify": {"baseline": "4s", "settle": "1s", "window": "3s"}}
HALF = {"shrink": plan("frontend", "latency", 110, title="half")}


@pytest.fixture(name="start")
def make_start(tmp_path):
    toys = []

    def start(*args, **config):
        toys.append(Toy(tmp_path, *args, **config))
        return toys[-1]
    yield start
    for toy in toys:
        toy.close()


def crash_in(toy, name, state):
    """crash_in kills the controller in this state, starts it again, and sees that it is where it was."""
    before = toy.reaches(name, state)
    toy.crash()
    after = toy.newest(name)
    assert (after["id"], after["state"]) == (before["id"], state), f"after the crash in {state}: {after}"
    return after


def test_a_change_survives_a_crash_in_each_state_on_its_way_in(start):
    """
    shrink   BASELINE -9 APPLYING (half way) -9 SETTLING -9 VERIFYING -9 ACCEPTED, applied once
    """
    toy = start(HALF, **PATIENT)
    toy.hold()
    first = crash_in(toy, "shrink", "BASELINE")
    toy.reaches("shrink", "APPLYING")
    until(lambda: toy.get("latency") == 305, "the change is half way in")
    crash_in(toy, "shrink", "APPLYING")
    toy.release()
    crash_in(toy, "shrink", "SETTLING")
    crash_in(toy, "shrink", "VERIFYING")
    end = toy.reaches("shrink", "ACCEPTED", "ROLLED_BACK", "STUCK", "ABANDONED")
    assert (end["id"], end["state"], end["verdict"]) == (first["id"], "ACCEPTED", "SUCCESS"), end
    assert toy.get("latency") == 110 and toy.query("status")["epoch"] == 5
    assert len(toy.query("optimizations")["optimizations"]) == 1
    undo_files = [f for f in os.listdir(toy.numbers) if f.startswith("undo-")]
    assert len(undo_files) == 1, "it was applied under one key"


def test_a_change_survives_a_crash_in_each_state_on_its_way_out(start):
    """
    shout    VERIFYING FAILED: ROLLING_BACK -9 CHECKING -9 ROLLED_BACK, the number is what it was
    """
    toy = start(HARMFUL, **PATIENT)
    toy.hold("hold-rollback")
    crash_in(toy, "shout", "ROLLING_BACK")
    assert toy.get("queue") == 260
    toy.release("hold-rollback")
    crash_in(toy, "shout", "CHECKING")
    end = toy.reaches("shout", "ROLLED_BACK", "ACCEPTED", "STUCK")
    assert (end["state"], end["verdict"], end["returned"]) == ("ROLLED_BACK", "FAILED", True), end
    assert toy.get("queue") == 200


def test_an_incident_survives_a_crash_in_each_state(start):
    """
    incident OPEN, its act half way -9 OPEN RECOVERING -9 RECOVERING RESOLVED: one incident, one act
    """
    toy = start({"rescue_latency": {**RESPONSES["rescue_latency"], "title": "half"}}, GOOD, kpis={"latency": {"weight": 9}},
                health={"leave_after": "3s"})
    until(lambda: toy.query("health")["scopes"]["realm"]["known"], "health is known")
    toy.hold()
    toy.set("latency", 3000)
    toy.reaches("rescue_latency", "APPLYING")
    crash_in(toy, "rescue_latency", "APPLYING")
    assert [i["state"] for i in incidents(toy)] == ["OPEN"]
    toy.release()
    until(lambda: incidents(toy)[0]["state"] == "RECOVERING", "health is over the limit")
    toy.crash()
    assert [i["state"] for i in incidents(toy)] in (["RECOVERING"], ["OPEN"]), "the dwell goes on, or begins anew"
    until(lambda: incidents(toy)[0]["state"] == "RESOLVED", "it is resolved")
    assert len(incidents(toy)) == 1 and toy.newest("rescue_latency")["state"] == "ACCEPTED"
    assert toy.get("latency") == GOOD["latency"]
    assert len(toy.query("optimizations")["optimizations"]) == 1, "the budget knows the act of before (X8)"


def incidents(toy):
    return toy.query("incidents")["incidents"]


def test_an_agent_that_dies_in_the_middle_of_an_apply(start):
    """
    shrink       APPLYING, half way; the implementer's process is killed with -9
    optimization ERROR: nobody knows what it did; rolled back by the key of the apply, once an implementer is there
    """
    toy = start(HALF)
    toy.hold()
    toy.reaches("shrink", "APPLYING")
    until(lambda: toy.get("latency") == 305, "the change is half way in")
    toy.staff["frontend"].close()
    toy.release()
    until(lambda: toy.ledger("agent.lost", "hephaestus-frontend"), "the agent is lost (A3)")
    toy.hire("frontend")
    end = toy.reaches("shrink", "ROLLED_BACK", "ACCEPTED", "STUCK")
    assert (end["state"], end["verdict"], end["rule"]) == ("ROLLED_BACK", "ERROR", "apply_failed"), end
    assert toy.get("latency") == 500


def worker(realm, name, *run):
    home = realm.path / name
    home.mkdir()
    return realm.keep(Agent(home, [realm.data], members={name: {"swarm": "backend"}}, data=str(home / "data"),
                            actions={"work": {"run": ["/bin/sh", "-c", *run], "grace": "50ms"}}))


def test_t6_a_task_whose_agent_dies_is_done_by_another(tmp_path):
    """
    first    holds t-1 and is killed -> WORKER_LOST, counted apart from failures; second does it
    """
    with Realm(tmp_path, {"agents": {"beat": "200ms"}}) as realm:
        tap, client, until_file = realm.tap("task."), realm.client(), tmp_path / "go"
        first = worker(realm, "first", f"while [ ! -e {until_file} ]; do sleep 0.02; done")
        ticket = client.submit("work", max_attempts=1)
        tap.until("task.dispatched", id=ticket["id"])
        worker(realm, "second", "echo done by the second")
        first.kill()
        assert tap.until("task.lost", id=ticket["id"])
        done = client.done(ticket["id"])
        assert (done["state"], done["output"], done["attempts"]) == ("COMPLETED", b"done by the second\n", 2)


def test_t6_a_task_that_kills_two_agents_is_poison(tmp_path):
    with Realm(tmp_path, {"agents": {"beat": "200ms"}}) as realm:
        tap, client = realm.tap("task."), realm.client()
        ticket = client.submit("work", max_attempts=10)
        for name in ("first", "second"):
            agent = worker(realm, name, "exec sleep 600")
            until(lambda n=name: client.query("task", id=ticket["id"])["task"]["agent"] == n, f"{name} holds it")
            agent.close()
        assert tap.until("task.poison", id=ticket["id"])
        assert client.done(ticket["id"])["state"] == "FAILED"


# ---- Redis ----

def test_redis_that_is_absent_at_the_start_is_waited_for(tmp_path):
    redis = Redis(tmp_path / "redis")
    redis.stop()
    with Realm(tmp_path / "one", {"state": {"url": redis.url}}, start=False) as realm:
        realm.start(lead=False)
        client = realm.client()
        assert client.query("status")["code"] == "not_leader"
        assert client.submit("echo")["code"] == "not_leader"
        redis.start()
        realm.until_leading()
        assert "id" in client.submit("echo")
    redis.stop()


def test_z4_a_wrong_password_is_said_and_not_shown(tmp_path):
    """The right one in the file is enough: it is read again for each connection."""
    redis, secret = Redis(tmp_path / "redis"), tmp_path / "password"
    redis.client().acl_setuser("helios", enabled=True, passwords=["+open-sesame"], keys="*", channels="*",
                               commands=["+@all"])
    secret.write_text("guess")
    secret.chmod(0o600)
    state = {"url": redis.url, "user": "helios", "password_file": str(secret)}
    with Realm(tmp_path / "one", {"state": state}, start=False) as realm:
        realm.start(lead=False)
        assert "WRONGPASS" in until(lambda: " ".join(realm.lines("store.held")), "it says why")
        assert realm.client().query("status")["code"] == "not_leader"
        assert realm.process.running() and "guess" not in realm.log.read_text()
        secret.write_text("open-sesame")
        realm.until_leading()
    redis.stop()


def test_redis_killed_under_load_each_accepted_task_ends_once(tmp_path):
    """
    4 clients   submit 100 keyed tasks each, say again what was busy
    2 agents    do them (helios-agent, eight at once)
    Redis       is killed and started again, twice
    """
    redis = Redis(tmp_path / "redis")
    config = {"state": {"url": redis.url}, "tasks": {"backoff": "100ms"}, "agents": {"beat": "200ms"}}
    with Realm(tmp_path / "one", config) as realm:
        tap = realm.tap("task.completed")
        for name in ("a1", "a2"):
            busy_agent(realm, name)
        accepted = [{} for _ in range(4)]
        clients = [threading.Thread(target=submit_all, args=(realm, f"c{n}", 100, accepted[n])) for n in range(4)]
        for one in clients:
            one.start()
        for held in (1, 2):
            until(lambda: sum(map(len, accepted)) >= 80 * held, "there is load")
            redis.process.kill()
            realm.until_line("controller.held", held)
            redis.start()
            realm.until_line("controller.resumed", held)
        for one in clients:
            one.join()
        ids = {id for found in accepted for id in found.values()}
        assert len(ids) == 400, "each key is one task"
        asker = realm.client()
        until(lambda: asker.query("status")["tasks_live"] == 0, "all have ended")
        counters = asker.query("status")["counters"]
        assert counters["completed"] == 400, counters
        assert counters["failed"] == counters["cancelled"] == counters["unknown"] == 0
        until(lambda: tap.until("none", patience=0.1) or {e["id"] for e in tap.events} >= ids, "each end was told")
        assert len(tap.events) == 400, "once"
    redis.stop()


def busy_agent(realm, name):
    home = realm.path / name
    home.mkdir()
    realm.keep(Agent(home, [realm.data], members={name: {"swarm": "backend", "slots": 8, "prefetch": 8}},
                     actions={"work": {"builtin": "echo"}}, data=str(home / "data")))


def submit_all(realm, name, n, accepted):
    """submit_all is a client that takes no for an answer only until the next time."""
    client, missing = realm.client(), {f"k{i}" for i in range(n)}
    while missing:
        keys = sorted(missing)[:10]
        answers = client.submit_all([{"action": "work", "key": key, "params": {"text": key}} for key in keys], client=name,
                                    watch=False, patience=2)
        for place, answer in answers.items():
            if "id" in answer:
                accepted[keys[place]] = answer["id"]
                missing.discard(keys[place])
