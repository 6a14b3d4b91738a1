# SPDX-License-Identifier: MPL-2.0
"""A Debian without Helios, in a directory: nothing of it reaches the machine's services, network or processes. It is booted by
systemd-nspawn; where that cannot be done it is a bare container, a network and processes of its own without systemd."""

import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import time

PROGRAMS = ("mmdebstrap", "unshare", "nsenter", "setpriv", "ip")
# Changed by every use of dpkg and its like, or by systemd itself: no part of what a package leaves behind.
VOLATILE = ("proc", "sys", "dev", "run", "tmp", "var/tmp", "var/cache", "var/log", "var/lib/dpkg", "var/lib/systemd/timers",
            "var/lib/systemd/random-seed", "etc/passwd-", "etc/group-", "etc/shadow-", "etc/gshadow-", "etc/.pwd.lock")
PATIENCE = 60
NAMESPACES = ("--net", "--pid", "--mount", "--ipc", "--uts")


def why_not():
    """why_not says what is missing for it here, or nothing."""
    if os.geteuid() != 0:
        return "needs root"
    missing = [name for name in PROGRAMS if not shutil.which(name)]
    if missing:
        return f"needs {', '.join(missing)}"
    if subprocess.run(["unshare", *NAMESPACES, "--fork", "true"], capture_output=True, check=False).returncode:
        return "namespaces cannot be made here"
    return ""


def sources():
    """sources are the mirrors that this machine itself uses."""
    etc = pathlib.Path("/etc/apt")
    return [path for path in [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))] if path.exists()]


def die_with_us(number):
    """die_with_us gives a child this signal when we end, so that a test that is killed leaves no process behind."""
    return lambda: ctypes.CDLL(None).prctl(1, number)  # PR_SET_PDEATHSIG


def children(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []


def until(condition, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while not (value := condition()):
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.1)
    return value


def remove_groups():
    """remove_groups takes away the control groups that nspawn leaves behind beside ours; those in use stay."""
    for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, ours = line.split(":", 2)
        mounts = [controllers.removeprefix("name=")] if controllers else ["", "unified"]
        bases = [pathlib.Path("/sys/fs/cgroup", mount, ours.lstrip("/")) for mount in mounts]
        left = [group for base in bases for name in ("payload", "supervisor") for group in base.glob(f"{name}/**/")]
        for group in sorted(left, reverse=True):
            with contextlib.suppress(OSError):
                group.rmdir()


class CleanRoot:
    """One root with some packages, that runs while it is open."""

    def __init__(self, path, packages):
        self.path = pathlib.Path(path)
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(packages)}", "bookworm", self.path,
                        *sources()], check=True, capture_output=True, text=True)
        self.started = []  # services without systemd
        self.booted = bool(shutil.which("systemd-nspawn")) and self.boot()
        if not self.booted:
            self.hold()

    def open(self, number, *argv):
        self.holder = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       preexec_fn=die_with_us(number))

    def boot(self):
        """boot says whether systemd runs in it."""
        self.enter = ["--all"]
        remove_groups()  # half of them would keep nspawn from booting
        self.open(signal.SIGTERM, "systemd-nspawn", "-D", self.path, f"--machine=helios-test-{os.getpid()}", "--boot", "--register=no",
                  "--keep-unit", "--private-network", "--console=pipe")
        until(lambda: self.holder.poll() is not None or self.is_up(), "nspawn boots or gives up")
        return self.holder.poll() is None

    def is_up(self):
        self.pid = (children(self.holder.pid) or [None])[0]
        return self.pid and self.run("systemctl", "is-system-running", check=False).strip() in ("running", "degraded")

    def hold(self):
        """hold is the first process of the bare container: all others end with it."""
        self.enter = [*NAMESPACES, "chroot", self.path]
        self.open(signal.SIGKILL, "unshare", *NAMESPACES, "--fork", "--kill-child", "sh", "-c",
                  f"ip link set lo up && mount -t proc proc {self.path}/proc && exec sleep infinity")
        self.pid = until(lambda: children(self.holder.pid), "the container begins")[0]
        until(lambda: pathlib.Path(f"/proc/{self.pid}/comm").read_text() == "sleep\n", "it has a network and /proc")

    def inside(self, argv, user=None):
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
        return ["nsenter", "-t", self.pid, *self.enter, "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
                "DEBIAN_FRONTEND=noninteractive", *become, *argv]

    def run(self, *argv, user=None, check=True):
        done = subprocess.run(self.inside(argv, user), capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, f"{argv}: {done.returncode}\n{done.stdout}{done.stderr}\n{self.log()}"
        return done.stdout

    def start(self, *argv, user):
        """start runs a service as its user where there is no systemd; its lines are in /tmp/USER.log of the root."""
        with open(self.path / f"tmp/{user}.log", "ab") as log:
            self.started.append(subprocess.Popen(self.inside(argv, user), stdout=log, stderr=log))

    def stop(self, program):
        """stop asks such a service to end, as its unit would, and answers its exit code; nsenter waits for it."""
        self.run("sh", "-c", f"kill -TERM $(pidof {program})")
        return next(s for s in self.started if program in s.args).wait(PATIENCE)

    def log(self):
        """log is what the services have said of late."""
        if self.booted:
            return subprocess.run(self.inside(["journalctl", "--no-pager", "-n", "40"]), capture_output=True, text=True,
                                  check=False).stdout
        return "".join(path.read_text()[-2000:] for path in (self.path / "tmp").glob("*.log"))

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
        remove_groups()
        shutil.rmtree(self.path)
