# SPDX-License-Identifier: MPL-2.0
"""Redis servers that find each other over loopback TCP: a master and its replica, sentinels, the nodes of a cluster."""

import pathlib
import socket

import redis

from helios import Process, until


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Server:
    """One redis-server, or with sentinel=True one that watches others."""

    def __init__(self, path, *options, sentinel=False, durable=True):
        self.path, self.port = pathlib.Path(path), free_port()
        self.path.mkdir(parents=True, exist_ok=True)
        kept = ["--save", "", "--appendonly", "yes", "--appendfsync", "always"] if durable and not sentinel else []
        self.words = ["--bind", "127.0.0.1", "--port", self.port, "--dir", self.path, *kept, *options]
        self.sentinel = sentinel
        self.start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def start(self):
        file = self.path / "redis.conf"
        file.touch()  # a sentinel writes into it
        self.process = Process(["redis-server", file, *self.words, *(["--sentinel"] if self.sentinel else [])], self.path / "redis.log")
        until(self.answers, "Redis answers")

    def client(self):
        return redis.Redis(port=self.port, decode_responses=True)

    def answers(self):
        assert self.process.running(), self.process.log.read_text()
        try:
            return self.client().ping()
        except redis.exceptions.RedisError:
            return False

    def stop(self):
        if self.process.running():
            self.process.kill()
