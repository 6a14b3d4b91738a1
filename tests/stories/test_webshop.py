# SPDX-License-Identifier: MPL-2.0
"""The webshop of examples/ is a real site: it starts in its bad state, each change shows, each way
back leads back, the outage hurts and ends, and nothing is left running."""

import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import time
import urllib.request

import pytest

SHOP = pathlib.Path(__file__).resolve().parents[2] / "examples" / "webshop"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
for program in ("nginx", "redis-server"):
    if not shutil.which(program, path=PATH):
        pytest.skip(f"{program} is not installed", allow_module_level=True)


def family(pid):
    """family lists a process and all that descend from it, with the times they started."""
    stats = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
            stats[int(entry.parent.name)] = (int(fields[1]), fields[19])
        except OSError:
            pass
    found = {pid}
    while more := {p for p, (parent, _) in stats.items() if parent in found} - found:
        found |= more
    return {p: stats[p][1] for p in found if p in stats}


def left_of(members):
    """left_of lists those of a family that live: the same pid with the same start."""
    return [pid for pid, born in members.items() if family(pid).get(pid) == born]


def until(true_of, patience_s=15):
    """until waits for what must come; it fails only when it never does."""
    deadline = time.monotonic() + patience_s
    while not (answer := true_of()):
        assert time.monotonic() < deadline, f"never came: {true_of.__doc__ or true_of}"
        time.sleep(0.05)
    return answer


class Shop:
    def __init__(self, data):
        self.env = {"HELIOS_DATA": str(data), "PATH": PATH}
        self.data = data
        self.process = subprocess.Popen([SHOP / "shop"], env=self.env, stdout=subprocess.PIPE,
                                        text=True)
        assert select.select([self.process.stdout], [], [], 30)[0], "the shop says nothing"
        assert self.process.stdout.readline() == "ready\n"
        self.ports = json.loads((data / "webshop" / "ports.json").read_text())

    def run(self, program, *argv, **env):
        return subprocess.run([SHOP / "bin" / program, *argv], env=dict(self.env, **env),
                              capture_output=True, text=True, timeout=30, check=False)

    def tune(self, *argv, **env):
        done = self.run("tune", *argv, **env)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def fetch(self, key, packed=True):
        headers = {"Accept-Encoding": "gzip" if packed else "identity"}
        with DIRECT.open(urllib.request.Request(self.ports[key], headers=headers), timeout=10) as a:
            return a.headers, a.read()

    def metric(self, key, name):
        for line in self.fetch(key, packed=False)[1].decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        return None

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(20)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    opened = Shop(tmp_path_factory.mktemp("data"))
    yield opened
    members = family(opened.process.pid)
    opened.stop()
    assert opened.process.returncode == 0
    until(lambda: not left_of(members))


def test_starts_bad_and_visitors_come(shop):
    headers, body = shop.fetch("PAGE_URL")
    assert headers["Content-Encoding"] is None and len(body) > 150_000
    until(lambda: shop.metric("VISITORS_METRICS_URL", "orders_per_minute"))
    assert shop.tune("diagnose", "compress_pages")["recommend"] is True


def test_change_once_a_key_and_back(shop):
    plain = shop.fetch("PAGE_URL")[1]
    first = shop.tune("apply", "compress_pages", "level=6", HELIOS_KEY="o-1/apply")
    assert first["undo"] == {"compress": 0}
    again = shop.tune("apply", "compress_pages", "level=6", HELIOS_KEY="o-1/apply")
    assert again["undo"] == first["undo"] and again["repeated"] is True
    headers, packed = shop.fetch("PAGE_URL")
    assert headers["Content-Encoding"] == "gzip" and len(packed) < len(plain) / 3
    assert shop.tune("check", "compress_pages") == {"pass": True, "findings": []}
    assert shop.tune("diagnose", "compress_pages")["recommend"] is False
    back = shop.tune("rollback", "compress_pages", HELIOS_UNDO_OF="o-1/apply")
    assert back["undone"] is True and shop.fetch("PAGE_URL")[1] == plain
    late = shop.run("tune", "apply", "compress_pages", HELIOS_KEY="o-1/apply")
    assert late.returncode == 1 and "rolled back" in late.stderr


def test_rollback_of_what_never_was_is_success(shop):
    answer = shop.tune("rollback", "grow_cache", HELIOS_UNDO_OF="o-2/apply")
    assert answer["undone"] is False
    late = shop.run("tune", "apply", "grow_cache", HELIOS_KEY="o-2/apply")
    assert late.returncode == 1 and "not applied again" in late.stderr


