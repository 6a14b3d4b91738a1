# SPDX-License-Identifier: MPL-2.0
"""http11 owns the few lines of HTTP/1.1 that the shop speaks, as a server and as a browser's
connection. It knows bytes and headers; what they are about is the caller's."""

import asyncio
import socket

REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed",
           500: "Internal Server Error", 503: "Service Unavailable"}
MAX_BODY = 1 << 20


class Gone(Exception):
    """The other side closed the connection."""


async def read_head(reader):
    """read_head gives the first line and the headers (lower case), or raises Gone."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError) as error:
        raise Gone from error
    lines = head.decode("latin-1").split("\r\n")
    pairs = (line.split(":", 1) for line in lines[1:] if ":" in line)
    return lines[0], {name.strip().lower(): value.strip() for name, value in pairs}


async def read_body(reader, headers):
    try:
        if headers.get("transfer-encoding") == "chunked":
            out = []
            while size := int((await reader.readline()) or b"0", 16):
                out.append(await reader.readexactly(size))
                await reader.readexactly(2)
            await reader.readline()
            return b"".join(out)
        return await reader.readexactly(min(MAX_BODY, int(headers.get("content-length") or 0)))
    except (asyncio.IncompleteReadError, ConnectionError, ValueError) as error:
        raise Gone from error


class Server:
    """Server answers `await handle(first, method, target, body)` with (status, kind, bytes);
    `first` is true for the first request of a connection."""

    def __init__(self, handle):
        self.handle, self.connections = handle, 0

    async def listen(self, fd):
        sock = socket.socket(fileno=fd)
        return await asyncio.start_server(self._serve, sock=sock)

    async def _serve(self, reader, writer):
        self.connections += 1
        first = True
        try:
            while await self._one(reader, writer, first):
                first = False
        except (Gone, ConnectionError):
            pass
        finally:
            writer.close()

    async def _one(self, reader, writer, first):
        line, headers = await read_head(reader)
        body = await read_body(reader, headers)
        parts = line.split()
        if len(parts) != 3:
            raise Gone
        status, kind, answer = await self.handle(first, parts[0], parts[1], body)
        keep = parts[2] == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
        writer.write(f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: {kind}\r\n"
                     f"Content-Length: {len(answer)}\r\n"
                     f"Connection: {'keep-alive' if keep else 'close'}\r\n\r\n".encode() + answer)
        await writer.drain()
        return keep


class Browser:
    """Browser holds one kept-alive connection, as a visitor's browser does."""

    def __init__(self, port):
        self.port, self.reader, self.writer = port, None, None

    async def request(self, method, target, body=b""):
        """request answers (status, headers, body). A kept connection that the server has closed
        meanwhile is opened again once, as browsers do."""
        reused = self.writer is not None
        try:
            return await self._ask(method, target, body)
        except (Gone, ConnectionError):
            self.close()
            if not reused:
                raise Gone from None
            try:
                return await self._ask(method, target, body)
            except ConnectionError as error:
                raise Gone from error

    async def _ask(self, method, target, body):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writer.write(f"{method} {target} HTTP/1.1\r\nHost: shop\r\nAccept-Encoding: gzip\r\n"
                          f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        line, headers = await read_head(self.reader)
        answer = await read_body(self.reader, headers)
        if headers.get("connection", "").lower() == "close":
            self.close()
        return int(line.split()[1]), headers, answer

    def close(self):
        if self.writer is not None:
            self.writer.close()
            self.reader = self.writer = None
