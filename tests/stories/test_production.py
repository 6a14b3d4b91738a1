# SPDX-License-Identifier: MPL-2.0
"""`helios up examples/production` runs the channel: one video by its pipeline, agreed on, uploaded, visited, analysed; the
style guide and the gaps are files in the end. ffprobe says what the video is."""

import json
import pathlib
import shutil
import signal
import subprocess

import pytest

from helios import BIN, PATIENCE, until

HOME = pathlib.Path(__file__).resolve().parents[2] / "examples" / "production"
for program in ("ffmpeg", "espeak-ng"):
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed", allow_module_level=True)


class Channel:
    """A running `helios up` of the production."""

    def __init__(self, path):
        self.data, self.out = path / "data", path / "out"
        with open(self.out, "w", encoding="utf-8") as out:
            self.process = subprocess.Popen([BIN / "helios", "up", HOME, "--data", self.data], stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=out)

    def said(self, text):
        assert self.process.poll() is None, self.out.read_text()
        return text in self.out.read_text()

    def helios(self, *words, good=True):
        """helios is one call of the command line that ends well, or not: what it prints, as JSON."""
        done = subprocess.run([BIN / "helios", *words, "--json", "--controller", self.data], capture_output=True, text=True,
                              timeout=180, check=False)
        assert (done.returncode == 0) == good, f"{words}: {done.stdout} {done.stderr}"
        return json.loads(done.stdout)

    def run(self, pipeline):
        """run is one run of a pipeline to its good end: step → its row."""
        run = self.helios("pipeline", "run", pipeline, "--wait")
        return run, {row["step"]: row for row in run["rows"]}

    def file(self, *parts):
        return self.data.joinpath("production", *parts)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(2 * PATIENCE)


@pytest.fixture(scope="module")
def channel(tmp_path_factory):
    running = Channel(tmp_path_factory.mktemp("channel"))
    until(lambda: running.said("all is running"), "all is running", 2 * PATIENCE)
    yield running
    assert running.stop() == 0, running.out.read_text()


@pytest.fixture(scope="module")
def video(channel):
    return channel.run("video")


def test_the_schedule_of_the_seed_is_there(channel):
    rows = {row["name"]: row for row in channel.helios("schedule", "list")["schedules"]}
    assert {name: row["cron"] for name, row in rows.items()} == {
        "curation": "0 0 * * *", "video": "0 */4 * * *", "upload": "0 12 * * *", "analytics": "0 */6 * * *",
        "style": "0 0 * * 0", "gaps": "0 6 * * 0"}


def test_one_watchable_video(channel, video):
    run, steps = video
    assert run["state"] == "COMPLETED" and len(steps) == 7
    path = channel.file("video", run["id"], "video.mp4")
    said = subprocess.run(["ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", path],
                          capture_output=True, text=True, check=True)
    found = json.loads(said.stdout)
    kinds = {stream["codec_type"]: stream for stream in found["streams"]}
    assert (kinds["video"]["codec_name"], kinds["video"]["width"], kinds["video"]["height"]) == ("h264", 1280, 720)
    assert kinds["audio"]["codec_name"] == "aac" and kinds["subtitle"]["codec_name"] == "mov_text"
    assert 30 < float(found["format"]["duration"]) < 80


def test_it_is_counted_in_the_hourly_report(channel, video):
    metrics = channel.helios("health-report")["now"]["metrics"]
    assert metrics["videos_produced_total"] >= 1 and metrics["videos_produced_today"] >= 1


def test_the_committee_has_agreed_with_its_numbers(channel, video):
    reviews = channel.helios("review", "list")["reviews"]
    assert any(row["committee"] == "quality" and row["state"] == "APPROVED" for row in reviews), reviews


def test_the_batch_uploads_what_was_approved_once(channel, video):
    assert len(list(channel.file("approved").glob("*.json"))) == 1
    channel.run("upload")
    assert not list(channel.file("approved").glob("*.json"))
    (published,) = channel.file("published").glob("*.json")
    assert channel.file("publisher", published.stem, "video.mp4").exists()
    assert channel.run("upload")[0]["state"] == "COMPLETED"   # nothing waits: nothing to do


def test_analytics_and_style_guide_are_agreed_on_and_written(channel, video):
    channel.run("analytics")
    assert channel.file("recommendations.md").read_text().startswith("# Recommendations of")
    channel.run("style")
    assert "| `opening` |" in channel.file("CHANNEL_STYLE_GUIDE.md").read_text()


def test_what_the_clock_runs_can_be_run_now(channel):
    for name in ("curation", "gaps"):
        channel.helios("schedule", "run", name)
    until(lambda: channel.file("GAPS.md").exists(), "the gap analysis")
    until(lambda: len(json.loads(channel.file("curator.json").read_text())["queue"]) == 6, "six topics wait")


@pytest.mark.parametrize("name", ["video", "upload", "analytics", "style"])
def test_a_dry_run_goes_through_and_does_nothing(channel, name):
    before = sorted(channel.file("video").glob("*"))
    run = channel.helios("pipeline", "run", name, "--dry-run", "--wait")
    assert run["state"] == "COMPLETED" and run["dry_run"], run
    assert sorted(channel.file("video").glob("*")) == before


def test_a_topic_that_is_not_there_fails_its_run_at_once(channel):
    run = channel.helios("pipeline", "run", "video", "--params", '{"topic": "no-such-topic"}', "--wait", good=False)
    steps = {row["step"]: row for row in run["rows"]}
    assert run["state"] == "FAILED" and steps["script"]["state"] == "FAILED" and steps["film"]["state"] == "SKIPPED"
