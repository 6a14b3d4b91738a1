# SPDX-License-Identifier: MPL-2.0
"""committees owns how a seat votes: each seat sees one field. Which field is in the agent's name, as sound in
quality-sound. It measures nothing that was measured before; what it is asked about comes as parameters: the subject."""

import os
import sys

from . import action, quality

# A week's change of one setting that a channel's viewers would still take for the same channel.
STEPS = {"words": 10, "seconds": 8}


def vote(yes, score, reason):
    return {"vote": "yes" if yes else "no", "score": round(score), "reason": reason}


def on_video(subject, field):
    """on_video judges what the reviewer measured, and that the file is still the one that was measured."""
    if field == "picture" and not os.path.exists(subject["video"]):
        return vote(False, 0, f"{subject['video']} is not there")
    return quality.judge(subject["figures"], field)


def on_findings(subject, field):
    """on_findings judges what analytics found: enough evidence, fairness among variants, sense of the advice."""
    videos, wins = subject.get("videos", 0), subject.get("winners", [])
    if field == "evidence":
        weak = [w["video"] for w in wins if w["p"] > 0.05 or w["shown"] < 30]
        return vote(not weak, 100 - 50 * bool(weak), f"{len(wins)} winners, {len(weak)} on weak evidence")
    if field == "audience":
        views = subject.get("views", 0)
        return {"vote": "yes" if views else "abstain", "score": min(100, views),
                "reason": f"{views} views of {videos} videos"}
    advice = subject.get("advice", 0)
    return vote(advice <= 20, 100 if advice <= 20 else 40, f"{advice} recommendations; more than 20 nobody reads")


def on_style(subject, field):
    """on_style judges a draft of the style guide against the one in force."""
    before, after = subject["before"], subject["after"]
    jumps = [f"{k} {before[k]} → {after[k]}" for k, most in STEPS.items() if abs(after[k] - before[k]) > most]
    if field == "brand":
        return vote(not jumps, 100 - 60 * bool(jumps), "; ".join(jumps) or "no setting jumps")
    if field == "speech":
        well = 140 <= after["words"] <= 180 and 40 <= after["seconds"] <= 75
        return vote(well, 90 if well else 20, f"{after['words']} words a minute, {after['seconds']} s")
    grounds = subject.get("grounds", 0)
    return {"vote": "yes" if grounds else "abstain", "score": min(100, 50 + grounds),
            "reason": f"rests on {grounds} views"}


ASKED = {"quality": on_video, "analytics": on_findings, "design": on_style}


def review(subject):
    """review is one seat's vote; which committee asks is the program's argument."""
    about = sys.argv[1] if len(sys.argv) > 1 else ""
    if about not in ASKED:
        raise action.Wrong(f"no committee votes about {about or 'nothing'}")
    field = os.environ.get("HELIOS_AGENT", "").partition("-")[2]
    try:
        return ASKED[about](subject, field)
    except KeyError as missing:
        return {"vote": "abstain", "score": 0, "reason": f"the subject does not say {missing}"}
