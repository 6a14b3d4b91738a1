# SPDX-License-Identifier: MPL-2.0
"""`helios doctor`: each thing that stops people on the first day is broken for real, seen, mended, and seen good. What cannot be
made here is played: a controller of another version an hour ahead, an old Redis, a Redis whose disk is full."""

import json
import os
import pathlib
import resource
import socket
import subprocess
import threading
import time

import msgpack
import pytest
import zmq

from helios import BIN, PATIENCE, Realm, Redis, merged, until
from keys import Keys

OK, SKIP, WARN, FAIL = "ok", "skip", "warn", "fail"
CODES = {OK: 0, SKIP: 0, WARN: 1, FAIL: 2}


class Told:
    """What doctor has said: rows by their check, and the exit code."""

    def __init__(self, done):
        assert done.stderr == "", done.stderr
        self.code, self.list = done.returncode, json.loads(done.stdout)
        self.rows = {row["check"]: row for row in self.list}
        assert self.code == max(CODES[row["grade"]] for row in self.list)
        for row in self.list:
            assert row["seen"] and "\n" not in row["seen"] + row["todo"]
            assert row["todo"] or row["grade"] in (OK, SKIP), row

    def __getitem__(self, check):
        return self.rows[check]["grade"], self.rows[check]["seen"]


def call(*words, env=None, cwd="/", **options):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HELIOS_")}
    return subprocess.run([BIN / "helios", "doctor", *map(str, words)], capture_output=True, text=True, timeout=PATIENCE,
                          stdin=subprocess.DEVNULL, env={**clean, **(env or {})}, cwd=cwd, check=False, **options)


def doctor(*words, **options):
    return Told(call(*words, "--json", **options))


class Config:
    """A helios.yaml without a running controller."""

    def __init__(self, path, settings=None):
        self.path, self.file, self.data = path, path / "helios.yaml", path / "data"
        self.settings = {"realm": "story", "data": "data", "listen": {n: "tcp://127.0.0.1:*" for n in ("agents", "control", "kpi", "events")}}
        self.write(settings or {})

    def write(self, settings):
        self.settings = merged(self.settings, settings)
        self.file.write_text(json.dumps(self.settings))
        self.file.chmod(0o644)

    def look(self, *words, **options):
        return doctor("--config", self.file, *words, **options)


@pytest.fixture(name="config")
def make_config(tmp_path):
    return Config(tmp_path)


def fails(told, check, *parts, grade=FAIL):
    assert told[check][0] == grade, told[check]
    for part in parts:
        assert part in told[check][1], told[check]
    return told.rows[check]["todo"]


def good(told, check, *parts):
    return fails(told, check, *parts, grade=OK)


# ---- all together


def test_a_realm_that_runs_is_well(tmp_path):
    with Realm(tmp_path) as realm:
        realm.agent("a1", version=json.loads(subprocess.check_output([BIN / "helios", "version", "--json"]))["version"])
        told = doctor("--config", realm.file)
        for check in ("config", "config-mode", "data", "disk", "curve", "redis-program", "redis", "redis-version", "redis-role",
                      "redis-persistence", "redis-writes", "redis-eviction", "redis-memory", "redis-rights", "controllers", "realm", "leader",
                      "store", "frozen", "clocks", "agents", "versions", "ports", "open-files", "time-zones"):
            good(told, check)
        good(told, "data", f"process {realm.process.pid}")
        assert told.code <= 1  # what the kernel says is not ours to mend

        realm.config["listen"] = {name: realm.endpoints[name] for name in realm.config["listen"]}
        realm.write()
        good(doctor("--config", realm.file), "ports", "4 are held by our heliosd")


def test_without_a_config_each_line_says_why_it_is_skipped(tmp_path):
    told = doctor(cwd=tmp_path)
    assert told.code == 0
    assert told["config"] == (SKIP, "no config is named: --config FILE")
    assert told["redis"][0] == told["ports"][0] == told["data"][0] == SKIP
    good(told, "curve")
    with Realm(tmp_path / "r") as realm:  # what can be known of a controller alone
        told = doctor("--controller", realm.data, cwd=tmp_path)
        good(told, "leader", str(realm.data))
        assert told["redis"][0] == SKIP
        good(doctor(cwd=tmp_path / "r"), "config", "helios.yaml")  # the usual name is found


