"""Goal: bench_peers.py and keywalk-load measure what happened, and notice what should not have.
Method: the command for a moment, on keywalk-proxy alone, and on one that was given other keys; the
load generator on a server of the test's own. No time is asserted."""

import http.server
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench" / "peers"), str(ROOT / "bench")]

import matrix
import servers
import upstream
import uploads

LOAD, MOCK, PROXY = (os.environ[name] for name in ("KEYWALK_LOAD", "KEYWALK_MOCK",
                                                   "KEYWALK_PROXY"))
# Gives the pool f1 the key that works alone: no failover where one should be.
WRONG_PROXY = f"""#!/bin/sh
if [ "$1" = --config ]; then
  keys="$(dirname "$2")/f1.keys"
  tail -n 1 "$keys" > "$keys.new" && chmod 600 "$keys.new" && mv "$keys.new" "$keys"
fi
exec {PROXY} "$@"
"""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen = 0

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        Handler.seen += 1
        status, body = (200, b"abcdef") if self.path == "/good" else (403, b"no")
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class LoadTest(unittest.TestCase):
    def setUp(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        body = tempfile.NamedTemporaryFile()
        self.addCleanup(body.close)
        body.write(b"x" * 100000)
        body.flush()
        self.body = body.name
        Handler.seen = 0

    def load(self, path, port=None):
        done = subprocess.run(
            [LOAD, "--port", str(port or self.port), "--path", path, "--body", self.body,
             "--connections", "3", "--warmup", "0.02", "--seconds", "0.05", "--min-requests", "5"],
            stdout=subprocess.PIPE, check=True, timeout=60)
        return json.loads(done.stdout)

    def test_every_request_that_was_begun_is_answered_and_counted(self):
        counts = self.load("/good")
        self.assertEqual(counts["requests"], Handler.seen)
        self.assertEqual(counts["statuses"], {"200": Handler.seen})
        self.assertEqual(counts["errors"], {})
        self.assertEqual(counts["body_bytes"], [6, 6])
        self.assertGreaterEqual(counts["measured"], 5)
        self.assertLessEqual(counts["measured"], counts["requests"])
        self.assertLessEqual(counts["min_us"], counts["p50_us"])
        self.assertLessEqual(counts["p50_us"], counts["max_us"])

    def test_a_refusal_is_an_error(self):
        counts = self.load("/other")
        self.assertEqual(counts["errors"], {"status": counts["requests"]})

    def test_no_server_is_an_error(self):
        self.assertEqual(self.load("/good", port=1)["errors"], {"connect": 3})


class RunTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def wrong_proxy(self):
        wrong = self.folder / "keywalk-proxy"
        wrong.write_text(WRONG_PROXY)
        wrong.chmod(0o755)
        return wrong

    def command(self, *arguments, proxy=PROXY):
        return [sys.executable, "-B", str(ROOT / "bench/peers/bench_peers.py"), "--mock", MOCK,
                "--proxy", str(proxy), "--load", LOAD, "--work", str(self.folder / "work"),
                "--report", str(self.folder), "--bodies", "1k", "--connections", "1",
                "--walks", "f0,f1", "--rounds", "1", "--repeats", "1", "--seconds", "0.02",
                *arguments]

    def run_for_a_moment(self, *arguments, proxy=PROXY):
        done = subprocess.run(
            self.command("--servers", "direct,keywalk", "--parts", "matrix", *arguments,
                         proxy=proxy),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=100, check=False)
        self.assertIn(done.returncode, (0, 1), done.stderr.decode())
        result = json.loads((self.folder / "bench-peers.json").read_text())
        return done.returncode, {(row["gateway"], row["walk"]): row for row in result["cells"]}

    def test_a_run_has_sound_cells_and_all_three_reports(self):
        status, rows = self.run_for_a_moment()
        self.assertEqual(status, 0)
        self.assertEqual([row["problems"] for row in rows.values()], [[]] * len(rows))
        turn = rows["keywalk", "f1"]["turns"][0]
        self.assertEqual(turn["attempts"], 2 * turn["requests"])
        self.assertGreater(turn["cpu_us"], 0)
        self.assertGreater(turn["peak_bytes"], 1 << 20)
        self.assertIn("further_to_direct", rows["keywalk", "f1"])
        for name in ("bench-peers.md", "bench-peers.html"):
            self.assertIn("keywalk", (self.folder / name).read_text())

    def test_a_gateway_that_does_not_try_the_keys_is_worthless(self):
        status, rows = self.run_for_a_moment("--check", proxy=self.wrong_proxy())
        self.assertEqual(status, 1)
        self.assertIn("attempts with key refused0", rows["keywalk", "f1"]["problems"][0])
        self.assertEqual(rows["keywalk", "f0"]["problems"], [])

    def test_a_buffering_gateway_sends_nothing_before_the_upload_is_over(self):
        done = subprocess.run(
            self.command("--servers", "direct,keywalk", "--parts", "uploads", "--bodies", "64k",
                         "--quick"), stdout=subprocess.PIPE, timeout=100, check=True)
        self.assertIn(b"## Uploads", done.stdout)
        found = json.loads((self.folder / "bench-peers.json").read_text())["uploads"]
        self.assertEqual(found["failed"], [])
        least = {row["gateway"]: row["us"]["min"] / 1e6 for row in found["first_byte"]}
        # The last piece leaves when the others' time is over.
        over = uploads.UPLOAD_SECONDS * (uploads.PIECES - 1) / uploads.PIECES
        self.assertGreaterEqual(least["keywalk"], over)
        self.assertLess(least["direct"], over)

    def held_uploads(self, proxy):
        """Some that have all but their last byte sent before any has it."""
        behind = upstream.Upstream(str(self.folder), MOCK)
        gateway = servers.Keywalk(str(self.folder), behind, str(proxy), matrix.VARIANTS[0])
        core = max(os.sched_getaffinity(0))
        try:
            behind.start(core)
            gateway.start_for(1 << 20, core)
            return uploads.held_uploads(gateway, behind, 1 << 20, 8)
        finally:
            gateway.stop()
            behind.stop()

    def test_held_uploads_are_in_memory_together_and_walk_their_keys(self):
        found = self.held_uploads(PROXY)
        self.assertEqual(found["problems"], [])
        self.assertGreater(found["peak_bytes"] - found["idle_bytes"], 8 << 20)

    def test_held_uploads_that_walk_no_keys_are_worthless(self):
        self.assertIn("attempts with key refused0",
                      self.held_uploads(self.wrong_proxy())["problems"][0])

    def test_ctrl_c_ends_every_process(self):
        run = subprocess.Popen(self.command("--servers", "direct,keywalk", "--seconds", "1"),
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.addCleanup(run.stderr.close)
        for line in run.stderr:  # until a turn is over, all servers run
            if b"keywalk" in line and b"p50" in line:
                break
        children = pathlib.Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
        self.assertGreaterEqual(len(children), 2)
        run.send_signal(signal.SIGINT)
        self.assertEqual(run.wait(timeout=60), 130)
        self.assertEqual([pid for pid in children if pathlib.Path(f"/proc/{pid}").exists()], [])


if __name__ == "__main__":
    unittest.main()
