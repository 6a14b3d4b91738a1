# SPDX-License-Identifier: MPL-2.0
"""What analysts, implementers and verifiers compose of the actions of their manifest."""

import http.server
import json
import threading

from test_agent import make_stage, program  # noqa: F401 (a fixture)


def says(**data):
    return {"run": ["/bin/echo", json.dumps(data)], "output": "json"}


def member(role):
    return {"a1": {"swarm": "backend", "role": role}}


# ---- the analyst ----

DIAGNOSES = {
    "look_a": says(recommend=True, confidence=0.9, reason="gzip is off", evidence={"bytes": 90000}),
    "look_b": says(recommend=True, confidence=0.6, reason="slow"),
    "look_c": says(recommend=False, confidence=0.2, reason="all is well"),
    "broken": {"run": ["/bin/sh", "-c", "echo no shop >&2; exit 69"], "output": "json"},
    "dumb": says(reason="?"),
}


def candidate(name, diagnose=None, kpi="k1"):
    more = {"diagnose": {"action": diagnose, "params": {}}} if diagnose else {}
    return {"optimization": name, "title": name.upper(), "kpi": kpi, **more}


def analyze(stage, *candidates, bottlenecks=()):
    c, _ = stage.both(actions=DIAGNOSES, members=member("analyst"))
    return c.run("t-1", "analyze",
                 params={"bottlenecks": list(bottlenecks), "candidates": list(candidates)})


def test_the_analyst_recommends_by_severity_and_confidence(stage):
    r = analyze(stage, candidate("c", "look_c"), candidate("a", "look_a", "k2"),
                candidate("b", "look_b"), candidate("none"),
                bottlenecks=[{"kpi": "k1", "severity": 60}, {"kpi": "k2", "severity": 30}])
    assert r["outcome"] == "COMPLETED", r
    found = r["data"]["recommendations"]
    assert [f["optimization"] for f in found] == ["b", "none", "a", "c"]  # 36, 30, 27, not recommended
    by_name = {f["optimization"]: f for f in found}
    assert by_name["a"]["evidence"] == {"bytes": 90000} and by_name["a"]["reason"] == "gzip is off"
    assert by_name["none"] == {"optimization": "none", "kpi": "k1", "recommend": True, "confidence": 0.5,
                               "severity": 60.0, "reason": "no diagnosis declared", "evidence": {}}
    assert not by_name["c"]["recommend"]
    assert r["data"]["summary"] == "3 of 4 candidates recommended; first: b"
    assert b"gzip is off" in r["output"]


def test_a_diagnosis_that_does_not_run_recommends_nothing(stage):
    r = analyze(stage, candidate("a", "broken"), candidate("b", "dumb"))
    found = {f["optimization"]: f for f in r["data"]["recommendations"]}
    assert r["outcome"] == "COMPLETED" and not found["a"]["recommend"] and not found["b"]["recommend"]
    assert "no shop" in found["a"]["reason"] and "did not say" in found["b"]["reason"]


def test_an_analysis_by_unknown_actions_is_refused(stage):
    """A1: the inner actions are the manifest's, too."""
    r = analyze(stage, candidate("a", "look_a"), candidate("b", "rm"))
    assert r["outcome"] == "REFUSED" and "rm" in r["error"]


def test_only_analysts_analyze(stage):
    c, _ = stage.both(actions=DIAGNOSES, members=member("worker"))
    assert c.run("t-1", "analyze", params={"candidates": []})["outcome"] == "REFUSED"


def test_an_analysis_ends_with_its_time(stage):
    c, _ = stage.both(members=member("analyst"), actions={
        **DIAGNOSES, "slow": {"run": ["/bin/sleep", "600"], "output": "json", "grace": "50ms"},
        "slow_but_limited": {"run": ["/bin/sleep", "600"], "output": "json", "grace": "50ms",
                             "timeout": "50ms"}})
    r = c.run("t-1", "analyze", params={"candidates": [candidate("a", "slow_but_limited"),
                                                       candidate("b", "look_b")]})
    assert r["outcome"] == "COMPLETED" and r["data"]["recommendations"][0]["optimization"] == "b"
    r = c.run("t-2", "analyze", timeout_ms=200,
              params={"candidates": [candidate("a", "slow"), candidate("b", "look_b")]})
    assert r["outcome"] == "TIMEOUT"


