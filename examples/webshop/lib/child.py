# SPDX-License-Identifier: MPL-2.0
"""child owns the life of one program of the shop: it starts with the shop and never outlives it.

It does not know what the program does, only how to tell that it is up and how to end it."""

import ctypes
import os
import signal
import subprocess
import time

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class Child:
    def __init__(self, name, argv, last_signal=signal.SIGKILL, pass_fds=(), log=None,
                 cwd=None):
        """last_signal is what the kernel sends when the shop itself is killed. nginx needs SIGTERM:
        its workers would outlive a master that is killed hard."""
        self.name, self.argv, self.pass_fds, self.log = name, argv, pass_fds, log
        self.last_signal, self.cwd = last_signal, cwd
        self.process = None
        self.starts = []  # times, newest last: a program that keeps dying is given up

    def start(self):
        parent = os.getpid()

        def tie_to_parent():
            _libc.prctl(PR_SET_PDEATHSIG, int(self.last_signal), 0, 0, 0)
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            if os.getppid() != parent:  # it died before the tie was made
                os._exit(1)

        self.starts = [t for t in self.starts if time.monotonic() - t < 10] + [time.monotonic()]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.cwd,
                pass_fds=self.pass_fds, preexec_fn=tie_to_parent, start_new_session=True)
        return self

    def gone(self):
        return self.process is not None and self.process.poll() is not None

    def stop(self, patience_s=3.0):
        """stop asks, waits, and then ends the whole group."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(patience_s)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
