# SPDX-License-Identifier: MPL-2.0
"""Peers that speak TCP below ZeroMQ, as bytes: what no library would send. Frames are as RFC 23 (ZMTP 3.0) has them."""

import socket
import struct

MORE, LONG, COMMAND = 1, 2, 4
SIGNATURE = b"\xff" + bytes(8) + b"\x7f"
GREETING = SIGNATURE + b"\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
CURVE_GREETING = SIGNATURE + b"\x03\x00" + b"CURVE".ljust(20, b"\0") + bytes(32)
PEER_OF = {"agents": b"DEALER", "control": b"DEALER", "kpi": b"PUB", "events": b"SUB"}


def frame(body, flags=0):
    if len(body) > 255:
        return struct.pack(">BQ", flags | LONG, len(body)) + body
    return struct.pack("BB", flags, len(body)) + body


def command(name, body=b""):
    return frame(bytes([len(name)]) + name + body, COMMAND)


def ready(kind):
    return command(b"READY", b"\x0bSocket-Type" + struct.pack(">I", len(kind)) + kind)


def connect(endpoint, seconds=5):
    """connect answers a TCP connection whose calls wait at most so long."""
    host, port = endpoint.removeprefix("tcp://").rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=seconds)


def greeted(endpoint, kind):
    """greeted is a connection after the whole handshake, as a socket of this kind; the other side is held to nothing more."""
    raw = connect(endpoint)
    raw.sendall(GREETING + ready(kind))
    got = b""
    while len(got) < len(GREETING) or b"READY" not in got:
        got += raw.recv(4096)
    return raw


def pour(raw, body, most):
    """pour sends the same bytes until the other side ends it, or so many have gone; answers how many went."""
    sent, rest = 0, b""
    try:
        while sent < most:
            rest = rest or memoryview(body)
            n = raw.send(rest)  # maybe a part of it: the frames must stay whole
            sent, rest = sent + n, rest[n:]
    except (ConnectionError, TimeoutError):
        pass
    return sent


def ended(raw):
    """ended waits until the other side has closed this connection; False when it still asks for a sign of life, again and again:
    who never answers is dropped in the end, which proves nothing."""
    pings = 0
    try:
        while pings < 2 and (got := raw.recv(65536)):
            pings += got.count(b"PING")
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return pings < 2
