# SPDX-License-Identifier: MPL-2.0
"""Secrets of actions (Q2): a real controller, a real agent, an action that shouts its secret in every way that there is.
Afterwards everything that Helios wrote, keeps or says is searched for it."""

import json
import os
import signal
import subprocess
import textwrap

import pytest

import fake_controller
from helios import BIN, PATIENCE, Realm, until

FROM_FILE, ROTATED, FROM_ENV = "sk-live-\"7f3a\\9d21-Ω", "sk-next-55e0c1b2", "env-0badcafe-4411"
LEAVES = {"tasks": {"backoff": "100ms", "backoff_cap": "100ms"}, "agents": {"beat": "200ms"}}
SHOUT = """\
#!/usr/bin/python3
import json, os, sys, time
token, key = os.environ["TOKEN"], os.environ["API_KEY"]
say = os.fdopen(3, "w")
print("progress 10 using " + token, file=say, flush=True)
print("checkpoint page=3 " + token, file=say, flush=True)
params = json.load(sys.stdin)
time.sleep(0.5)  # a beat carries the line
if params["how"] == "json":
    print(json.dumps({"token": token, key: [token, {"deep": "=" + key}]}))
elif params["how"] == "long":
    sys.stdout.write("." * (64 * 1024 - 5) + token + "\\n" + token)
elif params["how"] == "broken":
    print("{" + token)
else:
    print("text", token, key, json.dumps(token))
print("trace:", token, key, file=sys.stderr, flush=True)
print("died of", token, file=sys.stderr, flush=True)
sys.exit(params["exit"])
"""


@pytest.fixture(name="stage")
def make_stage(tmp_path):
    """A realm and an agent of it; secrets lie beside the tree that is searched, never in it."""
    class Stage:
        tree, vault = tmp_path / "tree", tmp_path / "vault"
        agent = None

        def secret(self, value, name="token", mode=0o600):
            path = self.vault / name
            path.write_text(value, encoding="utf-8")
            path.chmod(mode)
            return path

        def begin(self, greets=True, **secrets):
            shout = self.tree / "shout"
            shout.write_text(SHOUT)
            shout.chmod(0o755)
            (self.tree / "greedy").write_text(textwrap.dedent("""\
                #!/bin/sh
                env
                cat /proc/$PPID/environ 2>/dev/null
                exit 0"""))
            (self.tree / "greedy").chmod(0o755)
            how = {"how": {"default": "text"}, "exit": {"type": "int", "default": 0}}
            action = {"run": [str(shout)], "params": how, "secrets": ["TOKEN", "API_KEY"]}
            self.agent = fake_controller.Agent(
                self.tree, [self.realm.data], data="agent", members={"a1": {"swarm": "backend", "slots": 2}},
                actions={"shout": action, "data": {**action, "output": "json"}, "greedy": {"run": [str(self.tree / "greedy")]}},
                secrets={"TOKEN": {"file": "../vault/token"}, "API_KEY": {"env": "THE_API_KEY"}, **secrets},
                env={"THE_API_KEY": FROM_ENV}, log={"level": "debug"})
            if greets:
                until(lambda: "a1" in repr(self.client.query("agents")), "the agent was welcomed")

        def done(self, action, **request):
            ticket = self.client.submit(action, **request)
            assert "id" in ticket, ticket
            return self.client.done(ticket["id"])

    stage = Stage()
    stage.tree.mkdir()
    stage.vault.mkdir()
    with Realm(stage.tree / "realm", {**LEAVES, "log": {"level": "debug"}}) as stage.realm:
        stage.client = stage.realm.client()
        stage.tap = stage.realm.tap()
        yield stage
        if stage.agent:
            stage.agent.close()


def shows(data, value):
    """shows says how a value can be seen in bytes: as it is, or as JSON writes it."""
    forms = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    return [form for form in forms if form.encode() in data]


def helios(realm, *words):
    done = subprocess.run([BIN / "helios", *words], capture_output=True, timeout=PATIENCE, stdin=subprocess.DEVNULL,
                          env={"PATH": os.environ["PATH"], "HELIOS_DATA": str(realm.data)}, check=False)
    return done.stdout + done.stderr


def everything(stage, tasks):
    """everything answers what Helios wrote, keeps and says, by the place where it was found."""
    stage.client.query("status")
    found = {}
    for folder, _, files in os.walk(stage.tree):
        for name in files:
            path = os.path.join(folder, name)
            if not os.path.islink(path) and os.path.isfile(path):
                with open(path, "rb") as file:
                    found[path] = file.read()
    store = stage.realm.redis()
    for key in store.scan_iter():
        kind = store.type(key)
        value = {b"hash": store.hgetall, b"string": store.get, b"stream": store.xrange,
                 b"list": lambda k: store.lrange(k, 0, -1)}.get(kind, store.dump)(key)
        found[f"redis {key}"] = repr(value).encode() + key
    found["events"] = repr(stage.tap.events).encode()
    for words in (["status"], ["tasks"], ["agents"], ["agent", "a1"], ["failed"], ["ledger"], ["metrics"], ["summary"],
                  *[[verb, task] for task in tasks for verb in ("task", "why")]):
        for more in ([], ["--json"]):
            found[" ".join(words + more)] = helios(stage.realm, *words, *more)
    return found


