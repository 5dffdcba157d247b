"""A server that is measured: started on a core of its own, asked, watched, and stopped."""

import ctypes
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time

from common.install import Unavailable

START_SECONDS = 60
STOP_SECONDS = 10
PR_SET_PDEATHSIG = 1  # prctl(2)


class Failed(Exception):
    """A check that makes the whole measurement worthless."""


def request_body(size=1024):
    """A chat request of exactly that many bytes."""
    def text(filling):
        return json.dumps({"model": "gpt-4o-mini",
                           "messages": [{"role": "user", "content": filling}]})
    words = "The quick brown fox jumps over the lazy dog. " * (size // 45 + 1)
    return text(words[:size - len(text(""))]).encode()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def on_core(core):
    """For Popen's preexec_fn: on that core, and gone when we are."""
    parent = os.getpid()
    libc = ctypes.CDLL(None)

    def prepare():
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        os.sched_setaffinity(0, {core})
    return prepare


class Server:
    """One server. `name` is for the report."""

    name = ""
    speaks = False  # on its standard output, to us

    def __init__(self, folder):
        self.folder = os.path.join(folder, re.sub(r"\W+", "-", self.name))
        os.makedirs(self.folder, exist_ok=True)
        self.port = 0
        self.version = ""
        self.process = None

    def command(self):
        """Installs, writes configuration, and gives the command line. Raises Unavailable."""
        raise NotImplementedError

    def start(self, core):
        command = self.command()
        # Errors go to a file, whose end is the reason if the server does not come up. A session of
        # its own: Ctrl-C reaches us alone, and we stop it with its children.
        with open(os.path.join(self.folder, "stderr.log"), "wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stderr=log,
                stdout=subprocess.PIPE if self.speaks else log, start_new_session=True,
                preexec_fn=on_core(core))
        self.await_port()

    def await_port(self):
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Unavailable("did not come up: " + self.last_error())
            time.sleep(0.02)

    def answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    def last_error(self):
        with open(os.path.join(self.folder, "stderr.log"), errors="replace") as log:
            lines = log.read().strip().splitlines()
        return lines[-1] if lines else "no reason given"

    def ask(self, method, target, body=None, headers=None):
        """One request: (status, body)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, target, body, headers or {})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def processes(self):
        """Its process and that one's children."""
        pids = [self.process.pid]
        for pid in pids:
            with open(f"/proc/{pid}/task/{pid}/children") as file:
                pids += map(int, file.read().split())
        return pids

    def cpu_seconds(self):
        """Processor time of the server and its children so far: of the threads that are alive, to
        the nanosecond (a tick of /proc/PID/stat is 10 ms, a tenth of a short turn)."""
        nanoseconds = 0
        for pid in self.processes():
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/schedstat") as file:
                    nanoseconds += int(file.read().split()[0])
        return nanoseconds / 1e9

    def stop(self):
        if self.process is None:
            return
        self._signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        self._signal(signal.SIGKILL)  # what is left of its session
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                stream.close()
        self.process = None

    def _signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass


class KeywalkServer(Server):
    """One of our programs: it says itself when it is ready, and where."""

    speaks = True

    def __init__(self, folder, binary):
        super().__init__(folder)
        self.binary = binary

    def usage(self):
        return subprocess.run([self.binary, "--help"], stdout=subprocess.PIPE,
                              check=True).stdout.decode()

    def read_version(self):
        shown = subprocess.run([self.binary, "--version"], stdout=subprocess.PIPE, check=True)
        self.version = shown.stdout.decode().split()[-1]

    def await_port(self):
        line = self.process.stdout.readline().decode()
        if not line.startswith("listening on "):
            self.process.wait()
            raise Unavailable("did not come up: " + self.last_error())
        self.port = int(line.rsplit(":", 1)[1])