def test_people_read_groups_and_what_to_do(config):
    config.write({"optimisations": {}})
    done = call("--config", config.file)
    lines = done.stdout.splitlines()
    assert done.returncode == 2 and "\033" not in done.stdout
    assert [line for line in lines if line and not line.startswith(" ")][:5] == ["Files", "Keys", "Redis", "Controllers", "Machine"]
    at = next(i for i, line in enumerate(lines) if line.startswith("  fail  config "))
    assert "→ mend it" in lines[at + 1]
    assert "1 to mend" in lines[-1]
    assert "exits 0 all good, 1 warnings, 2 something fails" in call("--help").stdout


# ---- files


def test_configs(config, tmp_path):
    fails(doctor("--config", tmp_path / "none.yaml"), "config-mode", "No such file")
    fails(doctor("--config", tmp_path / "none.yaml"), "config", "none.yaml")
    config.file.write_text("realm: story\nlissten: {}\nhealth: {target: 500}\n")
    told = config.look()
    fails(told, "config", "helios.yaml:2:1: unknown key 'lissten'", "and 1 more")
    assert told["ports"] == (SKIP, "needs a config that reads: --config FILE")
    config.write({})
    good(config.look(), "config", "realm story")
    fails(config.look("--set", "realm=no name"), "config", "realm is no name")

    config.file.chmod(0o646)
    assert "chmod o-w" in fails(config.look(), "config-mode", "646")
    config.file.chmod(0o644)
    good(config.look(), "config-mode")


def test_agents_files_and_their_programs(config, tmp_path):
    file = tmp_path / "agent.yaml"
    body = {"controllers": [str(config.data)], "allow_root": True, "agents": {"a1": {"swarm": "backend"}},
            "actions": {"work": {"run": ["./work"]}, "list": {"run": ["ls"]}},
            "probes": {"p": {"kind": "command", "run": ["no-such-program"], "kpis": {"x": "value"}}}}
    file.write_text(json.dumps({**body, "agents": {"a1": {}}}))
    fails(config.look("--agent", file), "agent", "agent.yaml:1:", "swarm")
    file.write_text(json.dumps(body))
    good(config.look("--agent", file), "agent", "1 agents, 2 actions, 1 probes")
    fails(config.look("--agent", file), "agent-programs", "action work runs ./work")
    (tmp_path / "work").write_text("#!/bin/sh\n")
    fails(config.look("--agent", file), "agent-programs", "./work")  # not yet executable
    (tmp_path / "work").chmod(0o755)
    fails(config.look("--agent", file), "agent-programs", "probe p runs no-such-program")
    body["probes"]["p"]["run"] = [str(tmp_path / "work")]
    file.write_text(json.dumps(body))
    good(config.look("--agent", file), "agent-programs", "3 programs")
    if os.getuid() == 0:
        file.write_text(json.dumps({**body, "allow_root": False}))
        fails(config.look("--agent", file), "agent-programs", "root", grade=WARN)


def test_the_data_directory(config):
    good(config.look(), "data", "heliosd makes it")
    config.data.mkdir()
    for mode, grade in ((0o777, FAIL), (0o775, WARN), (0o755, OK)):
        config.data.chmod(mode)
        fails(config.look(), "data", "" if grade == OK else f"mode {mode:o}", grade=grade)
    (config.data / "redis").mkdir(mode=0o755)
    fails(config.look(), "data", "redis is open to others")
    (config.data / "redis").chmod(0o700)
    good(config.look(), "data", "no heliosd runs there")
    good(config.look(), "disk", "MiB")
    fails(config.look(env={"HELIOS_DATA": "/proc/helios"}), "disk", "0 MiB (0 %)")  # a file system without any room
    (config.path / "file").write_text("")
    fails(config.look(env={"HELIOS_DATA": str(config.path / "file")}), "data", "is no directory")


