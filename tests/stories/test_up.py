# SPDX-License-Identifier: MPL-2.0
"""helios up: one command runs a realm with all that belongs to it, tells how it went, and leaves nothing behind."""

import json
import os
import pathlib
import signal
import subprocess

import pytest

from helios import BIN, PATIENCE, until

HELIOS = {"realm": "toy", "health": {"window": "1s"}, "kpis": {"lag": {"target": 10, "critical": 100}}}
AGENT = {"controllers": ["${HELIOS_DATA}"], "agents": {"a1": {"swarm": "backend"}},
         "actions": {"echo": {"builtin": "echo", "params": {"text": {}}}}}
SHOP = """#!/bin/sh
# A grandchild that nobody stops, and that ignores to be asked.
sh -c 'trap "" TERM; while :; do sleep 1; done' &
echo "PORT=4711" > "$HELIOS_DATA/ports.env"
touch "$HELIOS_DATA/ready"
trap 'exit 0' TERM
while :; do sleep 0.1; done
"""


def program(path, text):
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def toy(tmp_path):
    """toy is a directory for `helios up`: one process, one agent; stories are written by the tests."""
    (tmp_path / "agents").mkdir()
    (tmp_path / "helios.yaml").write_text(json.dumps(HELIOS))
    (tmp_path / "agents" / "one.yaml").write_text(json.dumps(AGENT))
    program(tmp_path / "shop", SHOP)
    (tmp_path / "up.yaml").write_text(json.dumps({
        "agents": ["agents/*.yaml"], "story": ["./story"],
        "processes": {"shop": {"run": ["./shop"], "ready": "${HELIOS_DATA}/ready",
                               "env_file": "${HELIOS_DATA}/ports.env"}}}))
    program(tmp_path / "story", "#!/bin/sh\nexit 0\n")
    return tmp_path


class Up:
    """A running `helios up`."""

    def __init__(self, toy, *words):
        self.data = toy / "data"
        self.out, self.err = toy / "out", toy / "err"
        with open(self.out, "w") as out, open(self.err, "w") as err:
            self.process = subprocess.Popen([BIN / "helios", "up", toy, "--data", self.data, *words], stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=err)

    def until_said(self, text, n=1):
        def said():
            assert self.process.poll() is None or text in self.out.read_text(), self.err.read_text()
            return self.out.read_text().count(text) >= n
        until(said, text)

    def wait(self):
        code = self.process.wait(2 * PATIENCE)
        assert not left_of(self.data), "something is left running"
        return code

    def pids(self, word):
        return [pid for pid, line in left_of(self.data) if word in line]


