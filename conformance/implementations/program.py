"""A gateway that is a program of its own, between keywalk-conform and its mock upstream: the
adapter protocol, a free port, start, readiness and stop. Nothing here depends on the gateway."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

START_LIMIT_SECONDS = 55  # the suite waits for a minute


class Program:
    """A child process and a folder of its own, both gone at the end."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="keywalk-"))
        self.folder.chmod(0o711)  # a worker that has given up root's rights still gets through
        self.child = None

    def start(self, command, port, environment=None):
        """Returns once the port takes connections."""
        self.child = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,  # standard output is the protocol's
            cwd=self.folder,
            env={**os.environ, **(environment or {})},
        )
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while time.monotonic() < deadline:
            if self.child.poll() is not None:
                raise RuntimeError(f"{command[0]} ended with status {self.child.returncode}")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return
            time.sleep(0.05)
        raise RuntimeError(f"{command[0]} took no connection within {START_LIMIT_SECONDS} s")

    def stop(self):
        if self.child and self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(1.5)
            except subprocess.TimeoutExpired:
                self.child.kill()
        for file in sorted(self.folder.rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() and not file.is_symlink() else file.unlink()
        self.folder.rmdir()


def free_port():
    """One that was free a moment ago: none of these programs can bind port 0 and tell."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def endpoint_of_same_path(port, pool):
    """For a gateway that passes paths on: the upstream's own path, at the gateway's port."""
    return {"base_url": f"http://127.0.0.1:{port}{split_base(pool['base_url'])[1]}"}


def split_base(base_url):
    """`http://127.0.0.1:9000/p0/v1` as authority and path."""
    parts = urllib.parse.urlsplit(base_url)
    return parts.netloc, parts.path


def serve(hello, set_up, stop):
    """Answers the suite's commands; `set_up(pools)` gives the endpoints by pool."""
    try:
        for line in sys.stdin:
            command = json.loads(line)
            reply = {}
            if command["cmd"] == "hello":
                reply = hello
            elif command["cmd"] == "setup":
                try:
                    reply = {"pools": set_up(command["pools"])}
                except (OSError, RuntimeError) as error:
                    reply = {"error": {"message": str(error)}}
            print(json.dumps({"seq": command["seq"], **reply}), flush=True)
    finally:
        stop()


def version(command):
    """The first line that a program prints of its version, or why it cannot."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except OSError as error:
        raise SystemExit(f"{command[0]} is not installed: {error}") from None
    return (done.stdout + done.stderr).strip().splitlines()[0]
