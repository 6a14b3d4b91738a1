# SPDX-License-Identifier: MPL-2.0
"""lesson owns the structure of a lesson: objectives, segments with planned durations, a quiz. What would be too long
loses facts from the end; hook, first three facts and recap always stay."""

import os

from . import action, places, style, topics

PAUSE_S = 0.35   # between two segments
LEAST_FACTS = 3


def seconds_of(text, words_per_minute):
    return round(len(text.split()) * 60 / words_per_minute + 0.25, 2)


def segment(name, heading, lines, pace):
    return {"name": name, "heading": heading, "lines": [line["text"] for line in lines],
            "seconds": round(sum(seconds_of(line["text"], pace) for line in lines), 2)}


def segments_of(script, pace):
    """segments_of makes one segment of the hook, of the intro, of each part of the body and of the recap."""
    parts = script["sections"]
    made = [segment("hook", script["title"], parts["hook"], pace),
            segment("intro", script["title"], parts["intro"], pace)]
    for n, line in enumerate(parts["body"], 1):
        kind = "example" if line["term"] == "Example" else f"fact-{n}"
        made.append(segment(kind, line["term"], [line], pace))
    return made + [segment("recap", "Did you get it?", parts["recap"], pace)]


def planned(segments):
    return round(sum(s["seconds"] + PAUSE_S for s in segments), 2)


def shorten(segments, limit_s):
    """shorten takes facts away from the end until the lesson fits, and answers what was left out."""
    left_out = []
    while planned(segments) > limit_s:
        facts = [s for s in segments if s["name"].startswith("fact-")]
        if len(facts) <= LEAST_FACTS:
            break
        segments.remove(facts[-1])
        left_out.append(facts[-1]["heading"])
    return left_out


def objectives(topic, segments):
    terms = [s["heading"] for s in segments if s["name"].startswith("fact-")]
    return ([f"Say what {term[:1].lower() + term[1:]} means in a machine" for term in terms[:3]]
            + [f"Answer: {topic.quiz}"])


def design(params):
    """design reads script.json and writes lesson.json beside it."""
    script, chosen = places.read_json(params["script"]), style.settings()
    if script is None:
        raise action.Wrong(f"there is no script {params['script']}")
    topic = topics.load(script["topic"])
    segments = segments_of(script, chosen["words"])
    left_out = shorten(segments, chosen["seconds"])
    lesson = {
        "topic": topic.name, "title": topic.title, "branch": topic.branch,
        "objectives": objectives(topic, segments), "segments": segments, "left_out": left_out,
        "quiz": {"question": topic.quiz, "choices": topic.choices, "answer": topic.right},
        "words_per_minute": chosen["words"], "planned_s": planned(segments),
    }
    path = os.path.join(os.path.dirname(params["script"]), "lesson.json")
    places.write_json(path, lesson)
    return {"lesson": path, "segments": len(segments), "planned_s": lesson["planned_s"], "left_out": left_out}
