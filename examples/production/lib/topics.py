# SPDX-License-Identifier: MPL-2.0
"""topics owns the reading of topics/*.md, of the calendar and of the knowledge tree. It changes none of them."""

import os
import re
from collections import namedtuple

from . import action, places

# name: of its file; branch: where it stands in the tree; facts: sentences, each with one **term**; right: of quiz.
Topic = namedtuple("Topic", "name title branch question facts example quiz choices right")
TERM = re.compile(r"\*\*(.+?)\*\*")


def plain(text):
    """plain is a sentence as it is spoken and shown in captions."""
    return TERM.sub(r"\1", text)


def term(fact):
    """term is the word that a fact is about, with a capital letter."""
    found = TERM.search(fact)
    return found.group(1)[:1].upper() + found.group(1)[1:] if found else ""


def parts_of(text):
    """parts_of gives a topic file as heading → lines."""
    parts, name = {"": []}, ""
    for line in text.splitlines():
        if line.startswith("## "):
            name = line[3:].strip().lower()
            parts[name] = []
        elif line.strip():
            parts[name].append(line.strip())
    return parts


def load(name):
    """load reads one topic; a file that says too little is refused with its name."""
    text = places.read(os.path.join(places.HERE, "topics", name + ".md"))
    if text is None:
        raise action.Wrong(f"there is no topic {name}")
    parts = parts_of(text)
    head = dict(line.split(": ", 1) for line in parts[""] if ": " in line and line[0] != "#")
    title = next((line[2:] for line in parts[""] if line.startswith("# ")), None)
    quiz = parts.get("quiz", [])
    choices = [line[2:] for line in quiz[1:]]
    right = [n for n, line in enumerate(quiz[1:]) if line.startswith("+ ")]
    facts = [line[2:] for line in parts.get("facts", []) if line.startswith("- ")]
    example = " ".join(parts.get("example", []))
    if not (title and example and len(facts) >= 3 and len(right) == 1 and "question" in head):
        raise action.Wrong(f"the topic {name} is not whole: title, question, three facts, example, quiz")
    return Topic(name, title, head["branch"], head["question"], facts, example, quiz[0], choices, right[0])


def names():
    """names of all topics that have a file."""
    return sorted(name[:-3] for name in os.listdir(os.path.join(places.HERE, "topics")) if name.endswith(".md"))


def calendar():
    """calendar is the topics' names in the order of its days."""
    return [day["topic"] for day in places.read_json(os.path.join(places.HERE, "calendar.json"))["days"]]


def tree():
    """tree is branch → the topics that should be known there."""
    return places.read_json(os.path.join(places.HERE, "knowledge.json"))["branches"]
