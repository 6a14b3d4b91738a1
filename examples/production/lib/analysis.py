# SPDX-License-Identifier: MPL-2.0
"""analysis owns what the publisher's figures mean: which variants have won, which videos lag, what to do about it.

It proposes; only after the committee has agreed `apply` chooses the winners and publishes the recommendations."""

import os
import statistics
import time

from . import action, places, proportions, publisher_api, topics

ALPHA, LOOKS = 0.05, 5        # a video is tested so often at most; the looks share the error
NEW_SHOWN = 30                # a look needs so many more who have seen it
LAGGING_Z = -2.33             # its click rate against all others': one-sided 1 %
LAGGING_WATCH = 0.6           # of the median share that is watched
LEAST_VIEWS = 20
LISTED = 20


def rate(video):
    shown = sum(video["shown"].values())
    return sum(video["clicks"].values()), shown


def watch_share(video):
    return video["watched_s"] / (video["views"] * video["about"]["seconds"]) if video["views"] else None


def look(identity, video, looks):
    """look tests a video once more, when enough have seen it since; None otherwise."""
    seen, before = rate(video)[1], looks.get(identity, {"count": 0, "shown": 0})
    if video["variant"] or before["count"] >= LOOKS or seen - before["shown"] < NEW_SHOWN:
        return None
    name, p = proportions.winner(video["shown"], video["clicks"], ALPHA / LOOKS)
    if p < 1.0:   # too few for a test is no look
        looks[identity] = {"count": before["count"] + 1, "shown": seen}
    return name and {"video": identity, "variant": name, "p": round(p, 6), "shown": seen,
                     "title": video["about"]["titles"][name]}


def winners(figures, looks):
    found = (look(identity, figures[identity], looks) for identity in sorted(figures))
    return [one for one in found if one][:LISTED]


def lagging(figures):
    """lagging are videos that are clicked or watched less than the others, with the reason."""
    shares = [s for v in figures.values() if v["views"] >= LEAST_VIEWS and (s := watch_share(v)) is not None]
    median, found = statistics.median(shares) if shares else None, []
    all_clicks, all_shown = (sum(x) for x in zip(*map(rate, figures.values()))) if figures else (0, 0)
    for identity, video in sorted(figures.items()):
        (clicks, shown), share = rate(video), watch_share(video)
        rest = (all_clicks - clicks, all_shown - shown)
        if proportions.enough([(clicks, shown), rest]) and proportions.z_of(clicks, shown, *rest) < LAGGING_Z:
            why = f"clicked by {100 * clicks / shown:.1f} %, the others by {100 * rest[0] / rest[1]:.1f} %"
            found.append({"video": identity, "topic": video["about"]["topic"], "reason": why})
        elif median and video["views"] >= LEAST_VIEWS and share < LAGGING_WATCH * median:
            why = f"{100 * share:.0f} % of it is watched, of the middle video {100 * median:.0f} %"
            found.append({"video": identity, "topic": video["about"]["topic"], "reason": why})
    return found[:LISTED]


def advice(won, behind):
    made = [f"Show {w['video']} to all as variant {w['variant']}: “{w['title']}” "
            f"(p = {w['p']:.4f}, {w['shown']} saw it)." for w in won]
    for one in behind:
        title = topics.load(one["topic"]).title
        made.append(f"Make “{title}” anew with another opening ({one['video']}): {one['reason']}.")
    return made[:LISTED]


def table(figures):
    rows = ["| video | topic | shown a/b/c | clicks a/b/c | views | watched | variant |", "|---|---|---|---|---|---|---|"]
    for identity, v in sorted(figures.items(), key=lambda item: -item[1]["views"])[:100]:
        three = ["/".join(str(v[what][k]) for k in "abc") for what in ("shown", "clicks")]
        share = watch_share(v)
        rows.append(f"| {identity} | {v['about']['topic']} | {three[0]} | {three[1]} | {v['views']} | "
                    f"{'–' if share is None else format(100 * share, '.0f') + ' %'} | {v['variant'] or 'tried'} |")
    return "\n".join(rows)


def report(figures, made, stamp):
    lines = made or ["Nothing yet: no variant has won on its evidence, no video lags behind."]
    return (f"# Recommendations of {stamp}\n\n" + "".join(f"- {line}\n" for line in lines)
            + f"\n## Figures\n\n{table(figures)}\n")


def analyze(_params):
    """analyze reads the figures and drafts: reports/analytics-TIME.json and recommendations-TIME.md beside it."""
    figures = publisher_api.figures()
    action.progress(30, f"{len(figures)} videos")
    stamp = time.strftime("%Y-%m-%dT%H%M%SZ", time.gmtime())
    with places.locked("analytics"):
        looks = places.read_json(places.home("looks.json"), {})
        won, behind = winners(figures, looks), lagging(figures)
        places.write_json(places.home("looks.json"), looks)
    made = advice(won, behind)
    base = places.home("reports", f"analytics-{stamp}")
    places.write(base + ".md", report(figures, made, stamp))
    places.write_json(base + ".json", {"figures": figures, "winners": won, "lagging": behind, "advice": made})
    return {"findings": {"videos": len(figures), "views": sum(v["views"] for v in figures.values()), "winners": won,
                         "lagging": behind, "advice": len(made)}, "report": base + ".json"}


def apply(params):
    """apply does what was agreed: the winners are shown to all, the recommendations are published."""
    drafted = places.read_json(params["report"])
    if drafted is None:
        raise action.Wrong(f"there is no report {params['report']}")
    for one in drafted["winners"]:
        publisher_api.choose(one["video"], one["variant"])
    path = places.home("recommendations.md")
    places.write(path, places.read(os.path.splitext(params["report"])[0] + ".md"))
    return {"chosen": len(drafted["winners"]), "recommendations": path}
