# SPDX-License-Identifier: MPL-2.0
"""helios, the command line: every verb against a real controller, its exit codes, what it says of mistakes."""

import json
import os
import pty
import select
import signal
import shutil
import subprocess

import pytest

from helios import BIN, PATIENCE, Process, Realm, until

USAGE, NOT_FOUND, UNAVAILABLE, FAILED, TRY_AGAIN, CONFIG = 64, 66, 69, 70, 75, 78
KPI = {"kpis": {"lag": {"target": 10, "critical": 100, "unit": "ms", "swarm": "backend"}},
       "health": {"window": "1s"}, "agents": {"beat": "200ms"}}


def helios(*words, data="/nowhere", **environment):
    """helios runs one verb without a terminal and answers the ended process."""
    return subprocess.run(
        [BIN / "helios", *map(str, words)], capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "HELIOS_DATA": str(data), "HELIOS_AUTHOR": "ada", **environment})


def answer(realm, *words):
    done = helios(*words, "--json", data=realm.data)
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def realm(tmp_path_factory):
    with Realm(tmp_path_factory.mktemp("cli"), KPI) as realm:
        yield realm


# ---- without a controller ----

def verbs():
    done = helios("completion", "bash")
    return done.stdout.split("words='")[1].split("'")[0].split()


def test_help_names_every_verb_and_completion_offers_it():
    listed = helios("help").stdout
    zsh = helios("completion", "zsh").stdout
    assert len(verbs()) > 40
    for verb in verbs():
        assert f"\n  {verb} " in listed
        shown = helios("help", verb)
        assert shown.returncode == 0 and shown.stdout.startswith(f"helios {verb} ")
        assert "--json" in shown.stdout
        assert f"'{verb}:" in zsh and f"    {verb}) options_of=(" in zsh


