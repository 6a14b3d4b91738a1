# SPDX-License-Identifier: MPL-2.0
"""The main job on the toy service: a loop that finds what is bad, changes it, proves it, and undoes harm; an emergency; the tasks
that a client may ask for; and the ways in which a person holds it."""

import pytest

from helios import until
from toy import GOOD, GOOD_ONE, HARMFUL, IDLE, RESPONSES, Toy, plan

ENDED = ("ACCEPTED", "ROLLED_BACK", "STUCK", "ABANDONED")
BAD = {"latency": 3000, "queue": 900, "lag": 400}


@pytest.fixture(name="start")
def make_start(tmp_path):
    toys = []

    def start(*args, **config):
        toys.append(Toy(tmp_path, *args, **config))
        return toys[-1]
    yield start
    for toy in toys:
        toy.close()


def test_the_loop_improves_proves_and_undoes(start):
    """
    toy       latency=500 queue=200 lag=60
    cycle     finds three bottlenecks in two swarms, asks both analysts, starts three changes in one turn
    shrink    latency 500 -> 110            ACCEPTED, with its evidence                          (X4)
    shout     queue   200 -> 260            FAILED: worse; rolled back, the KPI is back          (X3, X5)
    wish      lag      60 -> 60             FAILED: it ran but nothing moved; rolled back        (X7)
    """
    toy = start({**GOOD_ONE, **HARMFUL, **IDLE})
    good, harm, idle = (toy.reaches(name, *ENDED) for name in ("shrink", "shout", "wish"))

    assert (good["state"], good["verdict"], good["rule"]) == ("ACCEPTED", "SUCCESS", "improved")
    assert good["n_before"] > 50 and good["n_after"] > 50 and good["ess_after"] >= 6
    assert -500 < good["low"] <= good["effect"] <= good["high"] < -300 and good["p"] < good["alpha"] <= 0.01
    assert good["inspection"] == "pass", "the verifier has looked"

    assert (harm["state"], harm["verdict"], harm["rule"]) == ("ROLLED_BACK", "FAILED", "worse")
    assert harm["effect"] > 30 and harm["returned"] and "is back" in harm["error"]
    assert (idle["state"], idle["verdict"], idle["rule"]) == ("ROLLED_BACK", "FAILED", "no_move")
    assert abs(idle["effect"]) < 3 and idle["looks"] == 2, "only the last look may say that nothing moved"
    assert [toy.get(kpi) for kpi in ("latency", "queue", "lag")] == [110, 200, 60]

    # X6: both swarms at the same time, all of it from one cycle.
    assert {o["swarm"] for o in (good, harm, idle)} == {"frontend", "backend"}
    assert len({o["cycle"] for o in (good, harm, idle)}) == 1
    assert max(o["began"] for o in (good, harm, idle)) < min(o["ended"] for o in (good, harm, idle))
    until(lambda: toy.reports("cycle"), "the cycle's report")
    report, text = toy.reports("cycle")[0]
    assert "shrink" in text and "shout" in text and report
    explained(toy, good, "latency", "better by the test", "alpha:")
    explained(toy, harm, "it got worse", "is back")
    explained(toy, idle, "nothing moved")
    learned(toy)


def explained(toy, optimization, *words):
    """X13: helios why tells of it in sentences with numbers, from the ledger alone."""
    text = toy.helios("why", optimization["id"])
    for word in (optimization["name"], "n_before", *words):
        assert word in text, (word, text)


def learned(toy):
    """What succeeded is in force and not proposed again; what failed is held back (X7); both stand in the catalogue."""
    rows = {o["name"]: o for o in toy.query("catalogue")["optimizations"]}
    assert rows["shrink"]["in_force"] and not rows["shout"]["in_force"], rows
    assert rows["shout"]["open_until"] > 0 or "breaker" in rows["shout"]["held"], rows