def test_q2_no_secret_is_seen_anywhere(stage):
    stage.secret(FROM_FILE + "\n")
    stage.begin()
    ended = {how: stage.done("data" if how in ("json", "broken") else "shout", params={"how": how, "exit": code},
                             max_attempts=2)
             for how, code in (("text", 0), ("json", 0), ("long", 0), ("broken", 0), ("fails", 7))}
    assert ended["text"]["state"] == "COMPLETED" and ended["text"]["output"] == b"text *** *** \"***\"\n"
    assert ended["json"]["data"] == {"token": "***", "***": ["***", {"deep": "=***"}]}
    assert ended["long"]["output"] == b"." * (64 * 1024 - 5) + b"***"
    assert ended["broken"]["state"] == "FAILED" and ended["broken"]["error"].endswith("did not print one JSON object")
    assert ended["fails"]["state"] == "FAILED" and ended["fails"]["error"].endswith("exit code 7: died of ***")
    assert stage.tap.until("task.retrying") and stage.tap.until("task.failed", id=ended["fails"]["id"])
    places = everything(stage, [task["id"] for task in ended.values()])
    assert any("appendonly" in place or "dump.rdb" in place for place in places), "Redis' files were looked at"
    seen = {place: shows(data, value) for place, data in places.items() for value in (FROM_FILE, FROM_ENV)
            if shows(data, value)}
    assert not seen


def test_q2_only_that_actions_process_gets_it(stage):
    stage.secret(FROM_FILE)
    stage.begin()
    other = stage.done("greedy")
    assert other["state"] == "COMPLETED" and b"HELIOS_TASK=" in other["output"]
    for value in (FROM_FILE, FROM_ENV) if os.geteuid() else (FROM_FILE,):   # root reads every environment
        assert not shows(other["output"], value)
    assert b"TOKEN=" not in other["output"].split(b"\0")[0]


def test_q2_a_rotated_file_counts_from_the_next_attempt_on(stage):
    stage.secret("short-lived-111111")
    stage.begin()
    assert stage.done("shout")["output"].startswith(b"text *** ***")
    stage.secret(ROTATED)
    assert stage.done("shout")["output"].startswith(b"text *** ***")
    stage.secret("abc")    # too short to be told from words: it is handed over as it is
    assert stage.done("shout")["output"].startswith(b"text abc ***")


@pytest.mark.parametrize("spoil, sentence", [
    (lambda stage: (stage.vault / "token").unlink(), "the secret TOKEN cannot be read: its file: No such file or directory"),
    (lambda stage: (stage.vault / "token").chmod(0o644), "the secret TOKEN is not used: its file can be read by others; make it mode 0600"),
    (lambda stage: stage.secret("\n"), "the secret TOKEN is empty"),
    (lambda stage: stage.secret("a\0b-0123456"), "the secret TOKEN holds a NUL byte, which no environment can"),
    (lambda stage: stage.secret("x" * 40000), "the secret TOKEN is longer than 32 KiB"),
    (lambda stage: ((stage.vault / "token").unlink(), os.mkfifo(stage.vault / "token", 0o600)),
     "the secret TOKEN cannot be read: what it names is no file"),
], ids=["missing", "open", "empty", "nul", "long", "pipe"])
def test_q2_an_attempt_without_its_secret_fails_and_says_which(stage, spoil, sentence):
    """It is tried again, since a file that is being replaced is there a moment later."""
    stage.secret(FROM_FILE)
    stage.begin()
    spoil(stage)
    ended = stage.done("shout", max_attempts=2)
    assert ended["state"] == "FAILED" and ended["attempts"] == 2
    assert ended["error"] == "failed for good after 2 attempts: shout was not started: " + sentence
    assert not shows(repr(ended).encode(), FROM_FILE)


def test_q2_a_variable_that_is_not_there(stage):
    stage.secret(FROM_FILE)
    stage.begin(API_KEY={"env": "NOBODY_SET_THIS"})
    ended = stage.done("shout", max_attempts=1)
    assert ended["state"] == "FAILED"
    assert ended["error"].endswith("not started: the secret API_KEY is missing: this process has no variable NOBODY_SET_THIS")


def test_q2_the_check_refuses_a_file_that_others_can_read(stage):
    stage.secret(FROM_FILE, mode=0o640)
    stage.begin(greets=False)
    until(lambda: stage.agent.process.poll() is not None, "the agent has refused to start")
    done = subprocess.run([BIN / "helios-agent", stage.agent.path, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 78 and "secrets.TOKEN.file can be read by others; make it mode 0600 (Q2)" in done.stderr
    assert not shows(done.stderr.encode(), FROM_FILE)


def test_q2_a_cancelled_action_shows_nothing_either(stage):
    stage.secret(FROM_FILE)
    stage.begin()
    ticket = stage.client.submit("shout", params={"how": "text"})
    until(lambda: "using" in repr(stage.client.query("task", id=ticket["id"])), "its progress is seen")
    shown = repr(stage.client.query("task", id=ticket["id"])).encode()
    assert not shows(shown, FROM_FILE)
    stage.agent.process.send_signal(signal.SIGHUP)   # a reload keeps what runs and its mask
    assert stage.client.done(ticket["id"])["output"].startswith(b"text ***")