def test_a_completion_script_completes():
    script = helios("completion", "bash").stdout + "\nCOMP_WORDS=(helios sil); COMP_CWORD=1; _helios; echo ${COMPREPLY[@]}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["silence", "silences"]


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
def test_zsh_completes_with_what_each_word_means():
    stubs = "compdef() { :; }; _describe() { print -l -- ${(P)argv[-1]}; }; _files() { print file; }\n"
    ask = "\nCURRENT={}; PREFIX={}; words=(helios {}); _helios\n"
    script = stubs + helios("completion", "zsh").stdout + ask.format(2, "si", "si") + ask.format(3, "--", "submit")
    done = subprocess.run(["zsh", "-fc", script], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert "silences:what is silenced" in lines and any(line.startswith("--key:") for line in lines)


@pytest.mark.parametrize("words, meant", [
    (["stauts"], "did you mean status?"), (["tasks", "--jsn"], "did you mean --json?"),
    (["submit", "echo", "--atempts", "2"], "did you mean --attempts?")])
def test_a_misspelled_word_is_named_with_the_one_that_was_meant(words, meant):
    done = helios(*words)
    assert (done.returncode, done.stdout) == (USAGE, "")
    assert meant in done.stderr


@pytest.mark.parametrize("words", [
    ["why"], ["submit"], ["wait"], ["cancel"], ["config", "show"], ["up"], ["completion", "fish"], ["help", "nothing"],
    ["tasks", "--limit"], ["tap", "--level", "loud"], ["submit", "echo", "--params", "{", "--controller", "tcp://127.0.0.1"]])
def test_wrong_words_are_usage(words):
    done = helios(*words)
    assert (done.returncode, done.stdout) == (USAGE, "")
    assert done.stderr


def test_no_controller_is_unavailable(tmp_path):
    for verb in ("status", "tasks", "top", "tap", "submit", "summary", "freeze"):
        done = helios(verb, *(["echo"] if verb == "submit" else []), data=tmp_path)
        assert done.returncode == UNAVAILABLE and "endpoints.json" in done.stderr


def test_config_check_shows_the_mistake_and_config_show_its_origin(tmp_path):
    file = tmp_path / "helios.yaml"
    file.write_text("realm: shop\ncycle: {evry: 10s}\n")
    done = helios("config", "check", file)
    assert done.returncode == CONFIG
    assert f"{file}:2:" in done.stderr and "every" in done.stderr
    file.write_text("realm: shop\n")
    assert helios("config", "check", file).returncode == 0
    shown = helios("config", "show", file, "--origin", HELIOS_CYCLE_EVERY="7s").stdout
    assert "HELIOS_CYCLE_EVERY" in shown or "environment" in shown


# ---- with one ----

LISTS = {"tasks": "tasks", "failed": "failed", "agents": "agents", "kpi": "kpis", "sources": "sources",
         "cycle": "cycles", "optimizations": "optimizations", "catalogue": "optimizations", "incident": "incidents",
         "silences": "silences", "limits": "limits", "ledger": "entries", "verbs": "verbs", "priorities": "priorities"}


def test_w3_every_list_is_a_table_and_json(realm):
    for verb, part in LISTS.items():
        assert isinstance(answer(realm, verb)[part], list), verb
        table = helios(verb, data=realm.data)
        assert table.returncode == 0 and table.stdout.splitlines()[0].isupper(), table.stdout


def test_w3_state_is_text_and_json(realm):
    for verb, key in {"status": "counters", "health": "scopes", "summary": "health_history", "metrics": "kpis",
                      "bottlenecks": "bottlenecks"}.items():
        assert key in answer(realm, verb)
        assert helios(verb, data=realm.data).stdout


def test_every_query_and_command_of_the_wire_has_a_verb(realm):
    as_words = {"kpis": "kpi", "cycles": "cycle", "incidents": "incident", "optimization": "optimizations",
                "cycle_run": "run-cycle", "snapshot": "top", "controller": "controllers", "health_report": "health-report", "would": "submit",
                **dict.fromkeys(["pipelines", "pipeline_run", "runs", "run", "run_cancel", "run_retry"], "pipeline"),
                **dict.fromkeys(["reviews", "review_start"], "review")}
    missing = {v["name"] for v in answer(realm, "verbs")["verbs"]} - set(verbs()) - set(as_words)
    assert not {name for name in missing if not is_of_a_family(name)}


def is_of_a_family(name):
    """is_of_a_family: schedules and schedule_next are `helios schedule` and `helios schedule next`."""
    family, _, word = name.removesuffix("s").partition("_")
    return family in verbs() and (not word or f"  {word} " in helios("help", family).stdout)


def test_nothing_is_coloured_that_is_no_terminal(realm):
    assert "\033" not in helios("status", data=realm.data).stdout


def on_terminal(realm, *words, **environment):
    """on_terminal answers what a terminal is sent until the first answer has been drawn, and the exit code after q."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update({"TERM": "xterm", "HELIOS_DATA": str(realm.data), **environment})
        os.execv(BIN / "helios", ["helios", *words])
    seen, asked = b"", False
    while select.select([terminal], [], [], PATIENCE)[0]:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        seen += part
        if b"realm" in seen and b"agents" in seen and not asked:
            os.write(terminal, b"q")
            asked = True
    os.close(terminal)
    return seen.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_no_color_is_obeyed_on_a_terminal(realm):
    assert "\033[" in on_terminal(realm, "status")[0]
    for words, environment in ((["status"], {"NO_COLOR": "1"}), (["status", "--no-color"], {})):
        shown, code = on_terminal(realm, *words, **environment)
        assert code == 0 and "\033[" not in shown


def test_top_draws_on_a_terminal_and_gives_it_back(realm):
    shown, code = on_terminal(realm, "top", NO_COLOR="1")
    assert code == 0
    assert shown.startswith("\033[?1049h") and shown.rstrip().endswith("\033[?1049l")
    assert "realm story" in shown and "KPI" in shown


def test_top_is_a_line_a_second_when_piped(realm, tmp_path):
    top = Process([BIN / "helios", "top", "--controller", realm.data], tmp_path / "top.log")
    until(lambda: top.log.read_text().count("\n") >= 2, "two lines")
    top.send(signal.SIGINT)
    assert top.wait() == 0
    assert "agents 0" in top.log.read_text().splitlines()[0]


def test_a_task_from_submit_to_its_output(realm):
    agent = realm.agent("a1")
    waiting = subprocess.Popen([BIN / "helios", "submit", "echo", "--params", '{"level": 5}', "--key", "j1", "--wait",
                                "--controller", realm.data], stdout=subprocess.PIPE, text=True)
    task = agent.task()
    assert task["params"] == {"level": 5}
    agent.result(task, output=b"hel\x1blo\n")
    shown, _ = waiting.communicate(timeout=PATIENCE)
    assert waiting.returncode == 0
    assert shown == f"{task['id']} COMPLETED\nhel\\x1blo\n"  # A7
    again = answer(realm, "submit", "echo", "--params", '{"level": 5}', "--key", "j1")
    assert again == {"id": task["id"], "known": True}  # T3
    assert answer(realm, "wait", task["id"])["state"] == "COMPLETED"
    agent.say("bye")


def test_the_exit_code_tells_how_a_task_ended(realm):
    task = answer(realm, "submit", "nobody_does_this")["id"]
    shown = helios("task", task, data=realm.data).stdout
    assert "no live agent offers nobody_does_this" in shown  # T11
    assert helios("wait", task, "--timeout", "50ms", data=realm.data).returncode == TRY_AGAIN
    assert helios("cancel", task, "--reason", "no need", data=realm.data).returncode == 0
    assert helios("wait", task, data=realm.data).returncode == FAILED


def test_what_is_not_there_is_not_found(realm):
    for words in (["task", "t-999999"], ["agent", "nobody"], ["kpi", "nothing"], ["why", "o-999"], ["cancel", "t-999999"],
                  ["optimizations", "o-999"], ["incident", "i-999"], ["pause", "nobody"]):
        done = helios(*words, data=realm.data)
        assert (done.returncode, done.stdout) == (NOT_FOUND, ""), words
        assert done.stderr.startswith("helios: ")


def test_orders_are_done_and_explained(realm):
    for order, flag in (("freeze", "frozen"), ("pause", "paused")):
        assert helios(order, "--reason", "a test", data=realm.data).returncode == 0
        assert answer(realm, "status")[flag] is True
        assert helios({"freeze": "unfreeze", "pause": "resume"}[order], data=realm.data).returncode == 0
        assert answer(realm, "status")[flag] is False
    assert "by ada" in "".join(e["text"] for e in answer(realm, "ledger")["entries"])


def test_silences_have_an_author_a_reason_and_an_end(realm):
    helios("silence", "kpi.*", "--for", "10m", "--reason", "deploy", data=realm.data)
    silence = answer(realm, "silences")["silences"][0]
    assert (silence["pattern"], silence["author"], silence["reason"]) == ("kpi.*", "ada", "deploy")
    assert helios("unsilence", silence["id"], data=realm.data).returncode == 0
    assert answer(realm, "silences")["silences"] == []


# ---- the tap ----

class Watching:
    """One tap; its lines lie in a file."""

    def __init__(self, realm, path, *words):
        self.process = Process([BIN / "helios", "tap", "--controller", realm.data, *words], path / "tap.log")
        self.lines = lambda: [json.loads(line) for line in self.process.log.read_text().splitlines(keepends=True)
                              if line.startswith("{") and line.endswith("\n")]
        until(self.lines, "the snapshot")


def test_w1_a_tap_begins_with_a_snapshot_and_goes_on_without_gaps(realm, tmp_path):
    tap = Watching(realm, tmp_path, "--record", tmp_path / "record.jsonl")
    snapshot = tap.lines()[0]["snapshot"]
    assert snapshot["realm"] == "story" and isinstance(snapshot["kpis"], list)
    for _ in range(3):
        answer(realm, "submit", "nobody_does_this")
    events = until(lambda: len(tap.lines()) >= 4 and tap.lines()[1:], "three events")
    tap.process.send(signal.SIGTERM)
    assert tap.process.wait() == 0
    numbers = [e["seq"] for e in events]
    assert numbers == list(range(snapshot["event_seq"] + 1, snapshot["event_seq"] + 1 + len(numbers)))
    assert "missed" not in tap.process.log.read_text()
    helios("cancel", "--all", data=realm.data)


def test_a_recording_replays_as_it_was(realm, tmp_path):
    record = tmp_path / "record.jsonl"
    tap = Watching(realm, tmp_path, "--record", record)
    realm.agent("a2")
    until(lambda: any(e.get("topic") == "agent.joined" for e in tap.lines()), "the agent joined")
    tap.process.send(signal.SIGINT)
    assert tap.process.wait() == 0
    replayed = [json.loads(line) for line in helios("tap", "--replay", record).stdout.splitlines()]
    assert replayed == [json.loads(line) for line in record.read_text().splitlines()] == tap.lines()[1:]
    only = helios("tap", "agent.*", "--replay", record, "--count", "1").stdout.splitlines()
    assert [json.loads(line)["topic"] for line in only] == ["agent.joined"]


def test_a_damaged_recording_is_told(tmp_path):
    record = tmp_path / "record.jsonl"
    record.write_text('{"seq": 1, "topic": "task.accepted", "level": "info"}\n{"seq": 2, "top')
    done = helios("tap", "--replay", record)
    assert done.returncode == 65 and "after event 1" in done.stderr
    assert helios("tap", "--replay", tmp_path / "none").returncode == NOT_FOUND


def test_a_tap_counts_what_it_missed(tmp_path):
    """The controller's epoch goes on with other numbers: a publisher that skips some is seen (W1)."""
    import msgpack
    import zmq
    context = zmq.Context.instance()
    control, events = context.socket(zmq.ROUTER), context.socket(zmq.XPUB)
    ports = {name: s.bind_to_random_port("tcp://127.0.0.1") for name, s in (("control", control), ("events", events))}
    (tmp_path / "endpoints.json").write_text(json.dumps(
        {"realm": "r", "agents": "", "kpi": "", **{name: f"tcp://127.0.0.1:{port}" for name, port in ports.items()}}))
    tap = Process([BIN / "helios", "tap", "--no-snapshot", "--count", "3", "--controller", tmp_path], tmp_path / "tap.log")
    assert events.poll(PATIENCE * 1000) and events.recv() == b"\x01"  # it has subscribed
    for seq in (1, 2, 6):
        body = {"type": "event", "seq": seq, "epoch": 1, "at": seq, "topic": "task.accepted"}
        events.send_multipart([b"task.accepted", msgpack.packb(body)])
    assert tap.wait() == 0
    assert "3 seen, 3 missed" in tap.log.read_text()
    control.close(0)
    events.close(0)


def test_a_dry_run_of_a_submit_says_what_would_happen_and_stores_nothing(realm):
    before = answer(realm, "status")
    said = answer(realm, "submit", "nobody_does_this", "--dry-run", "--attempts", "4", "--priority", "1")
    assert said["accepted"] and not said["starts_at_once"] and said["agents"] == [] and said["priority"] == 1
    assert said["waits_for"] == "no live agent offers nobody_does_this"
    assert said["max_attempts"] == 4 and said["pauses_ms"] == [60000, 120000, 240000]
    shown = helios("submit", "nobody_does_this", "--dry-run", data=realm.data)
    assert shown.returncode == 0 and "no live agent offers nobody_does_this" in shown.stdout
    refused = helios("submit", "echo", "--dry-run", "--after", "t-999999", data=realm.data)
    assert refused.returncode == TRY_AGAIN and "is not known" in refused.stdout
    after = answer(realm, "status")
    assert after["tasks_live"] == before["tasks_live"] and after["counters"]["submitted"] == before["counters"]["submitted"]
