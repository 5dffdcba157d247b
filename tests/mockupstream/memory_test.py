"""Goal: what a request costs in memory while its answer takes its time, and what a scope costs.

Method: the binary in a process of its own, whose resident memory is read from /proc while requests
are held in the middle of their answers. Only bytes are waited for, never a time.
Usage: memory_test.py BINARY
"""

import json
import pathlib
import socket
import sys
import tempfile
import unittest

from crowd_test import LIMIT_S, Mock, request

MIB = 1 << 20
HELD = 8
STALL = {"at": "body", "body_bytes": 0, "kind": "stall"}
RESPOND, MATCH, ENDLESS, FAULT = (f"sk-memory-{name}-000000000000"
                                  for name in ("respond", "match", "endless", "fault"))
# 32 MiB, sent again and again.
LARGE = {"bytes": 32 * MIB}
SCRIPT = {
    "schema_version": "1.0",
    "lanes": {
        RESPOND: [{"respond": "openai.success", "fault": STALL}],
        MATCH: {"routes": [{"match": {"json": {"model": "gpt-4o"}},
                            "steps": [{"text": "the rest never comes", "fault": STALL}]}]},
        ENDLESS: [LARGE | {"endless": True}],
        FAULT: [LARGE | {"fault": {"at": "body", "body_bytes": 20 * MIB, "kind": "endless"}}],
    },
}
# A megabyte that is 330,000 values of 16 bytes each as parsed JSON.
BODY = json.dumps({"model": "gpt-4o", "input": [0] * 330_000}).encode()
LANES, SCOPES = 1000, 300


def start(test, script):
    folder = tempfile.TemporaryDirectory()
    test.addCleanup(folder.cleanup)
    path = pathlib.Path(folder.name) / "script.json"
    path.write_text(json.dumps(script))
    mock = Mock(path)
    test.addCleanup(mock.process.communicate)
    test.addCleanup(mock.process.kill)
    return mock


def ask(test, mock, text, until):
    """Sends `text` on a connection that stays, and reads until what came holds `until`."""
    client = socket.create_connection(("127.0.0.1", mock.port), LIMIT_S)
    test.addCleanup(client.close)
    client.sendall(text)
    received = b""
    while until not in received:
        piece = client.recv(65536)
        test.assertTrue(piece, received[:1000])
        received += piece
    return client


class MemoryTest(unittest.TestCase):
    def growth(self, key, body, until, count=HELD):
        """What `count` held requests take beside the first."""
        mock = start(self, SCRIPT)
        ask(self, mock, request(key, body), until)
        one = mock.resident_bytes()
        for _ in range(count):
            ask(self, mock, request(key, body), until)
        grown = mock.resident_bytes() - one
        print(f"{key}: {grown / count / MIB:.1f} MiB a request")
        return grown

    def test_a_bodys_json_is_gone_before_its_answer_takes_time(self):
        for key in (RESPOND, MATCH):
            self.assertLess(self.growth(key, BODY, b"\r\n\r\n"), HELD * MIB, key)

    def test_endless_bodies_are_held_once(self):
        for key in (ENDLESS, FAULT):
            self.assertLess(self.growth(key, b"", b"\r\n\r\n"), HELD * MIB, key)

    def test_a_scope_costs_what_it_uses(self):
        lanes = {f"sk-memory-lane-{i:04}-0000000000": [{"json": i}] for i in range(LANES)}
        mock = start(self, {"schema_version": "1.0", "lanes": lanes})
        text = request("sk-memory-lane-0007-0000000000").decode()

        def use(scope):
            target = text.replace("POST /", f"POST /__scope/{scope}/", 1)
            ask(self, mock, target.encode(), b"\r\n\r\n7").close()

        use("first")
        one = mock.resident_bytes()
        for i in range(SCOPES):
            use(f"s{i}")
        each = (mock.resident_bytes() - one) / SCOPES
        print(f"{each:,.0f} bytes a scope of {LANES} lanes")
        self.assertLess(each, 16 * 1024)  # a state for each lane would be 250,000


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
