# SPDX-License-Identifier: MPL-2.0
"""api is the shop's API server: product, shelf, search, cart and checkout, answered from the
cache or from the database, which lies a network round trip away. It owns no setting: api.json
holds them and is read again whenever it changes."""

import asyncio
import json
import os
import random
import signal
import sys
import time
import urllib.parse

import redis.asyncio

from . import figures, goods, http11, paths
from .workers import Full, Workers

BAD = {"workers": 5, "search_ttl_s": 1, "product_ttl_s": 900, "db_round_trip_ms": 15, "version": 0}
LOGIN_ROUND_TRIPS = 3   # a new connection logs in to the database: greeting, proof, session
SEARCH_ROUND_TRIPS = 5  # parse, find, count, price, stock
SHELF_SIZE = 6
JSON = "application/json"


class Api:
    def __init__(self, cache_port):
        self.settings, self.seen = dict(BAD), None
        self.fault_ms = 0     # the outage's injury: lives in this process and dies with it
        self.shelf = goods.Shelf()
        self.cache = redis.asyncio.Redis(host="127.0.0.1", port=cache_port, socket_timeout=1)
        self.workers = Workers(BAD["workers"])
        rng = random.Random(4)
        self.wanted = goods.Popularity(rng, goods.PRODUCTS)
        self.terms = goods.Popularity(rng, len(goods.TERMS))
        self.requests = self.logins = 0
        self.served_ms, self.trip_ms, self.failed = (figures.Window() for _ in range(3))
        self.hits = {"product": figures.Window(), "search": figures.Window()}

    async def follow_settings(self):
        """follow_settings takes changes over within a fifth of a second, without a restart."""
        while True:
            stamp = os.stat(paths.at("api.json")).st_mtime_ns
            if stamp != self.seen:
                self.seen = stamp
                self.settings = dict(BAD, **paths.read_json(paths.at("api.json"), {}))
                self.workers.resize(self.settings["workers"])
            await asyncio.sleep(0.2)

    async def travel(self):
        """travel is one round trip to the database."""
        began = time.monotonic()
        await asyncio.sleep((self.settings["db_round_trip_ms"] + self.fault_ms) / 1000)
        self.trip_ms.add(1000 * (time.monotonic() - began))

    async def ask(self, question, *args):
        """ask costs a round trip and the query's own real time."""
        await self.travel()
        return question(*args)

    async def ask_search(self, term):
        for _ in range(SEARCH_ROUND_TRIPS - 1):
            await self.travel()
        return await self.ask(self.shelf.search, term)

    async def cached(self, kind, key, ttl_s, question, *args):
        name = f"{kind}:{key}"
        try:
            found = await self.cache.get(name)
        except redis.RedisError:
            found = None
        self.hits[kind].add(found is not None)
        if found is not None:
            return found.decode()
        answer = await question(*args)
        if answer is not None:
            try:
                await self.cache.set(name, answer, ex=ttl_s)
            except redis.RedisError:
                pass          # a full or absent cache costs time, never an answer
        return answer

    def product(self, number):
        return self.cached("product", number, self.settings["product_ttl_s"],
                           self.ask, self.shelf.product, number)

    async def get_product(self, rest, _):
        return await self.product(int(rest)) if rest.isdigit() else None

    async def get_shelf(self, *_):
        """get_shelf shows what is popular: six products, one after the other."""
        shown = [json.loads(await self.product(self.wanted.draw())) for _ in range(SHELF_SIZE)]
        return json.dumps([{k: p[k] for k in ("id", "name", "cents", "stars")} for p in shown])

    async def get_search(self, rest, query):
        """get_search looks for a term; without one it shows what others look for."""
        if rest == "/popular":
            term = goods.TERMS[self.terms.draw()]
        else:
            term = query.get("q", [""])[0][:40]
        return await self.cached("search", term, self.settings["search_ttl_s"],
                                 self.ask_search, term)

    async def get_ping(self, *_):
        return '{"pong": true}'

    async def post_cart(self, rest, _):
        found = await self.product(int(rest)) if rest.isdigit() else None
        return found and json.dumps({"cart": [json.loads(found)["id"]]})

    async def post_checkout(self, rest, _):
        return await self.ask(self.shelf.order, int(rest)) if rest.isdigit() else None

    async def get_metrics(self, *_):
        row, hits = "gauge", self.hits
        return figures.prometheus([
            ("api_requests_total", "counter", "requests since the start", self.requests),
            ("api_logins_total", "counter", "connections that logged in", self.logins),
            ("api_workers", row, "requests worked on at once", self.workers.count),
            ("api_settings_version", row, "settings in force", self.settings["version"]),
            ("api_fault_ms", row, "injected slowness a database call", self.fault_ms),
            ("api_service_time_ms", row, "mean time in the API, 5 s", self.served_ms.mean()),
            ("api_queue_time", row, "mean wait for a worker in ms, 5 s",
             self.workers.waited_ms.mean()),
            ("api_database_time_ms", row, "mean database round trip, 5 s", self.trip_ms.mean()),
            ("api_failed_percent", row, "requests answered 5xx, 5 s", self.failed.percent()),
            ("api_product_hit_percent", row, "product cache hits, 5 s", hits["product"].percent()),
            ("api_search_hit_percent", row, "search cache hits, 5 s", hits["search"].percent()),
        ])

    async def post_fault(self, rest, _):
        self.fault_ms = int(rest)
        return "{}"

    async def work(self, first, act, rest, query):
        """work holds one worker for the whole request, the login of its connection included."""
        async with self.workers:
            if first:
                self.logins += 1
                for _ in range(LOGIN_ROUND_TRIPS):
                    await self.travel()
            return await act(rest, query)

    async def handle(self, first, method, target, _body):
        parts = urllib.parse.urlsplit(target)
        for (verb, prefix), (act, kind, counted) in ROUTES.items():
            if verb == method and parts.path.startswith(prefix):
                break
        else:
            return 404, JSON, b'{"error": "not found"}'
        rest, query = parts.path[len(prefix):], urllib.parse.parse_qs(parts.query)
        if not counted:
            return 200, kind, (await act(self, rest, query)).encode()
        return await self.count(first, lambda *a: act(self, *a), rest, query)

    async def count(self, first, act, rest, query):
        began = time.monotonic()
        self.requests += 1
        try:
            answer = await self.work(first, act, rest, query)
        except Full:
            self.failed.add(True)
            return 503, JSON, b'{"error": "no worker became free in time"}'
        self.failed.add(False)
        self.served_ms.add(1000 * (time.monotonic() - began))
        if answer is None:
            return 404, JSON, b'{"error": "not found"}'
        return 200, JSON, answer.encode()


