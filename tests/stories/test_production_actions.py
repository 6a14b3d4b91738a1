# SPDX-License-Identifier: MPL-2.0
"""The programs of examples/production do real work: each one run as its agent runs it, and what it left on the disk
measured by ffprobe."""

import json
import os
import pathlib
import random
import select
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

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

    def call(self, name, key="", agent="", words=(), **params):
        env = {**self.env, **({"HELIOS_KEY": key} if key else {}), **({"HELIOS_AGENT": agent} if agent else {})}
        return subprocess.run([HOME / "bin" / name, *words], input=json.dumps(params), env=env, capture_output=True,
                              text=True, timeout=120, check=False)

    def vote(self, committee, field, **subject):
        return self.do("vote", agent=f"{committee}-{field}", words=[committee], **subject)

    def file(self, *parts):
        return self.data.joinpath("production", *parts)

    def do(self, name, **how):
        """do is one action that succeeds: its answer."""
        done = self.call(name, **how)
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
    answers["review"] = studio.do("review_video", video=answers["film"]["video"])
    answers["variants"] = studio.do("make_variants", video=answers["film"]["video"], seconds=answers["film"]["seconds"])
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


def test_half_a_film_is_never_there_and_the_next_attempt_makes_it_whole(studio, made, tmp_path):
    """Killed in the middle, as an agent kills it whose time is over: with all that it had started."""
    for name in ("lesson.json", "voice.json"):
        shutil.copy(studio.run_dir / name, tmp_path)
    process = subprocess.Popen([HOME / "bin" / "assemble_video"], env=studio.env, stdin=subprocess.PIPE, text=True,
                               stdout=subprocess.DEVNULL, start_new_session=True)
    process.stdin.write(json.dumps({"voice": str(tmp_path / "voice.json")}))
    process.stdin.close()
    while not list(tmp_path.glob("video.mp4.*.new")):
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "video.mp4").exists()
    studio.do("assemble_video", voice=str(tmp_path / "voice.json"))
    assert abs(float(probe(tmp_path / "video.mp4")["format"]["duration"]) - made["film"]["seconds"]) < 0.5
    assert not list(tmp_path.glob("*.new"))


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
    assert first["picked"] and studio.do("curate", key="k-1", count=1) == first


# ---- measured, and agreed on ----

def test_a_good_video_is_measured_and_every_seat_says_yes(studio, made):
    review = made["review"]
    assert review["vote"] == "yes" and review["score"] == 100, review["reason"]
    assert -18.5 < review["figures"]["loudness"] < -13.5 and review["figures"]["black_s"] == 0
    for field in ("picture", "sound", "lesson"):
        vote = studio.vote("quality", field, video=made["film"]["video"], figures=review["figures"])
        assert vote["vote"] == "yes" and 0 <= vote["score"] <= 100


def test_a_bad_video_is_refused_with_the_numbers(studio, made, tmp_path):
    """Half of it black and silent, and the wrong size: each seat finds its own fault."""
    for name in ("lesson.json", "voice.json"):
        shutil.copy(studio.run_dir / name, tmp_path)
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=s=640x360:d=15:r=25", "-f", "lavfi", "-i",
                    "sine=d=15", "-af", "volume=-20dB,apad=whole_dur=30", "-vf", "tpad=stop_duration=15", "-t", "30",
                    "-pix_fmt", "yuv420p", tmp_path / "video.mp4"], check=True)
    review = studio.do("review_video", video=str(tmp_path / "video.mp4"))
    assert review["vote"] == "no" and review["score"] == 0
    assert "width 640" in review["reason"] and "silence_s 1" in review["reason"] and "black_s 1" in review["reason"]
    asked = {"video": str(tmp_path / "video.mp4"), "figures": review["figures"]}
    assert studio.vote("quality", "picture", **asked)["vote"] == "no"
    assert studio.vote("quality", "sound", **asked)["vote"] == "no"
    assert studio.vote("quality", "lesson", **asked)["vote"] == "no"   # nothing is as it was planned


