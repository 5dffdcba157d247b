"""The project's programs as child processes of a test: started on free ports, watched, stopped.
What they write to standard error goes to a file, or to whoever reads the pipe."""

import ctypes
import http.client
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time

START_SECONDS = 30
STOP_SECONDS = 30
_POLL_SECONDS = 0.02
_PR_SET_PDEATHSIG = 1  # prctl(2)
_TICKS = os.sysconf("SC_CLK_TCK")


class Trouble(Exception):
    """A program did not do what a test needs to go on."""


def wait_until(condition, seconds, what):
    """Waits until condition() is true, and gives its value; Trouble after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise Trouble(f"after {seconds} s still not: {what}")
        time.sleep(_POLL_SECONDS)
    return value


def of_our_own(before=None):
    """Arguments of Popen for a child that Ctrl-C does not reach, that is for us to end it, and that
    ends when we do. `before` runs in the child."""
    libc = ctypes.CDLL(None)

    def prepare():
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if before is not None:
            before()
    return {"start_new_session": True, "preexec_fn": prepare}


class Program:
    """One process. `binary` listens on a free port and says so on its first lines."""

    def __init__(self, name, command, environment=None, before=None, log_to_pipe=False):
        self.name, self.command, self.port, self.admin_port = name, command, 0, 0
        self._folder = tempfile.TemporaryDirectory(prefix="keywalk-test-")
        self.folder = pathlib.Path(self._folder.name)
        self._environment, self._before = environment, before
        self._log_to_pipe = log_to_pipe
        self.process = None

    def start(self, listens=1):
        """`listens`: how many lines tell where it listens, the admin pages' last."""
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE if self._log_to_pipe else log,
                env=None if self._environment is None else {**os.environ, **self._environment},
                **of_our_own(self._before))
        for _ in range(listens):
            line = self.process.stdout.readline().decode()
            found = re.search(r"^(listening|admin) on .*:(\d+)$", line)
            if not found:
                self.process.kill()
                self.process.wait()
                raise Trouble(f"{self.name} did not come up: {line} {self.log()[-2000:]}")
            if found[1] == "listening":
                self.port = int(found[2])
            else:
                self.admin_port = int(found[2])
        return self

    @property
    def pid(self):
        return self.process.pid

    @property
    def address(self):
        return ("127.0.0.1", self.port)

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def running(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds=STOP_SECONDS):
        """The exit code; Trouble if it does not end."""
        try:
            return self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired as error:
            raise Trouble(f"{self.name} did not end within {seconds} s") from error

    def stop(self):
        """Asks for an orderly end, and gives the exit code; the files stay until remove()."""
        if self.running():
            self.signal(signal.SIGTERM)
        return self.wait()

    def remove(self):
        if self.running():
            self.process.kill()
            self.process.wait()
        if self.process is not None:
            for pipe in (self.process.stdout, self.process.stderr):
                if pipe is not None:
                    pipe.close()
        self._folder.cleanup()

    def rss_bytes(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def descriptors(self, kind=""):
        """How many are open; of those alone that begin with `kind`, such as "socket:"."""
        folder = f"/proc/{self.pid}/fd"
        names = os.listdir(folder)
        return sum(_link(f"{folder}/{name}").startswith(kind) for name in names) if kind else \
            len(names)

    def cpu_seconds(self):
        """Of user and kernel, so far."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def ask(self, target, method="GET", body=None, headers=None, admin=False, seconds=20):
        """One request on a connection of its own: (status, body)."""
        port = self.admin_port if admin else self.port
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
        try:
            connection.request(method, target, body, headers or {})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


def _link(path):
    try:
        return os.readlink(path)
    except OSError:  # closed meanwhile
        return ""


def sanitizer_reports(log):
    """The lines of a log (text) with which a sanitizer begins a report."""
    return [line for line in log.splitlines()
            if "runtime error:" in line or re.search(r"ERROR: \w*Sanitizer|WARNING: Thread", line)]
