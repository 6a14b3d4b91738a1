# SPDX-License-Identifier: MPL-2.0
"""What is installed beside the programs: default configs, units, man pages, completions, as this build has made them."""

import gzip
import os
import pathlib
import re
import shutil
import subprocess

import pytest

BUILD = pathlib.Path(os.environ["HELIOS_BUILD"])
BIN, MADE, MAN = BUILD / "bin", BUILD / "packaging", BUILD / "man"
CONFIGS = {"helios.yaml": ["heliosd", "--check", "--config"], "agents/local.yaml": ["helios-agent", "--check"]}
EXPOSURE = {"heliosd.service": 2.0, "helios-agent@.service": 3.0}

analyze = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze")
pages = pytest.mark.skipif(not MAN.exists(), reason="man pages were not built: there is no scdoc")


def run(*argv):
    return subprocess.run([str(word) for word in argv], capture_output=True, text=True, check=False)


def run_ok(*argv):
    done = run(*argv)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def uncommented(text):
    """uncommented takes the # before every setting away, as the head of the file says; prose keeps its own."""
    return re.sub(r"^#(?=  |[a-z])", "", text, flags=re.M)


@pytest.mark.parametrize("name", CONFIGS)
def test_a_default_config_is_good(name):
    run_ok(BIN / CONFIGS[name][0], *CONFIGS[name][1:], MADE / "etc" / name)


@pytest.mark.parametrize("name", CONFIGS)
def test_with_every_line_taken_in_it_still_is_good(name, tmp_path):
    text = (MADE / "etc" / name).read_text()
    whole = uncommented(text)
    assert whole.count("\n") == text.count("\n") and whole != text
    (tmp_path / "whole.yaml").write_text(whole)
    run_ok(BIN / CONFIGS[name][0], *CONFIGS[name][1:], tmp_path / "whole.yaml")


@pytest.mark.parametrize("name, tables", [("helios.yaml", "kpis"), ("agents/local.yaml", "agents")])
def test_every_setting_has_a_comment_above_it(name, tables):
    lines = (MADE / "etc" / name).read_text().partition(f"\n{tables}:")[0].splitlines()
    prose = re.compile(r"(#  )?# \S|$")
    bare = [line for before, line in zip(lines, lines[1:]) if not prose.match(line) and not prose.match(before)]
    assert bare == [] and len(lines) > 30


@pytest.fixture(name="unit")
def make_unit(request, tmp_path):
    """unit is one with its programs where this build has them."""
    text = (MADE / "systemd" / request.param).read_text()
    text = re.sub(r"(?<==)/\S+/(heliosd|helios-agent)(?= )", lambda m: str(BIN / m[1]), text)
    path = tmp_path / request.param
    path.write_text(text)
    return path


@analyze
@pytest.mark.parametrize("unit", EXPOSURE, indirect=True)
def test_systemd_understands_the_unit(unit):
    done = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", unit)
    assert done.returncode == 0 and unit.name not in done.stderr, done.stderr


@analyze
@pytest.mark.parametrize("unit", EXPOSURE, indirect=True)
def test_the_unit_leaves_little_room(unit):
    most = EXPOSURE[unit.name]
    shown = run_ok("systemd-analyze", "security", "--offline=true", f"--threshold={most * 10:.0f}", "--no-pager", unit)
    assert float(re.search(r"exposure level for \S+: ([\d.]+)", shown)[1]) <= most


def page(name):
    return gzip.decompress((MAN / f"{name}.gz").read_bytes()).decode()


@pages
def test_every_program_config_and_verb_has_its_place_in_the_manual():
    for name in ("heliosd.8", "helios-agent.8", "helios.1", "helios.yaml.5", "helios-agent.yaml.5", "helios-protocol.7"):
        assert ".SH NAME" in page(name) or ".SH \"NAME\"" in page(name), name
    verbs = run_ok(BIN / "helios", "completion", "bash").split("words='")[1].split("'")[0].split()
    manual = page("helios.1")
    assert len(verbs) > 40 and all(rf"\fB{verb}\fR" in manual for verb in verbs)


@pages
@pytest.mark.skipif(not shutil.which("man"), reason="there is no man")
def test_the_pages_can_be_read():
    for file in MAN.glob("*.gz"):
        done = run("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", file)
        assert done.returncode == 0 and done.stderr == "" and len(done.stdout) > 1000, (file, done.stderr)


def test_a_tree_of_the_installed_files_is_where_gnu_says(tmp_path):
    environment = {**os.environ, "DESTDIR": str(tmp_path)}
    for component in ("controller", "agent", "tools", "lib", "dev"):
        subprocess.run(["cmake", "--install", BUILD, "--component", component], check=True, env=environment,
                       stdout=subprocess.DEVNULL)
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if not path.is_dir()}
    ends = ["bin/heliosd", "bin/helios-agent", "bin/helios", "etc/helios/helios.yaml", "etc/helios/agents/local.yaml",
            "system/heliosd.service", "system/helios-agent@.service", "lib/sysusers.d/helios-controller.conf",
            "lib/tmpfiles.d/helios-agent.conf", "share/bash-completion/completions/helios", "/_helios", "include/helios/agent.h", "libhelios.so.0", "pkgconfig/helios.pc"]
    assert [end for end in ends if not any(name.endswith(end) for name in found)] == []