def test_a_user_who_may_not_write(config):
    def nobody():
        if os.getuid() == 0:
            os.setuid(65534)
    try:
        done = call("--json", env={"HELIOS_DATA": "/usr"}, preexec_fn=nobody)
    except PermissionError:
        pytest.skip(f"nobody may not run {BIN}/helios")
    fails(Told(done), "data", "/usr cannot be written by us", grade=WARN)
    fails(doctor(env={"HELIOS_DATA": "/usr/none"}, preexec_fn=nobody), "data", "we cannot make it in /usr")


# ---- keys


def test_keys(config, tmp_path):
    keys = Keys(tmp_path)
    keys.new("web1", "agent")
    config.write(keys.settings())
    config.data.mkdir()
    good(config.look(), "key", "ctl, role controller")
    good(config.look(), "allowed", "1 keys")

    keys.secret("ctl").chmod(0o640)
    fails(config.look(), "key", "chmod 600")
    keys.secret("ctl").chmod(0o600)
    whole = keys.secret("ctl").read_text()
    keys.secret("ctl").write_text(whole.replace(keys.read("ctl")["public"], keys.read("web1")["public"]))
    fails(config.look(), "key", "does not belong")
    keys.secret("ctl").write_text(whole)
    good(config.look(), "key")
    if os.getuid() == 0:
        os.chown(keys.secret("ctl"), 12345, -1)
        fails(config.look(), "key", "uid 12345", grade=WARN)
        os.chown(keys.secret("ctl"), 0, -1)
    config.write({"security": {"key": str(keys.secret("web1"))}})
    fails(config.look(), "key", "role agent; one of role controller is needed")
    config.write(keys.settings())

    keys.allowed.chmod(0o777)
    fails(config.look(), "allowed", "everybody")
    keys.allowed.chmod(0o755)
    (keys.allowed / "x.pub").write_text("rubbish")
    fails(config.look(), "allowed", "x.pub", grade=WARN)
    (keys.allowed / "x.pub").unlink()
    keys.revoke("web1")
    fails(config.look(), "allowed", "no key", grade=WARN)

    file = tmp_path / "agent.yaml"
    for name, grade in (("web2", FAIL), ("web1", OK), ("web1-3", OK)):
        file.write_text(json.dumps({"controllers": [str(config.data)], "security": {"key": str(keys.secret("web1"))},
                                    "agents": {name: {"swarm": "backend"}}}))
        fails(config.look("--agent", file), "agent-key", name if grade == FAIL else "", grade=grade)
    good(config.look("--identity", keys.secret("web1")), "identity", "web1")
    keys.public("web1").chmod(0o600)
    fails(config.look("--identity", keys.public("web1")), "identity", "no secret")


def test_a_controller_that_asks_for_a_key(tmp_path):
    keys = Keys(tmp_path)
    keys.new("ada", "operator")
    keys.new("eve", "operator", allow=False)
    with Realm(tmp_path / "r", keys.settings(), prove=keys.prove("ada")) as realm:
        fails(doctor("--config", realm.file), "controllers", "asks for a key", grade=WARN)
        told = doctor("--config", realm.file, "--identity", keys.secret("eve"), "--timeout", "500ms")
        assert "helios keys list" in fails(told, "controllers", "does not answer")
        good(doctor("--config", realm.file, "--identity", keys.secret("ada")), "leader")
        keys.secret("ada").chmod(0o644)
        told = doctor("--config", realm.file, "--identity", keys.secret("ada"))
        fails(told, "identity", "chmod 600")
        assert told["controllers"] == (SKIP, "our own key does not read")


# ---- Redis


@pytest.fixture(name="redis")
def make_redis(tmp_path):
    redis = Redis(tmp_path / "redis")
    yield redis
    redis.stop()