def test_crash_between_saving_and_changing_keeps_the_first_undo(shop):
    undo = shop.data / "webshop" / "undo" / "o-3.json"
    undo.write_text(json.dumps({"name": "api_workers", "state": "saved", "before": {"workers": 3}}))
    assert shop.tune("apply", "api_workers", HELIOS_KEY="o-3")["undo"] == {"workers": 3}
    shop.tune("rollback", "api_workers", HELIOS_UNDO_OF="o-3")
    assert shop.metric("API_METRICS_URL", "api_workers") == 3


def test_harmful_change_looks_good_and_makes_pages_heavy(shop):
    advice = shop.tune("diagnose", "inline_images")
    assert advice["recommend"] is True and "round trip" in advice["reason"]
    before = len(shop.fetch("PAGE_URL")[1])
    shop.tune("apply", "inline_images", HELIOS_KEY="o-4")
    assert len(shop.fetch("PAGE_URL")[1]) > 1.5 * before
    assert shop.tune("check", "inline_images")["pass"] is True   # right, only slow
    shop.tune("rollback", "inline_images", HELIOS_UNDO_OF="o-4")
    assert len(shop.fetch("PAGE_URL")[1]) == before


def test_outage_hurts_and_the_emergency_changes_mend_it(shop):
    def hit():
        return shop.metric("API_METRICS_URL", "api_product_hit_percent")

    assert shop.run("outage", "start").returncode == 0
    until(lambda: hit() < 20)
    assert until(lambda: shop.tune("diagnose", "restart_api")["recommend"])
    assert shop.tune("diagnose", "restore_cache")["recommend"] is True
    assert shop.tune("apply", "shed_load", HELIOS_KEY="e-1")["undo"] == {"shed_search": False}
    assert shop.fetch("SEARCH_URL")[0]["X-Stale"] == "yes"
    assert shop.tune("apply", "restart_api", HELIOS_KEY="e-2")["undo"] == {"fault_ms": 300}
    assert shop.tune("apply", "restore_cache", HELIOS_KEY="e-3")["undo"] == {"megabytes": 1.0}
    until(lambda: (hit() or 0) > 60)
    shop.tune("rollback", "shed_load", HELIOS_UNDO_OF="e-1")
    assert shop.run("outage", "stop").returncode == 0
    assert shop.tune("check", "restore_cache") == {"pass": True, "findings": []}


def test_outage_that_nobody_mended_ends(shop):
    size = shop.tune("diagnose", "grow_cache")["evidence"]["megabytes"]
    for verb in ("start", "start", "stop", "stop"):
        assert shop.run("outage", verb).returncode == 0
    assert shop.tune("diagnose", "grow_cache")["evidence"]["megabytes"] == size
    assert shop.metric("API_METRICS_URL", "api_fault_ms") == 0


@pytest.mark.parametrize("argv, code, text", [
    (("apply", "no_such_change"), 64, "is not one of"),
    (("apply", "grow_cache", "size_mb=-1"), 64, "whole number from 2 to 256"),
    (("apply", "grow_cache", "size=4"), 64, "unknown parameter size"),
    (("check", "grow_cache", "size_mb=4"), 64, "takes no parameters"),
    (("frobnicate", "grow_cache"), 64, "invalid choice"),
])
def test_wrong_arguments_are_named(shop, argv, code, text):
    done = shop.run("tune", *argv)
    assert done.returncode == code and text in done.stderr and not done.stdout


def test_second_shop_in_the_same_place_is_refused(shop):
    done = subprocess.run([SHOP / "shop"], env=shop.env, capture_output=True, text=True, timeout=20,
                          check=False)
    assert done.returncode == 69 and "already running" in done.stderr


@pytest.fixture
def doomed(tmp_path):
    opened = Shop(tmp_path)
    yield opened
    opened.stop()


def test_nothing_outlives_a_shop_that_is_killed(doomed):
    members = family(doomed.process.pid)
    assert len(members) >= 7   # the shop, cache, api, nginx and its worker, line, visitors
    doomed.stop(signal.SIGKILL)
    until(lambda: not left_of(members))
    done = doomed.run("tune", "apply", "compress_pages")
    assert done.returncode == 69 and "no shop is running" in done.stderr
