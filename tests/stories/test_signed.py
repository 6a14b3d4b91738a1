# SPDX-License-Identifier: MPL-2.0
"""Signed tasks (Z7): what a taken-over controller can do with a real agent, which is nothing, and what an honest one can."""

import json
import os
import subprocess
import time

import msgpack
import pytest
import redis

import fake_controller
import helios

BIN = os.environ.get("HELIOS_BIN", "/nonexistent")
GO = "#!/bin/sh\necho ran >> \"$0.ran\"\n"
FAILS_ONCE = "#!/bin/sh\necho ran >> \"$0.ran\"\n[ \"$HELIOS_ATTEMPT\" != 1 ]\n"
TEXT = {"params": {"text": {"type": "string"}}, "signed": True}


def tool(*words, code=0, data=""):
    done = subprocess.run([f"{BIN}/helios", *map(str, words)], capture_output=True, text=True, timeout=60, check=False,
                          env={**os.environ, "HELIOS_DATA": str(data)})
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout.strip()


class Raw(bytes):
    """Raw is msgpack that is carried as it is."""


class Thief(fake_controller.Controller):
    """A controller that says what it likes."""

    def send(self, route, kind, **fields):
        raw = []

        def keep(value):
            if isinstance(value, Raw):
                raw.append(value)
                return f"raw {len(raw)}"
            if isinstance(value, dict):
                return {k: keep(v) for k, v in value.items()}
            return [keep(v) for v in value] if isinstance(value, list) else value

        body = msgpack.packb(keep({"type": kind, **fields}))
        for n, value in enumerate(raw, 1):
            body = body.replace(msgpack.packb(f"raw {n}"), value)
        self.bus.send_multipart([route, body])


class Stage:
    """An honest realm, a signer, and programs that write down that they ran."""

    def __init__(self, path):
        self.path, self.open = path, []
        tool("signer", "new", "ada", "--dir", path)
        self.realm = self.keep(helios.Realm(path / "realm", {"tasks": {"backoff": "100ms"}}))

    def keep(self, thing):
        self.open.append(thing)
        return thing

    def close(self):
        for thing in reversed(self.open):
            thing.close()

    def program(self, name, text=GO):
        file = self.path / name
        file.write_text(text)
        file.chmod(0o755)
        return str(file)

    def ran(self, name="go"):
        file = self.path / f"{name}.ran"
        return len(file.read_text().splitlines()) if file.exists() else 0

    def submit(self, action="go", *more, sign="ada.signer"):
        signed = ["--sign", self.path / sign] if sign else []
        said = self.tell("submit", action, "--json", *signed, *more)
        return json.loads(said)["id"]

    def tell(self, *words, code=0):
        return tool(*words, code=code, data=self.realm.data)

    def stored(self, task):
        try:
            return self.realm.redis().hget(self.realm.key("task"), task)
        except redis.exceptions.ConnectionError:
            return None

    def record(self, task):
        """record is the task as it lies in Redis; params as the bytes that were signed."""
        body = helios.until(lambda: self.stored(task), "Redis is there again")  # it dies with its controller
        fields, unpacker = msgpack.unpackb(body), msgpack.Unpacker()
        unpacker.feed(body)
        for _ in range(unpacker.read_map_header()):
            key, begin = unpacker.unpack(), unpacker.tell()
            unpacker.skip()
            if key == "params":
                fields[key] = body[begin:unpacker.tell()]
        return fields

    def order(self, action="go", *more):
        """order is a genuine signed task that never reached an agent, as a thief of Redis would have it."""
        r = self.record(self.submit(action, *more))
        return {"action": action, "params": Raw(r.get("params", b"\x80")), "signature": r["signature"]}

    def agent(self, controller, name="a1", role="worker", actions_of=None, **settings):
        actions = {"go": {"run": [self.program("go")], **TEXT},
                   "other": {"run": [self.program("other")], **TEXT},
                   "fails_once": {"run": [self.program("fails_once", FAILS_ONCE)], **TEXT}, **(actions_of or {})}
        directory = self.path / name
        directory.mkdir(exist_ok=True)
        settings = {"security": {"signers": [str(self.path / "ada.signer.pub")]}, "data": "memory", **settings}
        return self.keep(fake_controller.Agent(directory, [controller], actions=actions,
                                               members={name: {"swarm": "backend", "role": role}}, **settings))

    def thief(self, name="a1", **how):
        """thief is a controller that says what it likes, with an agent that obeys it otherwise."""
        thief = self.keep(Thief(self.path / "thief"))
        self.victim = self.agent(self.path / "thief", name, **how)
        thief.greeted(name)
        return thief


@pytest.fixture(name="stage")
def make_stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.close()


def refused(stage, thief, task, words, agent="a1", **order):
    before = stage.ran(), stage.ran("other")
    result = thief.run(task, agent=agent, **order)
    assert result["outcome"] == "REFUSED" and result["not_signed"], result
    assert words in result["error"], result["error"]
    assert (stage.ran(), stage.ran("other")) == before, "and nothing was executed"