# ---- the implementer ----

def implementer(stage, **config):
    """A change that counts how often it is made and prints what it was told."""
    grow = program(stage.path, "grow", f"""
        echo "$HELIOS_KEY" >> {stage.path}/applied
        printf '{{"undo": {{"megabytes": 4}}, "note": "%s to %s", "target": "%s"}}' "$1" "$2" "$HELIOS_TARGET"
        """)
    shrink = program(stage.path, "shrink", f"""
        cat > {stage.path}/stdin; echo "$HELIOS_UNDO_OF $HELIOS_KEY" > {stage.path}/undone; echo '{{"undone": true}}'
        """)
    actions = {
        "grow": {"run": [grow, "{megabytes}", "{target}"], "output": "json",
                 "params": {"megabytes": {"type": "int", "default": "64"}, "target": {"type": "name"}}},
        "shrink": {"run": [shrink], "output": "json", "params": {"level": {"type": "int"}}},
        "no_undo": says(note="done"),
        "fails": {"run": ["/bin/sh", "-c", "echo full >&2; exit 9"], "output": "json"},
    }
    return stage.both(actions=actions, members=member("implementer"), **config)


def lines(path):
    return path.read_text().split()


def test_apply_returns_the_undo(stage):
    """X1, T2"""
    c, _ = implementer(stage)
    r = c.run("t-1", "apply", key="o-1:apply", params={
        "optimization": "grow_cache", "action": "grow", "params": {"megabytes": 32}, "target": "web1"})
    assert r["outcome"] == "COMPLETED" and r["data"]["undo"] == {"megabytes": 4}
    assert r["data"]["note"] == "32 to web1" and r["data"]["target"] == "web1"
    assert r["output"] == b"applied: grow_cache: 32 to web1"
    assert lines(stage.path / "applied") == ["o-1:apply"]


def test_a_key_is_applied_once(stage):
    """T2: also after the agent was killed and started again."""
    c, a = implementer(stage, data="state")
    order = {"optimization": "x", "action": "grow", "params": {}}
    first = c.run("t-1", "apply", key="k-1", params=order)
    again = c.run("t-2", "apply", key="k-1", params=order)
    a.kill()
    c.heard.clear()
    a.start()
    c.greeted()
    late = c.run("t-3", "apply", key="k-1", params=order)
    assert first["data"] == again["data"] == late["data"] and late["outcome"] == "COMPLETED"
    assert lines(stage.path / "applied") == ["k-1"]


def test_an_apply_without_undo_has_failed(stage):
    c, _ = implementer(stage)
    r = c.run("t-1", "apply", params={"optimization": "x", "action": "no_undo"})
    assert r["outcome"] == "FAILED" and r["error"] == "apply returned no undo"
    r = c.run("t-2", "apply", params={"optimization": "x", "action": "fails"})
    assert r["outcome"] == "FAILED" and r["exit_code"] == 9 and "full" in r["error"]


def test_inner_actions_and_their_parameters_are_checked(stage):
    """A1"""
    c, _ = implementer(stage)
    r = c.run("t-1", "apply", params={"optimization": "x", "action": "absent"})
    assert r["outcome"] == "REFUSED"
    r = c.run("t-2", "apply", params={"optimization": "x", "action": "grow", "params": {"megabytes": "x"}})
    assert r["outcome"] == "REFUSED" and "whole number" in r["error"]
    r = c.run("t-3", "apply", params={"optimization": "x", "action": "apply", "params": {}})
    assert r["outcome"] == "REFUSED"
    assert not (stage.path / "applied").exists()