# (method, prefix): what answers, its content type, and whether it is a visitor's request
ROUTES = {
    ("GET", "/api/product/"): (Api.get_product, JSON, True),
    ("GET", "/api/shelf"): (Api.get_shelf, JSON, True),
    ("GET", "/api/search"): (Api.get_search, JSON, True),
    ("GET", "/api/ping"): (Api.get_ping, JSON, True),
    ("POST", "/api/cart/"): (Api.post_cart, JSON, True),
    ("POST", "/api/checkout/"): (Api.post_checkout, JSON, True),
    ("GET", "/metrics"): (Api.get_metrics, "text/plain; version=0.0.4", False),
    ("POST", "/fault/"): (Api.post_fault, JSON, False),
}


async def serve(fd, cache_port):
    api = Api(cache_port)
    server = await http11.Server(api.handle).listen(fd)
    paths.write(paths.at("api.pid"), f"{os.getpid()}\n")
    following = asyncio.create_task(api.follow_settings())
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait([stopped, following], return_when=asyncio.FIRST_COMPLETED)
    server.close()
    if following.done():
        following.result()    # a broken api.json is an error to show, not to hide
    for _ in range(20):       # let those who are being served have their answer
        if not api.workers.busy:
            break
        await asyncio.sleep(0.05)


def main():
    if len(sys.argv) != 3 or "--help" in sys.argv:
        print("usage: api LISTEN_FD CACHE_PORT (started by the shop)")
        sys.exit(0 if "--help" in sys.argv else paths.USAGE)
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))


if __name__ == "__main__":
    main()