def test_three_variants_are_three_pictures_and_three_titles(made):
    variants = made["variants"]["variants"]
    assert sorted(variants) == ["a", "b", "c"] and len({v["title"] for v in variants.values()}) == 3
    assert len({pathlib.Path(v["thumbnail"]).read_bytes() for v in variants.values()}) == 3
    for variant in variants.values():
        stream = probe(variant["thumbnail"])["streams"][0]
        assert (stream["codec_name"], stream["width"], stream["height"]) == ("png", 1280, 720)


# ---- published, and learnt from ----

@pytest.fixture(scope="module")
def site(studio, made):
    """site is a running publisher with the video on it; `made` has put it into the queue."""
    process = subprocess.Popen([HOME / "bin" / "publisher"], env=studio.env, stdout=subprocess.PIPE, text=True)
    assert select.select([process.stdout], [], [], 30)[0], "the publisher says nothing"
    url = process.stdout.readline().split()[1]
    identity = made["variants"]["id"]
    assert studio.do("list_waiting")["videos"] == [identity]
    first = studio.do("upload_video", id=identity)
    assert studio.do("upload_video", id=identity) == first      # again: it is there already
    assert studio.do("list_waiting")["videos"] == []
    yield url
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    process.stdout.close()


def fetch(url):
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=20) as answer:
        return answer.read()


def figures(url):
    return json.loads(fetch(url + "/api/figures"))["videos"]


def visit(studio, first, count):
    subprocess.run([HOME / "bin" / "visitors", "--count", str(count), "--first", str(first)], env=studio.env, check=True,
                   timeout=120, stdout=subprocess.DEVNULL)


def test_the_publisher_counts_what_is_asked_of_it(studio, made, site):
    identity = made["variants"]["id"]
    before = figures(site)[identity]
    assert b"<video" in fetch(f"{site}/watch/{identity}?variant=b&visitor=5")
    fetch(f"{site}/watch/{identity}?variant=b&visitor=5")                    # the same person again counts once
    fetch(f"{site}/thumb/{identity}/b.png?visitor=5")
    assert fetch(f"{site}/video/{identity}?visitor=5") == pathlib.Path(made["film"]["video"]).read_bytes()
    after = figures(site)[identity]
    assert after["clicks"]["b"] == before["clicks"]["b"] + 1 and after["shown"]["b"] == before["shown"]["b"] + 1
    assert after["views"] == before["views"] + 1
    assert abs(after["watched_s"] - before["watched_s"] - made["film"]["seconds"]) < 0.2
    for wrong in ("/thumb/x/a.png", f"/thumb/{identity}/../shelf.json", "/nothing"):
        with pytest.raises(urllib.error.HTTPError):
            fetch(site + wrong)


def test_the_winner_is_found_by_a_test_agreed_on_and_shown_to_all(studio, made, site):
    identity = made["variants"]["id"]
    visit(studio, 1000, 900)
    answer = studio.do("analyze_figures")
    won = answer["findings"]["winners"]
    assert [w["video"] for w in won] == [identity] and won[0]["p"] < 0.01
    shown, clicks = (figures(site)[identity][what] for what in ("shown", "clicks"))
    assert won[0]["variant"] == max("abc", key=lambda v: clicks[v] / shown[v])
    subject = {name: answer["findings"][name] for name in ("videos", "views", "winners", "advice")}
    for field in ("evidence", "audience", "advice"):
        assert studio.vote("analytics", field, **subject)["vote"] == "yes"
    assert studio.do("apply_findings", report=answer["report"])["chosen"] == 1
    assert figures(site)[identity]["variant"] == won[0]["variant"]
    assert identity in studio.file("recommendations.md").read_text()
    page = fetch(site + "/?visitor=77").decode()
    assert f"/thumb/{identity}/{won[0]['variant']}.png" in page


def test_the_style_guide_is_drafted_agreed_on_and_then_followed(studio, made, site):
    answer = studio.do("draft_style")
    assert answer["subject"]["before"]["opening"] == "question" and answer["subject"]["grounds"] > 30
    for field in ("brand", "speech", "audience"):
        assert studio.vote("design", field, **answer["subject"])["vote"] == "yes"
    assert not studio.file("CHANNEL_STYLE_GUIDE.md").exists()                # a draft changes nothing
    said = studio.do("publish_style", draft=answer["draft"])
    assert said["settings"]["opening"] == "example"                          # what nobody has tried yet
    assert "% watched over" in studio.file("CHANNEL_STYLE_GUIDE.md").read_text()
    script = studio.do("write_script", dir=str(studio.file("video", "r-9")), topic="fuse")
    hook = json.loads(pathlib.Path(script["script"]).read_text())["sections"]["hook"]
    assert "shorted heater" in hook[0]["text"]
    jump = {**answer["subject"], "after": {**answer["subject"]["after"], "words": 230}}
    assert studio.vote("design", "brand", **jump)["vote"] == "no"
    stolen = studio.call("publish_style", draft="/etc/passwd")
    assert stolen.returncode == 65


