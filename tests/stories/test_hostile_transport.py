# SPDX-License-Identifier: MPL-2.0
"""Whatever comes below the messages — bytes, handshakes, frames without an end, connections without number — the daemon lives,
stays small, gives its descriptors back and serves the good (Z6). What messages say is tried in test_hostile.py."""

import os
import random
import resource
import socket
import struct

import pytest

import raw
from helios import Realm, until
from keys import Keys

ENDPOINTS = ("agents", "control", "kpi", "events")
FILES = 128  # descriptors of a daemon that is to run out of them
MIB = 1 << 20

# What memory may grow by: 128 MiB of what cannot be delivered (SWOLLEN in proto/crowd.c), and what comes in the tenth of a second
# until the next look: up to 10 million frames a second of nothing but their head, for which libzmq keeps 64 bytes each. Without
# the bound each of these stories passes it within a second or two.
GROWTH_KB = 768 * 1024
TOO_MUCH = 2048 * MIB  # sent by who tries to pass that bound; cut off long before

CLIENT_HELLO = b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + bytes(range(190))
JUNK = {
    "random bytes": random.Random(7).randbytes(65536),
    "tls": CLIENT_HELLO,
    "http get": b"GET / HTTP/1.1\r\nHost: helios\r\n\r\n",
    "http post": b"POST /submit HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 4096,
    "zmtp 1": b"\x01\x00" + b"\x02\x01x" * 100,
    "zmtp 2": raw.SIGNATURE + b"\x01\x05\x00\x00" + b"\x00\x01x" * 100,
    "no such version": raw.SIGNATURE + b"\xff" * 4096,
    "no such mechanism": raw.SIGNATURE + b"\x03\x00" + b"NONE".ljust(20, b"\0") + bytes(32) + raw.ready(b"DEALER"),
    "a server too": raw.SIGNATURE + b"\x03\x00" + b"NULL".ljust(20, b"\0") + b"\1" + bytes(31) + raw.ready(b"ROUTER"),
    "curve": raw.CURVE_GREETING + raw.command(b"HELLO", bytes(194)) + raw.command(b"INITIATE", bytes(248)),
    "ready without an end": raw.GREETING + raw.command(b"READY", b"\x0bSocket-Type\xff\xff\xff\xff"),
    "ready again and again": raw.GREETING + raw.ready(b"DEALER") * 1000,
    "an error": raw.GREETING + raw.command(b"ERROR", b"\xffx"),
    "no kind of socket": raw.GREETING + raw.ready(b"NOBODY"),
}
WRONG_COMMANDS = {
    "an empty one": raw.frame(b"", raw.COMMAND),
    "a name beyond its end": raw.frame(b"\xffPING", raw.COMMAND),
    "an unknown one": raw.command(b"NONE", b"x" * 200) * 1000,
    "a ping without a time": raw.command(b"PING"),
    "a ping of 1 MiB": raw.command(b"PING", bytes(MIB - 8)),
    "a flood of pings": raw.command(b"PING", b"\0\1" + b"context") * 20000,
    "a pong that nobody asked for": raw.command(b"PONG", b"x" * 16) * 1000,
    "a subscription from anybody": raw.command(b"SUBSCRIBE", b"task.") * 1000,
    "with more behind it": raw.frame(b"\4PING\0\1", raw.COMMAND | raw.MORE) * 100,
}


def memory_kb(pid):
    with open(f"/proc/{pid}/maps", encoding="utf-8") as file:
        sanitized = "libasan" in file.read()  # it keeps what was freed, and a shadow of all: no bound to speak of
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return 0 if sanitized else next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Good:
    """A good agent and a good client who are there before the bad ones come, and stay."""

    def __init__(self, realm):
        self.realm, self.pid = realm, realm.process.pid
        self.agent = realm.agent("good", actions=["good"], **({"prove": realm.prove_agent} if realm.prove else {}))
        self.client = realm.client()
        self.work()
        self.files, self.memory = files(self.pid), memory_kb(self.pid)

    def work(self, agent=None, client=None):
        agent, client = agent or self.agent, client or self.client
        ticket = until(lambda: self.taken(client.submit("good")), "it is taken")
        assert agent.result(agent.task(), output=b"well")["task"] == ticket["id"]
        assert client.done(ticket["id"])["output"] == b"well"

    @staticmethod
    def taken(ticket):
        """A turn that was too long for the lease is said so, and tried again: nothing is lost by it (L6)."""
        assert ticket and ("id" in ticket or ticket["code"] == "busy"), ticket
        return "id" in ticket and ticket

    def still(self):
        """still: they are served over the same connections, the memory is bounded, and so is everything else in the end."""
        self.work()
        assert self.realm.process.running() and self.realm.process.pid == self.pid
        assert memory_kb(self.pid) <= self.memory + GROWTH_KB
        until(lambda: files(self.pid) <= self.files, "the descriptors are back")


