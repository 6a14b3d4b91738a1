# SPDX-License-Identifier: MPL-2.0
"""media owns the calls of ffmpeg, ffprobe and espeak-ng: how they are started and what they say. It knows no lesson."""

import json
import re
import subprocess


def call(*argv):
    """call runs a program to its end and answers what it said; its words come with a failure."""
    return subprocess.run([str(word) for word in argv], capture_output=True, text=True, check=True)


def ffmpeg(*argv):
    return call("ffmpeg", "-nostdin", "-hide_banner", "-y", *argv)


def film(seconds, on_progress, *argv):
    """film runs a long ffmpeg and says after each part how much of `seconds` is done."""
    words = ["ffmpeg", "-nostdin", "-hide_banner", "-v", "error", "-y", "-progress", "pipe:1", *map(str, argv)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if line.startswith("out_time_us=") and line[12:].strip().isdigit():
                on_progress(min(1.0, int(line[12:]) / 1e6 / seconds))
        said = process.stderr.read()
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, words[0], stderr=said)


def speak(text, words_per_minute, path):
    call("espeak-ng", "-v", "en-us", "-s", words_per_minute, "-w", path, "--", text)


def probe(path):
    """probe is what ffprobe knows of a file."""
    said = call("ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", path)
    return json.loads(said.stdout)


def last_json(text):
    """last_json is the object that loudnorm prints at the end of its words."""
    return json.loads(text[text.rindex("{"):text.rindex("}") + 1])


def figure(text, pattern):
    """figure is the last number that the pattern finds in ffmpeg's words; None without one."""
    found = re.findall(pattern, text)
    return float(found[-1]) if found else None
