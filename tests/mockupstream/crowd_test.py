"""Goal: keywalk-mock holds 10,000 connections, serves everyone beside 1,000 that are stalled in the
middle of an answer, and takes a bounded amount of memory for it.

Method: the binary in a process of its own, whose resident memory is read from /proc; one epoll loop
of plain sockets as the clients. Only answers and bytes are waited for, never a time.
Usage: crowd_test.py BINARY
"""

import json
import pathlib
import resource
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

LIMIT_S = 120
BINARY = sys.argv[1]
CONNECTIONS = 10_000
STALLED = 1_000
SPARE_DESCRIPTORS = 512
# Measured: 10 KiB. Buffers of 64 KiB, if they were filled and kept, would fail.
MAX_BYTES_A_CONNECTION = 24 * 1024
# What later requests on the same connections may add, all of it their journal entries: 760 bytes.
MAX_BYTES_A_REQUEST = 4 * 1024

GOOD, STALL = "sk-crowd-good-000000000000", "sk-crowd-stall-00000000000"
ANSWER = b'{"ok":true}'
CUT_BODY = b"0123456789"
SCRIPT = {
    "schema_version": "1.0",
    "lanes": {
        GOOD: {"name": "good", "steps": [{"json": {"ok": True}}]},
        STALL: {"name": "stall", "steps": [
            {"text": "0123456789 and the rest never comes",
             "fault": {"at": "body", "body_bytes": len(CUT_BODY), "kind": "stall"}}]},
    },
}


def request(key, body=b"{}"):
    return (f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}"
            f"\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body


class Mock:
    """keywalk-mock on a free port."""

    def __init__(self, script):
        self.process = subprocess.Popen(
            [BINARY, "--listen", "127.0.0.1:0", "--script", script, "--log-level", "warn"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        line = self.process.stdout.readline().decode()
        assert line.startswith("listening on 127.0.0.1:"), line
        self.port = int(line.rsplit(":", 1)[1])

    def resident_bytes(self):
        pages = pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * resource.getpagesize()

    def metrics(self):
        with socket.create_connection(("127.0.0.1", self.port), LIMIT_S) as client:
            client.sendall(b"GET /__mock/metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            page = b""
            while piece := client.recv(65536):
                page += piece
        lines = page.decode().splitlines()
        return dict(line.rsplit(" ", 1) for line in lines if line.startswith("keywalk_mock_"))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        _, log = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, log.decode()


def connect(port):
    client = socket.create_connection(("127.0.0.1", port), LIMIT_S)
    client.setblocking(False)
    return client


def exchange(clients, text, until):
    """Sends `text` on all connections, then reads on each until what it got ends with `until`."""
    deadline = time.monotonic() + LIMIT_S
    received = {client: b"" for client in clients}
    with selectors.DefaultSelector() as selector:
        for client in clients:
            client.sendall(text)
            selector.register(client, selectors.EVENT_READ)
        open_ones = len(clients)
        while open_ones:
            assert time.monotonic() < deadline, f"{open_ones} connections have no whole answer"
            for key, _ in selector.select(timeout=1):
                piece = key.fileobj.recv(65536)
                assert piece, f"closed after {received[key.fileobj]!r}"
                received[key.fileobj] += piece
                if received[key.fileobj].endswith(until):
                    selector.unregister(key.fileobj)
                    open_ones -= 1
    return received.values()


class CrowdTest(unittest.TestCase):
    def setUp(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        needed = CONNECTIONS + SPARE_DESCRIPTORS
        if hard != resource.RLIM_INFINITY and hard < needed:
            print(f"crowd test NOT RUN: needs {needed} descriptors, the hard limit is {hard}",
                  file=sys.stderr)
            sys.exit(77)
        # The mock inherits a low soft limit, as from a shell, and has to raise it itself.
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        script = pathlib.Path(folder.name) / "script.json"
        script.write_text(json.dumps(SCRIPT))
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, soft), hard))
        self.mock = Mock(script)
        self.addCleanup(self.mock.process.kill)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))

    def expect_answers(self, clients):
        for answer in exchange(clients, request(GOOD), ANSWER):
            self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer)

    def test_serves_a_crowd_beside_the_stalled(self):
        first = connect(self.mock.port)
        self.addCleanup(first.close)
        self.expect_answers([first])  # whatever the first request allocates is there
        empty = self.mock.resident_bytes()

        clients = [first] + [connect(self.mock.port) for _ in range(CONNECTIONS - 1)]
        self.addCleanup(lambda: [client.close() for client in clients])
        stalled, served = clients[:STALLED], clients[STALLED:]
        for answer in exchange(stalled, request(STALL), CUT_BODY):
            self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer)
        self.expect_answers(served)
        with connect(self.mock.port) as newcomer:
            self.expect_answers([newcomer])

        self.assertGreaterEqual(int(self.mock.metrics()["keywalk_mock_open_connections"]),
                                CONNECTIONS)
        crowded = self.mock.resident_bytes()
        each = (crowded - empty) / CONNECTIONS
        self.assertLess(each, MAX_BYTES_A_CONNECTION)

        rounds = 3
        for _ in range(rounds):
            self.expect_answers(served)
        grown = (self.mock.resident_bytes() - crowded) / (rounds * len(served))
        self.assertLess(grown, MAX_BYTES_A_REQUEST)
        print(f"resident: {empty >> 20} MiB empty; {each:,.0f} bytes a connection; "
              f"{grown:,.0f} bytes a further request")

        for client in stalled:  # their waits end with them
            client.close()
        fired = 'keywalk_mock_faults_total{state="fired"}'
        deadline = time.monotonic() + LIMIT_S
        while int(self.mock.metrics()[fired]) < STALLED:
            self.assertLess(time.monotonic(), deadline, "stalls go on without their clients")
        self.expect_answers(served)
        self.assertEqual(self.mock.stop(), (0, ""))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
