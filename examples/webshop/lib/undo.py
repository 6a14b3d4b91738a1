# SPDX-License-Identifier: MPL-2.0
"""undo owns the way back: what was there before a change, saved under the change's key *before*
the change is made. A crash at any point leaves either nothing done or something to undo.

A keyed record goes through saved -> applied -> rolled back, and a rollback that comes first leaves
a record too: a late attempt of a change that was called off finds it and does nothing."""

import hashlib
import os
import urllib.parse

from . import changes, paths


class CalledOff(Exception):
    """The change of this key was rolled back: it is not made again."""


def place(key):
    name = urllib.parse.quote(key, safe="")
    if len(name) > 150:
        name = hashlib.sha256(key.encode()).hexdigest()
    return paths.at("undo", f"{name}.json")


def apply(name, change, ports, values, key):
    """apply makes the change once a key and answers {"undo", "note"}."""
    path = place(key)
    record = paths.read_json(path)
    if record and record["name"] != name:
        raise ValueError(f"the key {key} belongs to {record['name']}, not to {name}")
    if record and record["state"] == "rolled back":
        raise CalledOff(f"{name} was rolled back under the key {key}: not applied again")
    if record and record["state"] == "applied":
        return {"undo": record["before"], "note": record["note"], "repeated": True}
    if not record:   # a saved one is kept: it holds what was there before the first attempt
        record = {"name": name, "state": "saved", "before": changes.read(change, ports)}
        paths.write_json(path, record)
    note = changes.apply(change, ports, values)
    paths.write_json(path, dict(record, state="applied", note=note))
    return {"undo": record["before"], "note": note}


def rollback(name, change, ports, key, keyed):
    """rollback restores what the key's change found; nothing saved means nothing to undo."""
    path = place(key)
    record = paths.read_json(path)
    if record and record["name"] != name:
        raise ValueError(f"the key {key} belongs to {record['name']}, not to {name}")
    if record and record["state"] == "rolled back":
        return {"undone": False, "note": f"{name} was rolled back before"}
    if record:
        changes.write(change, ports, record["before"])
    if keyed:
        paths.write_json(path, {"name": name, "state": "rolled back"})
    elif record:
        os.remove(path)   # by hand, without a key, a change may be made again
    if not record:
        return {"undone": False, "note": f"{name} was not applied under this key: nothing to undo"}
    return {"undone": True, "restored": record["before"], "note": f"{name} was rolled back"}
