# SPDX-License-Identifier: MPL-2.0
"""gaps owns the comparison of what should be known (knowledge.json) with what was made: GAPS.md for people,
backfill.json for the curator, who then takes those topics first."""

from . import curator, places, topics

MOST = 30   # topics in the backfill


def coverage():
    """coverage is branch → what of it has a video, waits for one, or has not even a topic file."""
    written = set(topics.names())
    made = {entry["topic"] for entry in curator.load()["used"]}
    found = {}
    for branch, leaves in topics.tree().items():
        found[branch] = {"made": [n for n in leaves if n in made],
                         "planned": [n for n in leaves if n in written and n not in made],
                         "missing": [n for n in leaves if n not in written]}
    return found


def share(branch):
    whole = sum(map(len, branch.values()))
    return len(branch["made"]) / whole if whole else 1.0


def backfill(found):
    """backfill takes turns among the branches, the least covered first, so that none stays a blank."""
    rows = sorted(found, key=lambda name: (share(found[name]), name))
    longest = max((len(b["planned"]) for b in found.values()), default=0)
    return [found[name]["planned"][n] for n in range(longest) for name in rows if n < len(found[name]["planned"])][:MOST]


def text_of(found, order):
    rows = "".join(f"| {name} | {len(b['made'])} | {len(b['planned'])} | {len(b['missing'])} | {100 * share(b):.0f} % |\n"
                   for name, b in sorted(found.items(), key=lambda item: share(item[1])))
    missing = "".join(f"- {name}: {', '.join(b['missing'])}\n" for name, b in sorted(found.items()) if b["missing"])
    return ("# Gaps\n\n| branch | made | planned | no topic | covered |\n|---|---|---|---|---|\n" + rows
            + "\n## Topics that nobody has written\n\n" + (missing or "None.\n")
            + "\n## Made next\n\n" + "".join(f"{n}. {name}\n" for n, name in enumerate(order, 1)))


def analyze(_params):
    found = coverage()
    order = backfill(found)
    places.write_json(places.home("backfill.json"), order)
    places.write(places.home("GAPS.md"), text_of(found, order))
    return {"file": places.home("GAPS.md"), "made": sum(len(b["made"]) for b in found.values()),
            "planned": sum(len(b["planned"]) for b in found.values()),
            "missing": [n for b in found.values() for n in b["missing"]], "next": order[:6]}