def test_redis_that_does_not_keep_what_is_promised(config, redis):
    config.write({"state": {"url": redis.url}})
    server = redis.client()
    for check in ("redis", "redis-version", "redis-role", "redis-persistence", "redis-writes", "redis-eviction", "redis-memory", "redis-rights"):
        good(config.look(), check)
    assert config.look()["redis-program"][0] == SKIP

    server.config_set("appendfsync", "everysec")
    assert "C6" in fails(config.look(), "redis-persistence", "appendfsync is everysec")
    good(config.look("--set", "state.durability=everysec"), "redis-persistence")
    server.config_set("appendonly", "no")
    fails(config.look(), "redis-persistence", "appendonly is no")
    good(config.look("--set", "state.durability=none"), "redis-persistence")
    server.config_set("appendonly", "yes")
    server.config_set("appendfsync", "always")
    good(config.look(), "redis-persistence")

    server.config_set("maxmemory-policy", "allkeys-lru")
    fails(config.look(), "redis-eviction", "allkeys-lru", grade=WARN)
    server.config_set("maxmemory", "100mb")
    fails(config.look(), "redis-eviction", "throw tasks away")
    server.config_set("maxmemory-policy", "noeviction")
    good(config.look(), "redis-eviction")

    server.config_set("maxmemory", int(server.info("memory")["used_memory"] * 1.1))
    fails(config.look(), "redis-memory", "of maxmemory", grade=WARN)
    server.config_set("maxmemory", int(server.info("memory")["used_memory"] * 0.9))
    fails(config.look(), "redis-memory", "of maxmemory")
    server.config_set("maxmemory", 0)
    good(config.look(), "redis-memory", "no maxmemory")

    server.execute_command("REPLICAOF", "127.0.0.1", "1")
    fails(config.look(), "redis-role", "slave of 127.0.0.1")
    server.execute_command("REPLICAOF", "NO", "ONE")
    good(config.look(), "redis-role")
    assert server.keys("*") == []  # doctor looks and never changes anything


def test_redis_that_cannot_be_reached(config, redis, tmp_path):
    config.write({"state": {"url": redis.url}})
    redis.stop()
    told = config.look()
    assert "redis-cli PING" in fails(told, "redis", redis.url)
    assert told["redis-version"] == (SKIP, "no Redis answers")
    redis.start()
    good(config.look(), "redis")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        config.write({"state": {"url": f"redis://127.0.0.1:{silent.getsockname()[1]}"}})
        fails(config.look(), "redis", "no answer within 2 s")
    config.write({"state": {"url": f"unix:{tmp_path}/nowhere.sock"}})
    fails(config.look(), "redis", "nowhere.sock")


LEAST = "~{helios:story}:* -@all +fcall +function|load +hscan +hmget +hget +hset +hdel +xadd +xrevrange +type +info +select +auth"


def test_redis_users_and_their_rights(config, redis, tmp_path):
    server, password = redis.client(), tmp_path / "password"
    server.execute_command("ACL", "SETUSER", "helios", "on", ">secret", *LEAST.split())
    server.execute_command("ACL", "SETUSER", "default", ">other")
    server = redis.client()
    server.execute_command("AUTH", "other")
    config.write({"state": {"url": redis.url}})
    assert "password_file" in fails(config.look(), "redis", "NOAUTH")
    config.write({"state": {"user": "helios", "password_file": str(password)}})
    fails(config.look(), "password", "No such file")
    for text, mode, check in (("", 0o600, "password"), ("wrong\n", 0o600, "redis"), ("secret\n", 0o644, "config"), ("secret\n", 0o600, None)):
        password.write_text(text)
        password.chmod(mode)
        told = config.look()
        assert "secret" not in json.dumps(told.list)
        if check:
            fails(told, check)
        else:
            good(told, "password"), good(told, "redis"), good(told, "redis-rights")
    fails(told, "redis-persistence", "may not ask", grade=WARN)
    server.execute_command("AUTH", "other")
    server.execute_command("ACL", "SETUSER", "helios", "+config|get")
    good(config.look(), "redis-persistence")

    server.execute_command("ACL", "SETUSER", "helios", "-hset", "-function|load")
    assert "+hset" in fails(config.look(), "redis-rights", "+function|load +hset")
    server.execute_command("ACL", "SETUSER", "helios", "+hset", "+function|load")
    fails(config.look("--set", "realm=another"), "redis-rights", "{helios:another}")
    good(config.look(), "redis-rights")
    assert server.keys("*") == []


