# SPDX-License-Identifier: MPL-2.0
"""libhelios as its users have it: installed elsewhere, built against by pkg-config and by CMake, run against the real daemon."""

import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

from helios import PATIENCE, Process, Realm, until

SOURCE = pathlib.Path(os.environ.get("HELIOS_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
BUILD = pathlib.Path(os.environ.get("HELIOS_BIN", SOURCE / "build" / "dev" / "bin")).parent
EXAMPLES = SOURCE / "examples" / "c"
COMPONENTS = ("lib", "dev")


def cached(name):
    return re.search(rf"^{name}:\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.MULTILINE).group(1)


SANITIZE = [f"-fsanitize={cached('HELIOS_SANITIZE')}"] if cached("HELIOS_SANITIZE") else []


def run(*words, **options):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, check=False, timeout=300, **options)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


class Installed:
    """What lies under a root of its own after `cmake --install`."""

    def __init__(self, root):
        for component in COMPONENTS:
            run("cmake", "--install", BUILD, "--component", component, env={**os.environ, "DESTDIR": str(root)})
        self.root, self.prefix = root, root / cached("CMAKE_INSTALL_PREFIX").lstrip("/")
        self.library = next(self.prefix.rglob("libhelios.so")).parent
        self.env = {**os.environ, "PKG_CONFIG_SYSROOT_DIR": str(root), "PKG_CONFIG_PATH": str(self.library / "pkgconfig"),
                    "LD_LIBRARY_PATH": str(self.library), "CMAKE_PREFIX_PATH": str(self.prefix)}

    def flags(self):
        return run("pkg-config", "--cflags", "--libs", "helios", env=self.env).split()

    def build(self, source, to):
        run("cc", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-D_GNU_SOURCE", *SANITIZE, source, "-o", to / source.stem,
            *self.flags(), "-lm")
        return to / source.stem


@pytest.fixture(name="installed", scope="module")
def install(tmp_path_factory):
    return Installed(tmp_path_factory.mktemp("root"))


@pytest.fixture(name="programs", scope="module")
def build(installed, tmp_path_factory):
    to = tmp_path_factory.mktemp("programs")
    sources = (EXAMPLES / "agent.c", EXAMPLES / "client.c", SOURCE / "tests" / "stories" / "library_probe.c")
    return {source.stem: installed.build(source, to) for source in sources}


@pytest.fixture(name="realm")
def make_realm(tmp_path):
    with Realm(tmp_path, {"agents": {"beat": "200ms"}, "kpis": {kpi: {"target": 1, "critical": 9000} for kpi in ("primes_found", "example_runs")}}) as realm:
        yield realm


def hire(realm, installed, words, name):
    process = Process([*words, name], realm.path / f"{name}.log", env={**installed.env, "HELIOS_DATA": str(realm.data)})
    asker = realm.client()
    until(lambda: [a for a in asker.query("agents")["agents"] if a["id"] == name and a["live"]], f"{name} is welcomed")
    return process


def counter(realm, installed, programs, name="counter"):
    return hire(realm, installed, [programs["agent"]], name)


# ---- as it lies on the disk ----

def test_nothing_but_its_own_names_leave_the_library(installed):
    lines = run("nm", "-D", "--defined-only", installed.library / "libhelios.so").splitlines()
    names = {line.split()[-1].split("@")[0] for line in lines}
    assert names and all(name.startswith("helios_") for name in names), names


def test_every_declared_call_is_there_and_the_other_way_round(installed):
    headers = "".join(f.read_text() for f in (installed.prefix / "include" / "helios").glob("*.h"))
    declared = set(re.findall(r"HELIOS_API [^;]*?\b(helios_\w+)\(", headers))
    lines = run("nm", "-D", "--defined-only", installed.library / "libhelios.so").splitlines()
    assert declared == {line.split()[-1].split("@")[0] for line in lines}


def test_the_header_knows_neither_zeromq_nor_msgpack(installed):
    for header in (installed.prefix / "include" / "helios").glob("*.h"):
        assert not re.search(r"zmq|msgpack|json_t", header.read_text(), re.IGNORECASE), header


@pytest.mark.skipif(not shutil.which("g++"), reason="there is no C++ compiler")
def test_the_header_is_good_for_cpp(installed, tmp_path):
    (tmp_path / "user.cc").write_text("""#include <helios/helios.h>
int main() { helios_client_options c = HELIOS_CLIENT_OPTIONS; helios_agent_options a = HELIOS_AGENT_OPTIONS; return c.size == a.size; }
""")
    run("g++", "-std=c++17", "-Wall", "-Wpedantic", "-Werror", tmp_path / "user.cc", "-o", tmp_path / "user", *SANITIZE, *installed.flags())


def test_a_soname_of_the_major_version(installed):
    assert "libhelios.so.0" in run("readelf", "-d", installed.library / "libhelios.so")


def test_the_examples_are_short():
    assert all(len((EXAMPLES / f"{name}.c").read_text().splitlines()) <= 60 for name in ("agent", "client"))


def test_cmake_finds_it(installed, tmp_path):
    flags = " ".join(SANITIZE)
    run("cmake", "-S", EXAMPLES, "-B", tmp_path / "b", f"-DCMAKE_C_FLAGS={flags}", env=installed.env)
    run("cmake", "--build", tmp_path / "b", env=installed.env)
    assert (tmp_path / "b" / "counter").exists() and (tmp_path / "b" / "client").exists()


# ---- as it runs ----

def test_a_client_runs_waits_in_a_loop_asks_and_measures(realm, installed, programs):
    agent = counter(realm, installed, programs)
    out = run(programs["client"], "count_primes", '{"below": 30000}', env={**installed.env, "HELIOS_DATA": str(realm.data)})
    assert out.count('{"primes":3245}') == 2 and "ended well: yes" in out
    asker = realm.client()
    until(lambda: asker.query("kpi", name="primes_found")["now"].get("last") == 3245, "the agent's measurement")
    until(lambda: asker.query("kpi", name="example_runs")["now"].get("last") == 1, "the client's measurement")
    agent.send(signal.SIGTERM)
    assert agent.wait() == 0


def test_wrong_parameters_never_reach_the_handler(realm, installed, programs):
    counter(realm, installed, programs)
    done = subprocess.run([programs["client"], "count_primes", '{"below": 0}'], capture_output=True, text=True, check=False,
                          timeout=PATIENCE, env={**installed.env, "HELIOS_DATA": str(realm.data)})
    assert "below" in done.stdout, done


def test_t5_a_checkpoint_outlives_its_agent_and_a_cancel_is_obeyed(realm, installed, programs):
    asker = realm.client()
    now = lambda: asker.query("task", id=task)["task"]
    first = counter(realm, installed, programs, "counter-1")
    task = asker.submit("count_primes", params={"below": 900000000})["id"]
    until(lambda: now().get("progress"), "it tells of its progress")
    first.kill()
    second = counter(realm, installed, programs, "counter-2")
    until(lambda: now()["agent"] == "counter-2" and now().get("progress"), "the next agent goes on")
    assert int(now()["progress"].split()[0]) > 10000, "from where the first one was"
    assert asker.command("cancel", id=task)["ok"]
    until(lambda: now()["state"] == "CANCELLED", "it is cancelled")
    second.send(signal.SIGTERM)
    assert second.wait() == 0


def test_a_client_without_a_controller_says_what_to_do(installed, programs, tmp_path):
    done = subprocess.run([programs["client"]], capture_output=True, text=True, check=False, timeout=PATIENCE,
                          env={**installed.env, "HELIOS_DATA": str(tmp_path)})
    assert done.returncode == 1 and "endpoints.json" in done.stderr


def test_wrong_calls_are_refused_with_a_sentence(realm, installed, programs):
    run(programs["library_probe"], "wrong", env={**installed.env, "HELIOS_DATA": str(realm.data)})


def test_an_agent_in_a_loop_of_its_hosts_ends_attempts_later(realm, installed, programs):
    agent = hire(realm, installed, [programs["library_probe"], "agent"], "guest")
    asker = realm.client()
    tasks = [asker.submit("later", params={"ms": ms, **word})["id"] for ms in (0, 30, 200) for word in ({}, {"word": "well"})]
    assert [asker.done(task)["output"] for task in tasks] == 3 * [b"done", b"well"]
    assert asker.done(asker.submit("later", params={"ms": 1, "word": "other"}, max_attempts=1)["id"])["state"] == "FAILED"
    spoilt = asker.done(asker.submit("spoil")["id"])
    assert spoilt["state"] == "COMPLETED" and len(spoilt["output"]) == 64 * 1024
    agent.send(signal.SIGTERM)
    assert agent.wait() == 0


def test_what_is_cancelled_or_late_ends_so_whatever_the_handler_says(realm, installed, programs):
    hire(realm, installed, [programs["library_probe"], "agent"], "guest")
    asker = realm.client()
    task = asker.submit("later", params={"ms": 900000})["id"]
    late = asker.submit("later", params={"ms": 900000}, attempt_ms=300, max_attempts=1)["id"]
    until(lambda: asker.query("task", id=task)["task"]["state"] == "IN_PROGRESS", "it is under way")
    asker.command("cancel", id=task)
    assert asker.done(task)["state"] == "CANCELLED"
    assert "time" in asker.done(late)["error"]


def test_an_agent_that_is_stopped_brings_home_what_is_under_way(realm, installed, programs):
    agent = hire(realm, installed, [programs["library_probe"], "agent"], "guest")
    asker = realm.client()
    task = asker.submit("later", params={"ms": 1000})["id"]
    until(lambda: asker.query("task", id=task)["task"]["state"] == "IN_PROGRESS", "it is under way")
    agent.send(signal.SIGTERM)
    assert agent.wait() == 0 and asker.done(task)["state"] == "COMPLETED"
