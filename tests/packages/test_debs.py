# SPDX-License-Identifier: MPL-2.0
"""The Debian packages, told as one story in a clean root: built, installed, used, upgraded, removed, purged."""

import json
import os
import pathlib
import re
import shutil
import stat
import subprocess

import pytest

import clean_root
from clean_root import until

BUILD = pathlib.Path(os.environ["HELIOS_BUILD"])
EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples" / "c"
WANTED = "etc/systemd/system/multi-user.target.wants/heliosd.service"
NO_MIRROR = re.compile(r"Could not (resolve|connect)|Failed to fetch|Unable to connect")
TOOL = ("helios", "--controller", "tcp://127.0.0.1")

reason = clean_root.why_not()
in_a_root = pytest.mark.skipif(bool(reason), reason=f"a clean root cannot be made: {reason}")


@pytest.fixture(name="debs", scope="module")
def make_debs(tmp_path_factory):
    """debs are the packages of this build, each by its name."""
    if not shutil.which("dpkg-shlibdeps"):
        pytest.skip("there is no dpkg-dev")
    out = tmp_path_factory.mktemp("debs")
    subprocess.run(["cpack", "--config", BUILD / "CPackConfig.cmake", "-B", out], check=True, capture_output=True, cwd=BUILD)
    return {deb.name.partition("_")[0]: deb for deb in out.glob("*.deb")}


def field(deb, name):
    return subprocess.run(["dpkg-deb", "-f", deb, name], capture_output=True, text=True, check=True).stdout.strip()


def needs(debs):
    """needs are the packages that these depend on or recommend, in the first of several ways; and what boots."""
    lines = [line for deb in debs.values() for name in ("Depends", "Pre-Depends", "Recommends")
             for line in field(deb, name).split(",") if line.strip()]
    return sorted({re.match(r"[^ (]+", line.strip())[0] for line in lines} - set(debs) | {"systemd-sysv"})


def test_there_is_a_package_for_each_part(debs):
    assert set(debs) == {"helios-controller", "helios-agent", "helios-tools", "libhelios0", "libhelios-dev"}
    for name, deb in debs.items():
        needed = field(deb, "Depends")
        assert needed.startswith("libhelios0 (= ") if name == "libhelios-dev" else "libc6 (>=" in needed


def test_programs_are_built_against_the_library_packages(debs, tmp_path):
    """As they lie in the packages: the examples by pkg-config, the same by CMake, found without the build tree."""
    root = tmp_path / "root"
    for name in ("libhelios0", "libhelios-dev"):
        subprocess.run(["dpkg-deb", "-x", debs[name], root], check=True)
    lib = next(root.rglob("libhelios.so")).parent
    env = {**os.environ, "PKG_CONFIG_SYSROOT_DIR": str(root), "PKG_CONFIG_PATH": str(lib / "pkgconfig"), "LD_LIBRARY_PATH": str(lib),
           "CMAKE_PREFIX_PATH": str(root / "usr")}
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "helios"], check=True, capture_output=True, text=True, env=env).stdout.split()
    for name in ("agent", "client"):
        subprocess.run(["cc", EXAMPLES / f"{name}.c", "-o", tmp_path / name, *flags], check=True)
    subprocess.run(["cmake", "-S", EXAMPLES, "-B", tmp_path / "b"], check=True, capture_output=True, env=env)
    subprocess.run(["cmake", "--build", tmp_path / "b"], check=True, capture_output=True, env=env)
    for program in (tmp_path / "client", tmp_path / "b" / "client"):
        done = subprocess.run([program], capture_output=True, text=True, check=False, env={**env, "HELIOS_DATA": str(tmp_path)})
        assert done.returncode == 1 and "endpoints.json" in done.stderr, done


@pytest.mark.skipif(not shutil.which("lintian"), reason="there is no lintian")
@pytest.mark.skipif(not (BUILD / "man").exists(), reason="without scdoc there are no man pages, and lintian says so")
def test_lintian_has_nothing_to_say(debs):
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", *debs.values()], capture_output=True,
                          text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


@pytest.fixture(name="root", scope="module")
def make_root(debs):
    try:
        root = clean_root.CleanRoot(BUILD / "tests/packages/root", needs(debs))
    except subprocess.CalledProcessError as error:
        assert NO_MIRROR.search(error.stderr), error.stderr
        pytest.skip("a clean root cannot be made: no Debian mirror can be reached")
    (root.path / "debs").mkdir()
    for deb in debs.values():
        shutil.copy(deb, root.path / "debs")
    root.before = root.things()
    yield root
    root.close()


def install(root, debs):
    root.run("dpkg", "-i", "--force-confold", *[f"/debs/{deb.name}" for deb in debs.values()])


def owner(root, path):
    return root.run("stat", "-c", "%U:%G %a", f"/{path}").strip()


def ask(root, *words, user="daemon"):
    """ask is an answer of the tool as a thing, None when there was none."""
    shown = root.run(*TOOL[:1], *words, "--json", *TOOL[1:], user=user, check=False)
    return json.loads(shown) if shown.strip() else None


