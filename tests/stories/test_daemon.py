# SPDX-License-Identifier: MPL-2.0
"""heliosd itself: it starts, leads, freezes, reloads, hands over, stands by, and loses nothing that it acknowledged."""

import os
import pathlib
import resource
import signal
import subprocess
import time

import msgpack
import pytest

from helios import BIN, PATIENCE, Realm, Redis, until


def test_it_leads_and_welcomes(tmp_path):
    with Realm(tmp_path) as realm:
        status = realm.client().query("status")
        assert (status["realm"], status["epoch"], status["frozen"]) == ("story", 1, False)
        agent = realm.agent("a1", hello=False)
        welcome = agent.hello()
        assert (welcome["realm"], welcome["epoch"]) == ("story", 1)


def test_a_clean_stop_ends_its_redis_too(tmp_path):
    with Realm(tmp_path) as realm:
        pid = realm.redis().info("server")["process_id"]
        assert realm.stop() == 0
        assert gone(pid)


def gone(pid):
    """gone says whether a process has ended; one that nobody has collected yet has."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_killed_controller_leaves_no_redis_behind(tmp_path):
    with Realm(tmp_path) as realm:
        pid = realm.redis().info("server")["process_id"]
        realm.kill()
        until(lambda: gone(pid), "its Redis has ended")


def test_it_opens_as_many_files_as_it_may(tmp_path):
    """A socket an agent: the usual soft limit of 1024 would end at 900 of them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        with Realm(tmp_path) as realm:
            line = next(row for row in pathlib.Path(f"/proc/{realm.process.pid}/limits").read_text().splitlines() if "open files" in row)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert line.split()[3] == line.split()[4] != "256"


def test_a_data_directory_may_be_deeper_than_a_socket_path(tmp_path):
    with Realm(tmp_path / ("deep" * 30)) as realm:
        assert "id" in realm.client().submit("echo", key="j1")


def test_a_stop_does_not_wait_for_a_silent_redis(tmp_path):
    redis = Redis(tmp_path / "redis")
    with Realm(tmp_path / "one", {"state": {"url": redis.url}}) as realm:
        redis.process.send(signal.SIGSTOP)
        realm.until_line("controller.held")
        realm.process.send(signal.SIGTERM)
        assert realm.process.wait() == 0
    redis.stop()


def test_l6_its_own_pause_is_nobody_elses_fault(tmp_path):
    with Realm(tmp_path, {"agents": {"beat": "200ms", "missed": 2}}) as realm:
        agent, client = realm.agent("a1"), realm.client()
        client.submit("echo", key="j1")
        task = agent.task()
        realm.process.send(signal.SIGSTOP)
        time.sleep(1.5)  # the pause is what is tested; a silent agent would be lost after 0.4 s
        realm.process.send(signal.SIGCONT)
        assert agent.until("beat_ok")
        realm.until_line("loop.late")
        assert client.query("status")["counters"]["agents_lost"] == 0
        assert agent.result(task)["task"] == task["id"]
        assert client.done(task["id"])["state"] == "COMPLETED"


def test_c1_what_was_accepted_is_in_redis(tmp_path):
    with Realm(tmp_path) as realm:
        ticket = realm.client().submit("echo", key="j1")
        assert realm.redis().hexists(realm.key("task"), ticket["id"])


def test_a_restart_goes_on_with_the_same_tasks(tmp_path):
    with Realm(tmp_path) as realm:
        ids = {realm.client().submit("echo", key=f"j{n}")["id"] for n in range(3)}
        realm.kill()
        realm.start()
        status = realm.client().query("status")
        assert (status["epoch"], status["tasks_live"]) == (2, len(ids))


def test_z6_hostile_bytes_do_it_no_harm(tmp_path):
    with Realm(tmp_path) as realm:
        client = realm.client()
        for body in (b"", b"\xdf\x0f\xff\xff\xff", b"\xc1", b"x" * 100000, msgpack.packb({"type": "none"})):
            client.socket.send(body)
        client.socket.send_multipart([b"too", b"many", b"frames"])
        counters = until(lambda: (c := client.query("status")["counters"])["refused_bytes"] >= 5 and c, "all are refused")
        assert counters["refused_messages"] == 1


