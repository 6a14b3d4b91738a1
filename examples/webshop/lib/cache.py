# SPDX-License-Identifier: MPL-2.0
"""cache owns the shop's own Redis: how it is started, its size, and how it is filled."""

import random

import redis

from . import goods, paths

BAD_MB, GOOD_MB = 2.5, 24
_CONF = """bind {bind}
protected-mode no
port {port}
dir {home}
save ""
appendonly no
maxmemory {bytes}
maxmemory-policy allkeys-lru
maxmemory-samples 10
enable-debug-command no
enable-protected-configs no
"""


def size_bytes(megabytes):
    return int(megabytes * 1024 * 1024)


def write_conf(port, megabytes):
    paths.write(paths.at("cache.conf"), _CONF.format(bind=paths.BIND, port=port, home=paths.home(),
                                                     bytes=size_bytes(megabytes)))


class Cache:
    """Cache speaks to the running cache."""

    def __init__(self, port):
        self.port = port
        self.redis = redis.Redis(host=paths.HOST, port=port, socket_timeout=3)

    def megabytes(self):
        return int(self.redis.config_get("maxmemory")["maxmemory"]) / 1024 / 1024

    def resize(self, megabytes):
        """resize changes the running cache and its conf, so that a restart keeps the size."""
        self.redis.config_set("maxmemory", size_bytes(megabytes))
        write_conf(self.port, megabytes)

    def counts(self):
        info = self.redis.info()
        return {k: info[k] for k in ("keyspace_hits", "keyspace_misses", "evicted_keys",
                                     "used_memory")}

    def fill(self, numbers):
        """fill asks the database itself, past an API that may be sick; it stops when the cache
        is full and answers how many it put there."""
        shelf, ttl, put = goods.Shelf(), 900, 0
        for number in numbers:
            try:
                self.redis.set(f"product:{number}", shelf.product(number), ex=ttl)
            except redis.exceptions.ResponseError:   # OOM: not even one fits
                break
            put += 1
        return put

    def warm(self):
        """warm brings in everything, the least wanted first: if not all fits, those go first."""
        return self.fill(range(goods.PRODUCTS - 1, -1, -1))

    def fill_searches(self, ttl_s):
        shelf = goods.Shelf()
        for term in goods.TERMS:
            self.redis.set(f"search:{term}", shelf.search(term), ex=ttl_s)

    def forget_searches(self):
        for key in self.redis.scan_iter("search:*", count=1000):
            self.redis.delete(key)

    def settle(self, seed):
        """settle brings the cache into the state that a while of visits would leave."""
        wanted = goods.Popularity(random.Random(seed), goods.PRODUCTS)
        return self.fill(dict.fromkeys(wanted.draw() for _ in range(600)))

    def clear(self):
        self.redis.flushall()
