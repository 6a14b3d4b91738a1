# SPDX-License-Identifier: MPL-2.0
"""places owns where the production keeps things: everything lies in $HELIOS_DATA/production.

It knows how to read and write files whole and how to lock; it does not know what they mean."""

import contextlib
import fcntl
import json
import os

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))   # examples/production


def home(*parts):
    """home is the data directory's part of ours, or a path in it."""
    data = os.environ.get("HELIOS_DATA")
    if not data:
        raise SystemExit("HELIOS_DATA is not set: it names the directory that all state goes to")
    return os.path.join(os.path.abspath(data), "production", *parts)


def write(path, text):
    """write replaces the file in one step: a reader sees the old text or the new one."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    draft = f"{path}.{os.getpid()}.new"
    with open(draft, "wb" if isinstance(text, bytes) else "w") as file:
        file.write(text)
    os.replace(draft, path)


def read(path, default=None):
    try:
        with open(path) as file:
            return file.read()
    except FileNotFoundError:
        return default


def write_json(path, value):
    write(path, json.dumps(value, indent=1, sort_keys=True) + "\n")


def read_json(path, default=None):
    text = read(path)
    return default if text is None else json.loads(text)


@contextlib.contextmanager
def locked(name):
    """locked keeps every other process out of what `name` stands for."""
    path = home("locks", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
