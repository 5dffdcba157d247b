#!/usr/bin/env python3
"""Hard days: told to stop, and told to read its files again, at full load. What is asked for: what
has begun ends, with its whole answer; what has not is refused before it costs anything; a stop ends
within its limit, with 0."""

import collections
import json
import signal
import subprocess
import threading
import time
import unittest

from day import KEYS, REQUEST, WAIT_SECONDS, Day, binary, read_answer, script
from programs import of_our_own, wait_until

EVENTS = {"sse": [{"data": "one"}, {"data": "two", "delay_ms": 30}, {"data": "[DONE]"}]}
FINE = script(**{f"k{i}": [{"text": "fine", "times": 3}, EVENTS, {"text": "late", "delay_ms": 40}]
                 for i in range(4)})
for lane in FINE["lanes"].values():
    lane["at_end"] = "loop"


class Load:
    """keywalk-soak-clients on a proxy, and what they saw."""

    def __init__(self, test, proxy, clients, kinds=("chat", "pipeline", "upload")):
        self.outcomes = []
        command = [binary("CLIENTS"), "--port", str(proxy.port), "--route", "/day", "--clients",
                   str(clients), "--seconds", "60", "--max-upload", "65536"]
        for kind in kinds:
            command += ["--kind", kind]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, **of_our_own())
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        test.addCleanup(self.stop)

    def _read(self):
        for line in self._process.stdout:
            identity, kind, _, _, ending, status, *_ = json.loads(line)
            self.outcomes.append((identity, kind, ending, status))

    def wait_for(self, count):
        wait_until(lambda: len(self.outcomes) >= count, WAIT_SECONDS, f"{count} requests")

    def stop(self):
        """All that were begun have ended."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        self._thread.join()
        self._process.wait()
        self._process.stdout.close()


class SignalsDay(Day):
    def day_proxy(self, mock, limits=None):
        return self.proxy({"day": f"http://127.0.0.1:{mock.port}/v1"}, limits)

    def test_a_stop_under_load_ends_what_has_begun(self):
        mock = self.mock(FINE)
        proxy = self.day_proxy(mock, {"drain_ms": 10_000})
        load = Load(self, proxy, 32)
        load.wait_for(300)
        begin = time.monotonic()
        proxy.signal(signal.SIGTERM)
        self.assertEqual(proxy.wait(), 0)
        self.assertLess(time.monotonic() - begin, 10)
        load.stop()
        endings = collections.Counter(ending for _, _, ending, _ in load.outcomes)
        # Refused: the next request of a client. None: it was on its way to a connection that ended.
        self.assertEqual(set(endings) - {"whole", "none", "refused"}, set(), endings)
        self.assertEqual({status for *_, ending, status in load.outcomes if ending == "whole"},
                         {200})
        # What was not answered has cost nothing: the upstream knows nothing of it.
        known = {entry["target"].rsplit("/", 1)[1]: entry for entry in self.journal(mock)}
        unanswered = [identity for identity, _, ending, _ in load.outcomes if ending == "none"]
        self.assertEqual([identity for identity in unanswered if identity in known], [])
        answered = {identity for identity, _, ending, _ in load.outcomes if ending == "whole"}
        self.assertEqual(set(known), answered)
        self.assertIn("stopped", proxy.log())

    def test_a_stop_ends_within_its_limit_whatever_is_still_under_way(self):
        mock = self.mock(script(k0=[{"fault": {"at": "before_head", "kind": "stall"}}]))
        proxy = self.day_proxy(mock, {"drain_ms": 500})
        stuck = [self.connect(proxy) for _ in range(50)]
        for connection in stuck:
            connection.sendall(REQUEST % b"day")
        wait_until(lambda: len(self.journal(mock)) == 50, WAIT_SECONDS, "all are under way")
        begin = time.monotonic()
        proxy.signal(signal.SIGTERM)
        self.assertEqual(proxy.wait(), 0)
        self.assertGreater(time.monotonic() - begin, 0.4)
        for connection in stuck:
            self.assertFalse(connection.recv(1 << 16).startswith(b"HTTP/1.1 200"))

    def test_a_second_stop_ends_at_once(self):
        half = {"chunked": True, "text": "half an answer",
                "fault": {"at": "body", "body_bytes": 4, "kind": "stall"}}
        mock = self.mock(script(k0=[half, {"fault": {"at": "before_head", "kind": "stall"}}]))
        proxy = self.day_proxy(mock, {"drain_ms": 600_000})
        old = self.connect(proxy)
        old.sendall((REQUEST % b"day").replace(b"HTTP/1.1", b"HTTP/1.0"))
        seen = b""
        while not seen.endswith(b"half"):
            seen += old.recv(1 << 16)
        stuck = self.connect(proxy)
        stuck.sendall(REQUEST % b"day")
        wait_until(lambda: len(self.journal(mock)) == 2, WAIT_SECONDS, "it is under way")
        proxy.signal(signal.SIGTERM)
        wait_until(lambda: "waiting for the requests" in proxy.log(), WAIT_SECONDS, "it was told")
        proxy.signal(signal.SIGTERM)
        self.assertEqual(proxy.wait(), 1)
        # Without a length or chunks, an end in order would be that of the answer.
        self.assertRaises(ConnectionResetError, old.recv, 1)

    def test_keys_are_changed_under_load_and_no_request_is_lost(self):
        mock = self.mock(FINE)
        proxy = self.day_proxy(mock)
        keys = self.folder / "keys.txt"
        load = Load(self, proxy, 16)

        def hang_up(says):
            before = proxy.log().count(says)
            proxy.signal(signal.SIGHUP)
            wait_until(lambda: proxy.log().count(says) > before, WAIT_SECONDS, says)
        for turn in range(8):
            first = 2 * (turn % 2)
            load.wait_for(len(load.outcomes) + 50)
            keys.write_text("\n".join(KEYS[first:first + 2]) + "\n")
            hang_up("configuration reloaded")
            probe = f"probe{turn}"
            status, _ = proxy.ask(f"/day/{probe}", "POST", b"{}")
            self.assertEqual(status, 200)
            used = [entry["lane"] for entry in self.journal(mock)
                    if entry["target"].endswith("/" + probe)]
            self.assertEqual(used, [f"k{first}"])
            # A file that cannot be used changes nothing.
            keys.write_text("\x00\n")
            hang_up("configuration not reloaded")
            self.assertEqual(self.states(proxy), ["valid", "valid"])
        load.stop()
        self.assertEqual({(ending, status) for _, _, ending, status in load.outcomes},
                         {("whole", 200)})
        lanes = {entry["lane"] for entry in self.journal(mock)}
        self.assertEqual(lanes, {"k0", "k2"})

    def test_a_key_that_stays_keeps_its_rest_and_one_that_comes_starts_fresh(self):
        limited = {"status": 429, "headers": {"Retry-After": "600"}}
        mock = self.mock(script(k0=[limited], k1=[{"text": "fine"}], k2=[{"text": "fine"}]))
        proxy = self.day_proxy(mock)
        self.assertEqual(self.ask(proxy)[0], 200)
        self.assertEqual(self.states(proxy), ["temporary", "valid"])
        (self.folder / "keys.txt").write_text("\n".join((KEYS[0], KEYS[2])) + "\n")
        proxy.signal(signal.SIGHUP)
        wait_until(lambda: "configuration reloaded" in proxy.log(), WAIT_SECONDS, "reloaded")
        self.assertEqual(self.states(proxy), ["temporary", "valid"])
        kept = self.connect(proxy)
        kept.sendall(REQUEST % b"day")
        self.assertEqual(read_answer(kept), (200, b"fine"))
        self.assertEqual([entry["lane"] for entry in self.journal(mock)], ["k0", "k1", "k2"])


if __name__ == "__main__":
    unittest.main()