class Played:
    """A Redis that is only played: it answers what INFO is to say, and an error to all else."""

    def __init__(self, raw=None, **info):
        self.raw = raw
        self.info = {"redis_version": "7.0.15", "role": "master", "aof_enabled": "1", "maxmemory_policy": "noeviction", **info}
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.server.accept()
            except OSError:
                return
            while asked := peer.recv(65536):
                text = "".join(f"{k}:{v}\r\n" for k, v in self.info.items())
                if self.raw is not None and (b"INFO" in asked) == self.raw[0]:
                    peer.sendall(self.raw[1])
                    if not self.raw[1]:
                        peer.close()
                        break
                    continue
                peer.sendall(b"$%d\r\n%b\r\n" % (len(text), text.encode()) if b"INFO" in asked else b"-ERR no\r\n")


@pytest.mark.parametrize("check, info, part", [
    ("redis-version", {"redis_version": "6.0.16"}, "6.0.16 has no functions"),
    ("redis-writes", {"aof_last_write_status": "err"}, "append-only file failed"),
    ("redis-role", {"role": "sl\x1b[31mave"}, "\\x1b"),  # A7: it cannot drive a terminal
])
def test_redis_that_is_played(config, check, info, part):
    played = Played(**info)
    config.write({"state": {"url": played.url}})
    fails(config.look(), check, part)
    played.server.close()
    played = Played()
    config.write({"state": {"url": played.url}})
    good(config.look(), check)
    played.server.close()


@pytest.mark.parametrize("check, raw, part", [
    ("redis", (True, b"*0\r\n"), "no text"),
    ("redis", (True, b":1\r\n"), "no text"),
    ("redis", (True, b"HTTP/1.1 400 Bad Request\r\n\r\n"), "Protocol error"),
    ("redis", (True, b""), "closed"),
    ("redis-rights", (False, b""), "stopped answering"),
])
def test_what_listens_there_is_no_redis(config, check, raw, part):
    played = Played(raw)
    config.write({"state": {"url": played.url}})
    fails(config.look(), check, part)
    played.server.close()


def test_the_program_of_the_private_redis(config, tmp_path):
    bin_dir = tmp_path / "bin"
    bin_dir.mkdir()
    (bin_dir / "sh").symlink_to("/bin/sh")
    path = {"PATH": str(bin_dir)}
    fails(config.look(env=path), "redis-program", "no redis-server")
    program = bin_dir / "redis-server"
    for version, grade in (("6.0.16", FAIL), ("7.2.4", OK)):
        program.write_text(f"#!/bin/sh\necho 'Redis server v={version} sha=0 malloc=libc bits=64'\n")
        program.chmod(0o755)
        fails(config.look(env=path), "redis-program", version, grade=grade)


# ---- controllers


class PlayedController:
    """A controller that is only played: what it answers to `controller` is up to the test, and that its second answer is slow."""

    def __init__(self, path, slow=0, **answer):
        self.slow, self.asked = slow, 0
        self.data = pathlib.Path(path)
        self.data.mkdir()
        self.answer = {"realm": "story", "leads": True, "epoch": 7, "store": "ok", "id": "played", "frozen": False, **answer}
        self.socket = zmq.Context.instance().socket(zmq.ROUTER)
        self.socket.linger = 0
        port = self.socket.bind_to_random_port("tcp://127.0.0.1")
        ends = {name: f"tcp://127.0.0.1:{port}" for name in ("agents", "control", "kpi", "events")}
        (self.data / "endpoints.json").write_text(json.dumps({**ends, "realm": "story", "key": "", "pid": 1}))
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while not self.over.is_set():
            if self.socket.poll(20):
                route, body = self.socket.recv_multipart()
                asked = msgpack.unpackb(body)
                data = {"agents": []} if asked.get("what") == "agents" else dict(self.answer)
                if self.slow:
                    data.update({"wall": wall(), "now": wall()})
                    self.asked += asked.get("what") == "controller"
                    time.sleep(self.slow if self.asked == 2 else 0)
                self.socket.send_multipart([route, msgpack.packb({"type": "reply", "ref": asked.get("ref", ""), "ok": True, "data": data,
                                                                  "epoch": 7 if self.answer["leads"] is True else 0})])
        self.socket.close()

    def close(self):
        self.over.set()
        self.thread.join()


