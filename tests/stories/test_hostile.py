# SPDX-License-Identifier: MPL-2.0
"""Whatever comes over the wire, the controller lives, counts it, keeps its memory, and serves the good (Z3, Z6, H1, T5, A5)."""

import math
import random
import socket

import msgpack
import pytest
import zmq

from helios import Realm, until
from samples import Source, now_ms

KPIS = {"latency": {"target": 100, "critical": 600, "lowest": 0, "highest": 1e6}}
BEAT = {"agents": {"beat": "200ms"}, "kpis": KPIS, "health": {"window": "2s"}}
TAKING = ("agents", "control", "kpi")


def deep(levels):
    """deep is a whole map of so many levels that begins as a message does."""
    return b"\x82\xa4type\xa5hello\xa1x" + b"\x91" * (levels - 2) + b"\x90"


HELLO = {"type": "hello", "agent": "a9", "instance": "i", "swarm": "backend"}
REFUSED_BYTES = {
    "nothing": b"",
    "a bomb of a map": b"\xdf\x0f\xff\xff\xff",
    "a bomb of a list": b"\xdd\x7f\xff\xff\xff",
    "a bomb of a string": b"\xdb\xff\xff\xff\xff",
    "a bomb of bytes inside": b"\x82\xa4type\xa5hello\xa1x\xc6\xff\xff\xff\xff",
    "a nest": deep(100),
    "a truncated message": msgpack.packb(HELLO)[:-1],
    "more than one map": msgpack.packb(HELLO) * 2,
    "no map": msgpack.packb(["hello"]),
    "a key twice": b"\x82\xa4type\xa5hello\xa4type\xa5hello",
    "a key that is no string": b"\x81\x01\x02",
    "a timestamp": b"\x82\xa4type\xa5hello\xa1x\xd6\xff\x00\x00\x00\x00",
    "the byte that msgpack never uses": b"\xc1",
    "too many keys": msgpack.packb({"type": "hello", **{str(i): 0 for i in range(64)}}),
    "too many values": msgpack.packb({"type": "hello", "x": [0] * 65537}),
    "text": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
}
REFUSED_MESSAGES = {
    "an unknown type": {"type": "none"},
    "no type": {"agent": "a9"},
    "a type that is no string": {"type": 7},
    "a needed field that is missing": {"type": "hello", "agent": "a9"},
    "a field of another type": {**HELLO, "slots": "many"},
    "a number that is negative": {**HELLO, "slots": -1},
    "a float for an integer": {**HELLO, "slots": 1.0},
    "an unknown role": {**HELLO, "role": "king"},
    "what only the controller says": {"type": "welcome", "realm": "x", "epoch": 99, "beat_ms": 1},
    "what the controller publishes": {"type": "event", "seq": 1, "epoch": 1, "at": 1, "topic": "task.completed"},
}


@pytest.fixture(name="realm")
def make_realm(tmp_path):
    with Realm(tmp_path, BEAT) as realm:
        yield realm
        serves(realm)


def counters(realm):
    return realm.client().query("status")["counters"]


def serves(realm):
    """serves: a good agent and a good client are still served, by the process that was started first."""
    agent, client = realm.agent("good", actions=["good"]), realm.client()
    ticket = client.submit("good")
    assert agent.result(agent.task(), output=b"well")["task"] == ticket["id"]
    assert client.done(ticket["id"])["output"] == b"well"
    agent.say("bye")


def counted(realm, client=None, **least):
    """counted waits until counters have these values or more."""
    client = client or realm.client()
    return until(lambda: all((now := client.query("status")["counters"])[k] >= n for k, n in least.items()) and now,
                 f"counters reach {least}")


def speaker(realm, endpoint):
    """speaker is a peer whose bytes reach this endpoint."""
    if endpoint == "control":
        return realm.client()
    if endpoint == "agents":
        return realm.agent("a1")
    source = realm.keep(Source(realm))
    connected(realm, source)
    return source


def connected(realm, source):
    """connected waits until what the source says arrives."""
    client = realm.client()
    until(lambda: source.publish(("latency", 200)) or client.query("status")["counters"]["samples_stored"],
          "the source is connected")


@pytest.mark.parametrize("endpoint", TAKING)
def test_z3_bytes_are_refused_before_they_are_unpacked(realm, endpoint):
    peer = speaker(realm, endpoint)
    before = counters(realm)["refused_bytes"]
    for body in REFUSED_BYTES.values():
        peer.socket.send(body)
    now = counted(realm, refused_bytes=before + len(REFUSED_BYTES))
    assert now["refused_bytes"] == before + len(REFUSED_BYTES)
    assert now["refused_messages"] == 0


