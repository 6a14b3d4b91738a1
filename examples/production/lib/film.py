# SPDX-License-Identifier: MPL-2.0
"""film owns the making of the video: the timeline of the spoken segments, what is drawn when, and the call of ffmpeg.
The words and their times are those of lesson.json and voice.json."""

import glob
import os

from . import action, ass, media, places, voice

LEAD_S, GAP_S, TAIL_S = 0.6, 0.35, 1.2
RATE = 25
# Two colours of the moving background and one of what stands out, by the first part of the branch.
PALETTES = {
    "motors": ("0f3b57", "1d7a6c", "ffb347"), "plc": ("2b1e5b", "1e5f8a", "7fe3c4"),
    "electrical": ("4a2412", "8a5a1e", "ffd166"), "sensors": ("113f3a", "2c7d4f", "e8f48c"),
    "mechanical": ("2a2f3a", "55606e", "ff8c61"), "fluid": ("0c3350", "1f86a8", "9be7ff"),
    "maintenance": ("3a1f3d", "7a3b5e", "ffc2d1"), "safety": ("4a1418", "8f2f2a", "ffe066"),
}
OTHER = ("1f2a38", "3f5a72", "ffd166")


def palette(branch):
    return PALETTES.get(branch.split("/")[0], OTHER)


def timeline(spoken):
    """timeline gives each segment its start in the film, and the film's length."""
    at, placed = LEAD_S, []
    for segment in spoken:
        placed.append({**segment, "start": at, "end": at + segment["seconds"]})
        at += segment["seconds"] + GAP_S
    return placed, round(at - GAP_S + TAIL_S, 2)


def captions(placed):
    return [{"start": s["start"] + c["start"], "end": s["start"] + c["end"], "text": c["text"]}
            for s in placed for c in s["captions"]]


def scenery(length, accent):
    """scenery is what moves all the time: two wheels that turn against each other, and the bar that shows how far."""
    turn = round(length * 30)
    one = (f"\\an7\\pos(960,250)\\org(1130,420)\\bord0\\1c{ass.colour(accent)}\\alpha&HB0&"
           f"\\t(0,{length * 1000:.0f},\\frz-{turn})")
    two = (f"\\an7\\pos(860,90)\\org(950,180)\\bord0\\1c{ass.colour('ffffff')}\\alpha&HD0&"
           f"\\t(0,{length * 1000:.0f},\\frz{round(turn * 1.8)})")
    bar = f"\\an7\\pos(0,708)\\bord0\\1c{ass.colour(accent)}\\fscx0\\t(0,{length * 1000:.0f},\\fscx100)"
    return (ass.shape(0, length, ass.gear(12, 170), one) + ass.shape(0, length, ass.gear(8, 90), two)
            + ass.shape(0, length, ass.box(1280, 12), bar, layer=1))


def title_card(lesson, end, accent):
    name = lesson["branch"].replace("/", " · ").replace("-", " ").upper()
    return (ass.line(0, end, "title", lesson["title"], "\\pos(640,300)\\fad(250,300)")
            + ass.line(0, end, "small", name, f"\\an8\\pos(640,160)\\1c{ass.colour(accent)}\\fad(250,300)"))


def heading(segment, lesson, until, accent, n):
    """heading is what a segment shows beside its captions: the term of a fact, or the quiz."""
    spot = f"\\pos(70,{150 if n else 190})\\fad(200,200)"
    made = ass.line(segment["start"] - 0.15, until, "term", segment["heading"], f"{spot}\\1c{ass.colour(accent)}")
    if segment["name"] == "recap":
        return made + quiz(segment, lesson, until, accent)
    return made


def quiz(segment, lesson, until, accent):
    """quiz shows the choices while the question is asked, and marks the right one when it is answered."""
    asked, made = lesson["quiz"], ""
    told = segment["start"] + segment["captions"][-1]["start"]
    for n, choice in enumerate(asked["choices"]):
        spot, text = f"\\pos(90,{270 + 80 * n})", f"{'ABC'[n]}  {choice}"
        made += ass.line(segment["start"], told, "list", text, spot + "\\fad(200,0)")
        marked = f"\\1c{ass.colour(accent)}\\b1" if n == asked["answer"] else "\\alpha&H80&"
        made += ass.line(told, until, "list", text, spot + marked)
    return made


