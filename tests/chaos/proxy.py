#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""A TCP proxy whose links can be harmed while bytes flow. A process of its own, so that a busy harness delays nobody.

It reads orders as JSON lines: {"link": NAME, "to": PORT} opens a link and is answered with {"link": NAME, "port": PORT};
{"mode": MODE, "links": PATTERN, "seed": N} changes those whose names match. What a mode does is its row in MODES. Knows nothing of
what the bytes say."""

import asyncio
import fnmatch
import json
import random
import subprocess
import sys

CHUNK = 65536


async def as_it_is(chunk, _link, _up):
    return chunk


async def only_up(chunk, _link, up):
    """A halved link: what the client says arrives, the answers do not."""
    return chunk if up else b""


async def only_down(chunk, _link, up):
    return b"" if up else chunk


async def nothing(_chunk, _link, _up):
    return b""


async def slowly(chunk, link, _up):
    await asyncio.sleep(link.random.uniform(0.02, 0.4))
    return chunk


async def flipped(chunk, link, _up):
    """One byte of every fourth chunk is another one."""
    if link.random.random() < 0.25:
        chunk = bytearray(chunk)
        chunk[link.random.randrange(len(chunk))] ^= 1 << link.random.randrange(8)
    return bytes(chunk)


# mode: (what happens to each chunk, whether connections may stand)
MODES = {
    "pass": (as_it_is, True),
    "cut": (nothing, False),
    "silent": (nothing, True),
    "only_up": (only_up, True),
    "only_down": (only_down, True),
    "slow": (slowly, True),
    "flip": (flipped, True),
}


class Link:
    """One listening port and the connections that came through it. Bytes that a mode swallowed break the stream for good: when it
    passes again, connections of before are closed, as a real network's would be in the end."""

    def __init__(self, to):
        self.to, self.mode, self.random, self.writers = to, "pass", random.Random(), set()

    async def open(self):
        self.server = await asyncio.start_server(self.on_client, "127.0.0.1", 0)
        return self.server.sockets[0].getsockname()[1]

    def change(self, mode, seed):
        self.mode, self.random = mode, random.Random(seed)
        if mode in ("pass", "cut"):
            for writer in list(self.writers):
                writer.transport.abort()

    async def on_client(self, reader, writer):
        if not MODES[self.mode][1]:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.to)
        except OSError:
            writer.transport.abort()
            return
        self.writers |= {writer, far_writer}
        await asyncio.gather(self.pump(reader, far_writer, True), self.pump(far_reader, writer, False))
        self.writers -= {writer, far_writer}

    async def pump(self, reader, writer, up):
        try:
            while chunk := await reader.read(CHUNK):
                chunk = await MODES[self.mode][0](chunk, self, up)
                if chunk:
                    writer.write(chunk)
                    await writer.drain()
        except OSError:
            pass
        writer.close()


async def serve():
    links = {}
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        order = json.loads(line)
        if "link" in order:
            link = links[order["link"]] = Link(order["to"])
            print(json.dumps({"link": order["link"], "port": await link.open()}), flush=True)
            continue
        for name, link in links.items():
            if fnmatch.fnmatchcase(name, order["links"]):
                link.change(order["mode"], f"{order.get('seed', 0)} {name}")


class Proxy:
    """The harness' end of the proxy."""

    def __init__(self, **options):
        self.process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        bufsize=1, **options)

    def link(self, name, to):
        """link opens a way to a port, and answers the port to connect to instead."""
        self.process.stdin.write(json.dumps({"link": name, "to": to}) + "\n")
        return json.loads(self.process.stdout.readline())["port"]

    def mode(self, links, mode, seed=0):
        self.process.stdin.write(json.dumps({"links": links, "mode": mode, "seed": seed}) + "\n")

    def close(self):
        self.process.kill()
        self.process.wait()


if __name__ == "__main__":
    asyncio.run(serve())