def test_a_controller_cannot_invent_alter_redirect_or_strip(stage):
    """
    thief    go without a signature, another action, other params, another's signature   -> REFUSED, each
    thief    the order as it was signed                                                   -> runs
    """
    order = stage.order("go", "--params", '{"text": "hi"}')
    thief = stage.thief()
    assert [a["needs_signature"] for a in thief.all("hello")[0]["actions"]] == [True] * 3
    refused(stage, thief, "t-1", "carries no signature", action="go", params={"text": "hi"})
    refused(stage, thief, "t-2", "another action", **{**order, "action": "other"})
    refused(stage, thief, "t-3", "for something else", **{**order, "params": {"text": "ho"}})
    refused(stage, thief, "t-4", "for something else", **{**order, "params": {}})
    tool("signer", "new", "eve", "--dir", stage.path)
    evil = stage.record(stage.submit("go", sign="eve.signer"))["signature"]
    refused(stage, thief, "t-5", "does not name this one", action="go", signature=evil)
    assert thief.run("t-6", **order)["outcome"] == "COMPLETED" and stage.ran() == 1


def test_a_controller_cannot_send_it_to_another(stage):
    thief = stage.thief("a2")
    for how, words in ((["--agent", "a1"], "another agent"), (["--swarm", "frontend"], "another swarm"),
                       (["--role", "analyst"], "another role"), (["--realm", "shop"], "another realm")):
        refused(stage, thief, "t-" + how[0][2:], words, agent="a2", **stage.order("go", *how))


def test_a_role_is_no_way_around(stage):
    """What an implementer applies on a task's behalf needs the signature as well; one over the whole task will do."""
    order = stage.order("apply", "--params", '{"action": "go", "params": {"text": "hi"}}')
    thief = stage.thief("h1", role="implementer")
    refused(stage, thief, "t-1", "go needs that", agent="h1", action="apply",
            params={"action": "go", "params": {"text": "hi"}})
    thief.run("t-2", agent="h1", **order)
    assert stage.ran() == 1


def test_everything_can_be_demanded(stage):
    """require_signed: also of an action that does not ask for it by itself."""
    thief = stage.thief(actions_of={"free": {"builtin": "noop"}},
                        security={"signers": [str(stage.path)], "require_signed": True})
    refused(stage, thief, "t-1", "carries no signature", action="free")


def test_a_controller_cannot_replay(stage):
    """Not as another task, not as the same one that has completed, also not to an agent that was started anew."""
    order, late, signed_at = stage.order(), stage.order("go", "--expires", "1ms"), time.time()
    thief = stage.thief()
    assert thief.run("t-1", **order)["outcome"] == "COMPLETED"
    refused(stage, thief, "t-2", "used for another task: t-1", **order)
    stage.victim.kill()
    thief.heard.clear()
    stage.victim.start()
    thief.greeted()
    refused(stage, thief, "t-3", "used for another task: t-1", **order)
    refused(stage, thief, "t-1", "completed here already", **order, attempt=2)
    thief.wait(lambda: time.time() > signed_at + 2.1, "the tolerance of clocks to pass")
    refused(stage, thief, "t-4", "expired", **late)
    assert stage.ran() == 1


def test_a_task_that_failed_is_tried_again(stage):
    """An honest controller: attempt 1 fails, attempt 2 of the same signed task completes; what failed is not lost."""
    stage.agent(stage.realm.data)
    task = stage.submit("fails_once")
    assert stage.tell("wait", task).startswith(f"{task} COMPLETED")
    assert stage.ran("fails_once") == 2


def test_it_survives_the_controller(stage):
    """The controller is killed between the submit and the agent's arrival."""
    task = stage.submit("go", "--params", '{"text": "hi"}')
    before = stage.record(task)["signature"]
    stage.realm.kill()
    stage.realm.start()
    assert stage.record(task)["signature"] == before
    stage.agent(stage.realm.data)
    assert stage.tell("wait", task).startswith(f"{task} COMPLETED")
    assert stage.ran() == 1


def test_a_refusal_is_an_end_that_says_why(stage):
    """REFUSED is final: one attempt, FAILED with the reason, an alarm and a count; nothing is tried elsewhere."""
    tap = stage.realm.tap("task")
    stage.agent(stage.realm.data)
    stage.agent(stage.realm.data, "a2")
    tool("signer", "new", "eve", "--dir", stage.path)
    task = stage.submit("go", sign="eve.signer")
    said = stage.tell("wait", task, code=70)
    assert "FAILED" in said and "not signed by an allowed signer" in said
    event = tap.until("task.not_signed")
    assert event["id"] == task and "was refused by a" in event["text"]
    shown = stage.tell("task", task)
    assert "not signed by an allowed signer" in shown
    assert stage.realm.client().query("status")["counters"]["not_signed"] == 1
    assert stage.ran() == 0


def test_signers_need_a_memory(stage):
    """An agent that could not know a signature again does not start."""
    tool("signer", "new", "bob", "--dir", stage.path)
    cases = (({"data": ""}, "security.signers needs a directory"), ({"security": {}}, "nobody is named who may sign"),
             ({"security": {"signers": [str(stage.path / "bob.signer")]}}, "holds the secret"))
    for number, (settings, words) in enumerate(cases):
        agent = stage.agent(stage.path / "nowhere", f"b{number}", **settings)
        assert agent.process.wait(20) != 0 and agent.said(words), words
