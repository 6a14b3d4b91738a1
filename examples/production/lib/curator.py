# SPDX-License-Identifier: MPL-2.0
"""curator owns which topic comes next: the calendar in its order, what the gap analysis wants first, and what was used.

curator.json has `queue` (picked, not made yet) and `used` (topic, run and time of each, oldest first)."""

import time

from . import places, topics

QUEUE_MAX = 24


def state_file():
    return places.home("curator.json")


def load():
    return places.read_json(state_file(), {"queue": [], "used": []})


def order(state):
    """order is all topics as they would come: the least used first, then what fills a gap, then by the calendar."""
    calendar, wanted = topics.calendar(), places.read_json(places.home("backfill.json"), [])
    planned = calendar + sorted(set(topics.names()) - set(calendar))   # what was written since stands behind the last day
    counts = dict.fromkeys(planned, 0)
    for entry in state["used"]:
        counts[entry["topic"]] = counts.get(entry["topic"], 0) + 1
    waiting = set(state["queue"])
    rank = {name: n for n, name in enumerate(wanted)}
    free = [name for name in planned if name not in waiting]
    return sorted(free, key=lambda name: (counts[name], rank.get(name, len(rank))))   # stable: else the calendar's order


def curate(params):
    """curate fills the queue with the topics of the day; what it picked before and nobody took stays in front."""
    with places.locked("curator"):
        state = load()
        wanted = min(params.get("count", 6), QUEUE_MAX)
        picked = order(state)[:max(0, wanted - len(state["queue"]))]
        state["queue"] += picked
        places.write_json(state_file(), state)
    used = {entry["topic"] for entry in state["used"]}
    return {"picked": picked, "queue": state["queue"], "used": len(used),
            "left": len(set(topics.calendar()) - used - set(state["queue"]))}


def take(run):
    """take gives a run its topic, the same one whenever that run asks; an empty queue gives the next of the calendar."""
    with places.locked("curator"):
        state = load()
        for entry in reversed(state["used"]):
            if entry["run"] == run:
                return entry["topic"]
        name = state["queue"].pop(0) if state["queue"] else order(state)[0]
        state["used"].append({"topic": name, "run": run, "time": int(time.time())})
        places.write_json(state_file(), state)
    return name