def test_a_publisher_that_is_gone_is_tried_again_later(studio, made, tmp_path):
    other = Studio(tmp_path)
    other.env["PUBLISHER_URL"] = "http://127.0.0.1:1"
    assert other.call("analyze_figures").returncode == 75


# ---- topics ----

def test_every_topic_is_whole_and_the_calendar_has_ninety_days(studio):
    days = json.loads((HOME / "calendar.json").read_text())["days"]
    assert [day["day"] for day in days] == list(range(1, 91)) and len({day["topic"] for day in days}) == 90
    for day in days:
        answer = studio.do("write_script", dir=str(studio.data / "all" / day["topic"]), topic=day["topic"])
        assert 60 < answer["words"] < 160, answer


def test_the_curator_keeps_to_the_calendar_and_forgets_nothing(tmp_path):
    studio, days = Studio(tmp_path), json.loads((HOME / "calendar.json").read_text())["days"]
    assert studio.do("curate", key="t-1")["picked"] == [day["topic"] for day in days[:6]]
    assert studio.do("curate", key="t-2")["picked"] == []                    # the queue is full
    for n in range(6):
        assert studio.do("write_script", dir=str(tmp_path / f"r-{n}"))["topic"] == days[n]["topic"]
    assert studio.do("write_script", dir=str(tmp_path / "r-3"))["topic"] == days[3]["topic"]   # the same run, the same topic
    assert studio.do("write_script", dir=str(tmp_path / "r-6"))["topic"] == days[6]["topic"]   # nothing was curated
    assert studio.do("curate", key="t-3")["picked"][0] == days[7]["topic"]


def test_gaps_are_found_written_down_and_made_first(tmp_path):
    studio = Studio(tmp_path)
    studio.do("write_script", dir=str(tmp_path / "r-1"))
    answer = studio.do("analyze_gaps")
    assert answer["made"] == 1 and "robot-axes" in answer["missing"] and "robot-axes" not in answer["next"]
    assert "| robots/basics | 0 | 0 | 3 | 0 % |" in studio.file("GAPS.md").read_text()
    assert studio.do("curate")["picked"] == answer["next"]


# ---- the test of proportions ----

def test_chance_is_seldom_taken_for_a_winner():
    """Three variants that are alike: at alpha 0.05 a winner is named in at most 5 % of the cases; one that is twice as good is found."""
    sys.path.insert(0, str(HOME))
    try:
        from lib import proportions
    finally:
        sys.path.remove(str(HOME))
    dice = random.Random(7)

    def tried(*rates):
        clicks = {name: sum(dice.random() < rate for _ in range(200)) for name, rate in zip("abc", rates)}
        return proportions.winner(dict.fromkeys("abc", 200), clicks, 0.05)[0]

    assert sum(tried(0.2, 0.2, 0.2) is not None for _ in range(400)) <= 0.05 * 400
    assert sum(tried(0.4, 0.2, 0.2) == "a" for _ in range(50)) > 45
    assert proportions.winner(dict.fromkeys("abc", 9), {"a": 9, "b": 0, "c": 0}, 0.05) == (None, 1.0)   # too few to say


# ---- what is refused ----

@pytest.mark.parametrize("name, params, code, text", [
    ("write_script", {"dir": "/nowhere", "topic": "no-such-topic"}, 65, "there is no topic no-such-topic"),
    ("design_lesson", {}, 64, "the parameter 'script' is missing"),
    ("produce_voice", {"lesson": "/nowhere/lesson.json"}, 65, "there is no lesson"),
])
def test_wrong_parameters_are_named_and_never_retried(studio, name, params, code, text):
    done = studio.call(name, **params)
    assert done.returncode == code and text in done.stderr and not done.stdout
