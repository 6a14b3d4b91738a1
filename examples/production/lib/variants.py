# SPDX-License-Identifier: MPL-2.0
"""variants owns the three titles and thumbnails that a video is tried with: a asks, b promises, c counts."""

import hashlib
import os
import tempfile

from . import action, ass, film, media, places, publishing, topics


def titles(topic):
    return {"a": topic.question, "b": f"{topic.title} in about a minute",
            "c": f"{len(topic.facts)} things to know about {topic.title[:1].lower() + topic.title[1:]}"}


def asking(topic, _title, colours):
    """asking: the title large, a great question mark behind it."""
    return (ass.line(0, 9, "title", "?", f"\\an5\\pos(1060,360)\\fs720\\1c{ass.colour(colours[2])}\\alpha&H40&")
            + ass.line(0, 9, "title", topic.title, "\\an4\\pos(80,360)\\fs110\\b1\\q0", layer=3))


def promising(topic, title, colours):
    """promising: the whole title on a band across."""
    band = f"\\an7\\pos(0,400)\\bord0\\1c{ass.colour(colours[2])}"
    return (ass.shape(0, 9, ass.box(1280, 240), band)
            + ass.shape(0, 9, ass.gear(12, 170), f"\\an7\\pos(470,30)\\bord0\\1c{ass.colour('ffffff')}\\alpha&H30&")
            + ass.line(0, 9, "title", title, f"\\an5\\pos(640,520)\\fs76\\bord0\\1c{ass.colour('101820')}", layer=3))


def counting(topic, _title, colours):
    """counting: a great number and the terms below each other."""
    made = ass.line(0, 9, "title", str(len(topic.facts)), f"\\an5\\pos(230,360)\\fs560\\1c{ass.colour(colours[2])}")
    for n, fact in enumerate(topic.facts[:5]):
        height = 360 + 110 * (n - (len(topic.facts) - 1) / 2)
        made += ass.line(0, 9, "term", topics.term(fact), f"\\an4\\pos(470,{height:.0f})")
    return made


LOOKS = {"a": asking, "b": promising, "c": counting}


def draw(path, drawing, colours):
    """draw makes one picture of 1280x720."""
    with tempfile.TemporaryDirectory() as folder:
        script = os.path.join(folder, "drawing.ass")
        places.write(script, ass.head() + drawing)
        media.ffmpeg("-v", "error", "-f", "lavfi", "-i",
                     f"gradients=s=1280x720:c0=0x{colours[0]}:c1=0x{colours[1]}:x0=0:y0=0:x1=1280:y1=720:d=1",
                     "-vf", f"ass={film.quoted(script)}", "-frames:v", 1, path)


def make(params):
    """make draws variants/{a,b,c}.png and puts the approved video into the queue of the next upload batch."""
    video = params["video"]
    home, lesson = os.path.dirname(video), places.read_json(os.path.join(os.path.dirname(video), "lesson.json"))
    if not lesson:
        raise action.Wrong(f"there is no lesson beside {video}")
    topic, colours, made = topics.load(lesson["topic"]), film.palette(lesson["branch"]), {}
    os.makedirs(os.path.join(home, "variants"), exist_ok=True)
    for n, (name, title) in enumerate(titles(topic).items()):
        action.progress(33 * n, f"variant {name}")
        path = os.path.join(home, "variants", f"{name}.png")
        draw(path, LOOKS[name](topic, title, colours), colours)
        made[name] = {"title": title, "thumbnail": path}
    identity = "v-" + hashlib.sha256(os.path.realpath(home).encode()).hexdigest()[:12]
    publishing.queue(identity, {"video": video, "topic": topic.name, "branch": topic.branch, "variants": made,
                                "seconds": params.get("seconds", 0), "score": params.get("score", 0),
                                "opening": places.read_json(os.path.join(home, "script.json"), {}).get("opening", "")})
    return {"id": identity, "variants": made}
