# SPDX-License-Identifier: MPL-2.0
"""paths owns where the shop keeps things: everything lies in $HELIOS_DATA/webshop.

It knows file names and how to read and write them whole; it does not know what they mean."""

import fcntl
import json
import os
import socket
import sys

USAGE, UNAVAILABLE = 64, 69  # sysexits: wrong arguments; the shop is not there
# Where the shop's tools run on other hosts: the name of its own. Else nobody else can reach it.
HOST = os.environ.get("WEBSHOP_HOST") or "127.0.0.1"
BIND = "0.0.0.0" if os.environ.get("WEBSHOP_HOST") else "127.0.0.1"


def fail(text, code=1):
    """fail says one sentence on stderr and ends the program."""
    print(f"{os.path.basename(sys.argv[0])}: {text}", file=sys.stderr)
    sys.exit(code)


def home():
    """home is the shop's own directory; every program of the shop gets it the same way."""
    data = os.environ.get("HELIOS_DATA")
    if not data:
        fail("HELIOS_DATA is not set: it names the directory that all state goes to", USAGE)
    return os.path.join(os.path.abspath(data), "webshop")


def at(*parts):
    return os.path.join(home(), *parts)


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
    except (FileNotFoundError, ProcessLookupError):   # the latter for files of /proc
        return default


def write_json(path, value):
    write(path, json.dumps(value, indent=2, sort_keys=True) + "\n")


def read_json(path, default=None):
    text = read(path)
    return default if text is None else json.loads(text)


def alive():
    """alive tells whether the shop that said `ready` still runs."""
    said = read(at("ready"))
    try:
        return said is not None and os.kill(int(said), 0) is None
    except ProcessLookupError:
        return False
    except PermissionError:
        return True   # somebody else's, but there


def ports():
    """ports are those of the running shop; without them there is nothing to talk to."""
    found = read_json(at("ports.json"))
    if not found or not alive():
        fail(f"no shop is running in {home()}: start examples/webshop/shop first", UNAVAILABLE)
    return found


def lock(name, wait=True):
    """lock takes the named lock until the process ends (keep the answer); None when it is taken."""
    os.makedirs(home(), exist_ok=True)
    file = open(at(name), "a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return None
    return file


def listen():
    """listen gives a listening socket on a free port; the kernel chooses it."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((BIND, 0))
    sock.listen(128)
    return sock


def free_port():
    """free_port is a guess for programs that must bind by number: the caller tries again."""
    with listen() as sock:
        return sock.getsockname()[1]
