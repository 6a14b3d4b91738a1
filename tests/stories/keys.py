# SPDX-License-Identifier: MPL-2.0
"""Keys of a story: made and let in by the command line, as people do it.

    keys = Keys(tmp_path)
    keys.new("ada", "operator")                 ada.key and ada.pub; let in
    with Realm(tmp_path, keys.settings(), prove=keys.prove("ada")) as realm: ...
"""

import os
import pathlib
import subprocess

import zmq

from helios import BIN, PATIENCE


class Keys:
    """A directory of keys, and the one of those that are let in."""

    def __init__(self, path, server="ctl"):
        self.path, self.allowed, self.server = pathlib.Path(path) / "keys", pathlib.Path(path) / "allowed", server
        self.path.mkdir(parents=True)
        self.new(server, "controller", allow=False)

    def helios(self, *words):
        return subprocess.run([BIN / "helios", "keys", *map(str, words)], capture_output=True, text=True, timeout=PATIENCE,
                              stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"]}, check=False)

    def done(self, *words):
        done = self.helios(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def new(self, name, role, *more, allow=True):
        self.done("new", name, "--role", role, "--dir", self.path, *more)
        if allow:
            self.allow(name)
        return self.secret(name)

    def allow(self, name):
        return self.done("allow", self.public(name), "--allowed", self.allowed)

    def revoke(self, name):
        return self.done("revoke", name, "--allowed", self.allowed)

    def secret(self, name):
        return self.path / f"{name}.key"

    def public(self, name):
        return self.path / f"{name}.pub"

    def read(self, name):
        lines = self.secret(name).read_text().splitlines()
        return dict(line.split(": ", 1) for line in lines if not line.startswith("#"))

    def settings(self):
        return {"security": {"key": str(self.secret(self.server)), "allowed": str(self.allowed)}}

    def prove(self, name, server=None):
        """prove gives a function that makes a socket prove the key `name` to the controller with the key `server`."""
        mine, theirs = self.read(name), self.read(server or self.server)

        def set_keys(socket):
            socket.curve_publickey, socket.curve_secretkey = mine["public"].encode(), mine["secret"].encode()
            socket.curve_serverkey = theirs["public"].encode()
        assert zmq.has("curve")
        return set_keys
