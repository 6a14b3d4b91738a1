# SPDX-License-Identifier: MPL-2.0
"""line is the throttled line that visitors come through: each connection has a round trip of its
own and so many bytes a second, as a household has. It carries bytes and understands none."""

import asyncio
import signal
import socket
import sys
import time

from . import paths

BYTES_A_SECOND = 320_000   # 2.5 Mbit/s
ROUND_TRIP_S = 0.025
PIECE = 8192


async def up(reader, writer):
    """up carries requests: each burst takes the round trip's time."""
    while piece := await reader.read(PIECE):
        await asyncio.sleep(ROUND_TRIP_S)
        writer.write(piece)
        await writer.drain()


async def down(reader, writer):
    """down carries answers at the line's rate: a piece leaves when the one before is through."""
    free_at = 0.0
    while piece := await reader.read(PIECE):
        free_at = max(free_at, time.monotonic()) + len(piece) / BYTES_A_SECOND
        await asyncio.sleep(free_at - time.monotonic())
        writer.write(piece)
        await writer.drain()


async def carry(edge_port, reader, writer):
    far = None
    try:
        far_reader, far = await asyncio.open_connection("127.0.0.1", edge_port)
        ways = [asyncio.create_task(up(reader, far)), asyncio.create_task(down(far_reader, writer))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
    except ConnectionError:
        pass                   # the edge is away: the visitor sees a closed connection
    finally:
        writer.close()
        if far is not None:
            far.close()


async def serve(fd, edge_port):
    server = await asyncio.start_server(lambda r, w: carry(edge_port, r, w),
                                        sock=socket.socket(fileno=fd))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    server.close()


def main():
    if len(sys.argv) != 3 or "--help" in sys.argv:
        print("usage: line LISTEN_FD EDGE_PORT (started by the shop)")
        sys.exit(0 if "--help" in sys.argv else paths.USAGE)
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))


if __name__ == "__main__":
    main()
