# SPDX-License-Identifier: MPL-2.0
"""A Debian without Helios, in a directory: nothing of it reaches the machine's services, network or processes."""

import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import time

PROGRAMS = ("mmdebstrap", "unshare", "nsenter", "setpriv", "ip")
# Written by every use of dpkg and its like: no part of what a package leaves behind.
VOLATILE = ("proc", "var/lib/dpkg", "var/cache", "var/log", "tmp", "run", "etc/passwd-", "etc/group-", "etc/shadow-",
            "etc/gshadow-", "etc/.pwd.lock")
PATIENCE = 30


def why_not():
    """why_not says what is missing for it here, or nothing."""
    if os.geteuid() != 0:
        return "needs root"
    missing = [name for name in PROGRAMS if not shutil.which(name)]
    if missing:
        return f"needs {', '.join(missing)}"
    if subprocess.run(["unshare", "--net", "--pid", "--mount", "--fork", "true"], capture_output=True, check=False).returncode:
        return "namespaces cannot be made here"
    return ""


def sources():
    """sources are the mirrors that this machine itself uses."""
    etc = pathlib.Path("/etc/apt")
    return [path for path in [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))] if path.exists()]


def die_with_us():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: a test that is killed leaves no process behind


class CleanRoot:
    """One root with some packages, and a network and processes of its own while it is open."""

    def __init__(self, path, packages):
        self.path = pathlib.Path(path)
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(packages)}", "bookworm", self.path,
                        *sources()], check=True, capture_output=True, text=True)
        policy = self.path / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
        # Its first process: all others end with it.
        start = f"ip link set lo up && mount -t proc proc {self.path}/proc && echo up && exec sleep infinity"
        self.holder = subprocess.Popen(
            ["unshare", "--net", "--pid", "--mount", "--ipc", "--uts", "--fork", "--kill-child", "sh", "-c", start],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, preexec_fn=die_with_us)
        assert self.holder.stdout.readline() == "up\n"
        children = pathlib.Path(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children").read_text().split()
        self.pid = children[0]
        self.started = []

    def inside(self, argv, user=None):
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
        return ["nsenter", "-t", self.pid, "--net", "--pid", "--mount", "--ipc", "--uts", "chroot", str(self.path),
                "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", *become, *argv]

    def run(self, *argv, user=None, check=True):
        done = subprocess.run(self.inside(argv, user), capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, f"{argv}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def start(self, *argv, user):
        """start runs a service as its user; its lines are in /tmp/USER.log of the root."""
        with open(self.path / f"tmp/{user}.log", "ab") as log:
            self.started.append(subprocess.Popen(self.inside(argv, user), stdout=log, stderr=log))
        return self.started[-1]

    def stop(self, program):
        """stop asks a service to end, as its unit would, and answers its exit code; nsenter waits for it."""
        self.run("sh", "-c", f"kill -TERM $(pidof {program})")
        service = next(s for s in self.started if program in " ".join(s.args))
        return service.wait(PATIENCE)

    def until(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not (value := condition()):
            logs = "".join(path.read_text()[-2000:] for path in (self.path / "tmp").glob("*.log"))
            assert time.monotonic() < end, f"never happened: {what}\n{logs}"
            time.sleep(0.1)
        return value

    def things(self):
        """things are all paths that a package could leave behind, and all users and groups."""
        found = set()
        for directory, directories, files in os.walk(self.path):
            here = os.path.relpath(directory, self.path)
            directories[:] = [d for d in directories if os.path.normpath(f"{here}/{d}") not in VOLATILE]
            found.update(name for f in [*directories, *files] if (name := os.path.normpath(f"{here}/{f}")) not in VOLATILE)
        for database in ("passwd", "group", "shadow"):
            found.update(f"{database}: {line.split(':')[0]}" for line in (self.path / "etc" / database).read_text().splitlines())
        return found

    def close(self):
        if self.holder.poll() is None:
            os.kill(int(self.pid), signal.SIGKILL)
        self.holder.wait(PATIENCE)
        for service in self.started:
            service.wait(PATIENCE)
        shutil.rmtree(self.path)