def test_a_collapse_opens_an_incident_that_is_answered_and_closed(start):
    """
    toy       all is well, then the numbers collapse
    incident  OPEN: health under 50 after its dwell (H4); three emergency acts against the top three issues
    person    acknowledges, silences (H6)
    incident  RECOVERING, RESOLVED: health over 60 for its dwell; a report lies under DATA/reports
    """
    toy = start(RESPONSES, GOOD)
    until(lambda: toy.query("health")["scopes"]["realm"]["known"], "health is known")
    tap = toy.tap("incident.")
    silence = toy.client().command("silence", author="ada", pattern="kpi.*", for_ms=60000, reason="deploy")
    assert silence["ok"]
    for kpi, number in BAD.items():
        toy.set(kpi, number)

    opened = tap.until("incident.opened")
    assert opened and opened["level"] == "alarm"
    toy.helios("ack", opened["id"], "--reason", "on it", "--author", "ada")
    assert tap.until("incident.acked", id=opened["id"])
    resolved = tap.until("incident.resolved")
    assert resolved["id"] == opened["id"]

    incident = toy.query("incident", id=opened["id"])
    incident = incident.get("incident", incident)
    assert incident["health_at_open"] < 50 and incident["worst"] < 50 and incident["acked_by"] == "ada"
    acts = {e["text"].split()[2] for e in tap.events if e["topic"] == "incident.acted"}
    assert acts == set(RESPONSES), "the top three issues, each with its response"
    assert [toy.get(kpi) for kpi in BAD] == [GOOD[kpi] for kpi in BAD]
    for name in RESPONSES:
        act = toy.newest(name)
        assert (act["state"], act["rule"], act["incident"]) == ("ACCEPTED", "recovered", opened["id"])
        assert act["score_before"] == 0 and act["score_after"] > 90
        assert act["before"] > 2 * act["after"] > 0, "its numbers are measured, not filled in"
    assert len(toy.query("incidents")["incidents"]) == 1, "it re-fires, it does not duplicate (H5)"

    until(lambda: "RESOLVED" in toy.reports("incident")[0][1], "the incident's report is complete")
    text = toy.helios("why", opened["id"])
    assert "opened" in text and "is resolved" in text and "rescue_latency" in text
    silences = toy.query("silences")["silences"]
    assert [(s["author"], s["pattern"], s["reason"]) for s in silences] == [("ada", "kpi.*", "deploy")]
    toy.helios("unsilence", silences[0]["id"])
    assert not toy.query("silences")["silences"]


def test_the_four_task_types_give_reports(start):
    """Anyone may submit them; each ends with its report in `data`, and as files."""
    toy = start({**GOOD_ONE, **RESPONSES}, cycle={"enabled": False})
    client = toy.client()
    observed(toy)

    analysis = done(client, "analysis", params={"depth": "comprehensive", "focus_areas": ["latency"]})
    assert "latency" in str(analysis["data"]) and "queue" not in str(analysis["data"].get("bottlenecks"))
    planning = done(client, "strategic_planning", params={"horizon": "30d", "scenarios": ["growth"]})
    assert planning["data"]
    optimization = done(client, "optimization")
    assert optimization["data"] and toy.newest("shrink")["state"] == "ACCEPTED"
    calm = done(client, "emergency", params={"threshold": 10, "max_issues": 1})
    assert calm["data"], "health is over that threshold: nothing to do, and it says so"
    declared = done(client, "emergency", params={"threshold": 85, "max_issues": 2})
    assert declared["data"]
    assert {o["name"] for o in toy.query("optimizations")["optimizations"] if o["incident"]} == {"rescue_queue", "rescue_lag"}
    for word in ("analysis", "strategy", "cycle", "incident"):
        until(lambda w=word: toy.reports(w), f"a report of {word}")


def observed(toy):
    """observed waits for the three windows that Helios sees before it acts (L5)."""
    until(lambda: len(toy.query("kpi", name="latency")["past"]) > 3, "three windows are seen")


def done(client, action, **fields):
    ticket = client.submit(action, **fields)
    assert "id" in ticket, ticket
    end = client.done(ticket["id"])
    assert end and end["state"] == "COMPLETED", end
    return end


