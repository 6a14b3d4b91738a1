# SPDX-License-Identifier: MPL-2.0
"""visitors plays people: each session comes through the line, looks, searches, and perhaps buys.
A wait that is longer than the visitor's patience ends the session. Every figure that it publishes
is measured on these sessions; people act fast here, so that seconds show what days would."""

import asyncio
import gzip
import random
import re
import signal
import sys
import time
from collections import deque

from . import figures, goods, http11, pages, paths

PATIENCE_S, PATIENCE_SPREAD = 1.4, 0.45   # median and sigma of a log-normal
READS_S = (0.15, 0.45)                    # a look at one page
BUYS, ANOTHER_PRODUCT, SEARCHES = 0.7, 0.5, 0.6
RETURNS_HAPPY, RETURNS_ANNOYED = 0.75, 0.1
RETURNS_AFTER_S = (1.0, 4.0)
RECENT_S = 0.3
HAPPY_BELOW_S = 0.7                       # mean wait a step of a happy visitor

_PICTURE = re.compile(rb"<img [^>]*>")
_ADDRESS = re.compile(rb'src="(/assets/[^"]+)"')


class Annoyed(Exception):
    """The visitor's patience ended."""


class Failed(Exception):
    """The shop answered with an error."""


class Publisher:
    """Publisher gathers the sessions' measures and serves them at /metrics."""

    def __init__(self):
        self.sessions = figures.Window()       # abandoned: True or False
        self.requests = figures.Window()       # failed: True or False
        self.orders = figures.Window()
        self.duration_s, self.pages, self.returning = (figures.Window() for _ in range(3))
        self.page_ms, self.click_ms = figures.Window(), figures.Window()
        self.page_now_ms = figures.Window(RECENT_S)

    def text(self):
        g = "gauge"
        errors = self.requests.percent()
        return figures.prometheus([
            ("orders_per_minute", g, "orders, 5 s", 60 * self.orders.a_second()),
            ("session_abandonment", g, "% of sessions given up waiting, 5 s",
             self.sessions.percent()),
            ("session_duration", g, "mean seconds of looking, waits left out, 5 s",
             self.duration_s.mean()),
            ("pages_per_session", g, "mean pages seen, 5 s", self.pages.mean()),
            ("user_retention_24h", g, "% of visitors who had been here before, 5 s",
             self.returning.percent()),
            ("error_rate", g, "% of requests failed, 5 s", errors),
            ("system_availability", g, "% of requests answered, 5 s",
             None if errors is None else 100 - errors),
            ("page_complete_time", g, "mean ms until a page and its parts are there, 5 s",
             self.page_ms.mean()),
            ("page_complete_recent", g, f"mean of the same over the last {RECENT_S} s: readings "
             "taken further apart share no page", self.page_now_ms.mean()),
            ("page_complete_time_p95", g, "95th percentile of the same",
             self.page_ms.quantile(0.95)),
            ("ui_interaction_lag", g, "mean ms from a click on cart or search to its answer, 5 s",
             self.click_ms.mean()),
            ("visitor_requests_per_second", g, "requests, 5 s", self.requests.a_second()),
        ])

    async def handle(self, _first, _method, target, _body):
        if target != "/metrics":
            return 404, "text/plain", b"only /metrics is here\n"
        return 200, "text/plain; version=0.0.4", self.text().encode()


