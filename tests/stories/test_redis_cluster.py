# SPDX-License-Identifier: MPL-2.0
"""A Redis Cluster keeps realms on its nodes: all keys of a realm carry one hash tag, so one node has them all. state.url names any
node; a node that has not the slot says MOVED, and heliosd goes there."""

import pytest

from helios import Realm, until
from redises import Server, free_port

SLOTS = 16384


class Cluster:
    def __init__(self, path, n):
        self.path, self.nodes, self.replicas = path, [self.node(path / f"node{i}") for i in range(n)], []
        share = SLOTS // n
        for i, node in enumerate(self.nodes):
            last = SLOTS - 1 if i == n - 1 else (i + 1) * share - 1
            node.client().execute_command("CLUSTER", "ADDSLOTSRANGE", i * share, last)
            self.introduce(node)
        self.until_well()
        self.share = share

    @staticmethod
    def node(path):
        return Server(path, "--cluster-enabled", "yes", "--cluster-port", free_port(), "--cluster-node-timeout", 1000)

    def introduce(self, node):
        bus = node.words[node.words.index("--cluster-port") + 1]
        self.nodes[0].client().execute_command("CLUSTER", "MEET", "127.0.0.1", node.port, bus)

    def until_well(self):
        known = str(len(self.nodes) + len(self.replicas))
        for node in [*self.nodes, *self.replicas]:
            until(lambda one=node: {"cluster_state": "ok", "cluster_known_nodes": known}.items()
                  <= one.client().execute_command("CLUSTER INFO").items(), "the cluster is well")

    def add_replica(self, master):
        replica = self.node(self.path / "replica")
        self.replicas.append(replica)
        self.introduce(replica)
        self.until_well()
        replica.client().execute_command("CLUSTER", "REPLICATE", master.client().execute_command("CLUSTER", "MYID"))
        until(lambda: replica.client().info("replication").get("master_link_status") == "up", "the replica follows")
        return replica

    def owner(self, realm):
        """owner answers the node that has the realm's slot."""
        slot = self.nodes[0].client().execute_command("CLUSTER", "KEYSLOT", f"{{helios:{realm}}}:lease")
        return self.nodes[min(slot // self.share, len(self.nodes) - 1)]

    def close(self):
        for node in [*self.nodes, *self.replicas]:
            node.stop()


@pytest.fixture(name="cluster")
def make_cluster(tmp_path):
    made = []

    def make(n):
        made.append(Cluster(tmp_path / "cluster", n))
        return made[-1]
    yield make
    for one in made:
        one.close()


def works(realm):
    agent = realm.agent("a1", actions=["echo"])
    client = realm.client()
    ticket = client.submit("echo", key="one")
    agent.result(agent.task(), output=b"hello")
    assert client.done(ticket["id"])["state"] == "COMPLETED"


def test_one_node_has_all_slots(tmp_path, cluster):
    one = cluster(1)
    with Realm(tmp_path / "c0", {"state": {"url": f"redis://{one.nodes[0].address}"}}) as realm:
        works(realm)


def test_any_node_will_do(tmp_path, cluster):
    """Three realms, each named the node that has it not: they lead where their slots are, and nowhere else."""
    three = cluster(3)
    for name in ("shop", "blog", "search"):
        owner = three.owner(name)
        other = next(node for node in three.nodes if node is not owner)
        with Realm(tmp_path / name, {"realm": name, "state": {"url": f"redis://{other.address}"}}) as realm:
            works(realm)
            assert any("MOVED" in line for line in realm.lines("store.held")), "it was sent there"
            assert owner.client().exists(realm.key("lease")) and not other.client().keys("*" + name + "*")


def test_a_node_dies_and_its_replica_goes_on(tmp_path, cluster):
    """The named node lives, that with the slot dies: its replica is made master, and the realm goes on there, in the same epoch."""
    three = cluster(3)
    owner = three.owner("shop")
    named = next(node for node in three.nodes if node is not owner)
    replica = three.add_replica(owner)
    with Realm(tmp_path / "c0", {"realm": "shop", "state": {"url": f"redis://{named.address}"}}) as realm:
        client = realm.client()
        assert client.submit("echo", key="one")["id"]
        until(lambda: replica.client().info("replication")["master_repl_offset"] >= owner.client().info("replication")["master_repl_offset"],
              "the replica has the task")
        owner.process.kill()
        until(lambda: "id" in (client.submit("echo", key="two") or {}), "it takes tasks again", 60)
        assert replica.client().role()[0] == "master" and not realm.lines("store.lost")
        assert [task["key"] for task in client.query("tasks")["tasks"]] == ["one", "two"] and client.query("status")["epoch"] == 1


def test_a_slot_that_moves_takes_the_realm_along(tmp_path, cluster):
    """The realm's slot is given to another node, with its keys: the leader follows, in the same epoch, with all that it had."""
    three = cluster(3)
    before = three.owner("shop")
    after = next(node for node in three.nodes if node is not before)
    ids = {node: node.client().execute_command("CLUSTER", "MYID") for node in three.nodes}
    with Realm(tmp_path / "c0", {"realm": "shop", "state": {"url": f"redis://{before.address}"}}) as realm:
        client = realm.client()
        assert client.submit("echo", key="one")["id"]
        slot = before.client().execute_command("CLUSTER", "KEYSLOT", realm.key("lease"))
        after.client().execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[before])
        before.client().execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[after])
        until(lambda: move(before, after, slot) == 0, "all keys are there")
        for node in (after, before, *three.nodes):
            node.client().execute_command("CLUSTER", "SETSLOT", slot, "NODE", ids[after])
        until(lambda: after.client().hget(realm.key("lease"), "renew"), "it renews its lease there")
        until(lambda: "id" in client.submit("echo", key="two"), "it takes tasks again")
        assert [task["key"] for task in client.query("tasks")["tasks"]] == ["one", "two"] and client.query("status")["epoch"] == 1
        assert not realm.lines("store.lost") and after.client().hlen(realm.key("task")) == 2


def move(before, after, slot):
    keys = before.client().execute_command("CLUSTER", "GETKEYSINSLOT", slot, 100)
    if keys:
        before.client().execute_command("MIGRATE", "127.0.0.1", after.port, "", 0, 5000, "KEYS", *keys)
    return len(keys)