def test_w2_a_tap_that_does_not_read_slows_nobody(tmp_path):
    with Realm(tmp_path) as realm:
        tap = realm.tap()
        tap.socket.rcvhwm = 1
        client = realm.client()
        answers = client.submit_all([{"action": "echo"}] * 500)
        assert len(answers) == 500 and all("id" in a for a in answers.values())


def test_x10_the_freeze_file_stops_automation_and_survives_a_restart(tmp_path):
    with Realm(tmp_path) as realm:
        tap = realm.tap("realm.")
        frozen = realm.data / "frozen"
        frozen.write_text("a person said so\n")
        client = realm.client()
        until(lambda: client.query("status")["frozen"], "it is frozen")
        realm.stop()
        realm.start()
        client = realm.client()
        assert client.query("status")["frozen"]
        frozen.unlink()
        until(lambda: not client.query("status")["frozen"], "it goes on")
        assert client.command("freeze", reason="test")["ok"]
        until(frozen.exists, "the command made the file")
        assert client.command("unfreeze", reason="test")["ok"]
        until(lambda: not frozen.exists(), "the command removed the file")
        tap.close()


def test_x10_freezing_needs_no_redis(tmp_path):
    with Realm(tmp_path) as realm:
        redis = realm.redis()
        pid = redis.info("server")["process_id"]
        os.kill(pid, signal.SIGSTOP)
        client = realm.client()
        assert client.command("freeze", reason="Redis is stopped")["ok"]
        until((realm.data / "frozen").exists, "the file is there")
        os.kill(pid, signal.SIGCONT)


def test_c5_submits_are_answered_busy_while_redis_is_silent(tmp_path):
    with Realm(tmp_path) as realm:
        pid = realm.redis().info("server")["process_id"]
        client = realm.client()
        os.kill(pid, signal.SIGSTOP)
        realm.until_line("controller.held")
        assert client.submit("echo", key="busy")["code"] == "busy"
        os.kill(pid, signal.SIGCONT)
        ticket = until(lambda: (t := client.submit("echo", key="j1")) and "id" in t and t, "commits flow again")
        assert realm.redis().hexists(realm.key("task"), ticket["id"])


def test_sighup_takes_all_or_nothing(tmp_path):
    with Realm(tmp_path) as realm:
        realm.reload({"cycle": {"every": "7m"}})
        assert "cycle.every" in realm.until_line("config.reloaded")
        realm.reload({"cycle": {"every": "bad"}, "health": {"target": 90}})
        assert "every" in realm.until_line("config.refused")
        realm.reload({"cycle": {"every": "7m"}, "realm": "other"})
        assert "restart" in realm.until_line("config.refused", 2)
        assert realm.client().query("status")["realm"] == "story"
        assert len(realm.lines("config.reloaded")) == 1


def two(tmp_path):
    """two controllers of one realm: the first leads, the second stands by."""
    redis = Redis(tmp_path / "redis")
    config = {"state": {"url": redis.url}}
    return redis, Realm(tmp_path / "one", config), Realm(tmp_path / "two", config, start=False).start(lead=False)


def test_l3_a_clean_stop_hands_the_lead_over(tmp_path):
    redis, one, two_ = two(tmp_path)
    with one, two_:
        standby = two_.client()
        assert standby.query("status")["code"] == "not_leader"
        refused = two_.agent("a1", hello=False)
        refused.say("hello", **refused.greeting)
        assert refused.hear("refuse")["code"] == "not_leader"
        ticket = one.client().submit("echo", key="j1")
        assert one.stop() == 0
        two_.until_leading()
        status = standby.query("status")
        assert (status["epoch"], status["tasks_live"]) == (2, 1)
        assert redis.client().hexists(two_.key("task"), ticket["id"])
    redis.stop()


def test_l1_the_standby_takes_over_from_a_dead_leader(tmp_path):
    redis, one, two_ = two(tmp_path)
    with one, two_:
        one.client().submit("echo", key="j1")
        one.kill()
        two_.until_leading()
        assert two_.client().query("status")["tasks_live"] == 1
        one.start(lead=False)  # the old one comes back and stands by
        assert one.client().query("status")["code"] == "not_leader"
    redis.stop()


