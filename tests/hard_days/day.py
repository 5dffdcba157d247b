"""What the hard days share: a mock and proxies with few words, and clients that see bytes."""

import http.client
import json
import os
import pathlib
import re
import resource
import socket
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from programs import Program, sanitizer_reports, wait_until  # noqa: E402

KEYS = [f"sk-hard-{i}-{'abcdefgh'[i] * 20}" for i in range(4)]
REQUEST = b"POST /%s/x HTTP/1.1\r\nHost: day.test\r\nContent-Length: 2\r\n\r\n{}"
WAIT_SECONDS = 20
SKIPPED = 77


def binary(name):
    """From the environment, as ctest gives it: "KEYWALK_PROXY"."""
    return os.environ[f"KEYWALK_{name}"]


def script(**lanes):
    """A mock's script: k0=[steps], ..."""
    return {"schema_version": "1.0",
            "lanes": {KEYS[int(name[1:])]: {"name": name, "steps": steps}
                      for name, steps in lanes.items()}}


def most_descriptors():
    """Raises the limit of this process, and of those it starts, as far as that goes."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def read_answer(connection, method="POST"):
    """(status, body) of the next answer, by Python's own reader."""
    response = http.client.HTTPResponse(connection, method=method)
    response.begin()
    return response.status, response.read()


class Day(unittest.TestCase):
    """Every program that a test starts ends with it: in order, with 0, without a sanitizer's word,
    and without a key in what it wrote."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="keywalk-day-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self._programs = []
        self.addCleanup(self._end)

    def _end(self):
        for program in reversed(self._programs):
            running = program.running()
            code = program.stop() if running else 0
            log = program.log()
            program.remove()
            with self.subTest(program.name):
                self.assertEqual(code, 0, log[-2000:])
                self.assertEqual(sanitizer_reports(log), [])
                for key in KEYS:
                    self.assertNotIn(key, log)

    def run_program(self, program, listens=1):
        self._programs.append(program)
        return program.start(listens)

    def mock(self, source, *options, port=0):
        path = self.folder / f"script{len(self._programs)}.json"
        path.write_text(json.dumps(source))
        return self.run_program(Program("keywalk-mock", [
            binary("MOCK"), "--listen", f"127.0.0.1:{port}", "--script", str(path), *options]))

    def proxy(self, routes, limits=None, more=None, **program):
        """`routes`: prefix -> base URL, or a dictionary of a provider's members."""
        providers = []
        keys = self.folder / "keys.txt"
        keys.write_text("\n".join(KEYS[:2]) + "\n")
        keys.chmod(0o600)
        for prefix, upstream in routes.items():
            members = upstream if isinstance(upstream, dict) else {"base_url": upstream}
            providers.append({"prefix": f"/{prefix}", "provider": "openai",
                              "keys_file": keys.name, "policy": "coder-v1", **members})
        config = self.folder / f"proxy{len(self._programs)}.json"
        config.write_text(json.dumps({
            "schema_version": "1.0", "listen": "127.0.0.1:0", "admin_listen": "127.0.0.1:0",
            "providers": providers, "limits": limits or {}, **(more or {})}))
        before = program.pop("inside", [])  # of a command that runs it
        return self.run_program(
            Program("keywalk-proxy", [*before, binary("PROXY"), "--config", str(config)],
                    **program), listens=2)

    def connect(self, program):
        connection = socket.create_connection(program.address, timeout=WAIT_SECONDS)
        self.addCleanup(connection.close)
        return connection

    def ask(self, program, route="day", body=b"{}"):
        """One request on a connection of its own: (status, body)."""
        return program.ask(f"/{route}/x", "POST", body, seconds=WAIT_SECONDS)

    @staticmethod
    def states(proxy, route="day"):
        """Of the keys, as the admin page has them."""
        pools = json.loads(proxy.ask("/pool", admin=True)[1])
        return [key["state"] for pool in pools["routes"]
                if pool["prefix"] == f"/{route}" for key in pool["keys"]]

    @staticmethod
    def metric(program, name, admin=True, target="/metrics"):
        """The sum of a metric's series."""
        text = program.ask(target, admin=admin)[1].decode()
        return sum(float(value) for value in
                   re.findall(rf"^{name}(?:\{{[^}}]*\}})? (\S+)$", text, re.M))

    @staticmethod
    def journal(mock):
        return json.loads(mock.ask("/__mock/journal")[1])


def cpu_ratio(program, seconds):
    """How much of one core a process takes, over that time."""
    used, begin = program.cpu_seconds(), time.monotonic()
    wait_until(lambda: time.monotonic() - begin >= seconds, seconds + 5, "the time is over")
    return (program.cpu_seconds() - used) / (time.monotonic() - begin)