@pytest.fixture(name="realm")
def make_realm(tmp_path):
    with Realm(tmp_path) as realm:
        yield realm


@pytest.fixture(name="good")
def make_good(realm):
    good = Good(realm)
    yield good
    good.still()


@pytest.fixture(name="locked")
def make_locked(tmp_path):
    """locked is a good pair that proved its keys; who comes without one gets no further than the handshake."""
    keys = Keys(tmp_path)
    keys.new("ada", "operator")
    keys.new("good", "agent")
    with Realm(tmp_path / "realm", keys.settings(), prove=keys.prove("ada")) as realm:
        realm.prove_agent = keys.prove("good")
        good = Good(realm)
        yield good
        good.still()


@pytest.fixture(name="scarce")
def make_scarce(tmp_path):
    """scarce is a realm whose daemon has few descriptors."""
    with Realm(tmp_path) as realm:
        resource.prlimit(realm.process.pid, resource.RLIMIT_NOFILE, (FILES, FILES))
        yield realm


def reset(peer):
    """reset ends a connection with RST."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


# ---- before the handshake is done ----

@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_bytes_that_are_no_handshake(good, endpoint):
    peers = []
    for body in JUNK.values():
        peers.append(raw.connect(good.realm.endpoints[endpoint]))
        raw.pour(peers[-1], body, len(body))
    good.work()
    for peer in peers:
        peer.close()


def test_half_open_connections_are_ended_by_the_daemon(good):
    """Hundreds say nothing, or half of a greeting, or all of it and then nothing: the handshake's time ends them."""
    peers = []
    for n in range(600):
        peers.append(raw.connect(good.realm.endpoints[ENDPOINTS[n % 4]]))
        peers[-1].sendall(raw.GREETING[:(0, 1, 10, 12, 33, 64)[n // 4 % 6]])
    good.work()
    good.still()  # they are not closed by us
    for peer in peers:
        peer.close()


def test_a_greeting_byte_by_byte(good):
    for endpoint in ENDPOINTS:
        peer = raw.connect(good.realm.endpoints[endpoint])
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in raw.GREETING + raw.ready(raw.PEER_OF[endpoint]) + raw.frame(b"junk"):
            peer.send(bytes([byte]))
        good.work()
        peer.close()


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_flood_of_handshakes(good, endpoint):
    for n in range(2000):
        peer = raw.connect(good.realm.endpoints[endpoint])
        if n % 3:
            peer.sendall(raw.GREETING + (raw.ready(raw.PEER_OF[endpoint]) if n % 3 == 2 else b""))
        (reset if n % 2 else socket.socket.close)(peer)
    good.work()


# ---- a door with keys ----

@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_without_a_key_nothing_passes_the_handshake(locked, endpoint):
    """Junk, handshakes of other mechanisms, one without an end: each is ended, and none of it is kept."""
    bodies = [*JUNK.values(), raw.GREETING + raw.ready(raw.PEER_OF[endpoint]) + raw.frame(bytes(1000), raw.MORE) * 1000,
              raw.CURVE_GREETING + raw.frame(bytes(1000), raw.MORE) * 1000]
    peers = []
    for body in bodies * 3:
        peers.append(raw.connect(locked.realm.endpoints[endpoint]))
        raw.pour(peers[-1], body, len(body))
    locked.work()
    locked.still()  # they are not closed by us
    assert memory_kb(locked.pid) < locked.memory + 16 * 1024
    for peer in peers:
        peer.close()


def test_a_flood_of_handshakes_with_keys(locked):
    for n in range(1000):
        peer = raw.connect(locked.realm.endpoints[ENDPOINTS[n % 4]])
        peer.sendall(raw.CURVE_GREETING + raw.command(b"HELLO", b"\1\0" + bytes(192)))
        (reset if n % 2 else socket.socket.close)(peer)
    locked.work()


# ---- connections without number ----

def test_more_connections_than_descriptors(scarce):
    """Who was there goes on; a quarter of the descriptors stays free; when the flood is over new ones get in."""
    good = Good(scarce)
    flood = []
    for n in range(4 * FILES):
        flood.append(raw.connect(scarce.endpoints[ENDPOINTS[n % 4]], seconds=20))
        flood[-1].sendall(raw.GREETING + raw.ready(raw.PEER_OF[ENDPOINTS[n % 4]]))
        if n % FILES == 0:
            good.work()
    until(lambda: files(good.pid) <= FILES * 3 // 4, "a quarter of the descriptors is free")
    good.work()
    until(lambda: files(good.pid) < FILES * 3 // 4, "there is room for one more")
    late = scarce.client()
    good.work(client=late)
    late.close()
    assert good.client.query("status")["counters"]["refused_rights"] > 0
    for peer in flood:
        peer.close()
    good.still()


# ---- frames ----

@pytest.mark.parametrize("size", (0, 1000, MIB))
@pytest.mark.parametrize("endpoint", ("agents", "control", "kpi"))
def test_a_message_without_an_end_is_cut_off(good, endpoint, size):
    peer = raw.greeted(good.realm.endpoints[endpoint], raw.PEER_OF[endpoint])
    part = raw.frame(bytes(size), raw.MORE)
    assert raw.pour(peer, part * max(1, 100000 // len(part)), TOO_MUCH) < TOO_MUCH
    good.work()
    assert "sent more than can wait" in good.realm.until_line("peers.cut")
    peer.close()


def test_messages_without_an_end_of_many(good):
    """Each of a hundred stays below every bound of one connection: they count together."""
    peers = [raw.greeted(good.realm.endpoints["agents"], b"DEALER") for _ in range(100)]
    part = raw.frame(bytes(64000), raw.MORE)
    for peer in peers:
        raw.pour(peer, part * 16, 16 * len(part))
    good.realm.until_line("peers.cut")
    good.work()
    for peer in peers:
        peer.close()


@pytest.mark.parametrize("endpoint", ("agents", "control", "kpi"))
def test_the_largest_frame_and_one_more(good, endpoint):
    refused = good.client.query("status")["counters"]["refused_bytes"]
    peer = raw.greeted(good.realm.endpoints[endpoint], raw.PEER_OF[endpoint])
    peer.sendall(raw.frame(b"\xc1" * MIB))
    until(lambda: good.client.query("status")["counters"]["refused_bytes"] > refused, "1 MiB is a message")
    raw.pour(peer, raw.frame(b"\xc1" * (MIB + 1)), 1)
    assert raw.ended(peer)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("promise", (MIB + 1, 1 << 31, 1 << 63, (1 << 64) - 1))
def test_a_promise_of_more_than_can_come(good, endpoint, promise):
    peer = raw.greeted(good.realm.endpoints[endpoint], raw.PEER_OF[endpoint])
    peer.sendall(struct.pack(">BQ", raw.LONG, promise) + b"x")
    assert raw.ended(peer)
    assert memory_kb(good.pid) < good.memory + 16 * 1024  # nothing is set aside for it


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_commands_that_are_wrong(good, endpoint):
    peers = []
    for body in WRONG_COMMANDS.values():
        peers.append(raw.greeted(good.realm.endpoints[endpoint], raw.PEER_OF[endpoint]))
        raw.pour(peers[-1], body, len(body))
    good.work()
    for peer in peers:
        peer.close()


# ---- the endpoint of events ----

def test_subscriptions_without_number_are_cut_off(good):
    peer = raw.greeted(good.realm.endpoints["events"], b"SUB")
    topics = b"".join(raw.frame(b"\1%x." % random.Random(n).getrandbits(400)) for n in range(100000))
    raw.pour(peer, topics, len(topics))
    assert "sent more than can wait" in good.realm.until_line("peers.cut")
    good.work()


def test_a_topic_is_no_book(good):
    peer = raw.greeted(good.realm.endpoints["events"], b"SUB")
    peer.sendall(raw.frame(b"\1" + b"x" * 2000))
    assert raw.ended(peer)


def test_an_honest_tap_is_left_alone(realm):
    tap = realm.tap("nothing.")
    for n in range(500):
        tap.socket.subscribe(b"cycle.%d." % n)
    tap.socket.subscribe(b"task.")
    good = Good(realm)
    test_a_message_without_an_end_is_cut_off(good, "agents", MIB)
    assert tap.until("task.completed")


# ---- those who never read ----

def test_who_never_reads(good):
    """Questions are asked, and answers never taken: what waits for one peer has a bound, and the others are served."""
    question = raw.frame(b"\x84\xa4type\xa5query\xa3ref\xa1x\xa4what\xa6status\xa4args\x80")
    for endpoint in ENDPOINTS:
        peer = raw.greeted(good.realm.endpoints[endpoint], raw.PEER_OF[endpoint])
        peer.settimeout(0.2)
        raw.pour(peer, question * 500 if endpoint != "events" else raw.frame(b"\1"), 2 * MIB if endpoint != "events" else 1)
        good.work()
        peer.close()