def seen_before(placed, n, accent):
    """seen_before lists the terms of the facts that were told, below the heading of the one that is."""
    facts = [s["heading"] for s in placed[:n] if s["name"].startswith("fact-")]
    segment, made = placed[n], ""
    for row, term in enumerate(facts):
        tags = f"\\pos(90,{270 + 62 * row})\\1c{ass.colour(accent)}\\alpha&H30&"
        made += ass.line(segment["start"] - 0.15, segment["until"], "list", f"✓ {term}", tags)
    return made


def drawing(lesson, placed, length):
    """drawing is all that is burnt into the film."""
    accent = palette(lesson["branch"])[2]
    made = ass.head() + scenery(length, accent) + title_card(lesson, placed[0]["end"] + GAP_S, accent)
    made += ass.line(placed[0]["end"] + GAP_S, length, "small", lesson["title"], "\\pos(70,60)\\fad(300,0)")
    for n, segment in enumerate(placed):
        segment["until"] = placed[n + 1]["start"] - 0.15 if n + 1 < len(placed) else length
        if segment["name"] not in ("hook", "intro"):
            made += heading(segment, lesson, segment["until"], accent, n)
            if segment["name"] != "recap":
                made += seen_before(placed, n, accent)
    for caption in captions(placed):
        made += ass.line(caption["start"], caption["end"], "caption", caption["text"], layer=3)
    return made


def sound_filter(placed):
    """sound_filter puts each segment's sound at its time."""
    parts = [f"[{n + 1}:a]adelay={round(s['start'] * 1000)}:all=1[a{n}]" for n, s in enumerate(placed)]
    names = "".join(f"[a{n}]" for n in range(len(placed)))
    return ";".join(parts) + f";{names}amix=inputs={len(placed)}:normalize=0:duration=longest,apad[sound]"


def command(lesson, placed, length, home, target):
    """command is ffmpeg's whole argument list: background, sounds, the drawing, the track of captions."""
    first, second, _ = palette(lesson["branch"])
    words = ["-f", "lavfi", "-i", f"gradients=s=320x180:c0=0x{first}:c1=0x{second}:x0=0:y0=0:x1=320:y1=180:"
                                  f"speed=0.012:d={length}:r={RATE}"]
    for segment in placed:
        words += ["-i", segment["file"]]
    picture = f"[0:v]scale=1280:720:flags=bilinear,ass={quoted(os.path.join(home, 'drawing.ass'))},format=yuv420p[picture]"
    return words + [
        "-i", os.path.join(home, "captions.srt"), "-filter_complex", f"{picture};{sound_filter(placed)}",
        "-map", "[picture]", "-map", "[sound]", "-map", f"{len(placed) + 1}:s", "-t", length,
        "-c:v", "libx264", "-preset", "veryfast", "-crf", 23, "-c:a", "aac", "-b:a", "128k", "-ar", voice.RATE,
        "-c:s", "mov_text", "-metadata:s:s:0", "language=eng", "-metadata", f"title={lesson['title']}",
        "-movflags", "+faststart", "-f", "mp4", target]


def quoted(path):
    """quoted is a path as a filter of ffmpeg takes it."""
    return "'" + path.replace("\\", "\\\\").replace("'", "'\\\\\\''").replace(":", "\\:") + "'"


def fresh_draft(target):
    """fresh_draft is this attempt's own name; drafts of attempts before it go, and with them their claim to the target."""
    for old in glob.glob(glob.escape(target) + ".*.new"):
        os.unlink(old)
    return f"{target}.{os.getpid()}.new"


def assemble(params):
    """assemble makes video.mp4 in the run's directory; a half film is never there under that name."""
    home = os.path.dirname(params["voice"])
    lesson, said = places.read_json(os.path.join(home, "lesson.json")), places.read_json(params["voice"])
    if not lesson or not said:
        raise action.Wrong(f"there is no lesson with a voice in {home}")
    placed, length = timeline(said["segments"])
    for segment, about in zip(placed, lesson["segments"]):
        segment["heading"] = about["heading"]
    places.write(os.path.join(home, "captions.srt"), ass.srt(captions(placed)))
    places.write(os.path.join(home, "drawing.ass"), drawing(lesson, placed, length))
    target = os.path.join(home, "video.mp4")
    draft = fresh_draft(target)
    media.film(length, lambda part: action.progress(100 * part, "film"), *command(lesson, placed, length, home, draft))
    os.replace(draft, target)
    return {"video": target, "seconds": length, "bytes": os.path.getsize(target)}