def left_of(data):
    """left_of answers pid and command line of all that runs with this data directory in its environment."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if f"HELIOS_DATA={data}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append((int(entry.name), (entry / "cmdline").read_bytes().decode()))
        except OSError:
            pass
    return found


def test_a_story_that_ends_well_ends_the_run_well(toy):
    program(toy / "story", "#!/bin/sh\necho \"the port is $PORT in $HELIOS_UP_DIR\"\n"
                           "helios submit echo --params '{\"text\": \"hi\"}' --wait\n")
    up = Up(toy)
    assert up.wait() == 0
    said = up.out.read_text()
    assert f"the port is 4711 in {toy}" in said
    assert "t-1 COMPLETED" in said
    assert "0 cycles, 0 optimizations: 0 kept, 0 undone" in said
    assert (up.data / "log" / "heliosd.log").exists()


def test_the_exit_code_of_the_story_counts(toy):
    program(toy / "story", "#!/bin/sh\necho it went wrong\nexit 3\n")
    up = Up(toy)
    assert up.wait() == 3
    assert "story exited with 3" in up.err.read_text()
    assert "  it went wrong" in up.err.read_text()  # the end of its log


def test_json_goes_alone_to_stdout(toy):
    up = Up(toy, "--json")
    assert up.wait() == 0
    summary = json.loads(up.out.read_text())
    assert summary["ok"] is True and summary["failed"] is None
    assert summary["optimizations"] == [] and summary["verdict"].startswith("0 cycles")
    assert "starts the controller" in up.err.read_text()


def test_time_is_over(toy):
    program(toy / "story", "#!/bin/sh\nexec sleep 1000\n")
    assert Up(toy, "--for", "300ms").wait() == 0


def test_ctrl_c_ends_a_run_without_a_story_well_and_cuts_a_story_short(toy):
    program(toy / "story", "#!/bin/sh\nexec sleep 1000\n")
    for words, code in ((["--no-story"], 0), ([], 128 + signal.SIGINT)):
        up = Up(toy, *words)
        up.until_said("all is running")
        up.process.send_signal(signal.SIGINT)
        assert up.wait() == code


def test_it_can_be_stopped_while_it_starts(toy):
    program(toy / "shop", "#!/bin/sh\nexec sleep 1000\n")  # never ready
    up = Up(toy)
    up.until_said("starts shop")
    up.process.send_signal(signal.SIGTERM)
    assert up.wait() == 0


def test_a_process_that_dies_fails_the_run(toy):
    program(toy / "shop", SHOP.replace("while :; do sleep 0.1; done", "sleep 0.5; echo the till is empty; exit 7"))
    up = Up(toy, "--no-story")
    assert up.wait() == 70
    assert "shop exited with 7" in up.err.read_text() and "the till is empty" in up.err.read_text()


def test_a_process_that_is_not_ready_in_time_fails_the_run(toy):
    program(toy / "shop", "#!/bin/sh\nexec sleep 1000\n")
    text = (toy / "up.yaml").read_text().replace('"env_file"', '"ready_within": "1s", "env_file"')
    (toy / "up.yaml").write_text(text)
    up = Up(toy)
    assert up.wait() == 70
    assert "shop was not ready in time" in up.err.read_text()


def test_wrong_settings_fail_at_once_with_what_is_wrong(toy):
    (toy / "helios.yaml").write_text('{"reelm": "toy"}')
    up = Up(toy)
    assert up.wait() == 70
    assert "did you mean" in up.err.read_text() and "started again" not in up.out.read_text()


def test_a_killed_agent_and_a_killed_controller_come_back(toy):
    up = Up(toy, "--no-story")
    up.until_said("agent.joined")
    os.kill(up.pids("helios-agent")[0], signal.SIGKILL)
    up.until_said("agent-one was killed by signal 9; it is started again")
    up.until_said("agent.joined", 2)
    endpoints = json.loads((up.data / "endpoints.json").read_text())
    os.kill(endpoints["pid"], signal.SIGKILL)
    up.until_said("heliosd was killed by signal 9; it is started again")
    up.until_said("controller.leading")
    again = json.loads((up.data / "endpoints.json").read_text())
    assert {k: v for k, v in again.items() if k != "pid"} == {k: v for k, v in endpoints.items() if k != "pid"}
    up.process.send_signal(signal.SIGINT)
    assert up.wait() == 0


def test_nothing_outlives_a_killed_up(toy):
    """The children die with it; what they started is theirs to stop."""
    program(toy / "shop", SHOP.replace("sh -c", "false #"))
    up = Up(toy, "--no-story")
    up.until_said("all is running")
    up.process.kill()
    up.process.wait()
    until(lambda: not left_of(up.data), "all is gone")


def test_a_fresh_data_directory_goes_and_one_of_a_failure_stays(toy, tmp_path):
    runtime = tmp_path / "run"
    runtime.mkdir()
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(runtime)}
    done = subprocess.run([BIN / "helios", "up", toy], env=environment, capture_output=True, timeout=2 * PATIENCE)
    assert (done.returncode, list(runtime.iterdir())) == (0, [])
    program(toy / "story", "#!/bin/sh\nexit 1\n")
    done = subprocess.run([BIN / "helios", "up", toy], env=environment, capture_output=True, timeout=2 * PATIENCE)
    assert done.returncode == 1
    kept = next(runtime.iterdir())
    assert str(kept) in done.stderr.decode() and (kept / "log" / "story.log").exists()
