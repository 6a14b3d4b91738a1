# SPDX-License-Identifier: MPL-2.0
"""guide owns the writing of CHANNEL_STYLE_GUIDE.md: from the publisher's figures to a draft, and after the committee
has agreed, the draft into force. What the programs read of it is style.py."""

import os
import time

from . import action, places, publisher_api, script, style

LEAST_VIEWS = 30           # of an opening before its figures count
FORMS = {"a": "a question", "b": "a promise", "c": "a number"}
STEP_S = 5


def by_opening(figures):
    """by_opening is how much is watched of videos with each opening: opening → (share, views)."""
    sums = {}
    for video in figures.values():
        seen = sums.setdefault(video["about"].get("opening") or "question", [0.0, 0.0, 0])
        seen[0] += video["watched_s"]
        seen[1] += video["views"] * video["about"]["seconds"]
        seen[2] += video["views"]
    return {name: (watched / whole, views) for name, (watched, whole, views) in sums.items() if whole}


def next_opening(seen, now):
    """next_opening tries what was never tried once the present one is known, then stays with the best."""
    if seen.get(now, (0, 0))[1] < LEAST_VIEWS:
        return now
    fresh = [name for name in script.OPENINGS if seen.get(name, (0, 0))[1] < LEAST_VIEWS]
    return fresh[0] if fresh else max(seen, key=lambda name: seen[name][0])


def next_seconds(seen, now):
    """next_seconds makes videos shorter that are left early, longer those that are seen to the end."""
    views = sum(n for _, n in seen.values())
    if views < LEAST_VIEWS:
        return now
    share = sum(part * n for part, n in seen.values()) / views
    return max(40, min(75, now + (-STEP_S if share < 0.5 else STEP_S if share > 0.75 else 0)))


def forms(figures):
    """forms is the click rate of each form of title over all videos: form → (rate, shown)."""
    found = {}
    for variant, form in FORMS.items():
        shown = sum(v["shown"][variant] for v in figures.values())
        clicks = sum(v["clicks"][variant] for v in figures.values())
        if shown:
            found[form] = (clicks / shown, shown)
    return found


def text_of(settings, seen, titles, stamp):
    why = {"opening": "how the hook begins", "words": "words a minute of the voice", "seconds": "longest lesson"}
    rows = "".join(f"| `{name}` | `{settings[name]}` | {why[name]} |\n" for name in style.DEFAULTS)
    heard = "".join(f"- opening with the {name}: {100 * part:.0f} % watched over {views} views\n"
                    for name, (part, views) in sorted(seen.items()))
    read = "".join(f"- titles with {form}: clicked by {100 * part:.1f} % of {shown}\n"
                   for form, (part, shown) in sorted(titles.items(), key=lambda item: -item[1][0]))
    return (f"# Channel style guide\n\nOf {stamp}. The programs read the table; people read the rest.\n\n"
            f"| setting | value | what it is |\n|---|---|---|\n{rows}\n## What viewers showed\n\n"
            f"{heard + read or 'Nothing yet: nobody has watched.' + chr(10)}\n## Always\n\n"
            "- One topic a video; every fact has one term, and the term is on the screen while it is explained.\n"
            "- Captions are burnt in and there as a track; nobody needs sound.\n"
            "- The quiz asks for what was said, and its answer is given.\n")


def draft(_params):
    """draft writes style/TIME.md and answers what the committee needs to judge it."""
    figures, before = publisher_api.figures(), style.settings()
    seen = by_opening(figures)
    after = {**before, "opening": next_opening(seen, before["opening"]), "seconds": next_seconds(seen, before["seconds"])}
    stamp = time.strftime("%Y-%m-%dT%H%M%SZ", time.gmtime())
    path = places.home("style", stamp + ".md")
    places.write(path, text_of(after, seen, forms(figures), stamp))
    return {"draft": path, "subject": {"before": before, "after": after, "draft": path,
                                       "grounds": sum(v["views"] for v in figures.values())}}


def publish(params):
    """publish puts a draft into force."""
    text = places.read(params["draft"])
    if text is None or os.path.dirname(os.path.abspath(params["draft"])) != places.home("style"):
        raise action.Wrong(f"there is no draft {params['draft']}")
    places.write(style.path(), text)
    return {"guide": style.path(), "settings": style.settings()}
