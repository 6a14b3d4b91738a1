# SPDX-License-Identifier: MPL-2.0
"""The programs of examples/production do real work: each one run as its agent runs it, and what it left on the disk
measured by ffprobe."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

HOME = pathlib.Path(__file__).resolve().parents[2] / "examples" / "production"
PATH = "/usr/bin:/bin"
for program in ("ffmpeg", "espeak-ng"):
    if not shutil.which(program, path=PATH):
        pytest.skip(f"{program} is not installed", allow_module_level=True)


class Studio:
    """A data directory and the programs that work in it."""

    def __init__(self, data):
        self.data, self.run_dir = data, data / "production" / "video" / "r-1"
        self.env = {"HELIOS_DATA": str(data), "PATH": PATH, "LANG": "C.UTF-8"}

    def call(self, name, key="", patience=120, **params):
        env = {**self.env, **({"HELIOS_KEY": key} if key else {})}
        return subprocess.run([HOME / "bin" / name], input=json.dumps(params), env=env, capture_output=True,
                              text=True, timeout=patience, check=False)

    def do(self, name, key="", **params):
        """do is one action that succeeds: its answer."""
        done = self.call(name, key, **params)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    return Studio(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def made(studio):
    """made is one video by the steps in their order: step → its answer."""
    answers = {}
    answers["script"] = studio.do("write_script", dir=str(studio.run_dir), topic="overload-relay")
    answers["lesson"] = studio.do("design_lesson", script=answers["script"]["script"])
    answers["voice"] = studio.do("produce_voice", lesson=answers["lesson"]["lesson"])
    answers["film"] = studio.do("assemble_video", voice=answers["voice"]["voice"])
    return answers


def probe(path):
    said = subprocess.run(["ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", path],
                          capture_output=True, text=True, check=True)
    return json.loads(said.stdout)


def test_a_video_is_a_real_one(made):
    found = probe(made["film"]["video"])
    kinds = {stream["codec_type"]: stream for stream in found["streams"]}
    assert (kinds["video"]["codec_name"], kinds["video"]["width"], kinds["video"]["height"]) == ("h264", 1280, 720)
    assert kinds["audio"]["codec_name"] == "aac" and kinds["subtitle"]["codec_name"] == "mov_text"
    assert 30 < float(found["format"]["duration"]) < 70
    assert abs(float(found["format"]["duration"]) - made["film"]["seconds"]) < 0.5


def test_the_script_has_its_sections_and_the_lesson_its_structure(made):
    script = json.loads(pathlib.Path(made["script"]["script"]).read_text())
    assert list(script["sections"]) == sorted(("hook", "intro", "body", "recap"))
    lesson = json.loads(pathlib.Path(made["lesson"]["lesson"]).read_text())
    assert [s["name"] for s in lesson["segments"]][:3] == ["hook", "intro", "fact-1"]
    assert len(lesson["objectives"]) == 4 and 0 <= lesson["quiz"]["answer"] < len(lesson["quiz"]["choices"])
    assert all(s["seconds"] > 0 for s in lesson["segments"])


def test_the_voice_is_a_wav_a_segment_with_its_captions(made):
    voice = json.loads(pathlib.Path(made["voice"]["voice"]).read_text())
    for segment in voice["segments"]:
        found = probe(segment["file"])
        assert found["streams"][0]["codec_name"] == "pcm_s16le"
        assert abs(float(found["format"]["duration"]) - segment["seconds"]) < 0.05
        assert all(a["end"] <= b["start"] + 0.3 for a, b in zip(segment["captions"], segment["captions"][1:]))


def test_what_is_done_for_a_key_is_not_done_again(studio):
    first = studio.do("curate", key="k-1", count=1)
    assert studio.do("curate", key="k-1", count=1) == first


@pytest.mark.parametrize("name, params, code, text", [
    ("write_script", {"dir": "/nowhere", "topic": "no-such-topic"}, 65, "there is no topic no-such-topic"),
    ("design_lesson", {}, 64, "the parameter 'script' is missing"),
    ("produce_voice", {"lesson": "/nowhere/lesson.json"}, 65, "there is no lesson"),
])
def test_wrong_parameters_are_named_and_never_retried(studio, name, params, code, text):
    done = studio.call(name, **params)
    assert done.returncode == code and text in done.stderr and not done.stdout
