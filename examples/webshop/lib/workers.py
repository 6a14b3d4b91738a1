# SPDX-License-Identifier: MPL-2.0
"""workers owns how many requests the API works on at once and the queue in front of them.

A place that becomes free goes to who waited longest; who waited too long is sent away."""

import asyncio
import time
from collections import deque

from .figures import Window


class Full(Exception):
    """Nobody became free in time."""


class Workers:
    def __init__(self, count, patience_s=1.0):
        self.count, self.patience_s, self.busy = count, patience_s, 0
        self.queue = deque()      # futures, oldest first
        self.waited_ms = Window()

    def resize(self, count):
        self.count = count
        self._wake()

    async def __aenter__(self):
        began = time.monotonic()
        if self.busy < self.count and not self.queue:
            self.busy += 1
        else:
            await self._wait()
        self.waited_ms.add(1000 * (time.monotonic() - began))

    async def _wait(self):
        turn = asyncio.get_running_loop().create_future()
        self.queue.append(turn)
        try:
            await asyncio.wait_for(turn, self.patience_s)
        except asyncio.TimeoutError:
            self.waited_ms.add(1000 * self.patience_s)
            raise Full from None

    async def __aexit__(self, *_):
        self.busy -= 1
        self._wake()

    def _wake(self):
        while self.queue and self.busy < self.count:
            turn = self.queue.popleft()
            if not turn.done():   # a cancelled one has gone home
                self.busy += 1
                turn.set_result(None)
