# SPDX-License-Identifier: MPL-2.0
"""action owns what every program has in common with its agent: parameters as one JSON object on stdin, one JSON
object on stdout, progress on descriptor 3, and that what was done for a key is not done again."""

import hashlib
import json
import os
import subprocess
import sys

from . import places

USAGE, WRONG_DATA, AGAIN = 64, 65, 75   # sysexits; Helios never retries the first two
KEPT = 1000                             # answers that are remembered


class Wrong(Exception):
    """What another attempt would not mend."""


def progress(percent, note=""):
    """progress tells the agent how far the work is."""
    number = os.environ.get("HELIOS_PROGRESS_FD")
    if number:
        os.write(int(number), f"progress {int(percent)} {note}\n".encode())


def answer_file():
    """answer_file is where the answer for this attempt's key is kept; None where there is no key."""
    key = os.environ.get("HELIOS_KEY")
    name = f"{key}\n{os.path.basename(sys.argv[0])}"
    return key and places.home("answers", hashlib.sha256(name.encode()).hexdigest()[:24] + ".json")


def keep(path, answer):
    """keep remembers an answer and forgets the oldest ones."""
    places.write_json(path, answer)
    folder = os.path.dirname(path)
    names = os.listdir(folder)
    if len(names) > KEPT * 1.2:
        names.sort(key=lambda name: os.stat(os.path.join(folder, name)).st_mtime_ns)
        for name in names[:-KEPT]:
            os.unlink(os.path.join(folder, name))


def once(work, params):
    """once does the work, or answers what it came to when the same task did it before."""
    path = answer_file()
    if path is None:
        return work(params)
    answer = places.read_json(path)
    if answer is None:
        answer = work(params)
        keep(path, answer)
    return answer


def end(code, problem):
    print(f"{os.path.basename(sys.argv[0])}: {problem}", file=sys.stderr)
    sys.exit(code)


def run(work):
    """run is the whole program: `work` gets the parameters and gives the answer."""
    try:
        params = json.loads(sys.stdin.read() or "{}")
    except ValueError as problem:
        end(USAGE, f"stdin is not one JSON object: {problem}")
    try:
        print(json.dumps(once(work, params)))
    except Wrong as problem:
        end(WRONG_DATA, problem)
    except KeyError as problem:
        end(USAGE, f"the parameter {problem} is missing")
    except (OSError, subprocess.CalledProcessError) as problem:
        said = (getattr(problem, "stderr", "") or "").strip().splitlines()
        end(AGAIN, f"{problem} {said[-1] if said else ''}")
