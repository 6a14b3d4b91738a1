# SPDX-License-Identifier: MPL-2.0
"""script owns how a topic becomes words: hook, intro, body, recap. It knows nothing of time or pictures."""

import os

from . import action, curator, places, style, topics

# How the hook begins, by `opening` of the style guide.
OPENINGS = {
    "question": lambda topic: [topic.question],
    "example": lambda topic: [topic.example, topic.question],
    "term": lambda topic: [f"{topics.term(topic.facts[0])}. Two words that explain a lot.", topic.question],
}


def listed(words):
    *first, last = words
    return f"{', '.join(first)} and {last}"


def sections(topic, opening):
    """sections is the script: each a name and its sentences, facts with their term."""
    hook = OPENINGS[opening](topic)
    body = [{"term": topics.term(fact), "text": topics.plain(fact)} for fact in topic.facts]
    if opening != "example":
        body.append({"term": "Example", "text": "For example. " + topic.example})
    return {
        "hook": [{"term": "", "text": text} for text in hook],
        "intro": [{"term": "", "text": f"{topic.title}, in about a minute. At the end you can answer: {topic.quiz}"}],
        "body": body,
        "recap": [{"term": "Summary", "text": f"So remember: {listed(topics.term(f).lower() for f in topic.facts)}."},
                  {"term": "Quiz", "text": topic.quiz},
                  {"term": "Answer", "text": topic.choices[topic.right] + "."}],
    }


def write(params):
    """write picks the topic (the named one, or the next of the queue) and writes script.json into the run's directory."""
    name = params.get("topic") or curator.take(params["dir"])
    topic, chosen = topics.load(name), style.settings()
    action.progress(50, name)
    parts = sections(topic, chosen["opening"])
    words = sum(len(line["text"].split()) for part in parts.values() for line in part)
    path = os.path.join(params["dir"], "script.json")
    places.write_json(path, {"topic": name, "title": topic.title, "branch": topic.branch,
                             "opening": chosen["opening"], "sections": parts, "words": words})
    return {"topic": name, "title": topic.title, "branch": topic.branch, "script": path, "words": words}