def wall():
    return int(time.time() * 1000)


@pytest.mark.parametrize("check, answer, grade, part", [
    ("versions", {"version": "9.9.9"}, WARN, "Helios 9.9.9"),
    ("clocks", {"wall": wall() + 3600000, "now": wall() + 3600000}, FAIL, "ahead of ours"),
    ("clocks", {"wall": wall() - 7200000, "now": wall() - 7200000}, FAIL, "behind ours"),
    ("store", {"store": "Redis at nowhere cannot be reached"}, FAIL, "nowhere"),
    ("frozen", {"frozen": True}, WARN, "is frozen"),
    ("leader", {"leads": False}, FAIL, "none of 1 leads"),
    ("realm", {"realm": "other"}, FAIL, "the realm other, the config names story"),
])
def test_a_controller_that_is_played(config, tmp_path, check, answer, grade, part):
    played = PlayedController(tmp_path / "c", **answer)
    fails(config.look("--controller", played.data), check, part, grade=grade)
    played.close()


def test_clocks_that_were_set_since_the_start(config, tmp_path):
    played = PlayedController(tmp_path / "c")
    played.answer["wall"] = wall()
    played.answer["now"] = played.answer["wall"] - 5000  # it went by the clock of its start since then
    told = config.look("--controller", played.data)
    assert "restart" in fails(told, "clocks", "set by 5000 ms", grade=WARN)
    played.close()


def test_a_slow_answer_is_no_wrong_clock(config, tmp_path):
    played = PlayedController(tmp_path / "c", slow=3)  # its time was right when it was read
    good(config.look("--controller", played.data), "clocks")
    played.close()


@pytest.mark.parametrize("answer", [
    {"wall": -2**63, "now": 2**63 - 1}, {"wall": 2**63 - 1, "now": -2**63}, {"wall": 2**63 - 1, "now": 1}, {"wall": 1, "now": 2**63 - 1},
    {"realm": 5, "leads": "yes", "epoch": -1, "version": None, "store": [], "id": {}, "frozen": 1, "wall": "now", "now": 1.5},
    {"realm": "\x1b[2J\n", "version": "\x1b]0;x\x07", "store": "a\nb"},
])
def test_a_controller_that_answers_nonsense(config, tmp_path, answer):
    played = PlayedController(tmp_path / "c", **answer)
    done = call("--config", config.file, "--controller", played.data)
    assert done.returncode in (1, 2) and done.stderr == "" and "\033" not in done.stdout
    config.look("--controller", played.data)
    played.close()


def test_several_controllers(tmp_path):
    redis = Redis(tmp_path / "redis")
    shared = {"state": {"url": redis.url}, "agents": {"beat": "200ms"}}
    with Realm(tmp_path / "a", shared) as a, Realm(tmp_path / "b", shared, start=False) as b, Realm(tmp_path / "alone") as alone:
        b.start(lead=False)
        both = ("--config", a.file, "--controller", f"{a.data},{b.data}")
        told = doctor(*both)
        good(told, "controllers", "2 of 2"), good(told, "leader", str(a.data)), good(told, "realm"), good(told, "clocks"), good(told, "versions")
        fails(told, "agents", "no agent is live", grade=WARN)
        good(doctor(*both, "--controller", a.data), "leader")  # one that is named twice leads once
        fails(doctor("--controller", b.data), "leader", "none of 1 leads")

        fails(doctor(*both, "--controller", alone.data), "leader", "both lead")  # the same realm on two Redis
        agent = a.agent("a1", version="0.0.1")
        told = doctor(*both)
        good(told, "agents", "1 agents are live")
        fails(told, "versions", "a1 is of version 0.0.1", grade=WARN)
        assert agent

        a.client().command("freeze")
        fails(doctor(*both), "frozen", grade=WARN)
        a.client().command("unfreeze")
        redis.stop()
        until(lambda: doctor("--controller", a.data)["store"][0] == FAIL, "it says that Redis is gone")
        redis.start()
        until(lambda: doctor(*both)["store"][0] == OK, "Redis is back")
        b.kill()
        fails(doctor(*both, "--timeout", "300ms"), "controllers", f"{b.data} does not answer")
    told = doctor("--config", a.file, "--timeout", "300ms")
    assert told["controllers"][0] in (SKIP, WARN) and told["leader"] == (SKIP, "no controller answers")
    redis.stop()