@in_a_root
def test_they_install_with_users_directories_and_configs(root, debs):
    install(root, debs)
    assert owner(root, "var/lib/helios") == "helios:helios 750"
    assert owner(root, "var/lib/helios-agent") == "helios-agent:helios-agent 750"
    for user in ("helios", "helios-agent"):
        entry = next(line for line in (root.path / "etc/passwd").read_text().splitlines() if line.startswith(f"{user}:"))
        assert entry.endswith("/nologin")
    assert (root.path / WANTED).is_symlink()
    assert stat.S_IMODE((root.path / "etc/helios/helios.yaml").stat().st_mode) == 0o644
    assert root.run("dpkg", "--verify") == ""
    assert "libhelios.so.0" in root.run("ldconfig", "-p")


@in_a_root
def test_the_services_run_as_their_users_and_do_a_task(root):
    if root.booted:
        assert root.run("systemctl", "is-active", "heliosd").strip() == "active", "installing has started it, and it was ready"
        root.run("systemctl", "enable", "--now", "helios-agent@local")
    else:
        root.start("heliosd", "--config", "/etc/helios/helios.yaml", user="helios")
        root.start("helios-agent", "/etc/helios/agents/local.yaml", user="helios-agent")
    until(lambda: (ask(root, "status") or {}).get("realm") == "default", "the controller answers")
    until(lambda: "local" in json.dumps(ask(root, "agents")), "the agent is known")
    assert "COMPLETED" in root.run("helios", "submit", "echo", "--params", '{"text": "hello"}', "--wait", *TOOL[1:], user="daemon")
    until(lambda: any(s["stored"] for s in ask(root, "sources")["sources"]), "the machine is measured")


def shown(root, unit, name):
    return root.run("systemctl", "show", "--value", "-p", name, unit).strip()


@in_a_root
@pytest.mark.parametrize("unit", ["heliosd", "helios-agent@local"])
def test_systemd_has_them_under_watch_and_reloads_them(root, unit):
    if not root.booted:
        pytest.skip("systemd-nspawn cannot boot here: the units are not run")
    before = [shown(root, unit, name) for name in ("MainPID", "WatchdogTimestampMonotonic")]
    assert before[1] != "0"
    root.run("systemctl", "reload", unit)
    until(lambda: "config.same" in root.run("journalctl", "-u", unit) or "agent.reload" in root.run("journalctl", "-u", unit), "it has read it")
    until(lambda: shown(root, unit, "ActiveState") == "active", "the reload is over")
    assert (shown(root, unit, "MainPID"), shown(root, unit, "NRestarts")) == (before[0], "0")


@in_a_root
def test_a_controller_that_hangs_is_ended_and_started_again(root):
    if not root.booted:
        pytest.skip("systemd-nspawn cannot boot here: the units are not run")
    impatient = root.path / "etc/systemd/system/heliosd.service.d/impatient.conf"
    impatient.parent.mkdir()
    impatient.write_text("[Service]\nWatchdogSec=1\n")
    root.run("systemctl", "daemon-reload")
    root.run("systemctl", "restart", "heliosd")
    root.run("systemctl", "kill", "--kill-who=main", "--signal=STOP", "heliosd")
    until(lambda: shown(root, "heliosd", "NRestarts") == "1" and shown(root, "heliosd", "ActiveState") == "active", "it runs again")
    assert "Watchdog timeout" in root.run("journalctl", "-u", "heliosd")
    shutil.rmtree(impatient.parent)
    root.run("systemctl", "daemon-reload")


@in_a_root
def test_an_upgrade_restarts_them_and_keeps_what_the_administrator_has_changed(root, debs):
    config = root.path / "etc/helios/helios.yaml"
    config.write_text(config.read_text() + "# mine\n")
    before = root.run("pidof", "heliosd", "helios-agent").split()
    install(root, debs)
    assert config.read_text().endswith("# mine\n")
    if root.booted:
        after = root.run("pidof", "heliosd", "helios-agent").split()
        assert len(after) == 2 and not set(before) & set(after)
        until(lambda: "local" in json.dumps(ask(root, "agents")), "the agent is known again")


@in_a_root
def test_they_stop_cleanly(root):
    if root.booted:
        for unit in ("helios-agent@local", "heliosd"):
            root.run("systemctl", "stop", unit)
            assert (shown(root, unit, "Result"), shown(root, unit, "ExecMainStatus")) == ("success", "0")
        root.run("systemctl", "start", "heliosd", "helios-agent@local")
    else:
        assert (root.stop("helios-agent"), root.stop("heliosd")) == (0, 0)
        assert root.run("pidof", "redis-server", check=False) == ""


@in_a_root
def test_a_removal_keeps_config_and_state(root, debs):
    root.run("dpkg", "--remove", *debs)
    assert root.run("pidof", "heliosd", "helios-agent", check=False) == ""
    assert not (root.path / "usr/bin/heliosd").exists()
    assert (root.path / "etc/helios/helios.yaml").exists() and (root.path / "var/lib/helios/redis").exists()


@in_a_root
def test_a_purge_leaves_nothing_behind(root, debs):
    root.run("dpkg", "--purge", *debs)
    assert sorted(root.things() - root.before) == []
    assert sorted(root.before - root.things()) == []
    assert not (root.path / WANTED).is_symlink()
