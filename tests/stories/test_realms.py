# SPDX-License-Identifier: MPL-2.0
"""Many realms over several keepers (docs/scaling.md): each keeper is a heliosd that runs one heliosd a realm; none knows of another.
Leases spread by themselves, and move when a keeper is gone."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest

from helios import ANY_PORT, BIN, PATIENCE, Client, until
from keepers import LONG, Group, Keeper

SANITIZED = b"__asan_init" in (BIN / "heliosd").read_bytes()
MANY = int(os.environ.get("HELIOS_REALMS_TESTED", "12" if SANITIZED else "50"))


@pytest.fixture(name="started")
def start_them(tmp_path):
    made = []

    def make(kind, *args):
        made.append(kind(*args))
        return made[-1]
    yield make
    for one in made:
        one.close()


def test_realms_spread_and_move(tmp_path, started):
    """
    k0 k1 k2  keep the same 50 realms on one Redis: each leads its share
    a1        runs a task of a realm that k0 leads
    k0        is gone, all of its processes at once: its realms move to both others
    a1        ends the task, and `helios submit --wait` hears of it
    """
    realms = [f"r{n:02}" for n in range(MANY)]
    group = started(Group, tmp_path, realms, 3, True)
    first, shares = group.until_all_led(group.keepers)
    print(f"{MANY} realms spread: {dict(shares)}")
    assert min(shares[k.path.name] for k in group.keepers) >= MANY // 5, f"each leads its share: {shares}"

    victim, survivors = group.keepers[0], group.keepers[1:]
    moved = [realm for realm in realms if first[realm] is victim]
    group.agent(moved[0], "a1", {"work": {"run": ["/bin/sh", "-c", f"echo >> {tmp_path}/starts; "
                                                  f"while [ ! -e {tmp_path}/go ]; do sleep 0.02; done"]}})
    client = group.submits(moved[0], "work", "--key", "w1")
    until((tmp_path / "starts").exists, "the task runs", LONG)

    victim.vanish()
    gone = time.monotonic()
    second, shares = group.until_all_led(survivors)
    print(f"{len(moved)} realms moved within {time.monotonic() - gone:.2f} s: {dict(shares)}")
    assert {second[realm] for realm in moved} == set(survivors), "both took some of them"
    assert all(second[realm] is first[realm] for realm in realms if realm not in moved), "nobody else was disturbed"

    (tmp_path / "go").touch()
    out, err = client.communicate(timeout=LONG)
    assert client.returncode == 0 and "COMPLETED" in out, err
    assert (tmp_path / "starts").read_text() == "\n", "it was started once"


def keeper_of(path, realms=("a", "b"), **config):
    """keeper_of has a private Redis for each realm: nothing is shared."""
    return Keeper(path, {name: {} for name in realms}, config).start()


def epoch(keeper, realm):
    """epoch of a realm that is led, None while it is not."""
    about = keeper.about(realm)
    if not about:
        return None
    client = Client(about["control"])
    try:
        reply = client.ask("query", "reply", what="status", args={}, patience=1)
        return reply and reply["ok"] and reply["data"].get("epoch")
    finally:
        client.close()


def test_a_realm_that_dies_is_started_again_and_no_other_notices(tmp_path, started):
    keeper = started(keeper_of, tmp_path)
    keeper.until_ready()
    until(lambda: epoch(keeper, "a") == 1 and epoch(keeper, "b") == 1, "both lead")
    before, other = keeper.about("a")["pid"], keeper.about("b")["pid"]
    os.kill(before, signal.SIGKILL)
    until(lambda: keeper.about("a") and keeper.about("a")["pid"] != before and epoch(keeper, "a") == 2, "a leads again")
    assert "was ended by signal 9" in keeper.lines("realm.ended")[0] and "again in 100 ms" in keeper.lines("realm.ended")[0]
    assert keeper.about("b")["pid"] == other and epoch(keeper, "b") == 1
    assert keeper.lines("controller.leading", "heliosd/a"), "its lines name the realm"


def test_a_clean_stop_stops_all_and_hands_over(tmp_path, started):
    keeper = started(keeper_of, tmp_path)
    keeper.until_ready()
    until(lambda: epoch(keeper, "a") and epoch(keeper, "b"), "both lead")
    pids = [keeper.about(realm)["pid"] for realm in ("a", "b")]
    assert keeper.process.stop() == 0
    assert not [pid for pid in pids if pathlib.Path(f"/proc/{pid}").exists()]
    for realm in ("a", "b"):
        assert keeper.lines("controller.handed_over", f"heliosd/{realm}") and keeper.lines("controller.stopped", f"heliosd/{realm}")
    assert not (keeper.data / "realms.json").exists()


def test_a_dead_keeper_takes_its_children_along(tmp_path, started):
    keeper = started(keeper_of, tmp_path)
    keeper.until_ready()
    pids = keeper.children()
    assert len(pids) == 2
    keeper.process.kill()
    until(lambda: not [pid for pid in pids if pathlib.Path(f"/proc/{pid}").exists()], "its children are gone")
    assert keeper.lines("controller.stopped", "heliosd/a"), "cleanly"


def test_a_realm_that_cannot_start_keeps_nobody_from_leading_or_stopping(tmp_path, started):
    """a's data directory is a file: it is tried again and again, with growing pauses; b leads; SIGTERM ends it all the same."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a").touch()
    keeper = started(keeper_of, tmp_path)
    until(lambda: epoch(keeper, "b"), "b leads")
    until(lambda: len(keeper.lines("realm.ended")) >= 4, "a was tried four times")
    for line, pause in zip(keeper.lines("realm.ended"), (100, 200, 400, 800)):
        assert "realm a has ended with code 73" in line and f"started again in {pause} ms" in line
    assert not keeper.lines("keeper.ready")
    os.kill(keeper.about("b")["pid"], signal.SIGSTOP)  # nobody ends, so nobody's end wakes the keeper
    keeper.process.send(signal.SIGTERM)
    until(lambda: keeper.lines("keeper.stopping"), "it has heard")
    keeper.process.send(signal.SIGTERM)
    assert keeper.process.wait() == 0 and keeper.lines("keeper.stopped")


