# SPDX-License-Identifier: MPL-2.0
"""A controller that is none: what the agent and the command line connect to sends bytes without sense, frames too large, messages
without an end. They live, stay small, and go on with the controller that is one (Z6)."""

import json
import socket
import struct
import subprocess
import threading

import pytest

import raw
from fake_controller import Agent
from helios import BIN, Realm, until
from test_hostile_transport import GROWTH_KB, MIB, TOO_MUCH, memory_kb

PARTS = raw.frame(bytes(1000), raw.MORE) * 100
HANDSHAKE = raw.GREETING + raw.ready(b"ROUTER")
LIES = {  # how it begins, what comes again and again, how much of it
    "garbage": (b"", b"\x15\x03\x01HTTP/1.1 400 Bad Request\r\n\r\n" * 100, 1 << 20),
    "a huge frame": (HANDSHAKE, struct.pack(">BQ", raw.LONG, 1 << 63), 1),
    "frames too large": (HANDSHAKE, raw.frame(bytes(MIB + 1)), 1),
    "a message without an end": (HANDSHAKE, PARTS, TOO_MUCH),
    "messages that mean nothing": (HANDSHAKE, raw.frame(b"\xc1" * 500) * 200, 256 * MIB),
}


class Liar:
    """A listener that says the same to whoever connects, again and again."""

    def __init__(self, path, lie):
        self.handshake, self.body, self.most = LIES[lie]
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.heard, self.sent = 0, 0
        path.mkdir()
        at = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"
        (path / "endpoints.json").write_text(json.dumps({"agents": at, "control": at, "kpi": at, "events": at}))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                peer = self.listener.accept()[0]
            except OSError:
                return
            self.heard += 1
            threading.Thread(target=self.lie, args=(peer,), daemon=True).start()

    def lie(self, peer):
        peer.settimeout(5)
        try:
            peer.sendall(self.handshake)
            got = b""
            while self.handshake and b"READY" not in got:  # what comes before that is no message yet
                if not (more := peer.recv(4096)):
                    return
                got += more
        except OSError:
            return
        while self.sent < self.most and (n := raw.pour(peer, self.body, len(self.body))):
            self.sent += n
        peer.close()

    def close(self):
        self.listener.close()


@pytest.mark.parametrize("lie", LIES)
def test_an_agent_with_a_lying_controller_works_for_the_true_one(tmp_path, lie):
    liar = Liar(tmp_path / "liar", lie)
    (tmp_path / "agent").mkdir()
    with Realm(tmp_path / "realm") as realm:
        agent = Agent(tmp_path / "agent", [realm.data, tmp_path / "liar"], members={"a1": {"swarm": "backend"}},
                      actions={"echo": {"builtin": "echo"}})
        endless = lie == "a message without an end"
        until(lambda: agent.said("it sent more than can wait") if endless else liar.sent, "the liar has been heard")
        client = realm.client()
        ticket = client.submit("echo")
        assert client.done(ticket["id"])["state"] == "COMPLETED"
        assert memory_kb(agent.process.pid) < GROWTH_KB
        assert agent.stop() == 0
        agent.close()
    liar.close()


@pytest.mark.parametrize("lie", LIES)
def test_the_command_line_gives_a_lying_controller_up(tmp_path, lie):
    liar = Liar(tmp_path / "liar", lie)
    tool = subprocess.Popen([BIN / "helios", "status", "--controller", tmp_path / "liar", "--timeout", "2s"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    largest = 0
    while tool.poll() is None:
        try:
            largest = max(largest, memory_kb(tool.pid))
        except (OSError, StopIteration):
            pass  # it has just ended
    assert tool.returncode in (69, 75), tool.stderr.read()  # EX_UNAVAILABLE, EX_TEMPFAIL: a sentence, no crash
    assert largest < GROWTH_KB and liar.heard
    liar.close()