class Session:
    def __init__(self, crowd, kept):
        self.crowd, self.rng, self.kept = crowd, crowd.rng, kept
        self.browser = http11.Browser(crowd.port)
        self.patience_s = PATIENCE_S * self.rng.lognormvariate(0, PATIENCE_SPREAD)
        self.waits, self.looked_s, self.seen = [], 0.0, 0

    async def fetch(self, target, method="GET"):
        """fetch takes one resource, from the browser's own cache when its headers allow."""
        until, body = self.kept.get(target, (0, b""))
        if until > time.monotonic():
            return body
        body, headers = await self._ask(method, target)
        for word in headers.get("cache-control", "").split(","):
            if word.strip().startswith("max-age="):
                self.kept[target] = (time.monotonic() + int(word.split("=")[1]), body)
        return body

    async def _ask(self, method, target):
        status, headers, body = 0, {}, b""
        try:
            status, headers, body = await self.browser.request(method, target)
            if headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
        except (http11.Gone, EOFError, OSError):
            status = 0
        self.crowd.publisher.requests.add(status != 200)
        if status != 200:
            raise Failed
        return body, headers

    async def step(self, act, *windows):
        """step waits for one act of the visitor as long as the patience lasts, then reads."""
        began = time.monotonic()
        try:
            await asyncio.wait_for(act, self.patience_s)
        except asyncio.TimeoutError:
            raise Annoyed from None
        finally:
            self.waits.append(time.monotonic() - began)
            for window in windows:
                window.add(1000 * self.waits[-1])
        look = self.rng.uniform(*READS_S)
        await asyncio.sleep(look)
        self.looked_s += look

    async def load(self, page, *parts):
        """load takes a page as a browser does: the page, then the pictures in sight, then parts."""
        body = await self.fetch(page)
        tags = [tag for tag in _PICTURE.findall(body) if b'loading="lazy"' not in tag]
        seen = [_ADDRESS.search(tag)[1].decode() for tag in tags if _ADDRESS.search(tag)]
        for target in ("/assets/shop.css", "/assets/shop.js", *seen, *parts):
            await self.fetch(target)

    async def page(self, act):
        await self.step(act, self.crowd.publisher.page_ms, self.crowd.publisher.page_now_ms)

    async def home(self):
        name = pages.NAMES[self.crowd.categories.draw()]
        await self.page(self.load(f"/{name}.html", "/api/shelf"))
        self.seen += 1

    async def look_at(self, number):
        picture = f"/assets/picture-{number % pages.PICTURES}.png"
        await self.page(self.load("/product.html", picture, f"/api/product/{number}"))
        self.seen += 1

    async def play(self):
        clicks, rng = self.crowd.publisher.click_ms, self.rng
        await self.home()
        if rng.random() < SEARCHES:
            term = goods.TERMS[self.crowd.terms.draw()]
            await self.step(self.fetch(f"/api/search?q={term}"), clicks)
        number = self.crowd.products.draw()
        await self.look_at(number)
        while rng.random() < ANOTHER_PRODUCT:
            number = self.crowd.products.draw()
            await self.look_at(number)
        if rng.random() < BUYS:
            await self.step(self.fetch(f"/api/cart/{number}", "POST"), clicks)
            await self.step(self.fetch(f"/api/checkout/{number}", "POST"), clicks)
            self.crowd.publisher.orders.add(1)

    def happy(self):
        return sum(self.waits) / len(self.waits) < HAPPY_BELOW_S


class Crowd:
    def __init__(self, port, rate, seed):
        self.port, self.rate, self.rng = port, rate, random.Random(seed)
        self.publisher = Publisher()
        self.products = goods.Popularity(self.rng, goods.PRODUCTS)
        self.terms = goods.Popularity(self.rng, len(goods.TERMS))
        self.categories = goods.Popularity(self.rng, len(pages.NAMES))
        self.coming_back = deque()   # (when, browser's cache): visitors who will return
        self.running = set()

    async def visit(self, kept, returning):
        session, publisher = Session(self, kept), self.publisher
        abandoned = False
        try:
            await session.play()
        except (Annoyed, Failed):
            abandoned = True
        finally:
            session.browser.close()
        publisher.sessions.add(abandoned)
        publisher.returning.add(returning)
        publisher.duration_s.add(session.looked_s)
        publisher.pages.add(session.seen)
        content = not abandoned and session.happy()
        if self.rng.random() < (RETURNS_HAPPY if content else RETURNS_ANNOYED):
            when = time.monotonic() + self.rng.uniform(*RETURNS_AFTER_S)
            self.coming_back.append((when, session.kept))

    async def arrive(self):
        """arrive lets people come at an even rate; who promised to return comes first."""
        while True:
            await asyncio.sleep(self.rng.uniform(0.5, 1.5) / self.rate)
            returning = bool(self.coming_back) and self.coming_back[0][0] < time.monotonic()
            kept = self.coming_back.popleft()[1] if returning else {}
            task = asyncio.create_task(self.visit(kept, returning))
            self.running.add(task)
            task.add_done_callback(self.running.discard)


async def serve(fd, line_port, rate, seed):
    crowd = Crowd(line_port, rate, seed)
    await http11.Server(crowd.publisher.handle).listen(fd)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    arriving = asyncio.create_task(crowd.arrive())
    await asyncio.wait([arriving, asyncio.create_task(stop.wait())],
                       return_when=asyncio.FIRST_COMPLETED)
    if arriving.done():
        arriving.result()


def main():
    if len(sys.argv) != 5 or "--help" in sys.argv:
        print("usage: visitors LISTEN_FD LINE_PORT SESSIONS_A_SECOND SEED (started by the shop)")
        sys.exit(0 if "--help" in sys.argv else paths.USAGE)
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))


if __name__ == "__main__":
    main()
