#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""An agent in Python that offers the actions `echo`, `add` and `count`, which tells of its progress and can be cancelled.

usage: agent.py [ID [SWARM]]        controllers from HELIOS_CONTROLLER or HELIOS_DATA
"""
import signal
import sys

from helios import Agent


def count(attempt):
    start = int(attempt.saved or b"0")  # where an attempt before this one has come to
    for i in range(start, attempt.params["to"]):
        attempt.progress(100 * i / attempt.params["to"], f"at {i}")
        attempt.save(b"%d" % (i + 1))
        if not attempt.wait(0.01):
            return attempt.fail(f"stopped at {i}")
    return attempt.complete_json({"counted": attempt.params["to"], "from": start})


if __name__ == "__main__":
    agent = Agent(*(sys.argv[1:] + ["py1", "backend"][len(sys.argv) - 1:])[:2])
    agent.action("echo", lambda a: a.complete(a.params["text"]), text=str)
    agent.action("add", lambda a: a.complete(str(a.params["a"] + a.params["b"])), a=int, b=int)
    agent.action("count", count, to=int)
    signal.signal(signal.SIGTERM, lambda *_: agent.stop())
    agent.run()
