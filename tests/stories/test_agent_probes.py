# SPDX-License-Identifier: MPL-2.0
"""What probes measure of small servers whose figures are known, and how samples are numbered."""

import gzip
import http.server
import os
import shutil
import signal
import socket
import subprocess
import threading

import pytest

from fake_controller import wait_until
from test_agent import make_stage, program  # noqa: F401 (a fixture)

PAGE = b"<html>" + b"hello " * 5000


class Site(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        site = self.server
        site.connections.add(self.client_address)
        if self.path == "/silent":
            site.ended.wait(30)
            return
        self.send_response({"/broken": 503}.get(self.path, 200))
        body = PAGE
        if self.path == "/metrics":
            site.count += 100
            body = (f"# HELP x y\nshop_requests_total{{code=\"200\",path=\"/a\"}} {site.count}\n"
                    f"shop_requests_total{{code=\"500\"}} 7\nshop_wait_ms 12.5\nshop_odd NaN\n").encode()
        elif "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(PAGE)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(name="site")
def make_site():
    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    site.daemon_threads = True
    site.count, site.connections, site.ended = 0, set(), threading.Event()
    site.url = f"http://127.0.0.1:{site.server_port}"
    threading.Thread(target=site.serve_forever, daemon=True).start()
    yield site
    site.ended.set()
    site.shutdown()
    site.server_close()


def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def http_probe(url, **more):
    return {"kind": "http", "url": url, "every": "50ms", **more}


def test_http_figures(stage, site):
    kpis = {"page_time": "total_ms", "first_byte": "first_byte_ms", "page_bytes": "bytes", "code": "status"}
    c, _ = stage.both(probes={
        "packed": http_probe(site.url + "/", kpis=kpis, error_kpi="page_errors"),
        "plain": http_probe(site.url + "/", compressed=False, kpis={"plain_bytes": "bytes"})})
    assert 0 < c.reading("first_byte") <= c.reading("page_time") < 5000
    assert c.reading("code") == 200 and c.reading("page_errors") == 0
    small, big = c.reading("page_bytes"), c.reading("plain_bytes")
    assert len(gzip.compress(PAGE)) < small < 2000 < len(PAGE) < big < len(PAGE) + 1000
    c.wait(lambda: len(c.readings("page_time")) >= 3, "three readings")
    assert len(site.connections) >= 3  # each as a new visitor has it


def test_http_errors_count_as_the_whole_timeout(stage, site):
    c, a = stage.both(probes={
        "broken": http_probe(site.url + "/broken", kpis={"b_time": "total_ms", "b_code": "status"},
                             error_kpi="b_errors", timeout="3s"),
        "silent": http_probe(site.url + "/silent", kpis={"s_time": "total_ms", "s_bytes": "bytes"},
                             error_kpi="s_errors", timeout="100ms"),
        "absent": http_probe(f"http://127.0.0.1:{closed_port()}/", kpis={"a_time": "total_ms"},
                             error_kpi="a_errors", timeout="2s")})
    assert c.reading("b_time") == 3000 and c.reading("b_errors") == 100 and c.reading("b_code") == 503
    assert c.reading("s_time") == 100 and c.reading("s_errors") == 100
    assert c.reading("a_time") == 2000 and c.reading("a_errors") == 100
    assert not c.readings("s_bytes") and a.said("probe.failing")


def test_samples_are_numbered(stage, site):
    """H1, L4: consecutive for each source, the same for every controller."""
    one, two = stage.controller("one"), stage.controller("two")
    stage.agent(controllers=("one", "two"), members={"a1": {"swarm": "s"}, "a2": {"swarm": "s"}},
                probes={"page": http_probe(site.url + "/", agents=["a2"]),
                        "host": {"kind": "system", "every": "50ms", "kpis": {"m": "memory_bytes", "l": "load1"}}})
    for c in one, two:
        c.wait(lambda: len(c.readings("page")) >= 3 and len(c.readings("m")) >= 3, "samples")
    for source in "a1", "a2":
        numbered = {}
        for c in one, two:
            mine = [m for m in c.samples if m["source"] == source]
            assert len({m["instance"] for m in mine}) == 1
            for before, after in zip(mine, mine[1:]):
                assert after["first"] == before["first"] + len(before["items"])
            for m in mine:
                for n, item in enumerate(m["items"], m["first"]):
                    assert numbered.setdefault(n, item) == item
    assert {i["kpi"] for m in one.samples if m["source"] == "a2" for i in m["items"]} == {"page"}


def test_prometheus_figures(stage, site):
    c, _ = stage.both(probes={"shop": {"kind": "prometheus", "url": site.url + "/metrics", "every": "50ms", "kpis": {
        "wait": "shop_wait_ms", "failed": 'shop_requests_total{code="500"}', "all": "shop_requests_total",
        "rate": "rate(shop_requests_total)", "odd": "shop_odd", "absent": "shop_absent"}}})
    assert c.reading("wait") == 12.5 and c.reading("failed") == 7
    assert c.reading("all") % 100 == 7
    assert 0 < c.reading("rate") <= 100 * 1000
    assert not c.readings("odd") and not c.readings("absent")  # not measured = not sent
    site.count = 0  # a counter that goes back gives no rate
    rates = len(c.readings("rate"))
    c.wait(lambda: len(c.readings("rate")) > rates + 1, "more rates")
    assert all(r >= 0 for r in c.readings("rate"))


@pytest.mark.skipif(not shutil.which("redis-server"), reason="no redis-server here")
def test_redis_figures(stage):
    path = str(stage.path / "r.sock")
    redis = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", path, "--save", ""],
                             stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: os.path.exists(path), "Redis")
        c, a = stage.both(probes={"cache": {"kind": "redis", "url": "unix:r.sock", "every": "50ms", "kpis": {
            "hits": "hit_percent", "ping": "ping_ms", "memory": "used_memory", "odd": "redis_version"}}})
        assert c.reading("memory") > 100000 and 0 < c.reading("ping") < 5000
        assert not c.readings("hits")  # nobody asked it anything
        subprocess.run(["redis-cli", "-s", path], input="\n".join(["set a 1"] + ["get a"] * 3 + ["get b"]),
                       text=True, stdout=subprocess.DEVNULL, check=True)
        hits = c.reading("hits")
        assert 0 <= hits <= 100 and not c.readings("odd")
    finally:
        redis.kill()
        redis.wait()
    c.wait(lambda: a.said("probe.failing"), "the log to say it")


