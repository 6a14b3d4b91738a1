# SPDX-License-Identifier: MPL-2.0
"""engine owns a Docker engine of the test's own: it starts it, fills it with a base image, and leaves nothing of it behind.
It knows nothing of what runs in there. The firewall of the host stays as it is, and so does an engine that runs already."""

import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

BASE = "debian:bookworm-slim"
NEEDED = {"dockerd": "docker.io", "docker": "docker.io", "docker-compose": "docker-compose", "mmdebstrap": "mmdebstrap"}
START_S, STOP_S = 60, 30
# As in the official slim images.
WITHOUT = [f"--dpkgopt=path-exclude=/usr/share/{room}/*" for room in ("man", "locale", "info", "doc")]


class Missing(Exception):
    """What the test needs is not to be had here: it is skipped, with this reason."""


def die_with_us():
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def program(name):
    """program prefers Debian's own: another `docker` may stand before it on the PATH."""
    return shutil.which(name, path="/usr/bin:/usr/sbin:/bin:/sbin") or shutil.which(name)


def demand():
    if os.geteuid() != 0:
        raise Missing("a Docker engine needs root")
    missing = sorted({package for name, package in NEEDED.items() if not program(name)})
    if missing:
        raise Missing(f"not installed: {' '.join(missing)}")


class Engine:
    def __init__(self):
        demand()
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="hc-", dir="/tmp"))  # sockets lie in it: their paths are short
        self.log = self.home / "log"
        socket = f"unix://{self.home}/docker.sock"
        self.environment = {**os.environ, "DOCKER_HOST": socket, "DOCKER_CONFIG": str(self.home / "config"),
                            "PATH": f"/usr/bin:/usr/sbin:{os.environ['PATH']}"}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [program("dockerd"), "--data-root", self.home / "data", "--exec-root", self.home / "exec", "--pidfile",
                 self.home / "pid", "-H", socket, "--bridge=none", "--iptables=false", "--ip6tables=false",
                 "--ip-masq=false", "--ip-forward=false"], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=die_with_us, start_new_session=True)

    def docker(self, *words, check=True, **options):
        """docker answers what the command printed."""
        done = subprocess.run([program("docker"), *map(str, words)], env=self.environment, capture_output=True, text=True,
                              check=False, **options)
        if check and done.returncode:
            raise RuntimeError(f"docker {' '.join(map(str, words))}: {done.stderr.strip()[-2000:]}")
        return done.stdout.strip()

    def wait(self):
        end = time.monotonic() + START_S
        while not self.docker("version", "--format", "{{.Server.Version}}", check=False):
            if self.process.poll() is not None or time.monotonic() > end:
                raise Missing(f"dockerd does not start here: {self.last_words()}")
            time.sleep(0.1)

    def last_words(self):
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def make_base(self):
        """make_base brings in a Debian from the places that this host takes its packages from."""
        make = [program("mmdebstrap"), "--quiet", "--variant=minbase", *WITHOUT, *proxy_options(), "bookworm", "-", *sources()]
        with subprocess.Popen(make, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as made:
            self.docker("import", "-", BASE, stdin=made.stdout, check=False)
            why = made.stderr.read().decode(errors="replace").strip()
        if made.returncode:
            raise Missing(f"no base image can be made: {why.splitlines()[-1] if why else 'mmdebstrap failed'}")

    def try_base(self):
        """try_base finds out whether a container runs here and reaches Debian's packages."""
        tries = {"no container runs here": ["true"], "no packages can be had in a container": ["apt-get", "update"]}
        for why, words in tries.items():
            try:
                self.docker("run", "--rm", "--network", "host", BASE, *words)
            except RuntimeError as problem:
                raise Missing(f"{why}: {problem}") from None

    def stop(self):
        """stop ends the engine by its pid and takes away what it mounted; raises when something stays."""
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.stop_containerd()
        for place in self.mounts():
            subprocess.run(["umount", place], check=False, capture_output=True)
        for place in self.mounts():
            subprocess.run(["umount", "--lazy", place], check=False)
        subprocess.run(["rm", "-rf", "--one-file-system", self.home], check=True)  # much faster than rmtree
        if left := self.mounts():
            raise RuntimeError(f"still mounted: {left}")

    def stop_containerd(self):
        """stop_containerd ends the engine's helper, which outlives an engine that was killed hard."""
        with contextlib.suppress(OSError, ValueError):
            pid = int((self.home / "exec/containerd/containerd.pid").read_text())
            if str(self.home) in pathlib.Path(f"/proc/{pid}/cmdline").read_text():
                os.kill(pid, signal.SIGKILL)

    def mounts(self):
        """mounts are those below our directory, the innermost first."""
        places = (line.split()[1] for line in pathlib.Path("/proc/self/mounts").read_text().splitlines())
        return sorted((place for place in places if place.startswith(f"{self.home}/")), key=len, reverse=True)


def sources():
    """sources are the host's files of package sources when it is the same Debian; else mmdebstrap knows some."""
    files = [pathlib.Path("/etc/apt/sources.list"), pathlib.Path("/etc/apt/sources.list.d/debian.sources")]
    return [str(file) for file in files if file.is_file() and "bookworm" in file.read_text()]


def proxy_options():
    """proxy_options hand on the proxy that the host's apt uses: they stay in the base image."""
    said = subprocess.run(["apt-config", "dump", "--format", "%F=%v%n"], capture_output=True, text=True, check=False).stdout
    wanted = ("Acquire::http::Proxy=", "Acquire::https::Proxy=")
    return [f'--aptopt={name} "{value}";' for name, _, value in (line.partition("=") for line in said.splitlines()
            if line.startswith(wanted)) if value]