def test_where_an_agent_finds_its_controllers(tmp_path):
    file = tmp_path / "agent.yaml"

    def look(*controllers, **more):
        file.write_text(json.dumps({"controllers": list(controllers), "agents": {"a1": {"swarm": "backend"}}, **more}))
        return doctor("--agent", file, cwd=tmp_path)
    fails(look("none"), "agent-controllers", "there is no", grade=WARN)
    (tmp_path / "none").mkdir()
    assert look("none")["agent-controllers"][0] == SKIP
    keys = Keys(tmp_path)
    keys.new("web1", "agent")
    with Realm(tmp_path / "r", keys.settings(), start=False) as realm:
        realm.start(lead=False)
        fails(look("r/data"), "agent-controllers", "asks for a key")
        good(look("r/data", security={"key": str(keys.secret("web1"))}), "agent-controllers", "1 of 1 listen")
        realm.kill()  # what it says of itself stays behind
    fails(look("r/data", security={"key": str(keys.secret("web1"))}), "agent-controllers", "refused")


def test_a_heliosd_of_several_realms(config):
    config.write({"realms": {"shop": {}, "blog": {"set": ["tasks.max_queued=5"]}, "search": {"config": "other.yaml"}}})
    good(config.look(), "config", "realm shop of 3")
    good(config.look(), "data", "data/shop is not there yet")
    good(config.look("--realm", "blog"), "data", "data/blog")
    fails(config.look("--realm", "nosuch"), "config", "has no realm nosuch")
    fails(config.look("--realm", "search"), "config", "other.yaml")
    other = config.path / "other.yaml"
    other.write_text(json.dumps({"state": {"url": "unix:/none.sock"}}))
    good(config.look("--realm", "search"), "config", "other.yaml: realm search")
    fails(config.look("--realm", "search"), "redis", "/none.sock")


# ---- this machine


def test_ports_that_another_has(config):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        config.write({"listen": {"kpi": f"tcp://127.0.0.1:{port}"}})
        assert "ss -ltnp" in fails(config.look(), "ports", "listen.kpi", str(port), "in use")
    good(config.look(), "ports")
    config.write({"listen": {"kpi": f"tcp://192.0.2.1:{port}"}, "insecure": True})
    assert "no such address" in fails(config.look(), "ports", "192.0.2.1")


def test_few_open_files(config, tmp_path):
    file = tmp_path / "agent.yaml"
    file.write_text(json.dumps({"controllers": [str(config.data)], "agents": {"a": {"swarm": "backend", "count": 300}}}))

    def limit(n):
        return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (n, n))
    assert "LimitNOFILE" in fails(config.look("--agent", file, preexec_fn=limit(256)), "open-files", "too few for 300 agents")
    fails(config.look("--agent", file, preexec_fn=limit(500)), "open-files", grade=WARN)
    good(config.look("--agent", file, preexec_fn=limit(1024)), "open-files")


def test_what_the_kernel_and_the_distribution_have(config, tmp_path):
    told = config.look()
    overcommit = pathlib.Path("/proc/sys/vm/overcommit_memory").read_text().strip()
    fails(told, "overcommit", overcommit, grade=OK if overcommit == "1" else WARN)
    fails(config.look(env={"TZDIR": str(tmp_path / "none")}), "time-zones", "none", grade=WARN)
    config.write({"state": {"url": "redis://192.0.2.1:1"}})
    assert config.look("--set", "state.url=redis://redis.example:1")["overcommit"][0] == SKIP
