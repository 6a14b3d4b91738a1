# SPDX-License-Identifier: MPL-2.0
"""What an agent does with attempts, told against a controller of a few lines."""

import json
import os
import signal
import subprocess
import textwrap

import pytest

import fake_controller
from fake_controller import Agent, Controller, wait_until

ECHO = {"echo": {"builtin": "echo"}}


def program(directory, name, text):
    """program writes a small shell script and answers its path."""
    path = os.path.join(str(directory), name)
    with open(path, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\n" + textwrap.dedent(text))
    os.chmod(path, 0o755)
    return path


@pytest.fixture(name="stage")
def make_stage(tmp_path):
    """stage starts agents and controllers and ends them, whatever becomes of the story."""
    class Stage:
        path, open = tmp_path, []

        def controller(self, name="data", **how):
            self.open.append(Controller(tmp_path / name, **how))
            return self.open[-1]

        def agent(self, controllers=("data",), **config):
            self.open.append(Agent(tmp_path, controllers, **config))
            return self.open[-1]

        def both(self, **config):
            c = self.controller()
            a = self.agent(**config)
            c.greeted()
            return c, a

    stage = Stage()
    yield stage
    for thing in reversed(stage.open):
        thing.close()


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


# ---- greeting and beats ----

def test_hello_says_who_and_what(stage):
    c, _ = stage.both(actions={"greet": {"builtin": "echo"}, "wait": {"builtin": "sleep"}},
                      members={"a1": {"swarm": "backend", "title": "Worker", "slots": 2, "prefetch": 5}})
    hello = c.all("hello")[0]
    assert hello["swarm"] == "backend" and "role" not in hello and hello["title"] == "Worker"
    assert hello["slots"] == 2 and hello["prefetch"] == 5 and len(hello["instance"]) == 32
    assert [a["name"] for a in hello["actions"]] == ["greet", "wait"]
    assert hello["actions"][1]["params"] == [{"name": "ms", "kind": "int", "required": True}]
    assert c.wait(c.beats, "a beat")[0]["free"] == 7


def test_beats_say_progress_and_credit(stage):
    """A2, A8: percent and note travel with beats; a running attempt takes credit."""
    run = program(stage.path, "go", "echo 'progress 40 12 of 30' >&3; exec sleep 60")
    c, _ = stage.both(actions={"go": {"run": [run]}})
    c.give({"id": "t-1", "action": "go"})
    running = c.wait(lambda: [r for b in c.beats() for r in b.get("running", []) if r.get("percent")],
                     "progress")[0]
    assert running["task"] == "t-1" and running["percent"] == 40 and running["note"] == "12 of 30"
    assert [b for b in c.beats() if b.get("running")][-1]["free"] == 0


def test_hello_again_when_asked(stage):
    c, _ = stage.both(actions=ECHO)
    c.wait(c.beats, "a beat")
    c.again = True
    c.wait(lambda: len(c.all("hello")) > 1, "a second hello")


def test_a_refused_agent_tries_again(stage):
    c = stage.controller()
    c.on_hello = lambda route, hello: c.send(route, "refuse", reason="in use", code="id_in_use",
                                             retry_ms=50)
    stage.agent(actions=ECHO)
    c.wait(lambda: len(c.all("hello")) >= 3, "three hellos")
    assert not c.beats()


def test_one_process_hosts_many(stage):
    c = stage.controller()
    stage.agent(actions=ECHO, members={"w": {"swarm": "s", "count": 50}})
    c.wait(lambda: len(c.routes) == 50, "fifty hellos")
    assert "w-1" in c.routes and "w-50" in c.routes
    for n in range(1, 51):
        c.give({"id": f"t-{n}", "action": "echo", "params": {"text": str(n)}}, agent=f"w-{n}")
    c.wait(lambda: len(c.results()) == 50, "fifty results")


def test_the_same_file_runs_many_times(stage):
    """A5: ids end in what tells the processes apart; what the file says of its agents by name still holds."""
    c = stage.controller()
    only = {"greet": {"builtin": "echo", "agents": ["w"]}, "see": {"builtin": "echo", "agents": ["v"]}}
    stage.agent(actions=only, members={"w": {"swarm": "s"}, "v": {"swarm": "s", "count": 2}}, env={"HELIOS_SUFFIX": "-web7"})
    c.wait(lambda: len(c.routes) == 3, "three hellos")
    offers = {h["agent"]: [a["name"] for a in h["actions"]] for h in c.all("hello")}
    assert offers == {"w-web7": ["greet"], "v-web7-1": ["see"], "v-web7-2": ["see"]}


@pytest.mark.parametrize("part, acts, measures", [("actions", True, False), ("probes", False, True), ("all", True, True)])
def test_a_part_of_the_file(stage, part, acts, measures):
    """Many processes may act by one file while one of them measures; what is left out is not offered."""
    c = stage.controller()
    probe = {"kind": "command", "run": ["/bin/echo", "7"], "every": "20ms"}
    stage.agent(actions={"greet": {"builtin": "echo"}}, members={"a1": {"swarm": "s", "role": "analyst"}},
                probes={"depth": probe}, part=part)
    c.greeted()
    offered = {a["name"] for a in c.all("hello")[0].get("actions", [])}
    assert ("greet" in offered) == acts and bool(offered) == acts
    if measures:
        c.reading("depth")
    else:
        c.wait(lambda: len(c.beats()) > 5, "some beats")
        assert not c.readings("depth")


# ---- results (A4, T5) ----

def test_results_are_sent_until_acknowledged(stage):
    """A4: also to another connection."""
    c, _ = stage.both(actions=ECHO)
    c.acknowledge = False
    c.give({"id": "t-1", "action": "echo", "params": {"text": "hi"}})
    assert c.result("t-1")["output"] == b"hi"
    c.again = True
    c.wait(lambda: len(c.results("t-1")) >= 2, "the result again")
    assert [h for h in c.all("hello") if h.get("holds") == ["t-1/1"]]
    c.acknowledge = True
    c.again = True
    count = len(c.results("t-1"))
    c.wait(lambda: len(c.results("t-1")) > count, "the result for the last time")
    hellos = len(c.all("hello"))
    c.wait(c.beats, "beats")
    c.again = True
    c.wait(lambda: len(c.all("hello")) > hellos, "one more hello")
    assert not c.all("hello")[-1].get("holds")


def test_results_survive_the_agent(stage):
    """A4: with a data directory they survive kill -9."""
    c, a = stage.both(actions=ECHO, data="state")
    c.acknowledge = False
    c.give(*[{"id": f"t-{n}", "action": "echo", "params": {"text": "x" * n}} for n in range(1, 4)])
    c.wait(lambda: len(c.results()) == 3, "three results")
    c.settle(c.routes["a1"], [{"task": "t-2", "attempt": 1}])
    beats = len(c.beats())
    c.wait(lambda: len(c.beats()) > beats + 1, "beats after the acknowledgement")
    a.kill()
    c.heard.clear()
    a.start()
    c.acknowledge = True
    assert sorted(c.greeted()["holds"]) == ["t-1/1", "t-3/1"]
    assert c.result("t-3")["output"] == b"xxx"
    assert not c.results("t-2")
    # and what is acknowledged now is forgotten for good
    c.wait(lambda: len(c.results()) == 2, "both")
    beats = len(c.beats())
    c.wait(lambda: len(c.beats()) > beats + 1, "beats after the acknowledgement")
    a.kill()
    c.heard.clear()
    a.start()
    assert not c.greeted().get("holds")


def test_a_dispatch_that_comes_twice_runs_once(stage):
    """T5"""
    run = program(stage.path, "count", f"echo x >> {stage.path}/count.txt; cat {stage.path}/count.txt")
    c, _ = stage.both(actions={"count": {"run": [run]}})
    c.acknowledge = False
    c.give({"id": "t-1", "action": "count"}, {"id": "t-1", "action": "count"})
    assert c.result("t-1")["output"] == b"x\n"
    c.give({"id": "t-1", "action": "count"})
    c.wait(lambda: len(c.results("t-1")) == 2, "the kept result again")
    assert {r["output"] for r in c.results("t-1")} == {b"x\n"}


def test_a_newer_attempt_waits_for_the_end_of_the_older(stage):
    """T5: the older one is stopped and not reported."""
    run = program(stage.path, "go", f"""
        echo start $HELIOS_ATTEMPT >> {stage.path}/log
        trap "echo end $HELIOS_ATTEMPT >> {stage.path}/log; exit 1" TERM
        [ $HELIOS_ATTEMPT = 2 ] && exit 0
        while :; do sleep 0.05; done""")
    c, _ = stage.both(actions={"go": {"run": [run]}}, members={"a1": {"swarm": "s", "slots": 2}})
    c.give({"id": "t-1", "action": "go"})
    log = stage.path / "log"
    c.wait(log.exists, "the first attempt")
    c.give({"id": "t-1", "action": "go", "attempt": 2})
    assert c.result("t-1")["attempt"] == 2
    assert log.read_text() == "start 1\nend 1\nstart 2\n"


def test_prefetched_attempts_run_by_priority(stage):
    run = program(stage.path, "go", f"echo $HELIOS_TASK >> {stage.path}/log; "
                                    f"while [ $HELIOS_TASK = t-0 -a ! -e {stage.path}/go-on ]; do sleep 0.02; done")
    c, _ = stage.both(actions={"go": {"run": [run]}}, members={"a1": {"swarm": "s", "prefetch": 4}})
    c.give({"id": "t-0", "action": "go"})
    c.wait((stage.path / "log").exists, "the first one")
    c.give({"id": "t-1", "action": "go", "priority": 4}, {"id": "t-2", "action": "go", "priority": 1},
           {"id": "t-3", "action": "go", "priority": 1})
    c.wait(lambda: c.beats()[-1]["free"] == 1, "a beat with the credit that is left")
    (stage.path / "go-on").touch()
    c.wait(lambda: len(c.results()) == 4, "four results")
    assert (stage.path / "log").read_text().split() == ["t-0", "t-2", "t-3", "t-1"]


# ---- programs (A1, A7, A8) ----

def test_argv_environment_and_stdin(stage):
    """A1: no shell, one argument stays one, nothing of our environment but what is named."""
    show = ["/usr/bin/python3", "-c", "import os,sys,json; print(json.dumps({'argv': sys.argv[1:], "
            "'env': dict(os.environ), 'stdin': json.load(sys.stdin), 'session': os.getsid(0) == os.getpid(),"
            "'fds': sorted(int(f) for f in os.listdir('/proc/self/fd'))[:-1]}))",
            "a {what} $HOME;`id`", "{n}{absent}", "{ other }"]
    c, _ = stage.both(
        actions={"show": {"run": show, "output": "json", "env": {"MINE": "1"}, "params": {
            "what": {"required": True}, "n": {"type": "int", "default": "7"}, "absent": {}}}},
        pass_env=["PASSED"], env={"PASSED": "yes", "SECRET": "no"})
    r = c.run("t-1", "show", params={"what": "b c; rm"}, key="k-1", attempt=1)
    data = r["data"]
    assert r["outcome"] == "COMPLETED", r
    assert data["argv"] == ["a b c; rm $HOME;`id`", "7", "{ other }"]
    assert data["stdin"] == {"what": "b c; rm", "n": 7}
    assert data["session"] and data["fds"] == [0, 1, 2, 3]
    env = data["env"]
    assert env["PASSED"] == "yes" and env["MINE"] == "1" and "SECRET" not in env
    assert env["HELIOS_TASK"] == "t-1" and env["HELIOS_ATTEMPT"] == "1" and env["HELIOS_KEY"] == "k-1"
    assert env["HELIOS_AGENT"] == "a1" and env["HELIOS_SWARM"] == "backend"
    assert env["HELIOS_ACTION"] == "show" and env["HELIOS_PROGRESS_FD"] == "3"


@pytest.mark.parametrize("action,params,error", [
    ("absent", {}, "no action absent"),
    ("go", {"extra": 1}, "no parameter extra"),
    ("go", {}, "level is missing"),
    ("go", {"level": "5"}, "whole number"),
    ("go", {"level": 11}, "between 1 and 10"),
    ("go", {"level": 5, "mode": "x"}, "one of fast, slow"),
    ("go", {"level": 5, "who": "-rf /"}, "must be a name"),
    ("go", {"level": 5, "text": "x" * 9}, "at most 8 bytes"),
    ("go", {"level": 5, "text": "a\0b"}, "NUL"),
])
def test_what_the_manifest_does_not_allow_is_refused(stage, action, params, error):
    """A1: refused and never started."""
    run = program(stage.path, "go", f"touch {stage.path}/started")
    c, _ = stage.both(actions={"go": {"run": [run], "params": {
        "level": {"type": "int", "required": True, "min": 1, "max": 10},
        "mode": {"one_of": ["fast", "slow"]}, "who": {"type": "name"}, "text": {"length": 8}}}})
    r = c.run("t-1", action, params=params)
    assert r["outcome"] == "REFUSED" and error in r["error"]
    assert not (stage.path / "started").exists()


def test_actions_of_other_members_are_refused(stage):
    c = stage.controller()
    stage.agent(actions={"echo": {"builtin": "echo", "agents": ["a2"]}},
                members={"a1": {"swarm": "s"}, "a2": {"swarm": "s"}})
    assert not c.greeted("a1").get("actions") and c.greeted("a2")["actions"]
    assert c.run("t-1", "echo")["outcome"] == "REFUSED"
    assert c.run("t-2", "echo", agent="a2")["outcome"] == "COMPLETED"


def test_exit_codes_and_last_words(stage):
    run = program(stage.path, "go", "echo first >&2; printf 'it \\033[31mbroke\\n\\n' >&2; exit 3")
    c, _ = stage.both(actions={"go": {"run": [run]}, "none": {"run": ["/does/not/exist"]},
                               "kill": {"run": ["/bin/sh", "-c", "kill -SEGV $$"]}})
    r = c.run("t-1", "go")
    assert r["outcome"] == "FAILED" and r["exit_code"] == 3
    assert r["error"].startswith("exit code 3: it ") and "\033" not in r["error"]
    r = c.run("t-2", "none")
    assert r["outcome"] == "FAILED" and r["exit_code"] == 127 and "cannot be started" in r["error"]
    r = c.run("t-3", "kill")
    assert r["outcome"] == "FAILED" and r["exit_code"] == 128 + signal.SIGSEGV


def test_a_timeout_ends_the_group_and_who_forked_away(stage):
    """A1: also a child in a session of its own that ignores SIGTERM and whose parent is gone."""
    run = ["/usr/bin/python3", "-c", textwrap.dedent(f"""
        import os, signal, time
        def note(name):
            with open({str(stage.path)!r} + '/' + name + '.new', 'w') as f:
                f.write(str(os.getpid()))
            os.rename(f.name, f.name[:-4])
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                note('escaped')
                time.sleep(600)
            os._exit(0)
        if os.fork() == 0:
            note('child')
            time.sleep(600)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
        """)]
    c, _ = stage.both(actions={"go": {"run": run, "grace": "100ms"}})
    c.give({"id": "t-1", "action": "go", "timeout_ms": 1500})
    for name in "escaped", "child":
        c.wait((stage.path / name).exists, name)
    r = c.result("t-1")
    assert r["outcome"] == "TIMEOUT" and r["exit_code"] == 128 + signal.SIGKILL
    for name in "escaped", "child":
        pid = int((stage.path / name).read_text())
        wait_until(lambda: not alive(pid), f"the end of {name}")


def test_an_action_that_ends_well_may_leave_a_daemon(stage):
    run = program(stage.path, "go", f"""
        setsid sh -c 'echo $$ > {stage.path}/daemon.new; mv {stage.path}/daemon.new {stage.path}/daemon;
                      exec sleep 600' >/dev/null 2>&1 3>&- </dev/null &
        sleep 600 >/dev/null 2>&1 3>&- & echo $! > {stage.path}/left
        while [ ! -e {stage.path}/daemon ]; do sleep 0.02; done""")
    c, _ = stage.both(actions={"go": {"run": [run]}})
    assert c.run("t-1", "go")["outcome"] == "COMPLETED"
    daemon, left = (int((stage.path / n).read_text()) for n in ("daemon", "left"))
    try:
        wait_until(lambda: not alive(left), "the end of what stayed in the group")
        assert alive(daemon)
    finally:
        os.kill(daemon, signal.SIGKILL)


def test_a_gigabyte_of_output_is_cut(stage):
    """A7: 64 KiB are kept, the rest is drained, the agent does not grow."""
    c, a = stage.both(actions={"flood": {"run": ["/usr/bin/head", "-c", "1G", "/dev/zero"]}})
    r = c.run("t-1", "flood", timeout_ms=120000)
    assert r["outcome"] == "COMPLETED" and r["cut"] and len(r["output"]) == 64 * 1024
    with open(f"/proc/{a.process.pid}/status", encoding="utf-8") as file:
        peak = [int(line.split()[1]) for line in file if line.startswith("VmHWM")][0]
    assert peak < 200 * 1024


def test_json_output_becomes_data(stage):
    c, _ = stage.both(actions={
        "good": {"run": ["/bin/echo", '{"a": [1, 2.5, "x"]}'], "output": "json"},
        "bad": {"run": ["/bin/echo", "oops"], "output": "json"},
        "deep": {"run": ["/bin/echo", '{"a":' * 6 + "1" + "}" * 6], "output": "json"},
        "wide": {"run": ["/bin/echo", json.dumps({str(n): n for n in range(65)})], "output": "json"}})
    r = c.run("t-1", "good")
    assert r["data"] == {"a": [1, 2.5, "x"]} and r["output"] == b""
    r = c.run("t-2", "bad")
    assert r["outcome"] == "FAILED" and "JSON" in r["error"] and r["output"] == b"oops\n"
    for n, name in enumerate(("deep", "wide")):  # what no controller would take is said, not sent for ever (Z3)
        r = c.run(f"t-{3 + n}", name)
        assert r["outcome"] == "FAILED" and "cannot be sent" in r["error"]


def test_a_checkpoint_reaches_the_next_attempt(stage):
    """A8: the last one, also when it was made right before the end."""
    run = program(stage.path, "go", """
        if [ -n "$HELIOS_CHECKPOINT_B64" ]; then echo "$HELIOS_CHECKPOINT_B64" | base64 -d; exit 0; fi
        echo "checkpoint page=1" >&3; echo "checkpoint page=2" >&3; exit 1""")
    c, _ = stage.both(actions={"go": {"run": [run]}})
    assert c.run("t-1", "go")["outcome"] == "FAILED"
    said = [r["checkpoint"] for m in c.heard if m["type"] == "beat" for r in m.get("running", [])
            if r.get("checkpoint")]
    assert said and said[-1] == b"page=2"
    c.heard.clear()
    assert c.run("t-1", "go", attempt=2, checkpoint=said[-1])["output"] == b"page=2"


def test_memory_limits_are_judged_as_oom(stage):
    """T6 needs OOM apart from FAILED."""
    c, _ = stage.both(actions={"eat": {"run": ["/usr/bin/python3", "-c", "x = bytearray(10**9)"],
                                       "memory": "256MiB"}})
    r = c.run("t-1", "eat")
    assert r["outcome"] == "OOM" and "256 MiB" in r["error"]


def test_cancel(stage):
    """T10: a queued one never starts, a running one ends."""
    c, _ = stage.both(actions={"sleep": {"run": ["/bin/sleep", "600"], "grace": "50ms"}},
                      members={"a1": {"swarm": "s", "prefetch": 1}})
    c.give({"id": "t-1", "action": "sleep"}, {"id": "t-2", "action": "sleep"})
    c.wait(lambda: c.beats() and c.beats()[-1].get("running"), "a running attempt")
    c.cancels = [{"task": "t-2", "attempt": 1}, {"task": "t-9", "attempt": 1}]
    r = c.result("t-2")
    assert r["outcome"] == "CANCELLED" and "before it began" in r["error"]
    c.cancels = [{"task": "t-1", "attempt": 1}]
    assert c.result("t-1")["outcome"] == "CANCELLED"


def test_builtin_sleep_obeys_time_and_cancel(stage):
    c, _ = stage.both(actions={"sleep": {"builtin": "sleep"}}, members={"a1": {"swarm": "s", "slots": 3}})
    c.give({"id": "t-1", "action": "sleep", "params": {"ms": 1}},
           {"id": "t-2", "action": "sleep", "params": {"ms": 600000}, "timeout_ms": 50},
           {"id": "t-3", "action": "sleep", "params": {"ms": 600000}})
    assert c.result("t-1")["outcome"] == "COMPLETED" and c.result("t-2")["outcome"] == "TIMEOUT"
    c.cancels = [{"task": "t-3", "attempt": 1}]
    assert c.result("t-3")["outcome"] == "CANCELLED"


# ---- epochs, other controllers, leaving ----

def test_a_lower_epoch_is_not_obeyed(stage):
    """A6"""
    c = stage.controller(epoch=5)
    a = stage.agent(actions=ECHO)
    c.greeted()
    c.wait(c.beats, "a beat")
    c.give({"id": "t-old", "action": "echo"}, epoch=4)
    assert c.run("t-new", "echo")["outcome"] == "COMPLETED"
    assert not c.results("t-old")
    c.epoch = 4
    c.again = True
    wait = len(c.all("hello"))
    c.wait(lambda: len(c.all("hello")) > wait + 1, "the agent to greet on")
    assert c.all("hello")[-1]["epoch"] == 5 and a.said("does not obey")


def test_a_takeover_gets_the_results(stage):
    """L4, A4: both controllers are greeted; the higher epoch is obeyed and told what the other did not take."""
    one, two = stage.controller("one", epoch=1), stage.controller("two", epoch=2)
    two.on_hello = lambda route, hello: two.send(route, "refuse", reason="standing by", code="not_leader",
                                                 retry_ms=50)
    stage.agent(controllers=("one", "two"), actions=ECHO)
    one.greeted()
    two.greeted()
    one.acknowledge = False
    one.run("t-1", "echo")
    del two.on_hello
    two.wait(lambda: two.results("t-1"), "the result at the new leader")
    one.give({"id": "t-2", "action": "echo"})  # the old leader's word is stale now
    two.routes["a1"] = two.greeted()["route"]
    assert two.run("t-3", "echo")["outcome"] == "COMPLETED"
    for _ in range(20):
        one.turn(5)
    assert not one.results("t-2") and not two.results("t-2")


def test_a_controller_that_comes_back_elsewhere_is_found(stage):
    """A4: its ports changed while it was gone; the attempt went on."""
    c = stage.controller(beat_ms=50)
    stage.agent(actions={"go": {"run": [program(stage.path, "go", f"""
        while [ ! -e {stage.path}/go-on ]; do sleep 0.02; done; echo done""")]}})
    c.greeted()
    c.give({"id": "t-1", "action": "go"})
    c.wait(lambda: c.beats() and c.beats()[-1].get("running"), "a running attempt")
    c.close()
    (stage.path / "go-on").touch()
    again = stage.controller(epoch=2)
    assert again.result("t-1")["output"] == b"done\n"


def test_sigterm_lets_attempts_end(stage):
    """A9: what runs ends and is reported; what waits is given back by bye."""
    run = program(stage.path, "go", f"touch {stage.path}/runs; while [ ! -e {stage.path}/go-on ]; do sleep 0.02; done")
    c, a = stage.both(actions={"go": {"run": [run]}}, members={"a1": {"swarm": "s", "prefetch": 1}})
    c.give({"id": "t-1", "action": "go"}, {"id": "t-2", "action": "go"})
    c.wait((stage.path / "runs").exists, "the attempt")
    a.process.send_signal(signal.SIGTERM)
    c.wait(lambda: c.beats()[-1]["free"] == 0 and a.said("asked to stop"), "no more credit")
    (stage.path / "go-on").touch()
    c.wait(lambda: c.all("bye"), "bye")
    assert c.results("t-1")[0]["outcome"] == "COMPLETED" and not c.results("t-2")
    assert a.process.wait(20) == 0


def test_a_second_sigterm_hurries(stage):
    """A9: what was cut off is not reported as failed: it is done again elsewhere."""
    c, a = stage.both(actions={"go": {"run": ["/bin/sleep", "600"]}})
    c.give({"id": "t-1", "action": "go"})
    c.wait(lambda: c.beats() and c.beats()[-1].get("running"), "a running attempt")
    a.process.send_signal(signal.SIGTERM)
    c.wait(lambda: a.said("asked to stop"), "the first signal's effect")
    a.process.send_signal(signal.SIGTERM)
    c.wait(lambda: c.all("bye"), "bye")
    assert a.process.wait(20) == 0 and not c.results("t-1")


def test_drain_by_the_controller(stage):
    """T10: what it holds is done, then it leaves, and the process with its last member."""
    c, a = stage.both(actions=ECHO)
    c.run("t-1", "echo")
    c.drain = True
    c.wait(lambda: c.all("bye"), "bye")
    assert a.process.wait(20) == 0


def test_a_killed_agent_takes_its_programs_along(stage):
    run = program(stage.path, "go", f"echo $$ > {stage.path}/pid.new; mv {stage.path}/pid.new {stage.path}/pid; exec sleep 600")
    c, a = stage.both(actions={"go": {"run": [run]}})
    c.give({"id": "t-1", "action": "go"})
    c.wait((stage.path / "pid").exists, "the program")
    a.kill()
    wait_until(lambda: not alive(int((stage.path / "pid").read_text())), "the program's end")


def test_reload(stage):
    """SIGHUP takes new actions all or nothing, and says them."""
    c, a = stage.both(actions=ECHO)
    a.write({**a.config, "actions": {"echo": {"builtin": "wrong"}}})
    a.process.send_signal(signal.SIGHUP)
    c.wait(lambda: a.said("all stays as it was"), "the refusal")
    assert c.run("t-1", "echo")["outcome"] == "COMPLETED"
    a.write({**a.config, "actions": {"other": {"builtin": "noop"}}})
    a.process.send_signal(signal.SIGHUP)
    c.wait(lambda: [x["name"] for x in c.all("hello")[-1].get("actions", [])] == ["other"], "the new action")
    assert c.run("t-2", "other")["outcome"] == "COMPLETED"
    assert c.run("t-3", "echo")["outcome"] == "REFUSED"


def test_malformed_messages_are_survived(stage):
    """Z6"""
    c, _ = stage.both(actions=ECHO)
    for body in (b"", b"\xdf\x0f\xff\xff\xff", b"\x81\xa4type\xa4oops", b"\x81\xa4type\xa5tasks", b"x" * 1000):
        c.bus.send_multipart([c.routes["a1"], body])
    assert c.run("t-1", "echo")["outcome"] == "COMPLETED"


# ---- the command line ----

def run_agent(*words, user=None):
    argv = [os.path.join(fake_controller.BIN, "helios-agent"), *words]
    return subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False, user=user)


def test_command_line(tmp_path):
    assert run_agent("--version").stdout.startswith("helios-agent ")
    assert "usage" in run_agent("--help").stdout
    assert run_agent().returncode == 64 and run_agent("--wrong").returncode == 64
    assert run_agent(str(tmp_path / "absent")).returncode == 78
    good = {"controllers": ["data"], "agents": {"a": {"swarm": "s"}}, "actions": ECHO}
    path = tmp_path / "agent.yaml"
    path.write_text(json.dumps(good))
    assert run_agent(str(path), "--check").stdout.endswith(": ok\n")
    path.write_text(json.dumps({**good, "actions": {"x": {"builtin": "nothing"}}}))
    wrong = run_agent(str(path), "--check")
    assert wrong.returncode == 78 and "x" in wrong.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be refused")
def test_root_is_refused_unless_named(tmp_path):
    """A6"""
    path = tmp_path / "agent.yaml"
    path.write_text(json.dumps({"controllers": ["data"], "agents": {"a": {"swarm": "s"}}, "actions": ECHO}))
    refused = run_agent(str(path))
    assert refused.returncode == 77 and "allow_root" in refused.stderr