def test_a_keeper_stops_though_none_of_its_realms_runs(tmp_path, started):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a").touch()
    keeper = started(keeper_of, tmp_path, ("a",))
    until(lambda: len(keeper.lines("realm.ended")) >= 4, "a was tried four times")
    assert keeper.process.stop() == 0


SYSTEMD = "libsystemd" in subprocess.run(["ldd", BIN / "heliosd"], capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(not SYSTEMD, reason="this build has no libsystemd")
def test_the_service_manager_hears_the_keeper_alone(tmp_path, started):
    """READY when all realms were ready, how many lead, a watchdog that is fed; what children would say of themselves is not heard."""
    heard = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(PATIENCE)

        def until_heard(line):
            while line not in heard:
                heard.extend(manager.recv(4096).decode().split("\n"))
        keeper = started(Keeper, tmp_path, {"a": {}, "b": {}})
        keeper.start(env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"})
        until_heard("READY=1")
        assert keeper.about("a") and keeper.about("b")
        until_heard("STATUS=leads 2 of 2 realms, 2 were ready")
        until_heard("WATCHDOG=1")
        heard.clear()
        keeper.process.send(signal.SIGHUP)
        until_heard("RELOADING=1")
        until_heard("READY=1")
        keeper.process.send(signal.SIGTERM)
        until_heard("STOPPING=1")
        assert keeper.process.wait() == 0
        manager.setblocking(False)
        while True:
            try:
                heard.extend(manager.recv(4096).decode().split("\n"))
            except BlockingIOError:
                break
        assert "STATUS=standing by" not in heard and "STATUS=leading" not in heard


def test_sighup_adds_removes_and_changes_realms(tmp_path, started):
    """a goes, b stays, c gets another command line, d is new; a file that cannot work changes nothing."""
    keeper = started(keeper_of, tmp_path, ("a", "b", "c"))
    keeper.until_ready()
    before = {realm: keeper.about(realm)["pid"] for realm in "abc"}
    keeper.write({"realms": {"b": {}, "c": {"set": ["mode=observe"]}, "d": {}}})
    keeper.process.send(signal.SIGHUP)
    until(lambda: keeper.about("d") and epoch(keeper, "d"), "d leads")
    until(lambda: keeper.about("c") and keeper.about("c")["pid"] != before["c"] and epoch(keeper, "c"), "c was started again")
    until(lambda: not pathlib.Path(f"/proc/{before['a']}").exists(), "a is gone")
    assert keeper.about("b")["pid"] == before["b"] and len(keeper.children()) == 3
    assert json.loads((keeper.data / "realms.json").read_text())["realms"] == ["b", "c", "d"]
    keeper.write({"realms": {"b": {"set": ["no.such=1"]}}})
    keeper.process.send(signal.SIGHUP)
    until(lambda: keeper.lines("config.refused"), "it says so")
    assert "'no.such' is no setting" in keeper.lines("config.refused")[0] and len(keeper.children()) == 3


def heliosd_check(path, config):
    path.mkdir(exist_ok=True)
    file = path / "helios.yaml"
    file.write_text(config)
    done = subprocess.run([BIN / "heliosd", "--check", "--config", file], capture_output=True, text=True, timeout=PATIENCE, check=False)
    return done.returncode, done.stdout + done.stderr


LISTEN = "listen: {agents: 'tcp://127.0.0.1:*', control: 'tcp://127.0.0.1:*', kpi: 'tcp://127.0.0.1:*', events: 'tcp://127.0.0.1:*'}\n"


@pytest.mark.parametrize("config, place, what", [
    ("realms:\n  a:\n  b:\n", ":3:3: ", "realms.b listens where realms.a does"),
    (LISTEN + "realms:\n  lock:\n", ":3:3: ", "a file of the keeper's data directory"),
    (LISTEN + "realms:\n  a: {set: ['data=x']}\n", ":3:3: ", "must not set `realm` or `data`"),
    (LISTEN + "realms:\n  a: {set: ['tasks.queue=9']}\n", ":3:3: ", "flag: tasks.queue"),
    (LISTEN + "realms:\n  a: {config: none.yaml}\n", ":3:3: ", "none.yaml: cannot be read"),
    (LISTEN + "realms:\n  a: {config: other.yaml}\n", ":3:15: ", "has `realms` itself"),
])
def test_check_finds_what_cannot_go_together(tmp_path, config, place, what):
    (tmp_path / "other.yaml").write_text(LISTEN + "realms: {x: {}}\n")
    code, said = heliosd_check(tmp_path, config)
    assert code == 78 and f"helios.yaml{place}" in said and what in said, said


def test_check_takes_what_can(tmp_path):
    (tmp_path / "other.yaml").write_text("mode: observe\n")
    code, said = heliosd_check(tmp_path, LISTEN.replace("tcp://127.0.0.1:*", "ipc://${HELIOS_DATA:-.}/x", 1).replace(
        "tcp://127.0.0.1:*", "ipc://${HELIOS_DATA:-.}/${HELIOS_REALM:-}", 1) + "realms: {a: {}, b: {}, c: {config: other.yaml}}\n")
    assert code == 0, said


def test_the_command_line_says_which_realms_there_are(tmp_path, started):
    keeper = started(keeper_of, tmp_path)
    keeper.until_ready()
    until(lambda: epoch(keeper, "a"), "a leads")
    ask = lambda where: subprocess.run([BIN / "helios", "status", "--controller", where], capture_output=True, text=True,
                                       timeout=PATIENCE, check=False)
    wrong, right = ask(keeper.data), ask(keeper.data / "a")
    assert wrong.returncode != 0 and f"--controller {keeper.data}/a" in wrong.stderr and "2 realms: a, b" in wrong.stderr, wrong.stderr
    assert right.returncode == 0, right.stderr