@pytest.mark.parametrize("endpoint", TAKING)
def test_messages_that_mean_nothing_are_counted_and_shown(realm, endpoint):
    tap = realm.tap("peer.")
    peer = speaker(realm, endpoint)
    for message in REFUSED_MESSAGES.values():
        peer.socket.send(msgpack.packb(message))
    assert counted(realm, refused_messages=len(REFUSED_MESSAGES))["refused_messages"] == len(REFUSED_MESSAGES)
    shown = tap.until("peer.refused")
    assert shown and shown["level"] == "warning" and shown["text"]


def test_z3_each_truncation_of_a_message_is_refused(realm):
    peer = realm.client()
    whole = msgpack.packb({"type": "submit", "ref": "1", "client": "c", "watch": True,
                           "items": [{"action": "echo", "params": {"text": "hi"}, "priority": 1, "key": "k"}]})
    for length in range(len(whole)):
        peer.socket.send(whole[:length])
    assert counted(realm, refused_bytes=len(whole))["submitted"] == 0


def test_z3_bytes_that_flip_do_no_harm(realm):
    """Each is refused or means something harmless; a hello with another id is an agent that never beats."""
    peer, chance = realm.agent("a1"), random.Random(3)
    whole = msgpack.packb({**HELLO, "actions": [{"name": "echo", "params": [{"name": "text", "kind": "string"}]}],
                           "holds": ["t-1/1"], "slots": 2, "host": "h"})
    for _ in range(3000):
        body = bytearray(whole)
        for _ in range(chance.randint(1, 3)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        peer.socket.send(bytes(body))
    assert counted(realm, messages=3000)["refused_bytes"] > 100


def test_one_message_is_one_frame(realm):
    peer, good = realm.client(), realm.client()
    query = msgpack.packb({"type": "query", "ref": "1", "what": "status"})
    for frames in ([b"", msgpack.packb(HELLO)], [b"x"] * 2000, [query, query]):
        peer.socket.send_multipart(frames)
    assert good.query("status")
    assert peer.hear("reply", patience=0) is None


@pytest.mark.parametrize("endpoint", TAKING)
def test_more_than_a_mebibyte_is_cut_off(realm, endpoint):
    """The connection is cut before the bytes are kept; the memory of the controller does not grow with them."""
    peer = zmq.Context.instance().socket(zmq.PUB if endpoint == "kpi" else zmq.DEALER)
    peer.linger = 0
    monitor = peer.get_monitor_socket(zmq.EVENT_DISCONNECTED)
    peer.connect(realm.endpoints[endpoint])
    before, big = memory_kb(realm), bytes(2 << 20)
    until(lambda: peer.send(big) or monitor.poll(20), "the connection is cut")
    assert memory_kb(realm) < before + 16 * 1024
    peer.disable_monitor()
    peer.close()


def memory_kb(realm):
    """memory_kb is the resident memory of heliosd; a sanitizer keeps what was freed, so its build has none to speak of."""
    with open(f"/proc/{realm.process.pid}/maps", encoding="utf-8") as file:
        if "libasan" in file.read():
            return 0
    with open(f"/proc/{realm.process.pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


@pytest.mark.parametrize("endpoint", ("agents", "control", "kpi", "events"))
def test_raw_garbage_on_the_socket(realm, endpoint):
    host, port = realm.endpoints[endpoint].removeprefix("tcp://").split(":")
    garbage = random.Random(5)
    for body in (b"GET / HTTP/1.1\r\nHost: helios\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\xff" * 4096,
                 b"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x00NULL", garbage.randbytes(65536), b""):
        with socket.create_connection((host, int(port))) as raw:
            raw.sendall(body)
            raw.settimeout(0.2)
            try:
                while raw.recv(4096):
                    pass
            except OSError:
                pass


def test_a_hundred_silent_connections_hinder_nobody(realm):
    host, port = realm.endpoints["agents"].removeprefix("tcp://").split(":")
    silent = [socket.create_connection((host, int(port))) for _ in range(100)]
    serves(realm)
    for raw in silent:
        raw.close()


def test_ten_thousand_junk_messages_leave_the_memory_as_it_was(realm):
    peers, junk = [realm.client(), realm.agent("a1")], list(REFUSED_BYTES.values()) + [
        msgpack.packb(m) for m in REFUSED_MESSAGES.values()]
    chance = random.Random(9)

    def shower(n):
        for _ in range(n // 100):  # what waits in the sockets' queues is not the controller's memory
            goal = peers[0].query("status")["counters"]["messages"] + 100
            for i in range(100):
                peers[i % 2].socket.send(chance.choice(junk))
            counted(realm, peers[0], messages=goal)
        return memory_kb(realm)
    first = shower(2000)
    assert shower(10000) < first + 4 * 1024


def test_taps_may_say_what_they_like(realm):
    """An XPUB hears subscriptions: junk, and more of them than anybody needs."""
    tap = realm.tap("nothing.")
    for n in range(2000):
        tap.socket.subscribe(b"%d." % n)
    tap.socket.subscribe(b"\xff" * 100000)
    assert realm.client().query("status")


# ---- agents that lie ----

def test_t5_a_result_for_anothers_task_does_not_count(realm):
    client, tap = realm.client(), realm.tap("result.")
    holder, liar = realm.agent("holder", actions=["work"]), realm.agent("liar", actions=["lie"])
    ticket = client.submit("work")
    task = holder.task()
    assert liar.result(task, output=b"lie")["code"] == "stale"
    assert tap.until("result.refused", id=ticket["id"])
    holder.result(task, output=b"truth")
    assert client.done(ticket["id"])["output"] == b"truth"
    assert counters(realm)["refused_results"] == 1


def test_t5_a_result_for_an_old_or_coming_attempt_does_not_count(realm):
    client, agent = realm.client(), realm.agent("a1")
    ticket = client.submit("echo", backoff_ms=1)
    first = agent.task()
    assert agent.result({**first, "attempt": 2})["code"] == "stale"
    assert agent.result({**first, "attempt": 2 ** 53 - 1})["code"] == "stale"
    agent.result(first, outcome="FAILED", exit_code=1)
    second = agent.task()
    assert second["attempt"] == 2
    agent.result(first, output=b"late")  # acknowledged as what counted already, so that the agent forgets it
    agent.result(second, output=b"second")
    assert client.done(ticket["id"])["output"] == b"second"


def test_a_result_of_a_task_that_never_was(realm):
    agent = realm.agent("a1")
    assert agent.result({"id": "t-999", "attempt": 1})["code"] == "unknown"
    assert agent.result({"id": "x" * 1000, "attempt": 1})["code"] == "unknown"
    assert agent.result({"id": "\x1b[2J\n", "attempt": 1})["code"] == "unknown"


def test_a_result_before_any_hello_does_not_count(realm):
    client, agent = realm.client(), realm.agent("a1")
    ticket = client.submit("echo")
    task = agent.task()
    stranger = realm.agent("a1", hello=False)
    stranger.say("results", items=[{"task": task["id"], "attempt": 1, "outcome": "COMPLETED", "output": b"lie"}])
    agent.result(task, output=b"truth")
    assert client.done(ticket["id"])["output"] == b"truth"


def test_a5_the_id_of_a_living_agent_is_refused_until_it_is_lost(realm):
    tap, first = realm.tap("agent."), realm.agent("a1")
    second = realm.agent("a1", hello=False)
    assert second.hello()["code"] == "id_in_use"
    assert tap.until("agent.refused", id="a1")
    assert first.until("beat_ok"), "the first is still served"
    tap.until("agent.lost", id="a1")  # the first beats no more
    until(lambda: second.hello()["type"] == "welcome", "the second is welcomed")


def test_an_agent_that_holds_what_it_never_got(realm):
    """hello lists attempts of others, of no task, and junk: nothing of it counts."""
    client, holder = realm.client(), realm.agent("holder")
    ticket = client.submit("echo")
    task = holder.task()
    liar = realm.agent("liar", hello=False, actions=["lie"])
    liar.held = {f"{ticket['id']}/1": 1, f"{ticket['id']}/7": 1, "t-999/1": 1, "/": 1, "x/-1": 1, "t-1/99999999999999999999": 1}
    assert liar.hello()["type"] == "welcome"
    holder.result(task, output=b"mine")
    assert client.done(ticket["id"])["output"] == b"mine"


def test_a7_what_agents_say_is_escaped_where_a_person_sees_it(realm):
    client, agent = realm.client(), realm.agent("evil\x1b[31m\nid", hello=False)
    answer = agent.hello()
    if answer["type"] == "refuse":
        assert answer["code"] == "bad_hello"
    for entry in client.query("ledger", limit=1000)["entries"]:
        assert "\x1b" not in entry["text"] and "\n" not in entry["text"]
    assert "\x1b" not in realm.log.read_text()


# ---- sources that lie ----

def test_h1_samples_are_refused_and_counted_by_reason(realm):
    source = speaker(realm, "kpi")
    before = counted(realm, samples_stored=1)
    source.publish(("latency", math.nan), ("latency", math.inf), ("latency", -math.inf), ("nobody", 1),
                   ("latency", 1, now_ms() + 60000), ("latency", 1, 2 ** 53 - 1), ("latency", 1, now_ms() - 60000),
                   ("latency", 1, -1), ("latency", -1), ("latency", 1e9), ("latency", 200))
    now = counted(realm, samples_stored=before["samples_stored"] + 1)
    found = {k: now[k] - before[k] for k in now if k.startswith("samples_") and now[k] != before[k]}
    assert found == {"samples_stored": 1, "samples_nan": 3, "samples_unknown": 1, "samples_future": 2, "samples_old": 2,
                     "samples_absurd": 2}


def test_h1_lost_and_repeated_samples_are_counted(realm):
    source = speaker(realm, "kpi")
    source.next += 10
    source.publish(("latency", 200))
    counted(realm, samples_lost=10)
    source.next -= 1
    source.publish(("latency", 200))
    counted(realm, samples_again=1)
    source.next = 2 ** 53 - 2
    source.publish(("latency", 200))


def test_thirty_thousand_sources_are_bounded(realm):
    """A source that changes its name each time costs no memory without end."""
    client, source = realm.client(), speaker(realm, "kpi")

    def flood(numbers):
        for i in numbers:
            source.name, source.instance, source.next = f"s{i}", "i", 1
            source.publish(("latency", 200))
            if i % 500 == 499:  # a PUB drops what its queue does not take
                until(lambda: client.query("status")["counters"]["messages"] > i, "they arrive")
        return memory_kb(realm)
    first = flood(range(3000))
    assert flood(range(3000, 30000)) < first + 16 * 1024
    listed = client.query("sources")
    assert listed["total"] == 20000 and len(listed["sources"]) == 1000


def test_sources_without_a_name_or_with_an_endless_one(realm):
    source = speaker(realm, "kpi")
    for source.name, source.instance in (("", "i"), ("s", ""), ("x" * 257, "i"), ("s", "i" * 10 ** 6)):
        source.publish(("latency", 1), ("latency", 2))
    assert counted(realm, samples_nameless=8)["samples_nameless"] == 8


# ---- clients that lie ----

def test_requests_that_cannot_be_done_are_refused_one_by_one(realm):
    client = realm.client()
    good = {"action": "echo"}
    answers = client.submit_all([
        good, {"action": ""}, {**good, "priority": 9}, {**good, "after": ["t-999"]}, {**good, "key": "k" * 5000},
        {**good, "action": "x" * 5000}, {**good, "max_attempts": 10 ** 9}, good])
    assert "id" in answers[0] and "id" in answers[7]
    assert {answers[i].get("code") for i in (1, 2, 3)} == {"bad_request"}
    for i in (4, 5, 6):
        assert "id" in answers[i] or answers[i]["code"] == "bad_request"


@pytest.mark.parametrize("what, args", [
    ("nothing", {}), ("", {}), ("why", {}), ("why", {"id": 7}), ("task", {"id": "t-999"}), ("kpi", {"name": None}),
    ("ledger", {"limit": -1}), ("ledger", {"limit": 2 ** 53}), ("kpis", {"after": "\xff", "limit": -5}),
    ("optimization", {"id": ["o-1"]}), ("incident", {"id": {}}), ("cycle", {"id": True}),
])
def test_queries_with_wrong_arguments_are_answered(realm, what, args):
    assert realm.client().ask("query", "reply", what=what, args=args)


@pytest.mark.parametrize("verb, args", [
    ("nothing", {}), ("cancel", {}), ("cancel", {"id": 1}), ("cancel", {"id": "t-999"}), ("silence", {}),
    ("silence", {"pattern": "*", "for_ms": -1, "reason": "x"}), ("approve", {"id": "o-999"}), ("ack", {"id": "i-999"}),
    ("rollback", {"id": "o-999"}), ("reset", {"name": ""}), ("retry", {}), ("purge", {}), ("drain", {"scope": "nobody"}),
])
def test_x11_orders_with_wrong_arguments_are_refused(realm, verb, args):
    reply = realm.client().ask("command", "reply", verb=verb, args=args, author="evil")
    assert reply and not reply["ok"] and reply["error"], reply


def test_a_query_whose_answer_is_too_large_is_still_answered(realm):
    client = realm.client()
    long = {"action": "echo", "params": {"text": "x" * 60000}}
    for _ in range(4):
        client.submit_all([long] * 10, watch=False)
    for what in ("tasks", "snapshot", "ledger"):
        assert client.ask("query", "reply", what=what, args={"limit": 1000}), what


def test_w2_clients_that_vanish_with_answers_on_their_way(realm):
    for n in range(50):
        client = realm.client()
        assert client.query("status")
        client.say("submit", ref="1", client="gone", watch=True, items=[{"action": "gone"}] * 20)
        client.socket.linger = 1000
        client.close()
    counted(realm, submitted=50 * 20)