def test_command_figures(stage):
    names = program(stage.path, "names", 'echo "orders 12"; echo "sales 99.5"; echo nonsense; echo "bad x"')
    number = program(stage.path, "number", "echo 42")
    c, a = stage.both(probes={
        "business": {"kind": "command", "run": [names], "every": "50ms"},
        "some": {"kind": "command", "run": [names], "every": "50ms", "kpis": {"renamed": "sales"}},
        "one": {"kind": "command", "run": [number], "every": "50ms"},
        "failing": {"kind": "command", "run": ["/bin/sh", "-c", "echo 1; exit 1"], "every": "50ms"},
        "hanging": {"kind": "command", "run": ["/bin/sleep", "600"], "every": "50ms", "timeout": "100ms"}})
    assert c.reading("orders") == 12 and c.reading("sales") == 99.5 and c.reading("renamed") == 99.5
    assert c.reading("one") == 42
    c.wait(lambda: a.said("hanging: no end") and a.said("failing: its program failed"), "both to be said")
    assert not c.readings("failing") and not c.readings("hanging") and not c.readings("bad")


def test_system_figures(stage):
    busy = subprocess.Popen(["/bin/sh", "-c", "sleep 600 & wait"], start_new_session=True)
    try:
        (stage.path / "busy.pid").write_text(str(busy.pid))
        c, _ = stage.both(probes={
            "host": {"kind": "system", "every": "100ms", "kpis": {
                "cpu": "cpu_percent", "memory": "memory_bytes", "share": "memory_percent", "load": "load1"}},
            "proc": {"kind": "system", "every": "100ms", "pidfile": "busy.pid", "kpis": {
                "p_cpu": "cpu_percent", "p_memory": "memory_bytes", "p_load": "load1"}}})
        assert 0 <= c.reading("cpu") <= 100 and 0 < c.reading("share") < 100 and c.reading("load") >= 0
        assert 0 <= c.reading("p_cpu") < 50
        rss = 0
        for pid in str(busy.pid), open(f"/proc/{busy.pid}/task/{busy.pid}/children").read().split()[0]:
            with open(f"/proc/{pid}/statm", encoding="utf-8") as file:
                rss += int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")
        assert c.reading("p_memory") == pytest.approx(rss, rel=0.5) and not c.readings("p_load")
    finally:
        os.killpg(busy.pid, signal.SIGKILL)
        busy.wait()


def test_probes_never_hold_tasks_up(stage, site):
    c, _ = stage.both(actions={"echo": {"builtin": "echo"}},
                      probes={"silent": http_probe(site.url + "/silent", timeout="60s")})
    c.wait(lambda: site.connections, "the probe to be under way")
    for n in range(20):
        assert c.run(f"t-{n}", "echo")["outcome"] == "COMPLETED"