def test_rollback_gets_the_undo(stage):
    """X1, X5"""
    c, _ = implementer(stage)
    r = c.run("t-1", "rollback", key="o-1:undo", params={
        "optimization": "grow_cache", "action": "shrink", "params": {"level": 1},
        "undo": {"megabytes": 4}, "undo_of": "o-1:apply"})
    assert r["outcome"] == "COMPLETED" and r["data"] == {"undone": True}
    assert json.loads((stage.path / "stdin").read_text()) == {"level": 1, "undo": {"megabytes": 4}}
    assert lines(stage.path / "undone") == ["o-1:apply", "o-1:undo"]


def test_rollback_finds_a_lost_undo_in_the_journal(stage):
    """X1: the apply's result never reached the controller, its agent was killed."""
    c, a = implementer(stage, data="state")
    c.acknowledge = False
    c.run("t-1", "apply", key="k-1", params={"optimization": "x", "action": "grow"})
    a.kill()
    c.heard.clear()
    a.start()
    c.acknowledge = True
    c.greeted()
    r = c.run("t-2", "rollback", params={"optimization": "x", "action": "shrink", "undo": {},
                                         "undo_of": "k-1"})
    assert r["outcome"] == "COMPLETED"
    assert json.loads((stage.path / "stdin").read_text())["undo"] == {"megabytes": 4}
    c.run("t-3", "apply", key="k-1", params={"optimization": "x", "action": "grow"})
    assert lines(stage.path / "applied") == ["k-1", "k-1"]  # what was rolled back is known no more


# ---- the verifier ----

def test_inspections(stage):
    """X3: a check that did not run, or did not say pass, has not passed."""
    c, _ = stage.both(members=member("verifier"), actions={
        "good": says(**{"pass": True, "findings": []}),
        "bad": says(**{"pass": False, "findings": ["page 3 is gone", "no cart"]}),
        "dumb": says(note="?"),
        "fails": {"run": ["/bin/sh", "-c", "echo no shop >&2; exit 69"], "output": "json"}})

    def inspect(task, action):
        return c.run(task, "inspect", params={"optimization": "x", "action": action, "params": {},
                                              "kpi": "k1"})
    r = inspect("t-1", "good")
    assert r["outcome"] == "COMPLETED" and r["data"] == {"pass": True, "findings": []}
    r = inspect("t-2", "bad")
    assert r["outcome"] == "COMPLETED" and not r["data"]["pass"] and len(r["data"]["findings"]) == 2
    assert r["output"] == b"fail: page 3 is gone; no cart"
    assert inspect("t-3", "dumb")["outcome"] == "FAILED"
    r = inspect("t-4", "fails")
    assert r["outcome"] == "FAILED" and "no shop" in r["error"] and not r["data"]
    assert inspect("t-5", "absent")["outcome"] == "REFUSED"


# ---- the webhook ----

class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.headers["Content-Type"], json.loads(body)))
        self.send_response(500 if self.path == "/broken" else 200)
        self.end_headers()
        self.wfile.write(b"thanks")

    def log_message(self, *_):
        pass


def test_the_webhook_posts_json(stage):
    hook = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    hook.got = []
    threading.Thread(target=hook.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{hook.server_port}"
    try:
        c, _ = stage.both(actions={"notify": {"builtin": "webhook"},
                                   "broken": {"builtin": "webhook",
                                              "params": {"url": {"default": url + "/broken"}}}},
                          env={"no_proxy": "*"})
        r = c.run("t-1", "notify", params={"url": url, "title": "T", "text": "it \"broke\"", "id": "i-1"})
        assert r["outcome"] == "COMPLETED" and r["output"] == b"thanks"
        assert hook.got[0] == ("application/json", {"title": "T", "text": "it \"broke\"", "id": "i-1"})
        r = c.run("t-2", "broken", params={"text": "x"})
        assert r["outcome"] == "FAILED" and "500" in r["error"]
        r = c.run("t-3", "notify", params={"url": "file:///etc/passwd", "text": "x"})
        assert r["outcome"] == "FAILED" and not r["output"]
    finally:
        hook.shutdown()
        hook.server_close()
