# SPDX-License-Identifier: MPL-2.0
"""Committees (V1 to V5): a person asks one, agents vote, a controller dies in the middle, the ledger tells it all."""

import json
import signal
import subprocess

import pytest

from helios import BIN, PATIENCE, Process, Realm, until

REVIEWERS = ["picture", "sound", "lesson"]
COMMITTEE = {"action": "look", "agents": REVIEWERS, "weights": {"lesson": 2}, "veto": ["sound"], "quorum": 75, "threshold": 60,
             "score_at_least": 70, "deadline": "60s"}
SOON = {**COMMITTEE, "deadline": "500ms"}
CONFIG = {"committees": {"quality": COMMITTEE, "hasty": SOON}, "agents": {"beat": "200ms"}}


@pytest.fixture(name="realm")
def make_realm(tmp_path):
    with Realm(tmp_path, CONFIG) as realm:
        yield realm


def helios(realm, *words):
    return subprocess.run([BIN / "helios", *words, "--controller", realm.data], capture_output=True, text=True,
                          timeout=PATIENCE, check=False)


def review(realm, name):
    return json.loads(helios(realm, "review", "show", name, "--json").stdout)


def reviewers(realm):
    return {name: realm.agent(name, actions=["look"], swarm="court") for name in REVIEWERS}


def vote(agent, what, score, reason="as I saw it"):
    task = agent.task()
    assert task["action"] == "look" and task["params"] == {"video": "v.mp4"}
    agent.result(task, data={"vote": what, "score": score, "reason": reason})


def ask(realm, committee="quality"):
    asked = helios(realm, "review", "ask", committee, "--subject", '{"video": "v.mp4"}')
    assert asked.returncode == 0, asked.stderr
    return asked.stdout.strip()


def test_v3_a_person_asks_and_waits_for_the_decision(realm, tmp_path):
    """
    person    helios review ask quality --subject {"video": "v.mp4"} --wait
    picture   no, 40        sound   yes, 80        lesson (weight 2)   yes, 90
    person    APPROVED: three quarters said yes, the mean is 75; against it: picture; exit code 0
    """
    agents = reviewers(realm)
    out = tmp_path / "ask.log"
    person = Process([BIN / "helios", "review", "ask", "quality", "--subject", '{"video": "v.mp4"}', "--wait", "--controller",
                      realm.data], out)
    vote(agents["picture"], "no", 40, "the title card is cut off")
    vote(agents["sound"], "yes", 80)
    vote(agents["lesson"], "yes", 90)
    assert person.wait() == 0
    assert "v-1 APPROVED: agreed; score 75, against it: picture" in out.read_text()
    assert "the title card is cut off" in out.read_text()

    why = helios(realm, "why", "v-1").stdout
    assert why.count("votes") >= 3 and "has approved" in why and "against it: picture" in why
    assert "v-1" in helios(realm, "review", "list").stdout
    assert helios(realm, "review", "show", "v-9").returncode == 66
    assert helios(realm, "review", "ask", "nobody").returncode != 0
    assert helios(realm, "review", "ask", "quality", "--subject", "[]").returncode == 64


def test_v3_a_veto_ends_it_at_once(realm):
    """The others are told to stop; the exit code says that it was rejected."""
    agents = reviewers(realm)
    name = ask(realm)
    tasks = {who: agents[who].task() for who in ("picture", "lesson")}
    vote(agents["sound"], "no", 10, "clipped at 0:12")
    until(lambda: review(realm, name)["state"] == "REJECTED", "it is rejected")
    assert review(realm, name)["reason"] == "veto"
    stopped = agents["picture"].until("beat_ok", where=lambda m: m.get("cancels"))
    assert stopped["cancels"][0]["task"] == tasks["picture"]["id"]


def test_v2_votes_survive_the_death_of_a_controller(realm):
    """
    picture   yes
    heliosd   kill -9, another one leads
    lesson    yes; the review is decided: three quarters of the weight have voted, and sound's veto is still open … sound abstains
    """
    agents = reviewers(realm)
    name = ask(realm)
    vote(agents["picture"], "yes", 90)
    held = {who: agents[who].task() for who in ("sound", "lesson")}
    until(lambda: sum(v["vote"] == "yes" for v in review(realm, name)["votes"]) == 1, "the first vote is in")
    realm.process.send(signal.SIGKILL)
    realm.process.wait()
    realm.start()
    assert [v["vote"] for v in review(realm, name)["votes"]] == ["yes", "open", "open"]
    for who, task in held.items():
        again = realm.agent(who, actions=["look"], swarm="court", hello=False)
        again.held = {f"{task['id']}/{task['attempt']}": task}
        again.hello()
        again.result(task, data={"vote": "abstain" if who == "sound" else "yes", "score": 80, "reason": ""})
    until(lambda: review(realm, name)["state"] == "APPROVED", "it is approved")


def test_v2_who_is_silent_has_not_voted(realm):
    """Two of three are silent until the deadline: no quorum, although the third said yes."""
    agents = reviewers(realm)
    name = ask(realm, "hasty")
    vote(agents["picture"], "yes", 100)
    until(lambda: review(realm, name)["state"] == "REJECTED", "the deadline is over")
    found = review(realm, name)
    assert found["reason"] == "no quorum"
    assert [v["vote"] for v in found["votes"]] == ["yes", "missing", "missing"]
    kpi = realm.client().query("kpi", name="review_success")
    assert kpi["now"]["value"] == 0
