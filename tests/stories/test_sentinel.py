# SPDX-License-Identifier: MPL-2.0
"""state.url: sentinel://… : a master, its replica and sentinels, all real. The master dies, the controller goes on with the other;
what the replica had not is brought back where it is known, and said where it is not (C7)."""

import signal

import pytest

from helios import PATIENCE, Realm, until
from redises import Server, free_port

LONG = 2 * PATIENCE


class Shop:
    """A master, a replica and two sentinels; what is written to the master reaches the replica unless it is cut off."""

    def __init__(self, path):
        self.servers = []
        self.master = self.add(Server(path / "master"))
        self.replica = self.add(Server(path / "replica", "--replicaof", "127.0.0.1", self.master.port))
        until(lambda: self.replica.client().info("replication")["master_link_status"] == "up", "the replica follows")
        self.sentinels = [self.add(Server(path / f"sentinel{n}", sentinel=True)) for n in range(2)]
        for sentinel in self.sentinels:
            client = sentinel.client()
            client.execute_command("SENTINEL", "MONITOR", "shop", "127.0.0.1", self.master.port, 2)
            for key, value in (("down-after-milliseconds", 500), ("failover-timeout", 2000)):
                client.execute_command("SENTINEL", "SET", "shop", key, value)
        for sentinel in self.sentinels:
            until(lambda s=sentinel: (m := s.client().sentinel_master("shop"))["num-slaves"] == 1 and m["num-other-sentinels"] == 1,
                  "the sentinels know all")
        # the first is none: whoever is asked must not be the only one
        self.url = "sentinel://" + ",".join([f"127.0.0.1:{free_port()}", *(s.address for s in self.sentinels)]) + "/shop"

    def add(self, server):
        self.servers.append(server)
        return server

    def cut_replica(self):
        """cut_replica: nothing that is written from now on reaches it."""
        self.replica.process.send(signal.SIGSTOP)
        self.master.client().execute_command("CLIENT", "KILL", "TYPE", "replica")

    def lose_master(self):
        self.master.process.kill()
        self.replica.process.send(signal.SIGCONT)

    def until_failed_over(self):
        until(lambda: self.replica.client().role()[0] == "master", "the replica is the master", LONG)

    def close(self):
        for server in self.servers:
            server.stop()


@pytest.fixture(name="shop")
def make_shop(tmp_path):
    shop = Shop(tmp_path)
    yield shop
    shop.close()


def realm_of(path, shop, **config):
    return Realm(path, {"state": {"url": shop.url}, "log": {"level": "debug"}, **config})


def accept(client, *keys):
    """accept submits until it is taken: while there is no master the answer is busy."""
    for key in keys:
        until(lambda k=key: "id" in (client.submit("echo", key=k) or {}), f"{key} is accepted", LONG)


def keys_of(client):
    return sorted(task["key"] for task in client.query("tasks")["tasks"])


def test_the_master_dies_and_the_controller_goes_on(tmp_path, shop):
    """
    heliosd  leads on the master that the second sentinel names
    master   kill -9; the sentinels make the replica the master
    heliosd  the same epoch, all tasks there, takes new ones
    """
    with realm_of(tmp_path / "c0", shop) as realm:
        client = realm.client()
        accept(client, "one", "two")
        until(lambda: shop.replica.client().hget(realm.key("pos"), "seq") == shop.master.client().hget(realm.key("pos"), "seq"),
              "the replica has it all")
        shop.lose_master()
        shop.until_failed_over()
        accept(client, "three")
        assert keys_of(client) == ["one", "three", "two"]
        assert client.query("status")["epoch"] == 1 and not realm.lines("store.lost")
        assert shop.replica.client().hget(realm.key("lease"), "epoch") == "1"


def test_c7_what_the_replica_had_not_is_brought_back(tmp_path, shop):
    """The replica is cut off; what is acknowledged then is on the dead master alone, and in the leader's tail."""
    with realm_of(tmp_path / "c0", shop) as realm:
        client = realm.client()
        accept(client, "one")
        shop.cut_replica()
        accept(client, "two", "three")
        shop.lose_master()
        shop.until_failed_over()
        until(lambda: realm.lines("store.lost"), "it says so", LONG)
        assert "applied again" in realm.lines("store.lost")[0]
        until(lambda: shop.replica.client().hlen(realm.key("task")) == 3, "they are there again", LONG)
        assert keys_of(client) == ["one", "three", "two"]


def test_a_standby_takes_over_on_the_new_master(tmp_path, shop):
    """Leader and master die together: whoever stood by leads on the replica, in an epoch that never was."""
    with realm_of(tmp_path / "c0", shop) as first:
        second = Realm(tmp_path / "c1", first.config | {"data": str(tmp_path / "c1" / "data")}, start=False)
        second.start(lead=False)
        with second:
            accept(first.client(), "one")
            until(lambda: shop.replica.client().hlen(first.key("task")) == 1, "the replica has it")
            first.kill()
            shop.lose_master()
            second.until_leading(LONG)
            client = second.client()
            assert client.query("status")["epoch"] == 2 and keys_of(client) == ["one"]


def test_a_replica_is_no_master_whatever_a_sentinel_says(tmp_path, shop):
    """A sentinel that was told wrong names the replica: it is refused by its ROLE, and the other one is asked."""
    wrong = shop.add(Server(tmp_path / "wrong", sentinel=True))
    wrong.client().execute_command("SENTINEL", "MONITOR", "shop", "127.0.0.1", shop.replica.port, 1)
    shop.url = f"sentinel://{wrong.address},{shop.sentinels[0].address}/shop"
    with realm_of(tmp_path / "c0", shop) as realm:
        assert shop.master.client().hget(realm.key("lease"), "epoch") == "1"
