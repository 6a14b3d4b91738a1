# SPDX-License-Identifier: MPL-2.0
"""changes owns what can be done to the shop: one row a change, which says what it sets and where.
It knows how to set a value and how to read the one before; undo and its keys are in undo.py."""

import os
import signal
import time
from collections import namedtuple

from . import cache, edge, pages, paths, web

# A parameter of a change: k=v on the command line, an integer between low and high.
Param = namedtuple("Param", "name default low high")
# place: where the settings lie; settings: name -> Param or a fixed value; then: what makes it
# take effect at once; swarm: who does this work; note: what a person reads.
Change = namedtuple("Change", "swarm place settings prepare then note")


class Edge:
    @staticmethod
    def read(_ports, names):
        now = edge.settings()
        return {name: now[name] for name in names}

    @staticmethod
    def write(ports, values):
        edge.change(values, ports)


class CacheSize:
    @staticmethod
    def read(ports, _names):
        return {"megabytes": cache.Cache(ports["CACHE_PORT"]).megabytes()}

    @staticmethod
    def write(ports, values):
        cache.Cache(ports["CACHE_PORT"]).resize(values["megabytes"])


class ApiSettings:
    @staticmethod
    def read(_ports, names):
        now = paths.read_json(paths.at("api.json"))
        return {name: now[name] for name in names}

    @staticmethod
    def write(ports, values):
        """write waits until the API works by the new settings."""
        now = paths.read_json(paths.at("api.json"))
        version = now.get("version", 0) + 1
        paths.write_json(paths.at("api.json"), dict(now, **values, version=version))
        wait_for_api(ports, lambda seen: seen.get("api_settings_version") == version)
        if "search_ttl_s" in values:   # what was kept by the old rule would hide the new one
            cache.Cache(ports["CACHE_PORT"]).forget_searches()


class ApiFault:
    """ApiFault is the slowness inside the running API process: a restart is what clears it."""

    @staticmethod
    def read(ports, _names):
        return {"fault_ms": int(web.metrics(ports["API_METRICS_URL"]).get("api_fault_ms", 0))}

    @staticmethod
    def write(ports, values):
        """write restarts for a clean process; the way back is no way: nobody wants a slowness again."""
        if not values["fault_ms"]:
            restart(ports)


def inject(ports, milliseconds):
    url = f"http://{paths.HOST}:{ports['API_PORT']}/fault/{milliseconds}"
    if web.ask(url, method="POST").status != 200:
        raise RuntimeError("the API does not answer")


def restart(ports, grace_s=1.0):
    """restart ends the API process, a stuck one the hard way; the shop starts it again on the same
    socket."""
    before = int(paths.read(paths.at("api.pid")))
    os.kill(before, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    while int(paths.read(paths.at("api.pid"))) == before and time.monotonic() < deadline:
        time.sleep(0.05)
    if int(paths.read(paths.at("api.pid"))) == before:
        os.kill(before, signal.SIGKILL)
    wait_for_api(ports, lambda seen: int(paths.read(paths.at("api.pid"))) != before and seen)


def wait_for_api(ports, true_of, patience_s=15):
    deadline = time.monotonic() + patience_s
    while not true_of(web.metrics(ports["API_METRICS_URL"])):
        if time.monotonic() > deadline:
            raise RuntimeError(f"the API did not take the change over within {patience_s} s")
        time.sleep(0.05)


def warm(ports):
    return f"{cache.Cache(ports['CACHE_PORT']).warm()} products were brought into the cache"


def warm_searches(ports):
    ttl_s = paths.read_json(paths.at("api.json"))["search_ttl_s"]
    cache.Cache(ports["CACHE_PORT"]).fill_searches(ttl_s)
    return "the usual searches were brought into the cache"


PLACES = {"edge": Edge, "cache": CacheSize, "api": ApiSettings, "fault": ApiFault}
CHANGES = {
    "compress_pages": Change("frontend", "edge", {"compress": Param("level", 5, 1, 9)}, None, None,
                             "pages, style, script and JSON are compressed"),
    "cache_assets": Change("frontend", "edge",
                           {"cache_assets_s": Param("max_age_s", 86400, 10, 31536000)}, None, None,
                           "browsers may keep style, script and pictures"),
    "keepalive_api": Change("frontend", "edge", {"keepalive": Param("connections", 16, 1, 128)},
                            None, None, "connections from nginx to the API are kept and reused"),
    "inline_images": Change("frontend", "edge", {"inline_images": True}, pages.inline, None,
                            "every picture travels inside its page"),
    "grow_cache": Change("backend", "cache",
                         {"megabytes": Param("size_mb", cache.GOOD_MB, 2, 256)}, None, warm,
                         "the cache holds the working set"),
    "longer_cache_ttl": Change("backend", "api", {"search_ttl_s": Param("ttl_s", 300, 5, 3600)},
                               None, warm_searches, "search answers stay in the cache"),
    "api_workers": Change("backend", "api", {"workers": Param("workers", 12, 1, 64)}, None, None,
                          "the API works on more requests at once"),
    "restore_cache": Change("backend", "cache", {"megabytes": cache.GOOD_MB}, None, warm,
                            "emergency: the cache has its good size again and is warm"),
    "restart_api": Change("backend", "fault", {"fault_ms": 0}, None, None,
                          "emergency: a fresh API process serves"),
    "shed_load": Change("frontend", "edge", {"shed_search": True}, None, None,
                        "emergency: nginx answers searches from a stale page, past the API"),
}


def values_of(change, given):
    """values_of turns k=v arguments into settings, or raises ValueError with a plain sentence."""
    values, known = {}, {}
    for setting, what in change.settings.items():
        if isinstance(what, Param):
            known[what.name] = what
            values[setting] = what.default
        else:
            values[setting] = what
    for name, text in given.items():
        if name not in known:
            raise ValueError(f"unknown parameter {name}: there is {', '.join(known) or 'none'}")
        param = known[name]
        if not text.isdigit() or not param.low <= int(text) <= param.high:
            raise ValueError(f"{name} must be a whole number from {param.low} to {param.high}")
        values[next(s for s, w in change.settings.items() if w is param)] = int(text)
    return values


def read(change, ports):
    return PLACES[change.place].read(ports, list(change.settings))


def write(change, ports, values):
    PLACES[change.place].write(ports, values)


def apply(change, ports, values):
    """apply makes the change and answers what a person should know about it."""
    if change.prepare:
        change.prepare()
    write(change, ports, values)
    more = change.then(ports) if change.then else ""
    return change.note + (f"; {more}" if more else "")
