# SPDX-License-Identifier: MPL-2.0
"""web owns how the shop's tools ask its servers, past any proxy of the environment."""

import gzip
import http.client
import urllib.error
import urllib.request

from . import figures

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Answer:
    """Answer is what came back: status 0 when nothing did. `wire` are the bytes as they were sent,
    `body` the same after decompression."""

    def __init__(self, status, headers, wire):
        self.status, self.headers, self.wire = status, headers, wire
        packed = headers.get("Content-Encoding") == "gzip"
        try:
            self.body = gzip.decompress(wire) if packed else wire
        except (OSError, EOFError):
            self.status, self.body = 0, b""


def ask(url, packed=False, method="GET", timeout=5):
    headers = {"Accept-Encoding": "gzip" if packed else "identity"}
    request = urllib.request.Request(url, headers=headers, method=method)
    try:
        with _direct.open(request, timeout=timeout) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.read())
    except (OSError, http.client.HTTPException):
        return Answer(0, {}, b"")


def answers(url, text=None):
    """answers tells whether a URL is served now, with this text if one is named."""
    answer = ask(url, timeout=2)
    return answer.status == 200 and (text is None or answer.body.decode() == text)


def metrics(url):
    """metrics reads a Prometheus text; empty when nobody answers."""
    return figures.parse(ask(url, timeout=2).body.decode())
