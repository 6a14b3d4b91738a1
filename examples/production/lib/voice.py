# SPDX-License-Identifier: MPL-2.0
"""voice owns the spoken words: a WAV a segment, each at the same loudness, and the time of every caption, measured
from what was spoken."""

import os
import re
import tempfile
import wave

from . import action, media, places

LOUDNESS = -16       # LUFS
PEAK = -1.5          # dBTP
RATE = 48000
BREATH_S = 0.25      # between two sentences
CAPTION_LETTERS = 74


def sentences(lines):
    """sentences are what is spoken in one breath."""
    return [part.strip() for line in lines for part in re.split(r"(?<=[.?!;:])\s+", line) if part.strip()]


def spoken(text, pace, path):
    """spoken gives the samples of one sentence and their rate."""
    media.speak(text, pace, path)
    with wave.open(path) as file:
        return file.readframes(file.getnframes()), file.getframerate()


def pieces(text):
    """pieces cuts a sentence into captions of two lines at most, at words."""
    count = -(-len(text) // CAPTION_LETTERS)
    made, size = [""], len(text) / count
    for word in text.split():
        if made[-1] and len(made[-1]) + len(word) / 2 > size and len(made) < count:
            made.append("")
        made[-1] = f"{made[-1]} {word}".strip()
    return made


def captions(text, start, seconds):
    """captions shares the time of a sentence among its pieces by their letters."""
    parts, made = pieces(text), []
    for part in parts:
        length = seconds * len(part) / sum(map(len, parts))
        made.append({"start": round(start, 3), "end": round(start + length, 3), "text": part})
        start += length
    return made


def speak_segment(segment, pace, path, folder):
    """speak_segment writes one WAV as espeak-ng gives it, and answers its captions."""
    shown, sound, rate, draft = [], b"", RATE, os.path.join(folder, "sentence.wav")
    for text in sentences(segment["lines"]):
        samples, rate = spoken(text, pace, draft)
        shown += captions(text, len(sound) / 2 / rate, len(samples) / 2 / rate)
        sound += samples + bytes(int(BREATH_S * rate) * 2)
    with wave.open(path, "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(sound)
    return shown


def normalize(source, target):
    """normalize brings a WAV to the loudness in two passes: the first one measures."""
    rule = f"loudnorm=I={LOUDNESS}:TP={PEAK}:LRA=11"
    said = media.last_json(media.ffmpeg("-i", source, "-af", rule + ":print_format=json", "-f", "null", "-").stderr)
    found = ":".join(f"measured_{name}={said['input_' + key]}" for name, key in
                     (("I", "i"), ("TP", "tp"), ("LRA", "lra"), ("thresh", "thresh")))
    media.ffmpeg("-v", "error", "-i", source, "-af", f"{rule}:{found}:offset={said['target_offset']}:linear=true",
                 "-ar", RATE, "-ac", 1, "-c:a", "pcm_s16le", target)
    with wave.open(target) as file:
        return file.getnframes() / file.getframerate()


def produce(params):
    """produce speaks the lesson: voice/NN-NAME.wav and voice.json in the run's directory."""
    lesson = places.read_json(params["lesson"])
    if lesson is None:
        raise action.Wrong(f"there is no lesson {params['lesson']}")
    home = os.path.dirname(params["lesson"])
    os.makedirs(os.path.join(home, "voice"), exist_ok=True)
    made = []
    for n, segment in enumerate(lesson["segments"]):
        action.progress(100 * n / len(lesson["segments"]), segment["name"])
        path = os.path.join(home, "voice", f"{n:02}-{segment['name']}.wav")
        with tempfile.TemporaryDirectory() as folder:
            raw = os.path.join(folder, "raw.wav")
            shown = speak_segment(segment, lesson["words_per_minute"], raw, folder)
            seconds = normalize(raw, path)
        made.append({"name": segment["name"], "file": path, "seconds": round(seconds, 3), "captions": shown})
    places.write_json(os.path.join(home, "voice.json"), {"segments": made})
    return {"voice": os.path.join(home, "voice.json"), "segments": len(made),
            "seconds": round(sum(s["seconds"] for s in made), 2)}
