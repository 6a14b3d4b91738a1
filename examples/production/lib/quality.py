# SPDX-License-Identifier: MPL-2.0
"""quality owns what a video must be: it measures the file and judges the figures. Every demand is one row; a seat of
the committee looks at the rows of its field, the reviewer at all of them."""

import os

from . import action, media, places

# field, figure, least, most, points that a miss costs, what people read. A miss of 100 points is a no by itself.
DEMANDS = [
    ("picture", "width", 1280, 1280, 100, "pixels wide"),
    ("picture", "height", 720, 720, 100, "pixels high"),
    ("picture", "rate", 24, 60, 30, "pictures a second"),
    ("picture", "black_s", 0, 0.5, 60, "s of black"),
    ("picture", "seconds", 25, 90, 60, "s long"),
    ("sound", "loudness", -18.5, -13.5, 40, "LUFS"),
    ("sound", "peak", -60, -0.5, 40, "dBTP at most"),
    ("sound", "silence_s", 0, 2.5, 40, "s of silence at a stretch"),
    ("lesson", "captioned", 70, 100, 50, "% of the time with captions"),
    ("lesson", "reading", 4, 24, 30, "letters of captions a second"),
    ("lesson", "plan_error", 0, 35, 20, "% off the planned length"),
    ("lesson", "facts", 3, 9, 60, "facts"),
    ("lesson", "answered", 1, 1, 60, "quiz answered"),
]
PASS = 70


def picture_of(path):
    """picture_of is what the streams say and how much of the film is black."""
    found = media.probe(path)
    video = next((s for s in found["streams"] if s["codec_type"] == "video"), {})
    over, under = map(int, video.get("avg_frame_rate", "0/1").split("/"))
    said = media.ffmpeg("-i", path, "-map", "0:v", "-vf", "scale=320:-1,blackdetect=d=0.1:pix_th=0.08", "-an",
                        "-f", "null", "-").stderr
    black = [float(part.split()[0]) for part in said.split("black_duration:")[1:]]
    return {"width": video.get("width", 0), "height": video.get("height", 0), "codec": video.get("codec_name", ""),
            "rate": round(over / max(under, 1), 2), "seconds": round(float(found["format"]["duration"]), 2),
            "black_s": round(sum(black), 2)}


def sound_of(path):
    """sound_of is the loudness of the whole, its peak, and the longest silence."""
    said = media.ffmpeg("-i", path, "-map", "0:a", "-af", "silencedetect=n=-45dB:d=0.5,ebur128=peak=true", "-vn",
                        "-f", "null", "-").stderr
    silences = [float(part.split()[0]) for part in said.split("silence_duration: ")[1:]]
    return {"loudness": media.figure(said, r"I:\s+(-?[\d.]+|-?inf) LUFS"),
            "peak": media.figure(said, r"Peak:\s+(-?[\d.]+|-?inf) dBFS"), "silence_s": round(max(silences, default=0), 2)}


def lesson_of(home, seconds):
    """lesson_of compares the film with its plan: captions, pace, facts, the answer to the quiz."""
    lesson, voice = (places.read_json(os.path.join(home, name)) for name in ("lesson.json", "voice.json"))
    shown = [c for s in voice["segments"] for c in s["captions"]]
    length = sum(c["end"] - c["start"] for c in shown)
    answer = lesson["quiz"]["choices"][lesson["quiz"]["answer"]]
    return {"captioned": round(100 * length / seconds, 1),
            "reading": round(sum(len(c["text"]) for c in shown) / max(length, 0.1), 1),
            "plan_error": round(100 * abs(seconds - lesson["planned_s"]) / lesson["planned_s"], 1),
            "facts": sum(s["name"].startswith("fact-") for s in lesson["segments"]),
            "answered": int(answer in " ".join(c["text"] for c in shown[-4:]))}


def measure(path):
    action.progress(10, "picture")
    picture = picture_of(path)
    action.progress(50, "sound")
    sound = sound_of(path)
    action.progress(90, "lesson")
    return {**picture, **sound, **lesson_of(os.path.dirname(path), picture["seconds"])}


def judge(figures, field=None):
    """judge is the vote on measured figures, with the numbers it rests on."""
    score, bad, good = 100, [], []
    for whose, name, least, most, points, unit in DEMANDS:
        if field not in (None, whose):
            continue
        value = figures.get(name)
        right = value is not None and least <= value <= most
        (good if right else bad).append(f"{name} {value} {unit}" + ("" if right else f", wanted {least} to {most}"))
        score -= 0 if right else points
    score = max(0, score)
    return {"vote": "yes" if score >= PASS else "no", "score": score, "reason": "; ".join(bad or good)[:600]}


def review(params):
    """review measures a video and judges it whole: review.json in the run's directory."""
    path = params["video"]
    if not os.path.exists(path):
        raise action.Wrong(f"there is no video {path}")
    figures = measure(path)
    answer = {**judge(figures), "figures": figures}
    places.write_json(os.path.join(os.path.dirname(path), "review.json"), answer)
    return answer