def test_x10_frozen_it_watches_and_does_not_act_not_even_after_a_restart(start):
    toy = start({**GOOD_ONE, **RESPONSES}, cycle={"every": "1s"})
    toy.helios("freeze", "--reason", "deploy", "--author", "ada")
    toy.crash()
    assert toy.query("status")["frozen"]
    observed(toy)
    done(toy.client(), "optimization")  # asked for, a cycle runs: everything in it is held
    assert "frozen" in toy.ledger("optimization.held", "shrink")[-1]["text"]
    for kpi, number in BAD.items():
        toy.set(kpi, number)
    until(lambda: toy.ledger("incident.opened"), "data still flows: the incident opens")
    assert not toy.query("optimizations")["optimizations"] and toy.get("latency") == BAD["latency"]
    toy.helios("unfreeze")
    assert toy.reaches("rescue_latency", "ACCEPTED")


def test_x10_advise_is_the_same_path_without_the_act(start):
    toy = start(GOOD_ONE, mode="advise")
    would = toy.reaches("shrink", *ENDED)
    assert (would["state"], would["rule"], would["dry_run"]) == ("ABANDONED", "dry_run", True)
    assert toy.ledger("optimization.would", would["id"]) and toy.get("latency") == 500
    assert "would" in toy.helios("why", would["id"])


def test_x1_a_gated_change_waits_for_a_person(start):
    toy = start({"shrink": plan("frontend", "latency", 110, gate="approve")})
    waiting = toy.reaches("shrink", "PROPOSED")
    assert waiting["needs_approval"]
    toy.crash()
    assert toy.reaches("shrink", "PROPOSED")["id"] == waiting["id"], "it waits over a restart"
    until(lambda: "approved" in toy_approve(toy, waiting["id"]), "observed long enough to be approved (L5)")
    accepted = toy.reaches("shrink", *ENDED)
    assert (accepted["state"], accepted["approved_by"]) == ("ACCEPTED", "ada")
    toy.helios("rollback", accepted["id"], "--author", "ada")
    assert toy.reaches("shrink", "ROLLED_BACK")["returned"] and toy.get("latency") == 500


def toy_approve(toy, id):
    reply = toy.client().command("approve", author="ada", id=id)
    return "approved" if reply["ok"] else reply["error"]


def test_a_reload_brings_a_new_change_into_the_loop(start):
    """SIGHUP: a bad file changes nothing, a good one is in force at once, what runs goes on."""
    toy = start({**HARMFUL, **GOOD_ONE}, cycle={"every": "1s"})
    toy.reaches("shout", "VERIFYING")
    toy.reload({"optimizations": {"shout": {"improves": "nothing_known"}}})
    toy.until_line("config.refused")
    toy.write({"optimizations": {"shout": HARMFUL["shout"], "wish": IDLE["wish"]}})
    toy.reload({})
    toy.until_line("config.reloaded")
    assert toy.reaches("shout", *ENDED)["state"] == "ROLLED_BACK"
    assert toy.reaches("wish", "BASELINE", "ABANDONED", *ENDED)


def test_x9_a_mass_failure_freezes_automation(start):
    """Ten agents vanish at once, as when a network is cut: what is seen then is no ground to act on; a person lets it go on."""
    toy = start(RESPONSES, GOOD, brake={"least": 3})
    status = toy.client()
    observed(toy)
    toy.staff["backend"].close()
    toy.staff["frontend"].close()
    until(lambda: status.query("status")["frozen"], "automation is frozen")
    assert "vanished at once" in toy.ledger("realm.frozen")[-1]["text"]
    for kpi, number in BAD.items():
        toy.set(kpi, number)
    until(lambda: toy.ledger("incident.opened"), "it watches on")
    toy.hire("frontend")
    toy.hire("backend")
    assert not toy.query("optimizations")["optimizations"]
    toy.helios("unfreeze")
    assert toy.reaches("rescue_latency", "ACCEPTED")