def test_c4_a_leader_that_slept_steps_down(tmp_path):
    redis, one, two_ = two(tmp_path)
    with one, two_:
        one.process.send(signal.SIGSTOP)
        two_.until_leading()
        client = one.client()
        client.say("submit", ref="late", client="story", items=[{"action": "echo", "key": "late"}])
        one.process.send(signal.SIGCONT)
        one.until_line("controller.fenced")
        assert one.client().query("status")["code"] == "not_leader"
        answer = client.hear("accepted", "rejected", patience=2)
        assert answer is None or answer["type"] == "rejected"
        assert two_.client().query("status")["tasks_live"] == 0
    redis.stop()


def test_c2_redis_killed_and_restarted_under_load_loses_nothing(tmp_path):
    redis = Redis(tmp_path / "redis")
    with Realm(tmp_path / "one", {"state": {"url": redis.url}}) as realm:
        client, said, accepted = realm.client(), 0, {}

        def submit(n):
            nonlocal said
            for _ in range(n):
                client.say("submit", ref=str(said), client="story", items=[{"action": "echo", "key": f"k{said}"}])
                said += 1

        def collect(message):
            if message and message["type"] == "accepted":
                accepted[message["ref"]] = message["items"][0]["id"]
            return message

        for _ in range(3):
            submit(300)
            collect(client.hear("accepted"))  # some are on their way, some are not
            redis.process.kill()
            submit(50)
            redis.start()
            realm.until_line("controller.resumed")
        refs = {str(n) for n in range(said)}
        while missing := refs - accepted.keys():
            message = collect(client.hear("accepted", "rejected", patience=2))
            if message is None or message["type"] == "rejected":  # busy, or not taken in: said again with its key (T3)
                for n in [message["ref"]] if message else missing:
                    client.say("submit", ref=n, client="story", items=[{"action": "echo", "key": f"k{n}"}])
        stored = {name.decode() for name in redis.client().hkeys(realm.key("task"))}
        assert set(accepted.values()) <= stored
        assert len(set(accepted.values())) == said, "each key is one task"
        assert realm.client().query("status")["tasks_live"] == len(stored)
    redis.stop()


def test_the_private_redis_comes_back_by_itself(tmp_path):
    with Realm(tmp_path) as realm:
        ticket = realm.client().submit("echo", key="j1")
        os.kill(realm.redis().info("server")["process_id"], signal.SIGKILL)
        realm.until_line("store.held", 1)
        realm.until_line("controller.resumed")
        assert realm.redis().hexists(realm.key("task"), ticket["id"])


def test_c7_lost_data_freezes_and_says_so(tmp_path):
    redis = Redis(tmp_path / "redis")
    with Realm(tmp_path / "one", {"state": {"url": redis.url}}) as realm:
        client = realm.client()
        for n in range(100):  # more than the tail that is kept
            assert "id" in client.submit("echo", key=f"k{n}")
        redis.client().flushall()
        assert "C7" in realm.until_line("store.lost")
        realm.until_leading()
        until(lambda: realm.client().query("status")["frozen"], "it is frozen")
        assert (realm.data / "frozen").exists()
    redis.stop()


def test_two_cannot_share_a_data_directory(tmp_path):
    with Realm(tmp_path) as realm:
        second = subprocess.run([BIN / "heliosd", "--config", realm.file], stderr=subprocess.PIPE, timeout=PATIENCE)
        assert second.returncode == 75 and b"another heliosd" in second.stderr


@pytest.mark.parametrize("argv, code, text", [
    (["--config", "/none/helios.yaml"], 78, b"cannot be read"),
    (["--bad"], 64, b"usage"),
    (["--set", "listen.agents=tcp://0.0.0.0:*"], 78, b"insecure"),
    (["--set", "state.url=http://x"], 78, b"redis://"),
])
def test_it_says_what_is_wrong(tmp_path, argv, code, text):
    realm = Realm(tmp_path, start=False)
    realm.write()
    config = [] if "--config" in argv else ["--config", realm.file]
    run = subprocess.run([BIN / "heliosd", *config, *argv], stderr=subprocess.PIPE, timeout=PATIENCE)
    assert run.returncode == code and text in run.stderr
