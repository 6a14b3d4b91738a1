# SPDX-License-Identifier: MPL-2.0
"""What the daemons tell a service manager: the protocol of sd_notify, heard on a socket of our own."""

import json
import os
import signal
import socket
import subprocess

import pytest

from helios import ANY_PORT, BIN, PATIENCE, Process

ROOMS = ("agents", "control", "kpi", "events")
SYSTEMD = "libsystemd" in subprocess.run(["ldd", BIN / "heliosd"], capture_output=True, text=True, check=True).stdout
pytestmark = pytest.mark.skipif(not SYSTEMD, reason="this build has no libsystemd")

CONTROLLER = {"realm": "story", "listen": dict.fromkeys(ROOMS, ANY_PORT), "log": {"format": "text"}}
AGENT = {"controllers": ["data"], "allow_root": True, "log": {"format": "text"},
         "agents": {"a1": {"swarm": "backend"}}, "actions": {"echo": {"builtin": "echo"}}}
PROGRAMS = {"heliosd": (["--config"], CONTROLLER), "helios-agent": ([], AGENT)}


class Manager:
    """Plays systemd: hears what one program says of itself."""

    def __init__(self, path, name):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path / "notify"))
        self.socket.settimeout(PATIENCE)
        flags, config = PROGRAMS[name]
        self.file = path / "config.yaml"
        self.file.write_text(json.dumps(config))
        environment = {**os.environ, "NOTIFY_SOCKET": str(path / "notify"), "WATCHDOG_USEC": "200000"}
        self.process = Process([BIN / name, *flags, self.file], path / "log", env=environment)

    def until(self, word):
        """until answers the message that has this line; all before it are passed over."""
        while True:
            lines = self.socket.recv(4096).decode().split("\n")
            if word in lines:
                return lines


@pytest.fixture(name="manager", params=PROGRAMS)
def make_manager(request, tmp_path):
    manager = Manager(tmp_path, request.param)
    yield manager
    manager.process.stop()
    manager.socket.close()


def test_it_is_ready_alive_and_stops(manager):
    manager.until("READY=1")
    manager.until("WATCHDOG=1")
    manager.until("WATCHDOG=1")
    manager.process.send(signal.SIGTERM)
    manager.until("STOPPING=1")
    assert manager.process.wait() == 0


@pytest.mark.parametrize("text", [None, "nonsense: ["])
def test_a_reload_has_a_beginning_and_an_end_also_when_it_is_refused(manager, text):
    manager.until("READY=1")
    if text:
        manager.file.write_text(text)
    manager.process.send(signal.SIGHUP)
    assert any(line.startswith("MONOTONIC_USEC=") for line in manager.until("RELOADING=1"))
    manager.until("READY=1")
    assert manager.process.running()
