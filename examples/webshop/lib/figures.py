# SPDX-License-Identifier: MPL-2.0
"""figures owns measured numbers over the last seconds and their Prometheus text.

A figure without data in its window is left out: no data is not zero."""

import time
from collections import deque


class Window:
    """Window keeps the readings of the last span_s seconds."""

    def __init__(self, span_s=5.0):
        self.span_s, self.readings = span_s, deque()

    def add(self, value):
        self.readings.append((time.monotonic(), value))
        self._forget()

    def _forget(self):
        oldest = time.monotonic() - self.span_s
        while self.readings and self.readings[0][0] < oldest:
            self.readings.popleft()

    def values(self):
        self._forget()
        return [value for _, value in self.readings]

    def mean(self):
        values = self.values()
        return sum(values) / len(values) if values else None

    def quantile(self, q):
        values = sorted(self.values())
        return values[min(len(values) - 1, int(q * len(values)))] if values else None

    def a_second(self):
        return len(self.values()) / self.span_s

    def percent(self):
        """percent of the readings that are true."""
        mean = self.mean()
        return None if mean is None else 100.0 * mean


def prometheus(rows):
    """prometheus writes rows of (name, kind, help, value)."""
    out = []
    for name, kind, text, value in rows:
        if value is not None:
            out.append(f"# HELP {name} {text}\n# TYPE {name} {kind}\n{name} {value:.6g}\n")
    return "".join(out)


def parse(text):
    """parse reads the plain lines of a Prometheus text."""
    pairs = (line.split() for line in text.splitlines() if line and line[0] != "#")
    return {name: float(value) for name, value in pairs}
