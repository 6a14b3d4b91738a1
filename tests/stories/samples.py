# SPDX-License-Identifier: MPL-2.0
"""A source of samples, as docs/protocol.md has it."""

import time
import uuid

import msgpack
import zmq


def now_ms():
    return int(time.time() * 1000)


class Source:
    """Source publishes samples to a realm; it follows the controller to its new ports after a restart."""

    def __init__(self, realm, name="story", prove=None):
        self.prove = prove
        self.realm, self.name, self.instance = realm, name, uuid.uuid4().hex
        self.socket, self.at, self.next = None, None, 1

    def follow(self):
        at = self.realm.endpoints["kpi"]
        if at != self.at:
            self.close()
            self.socket, self.at = zmq.Context.instance().socket(zmq.PUB), at
            self.socket.linger = 0
            if self.prove:
                self.prove(self.socket)
            self.socket.connect(at)

    def publish(self, *readings):
        """publish sends readings: (kpi, value) or (kpi, value, at)."""
        self.follow()
        items = [{"kpi": r[0], "value": r[1], "at": r[2] if len(r) > 2 else now_ms()} for r in readings]
        self.socket.send(msgpack.packb({"type": "samples", "source": self.name, "instance": self.instance,
                                        "first": self.next, "items": items}))
        self.next += len(items)

    def close(self):
        if self.socket:
            self.socket.close()
