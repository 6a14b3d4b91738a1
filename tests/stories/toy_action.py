#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""What the toy's agents run. The toy is a directory with one number a file; its KPIs are read from them (toy.py).

toy_action.py apply FILE VALUE   keeps what was there under HELIOS_KEY, then writes VALUE; prints the way back
toy_action.py half FILE VALUE    writes a number between the two first and waits until the file `hold` is gone
toy_action.py rollback FILE      writes what was there before the change of HELIOS_UNDO_OF
toy_action.py diagnose           recommends
toy_action.py check              passes"""

import json
import os
import sys
import time
import urllib.parse

TOY = os.environ["TOY"]


def path(name):
    return os.path.join(TOY, name)


def read(name):
    with open(path(name), encoding="utf-8") as file:
        return file.read()


def write(name, text):
    """write replaces a file as a whole: a reader sees the old or the new."""
    with open(path(name) + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(path(name) + ".new", path(name))


def saved(key):
    return "undo-" + urllib.parse.quote(key, safe="")


def apply(name, value, half=False):
    before = saved(os.environ["HELIOS_KEY"])
    if not os.path.exists(path(before)):
        write(before, read(name))
    if half:
        write(name, str((float(read(before)) + float(value)) / 2))
    while half and os.path.exists(path("hold")):
        time.sleep(0.02)
    write(name, value)
    return {"undo": {"value": read(before)}, "note": f"{name} is {value}"}


def rollback(name):
    while os.path.exists(path("hold-rollback")):
        time.sleep(0.02)
    before = saved(os.environ["HELIOS_UNDO_OF"])
    if os.path.exists(path(before)):
        write(name, read(before))
    return {"note": f"{name} is {read(name)}"}


VERBS = {
    "apply": apply,
    "half": lambda name, value: apply(name, value, half=True),
    "rollback": rollback,
    "diagnose": lambda: {"recommend": True, "confidence": 0.9, "reason": "the number is bad", "evidence": {"seen": 1}},
    "check": lambda: {"pass": True, "findings": []},
}

print(json.dumps(VERBS[sys.argv[1]](*sys.argv[2:])))
