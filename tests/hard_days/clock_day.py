#!/usr/bin/env python3
"""Hard days: the wall clock is set, forwards and backwards, by days. What is asked for: a key that
rests, rests as long as it was told to, by the clock that only goes forwards; an HTTP date is taken
for how far off it is when it comes; limits of time hold; nothing ends and nothing hangs.

The jump is a library that is preloaded (clock_jump.cc); it cannot be where a sanitizer is."""

import datetime
import json
import os
import re
import sys
import time
import unittest

from day import SKIPPED, Day, binary, script
from programs import wait_until

DAY = 24 * 3600


class ClockDay(Day):
    def setUp(self):
        super().setUp()
        self.jump_file = self.folder / "jump"
        self.jump(0)

    def jump(self, seconds):
        """To so far from the truth."""
        self.jump_file.with_suffix(".new").write_text(str(seconds))
        self.jump_file.with_suffix(".new").rename(self.jump_file)

    def proxy_with_clock(self, mock, policy="coder-v1", limits=None):
        environment = {"LD_PRELOAD": os.environ["KEYWALK_CLOCK_JUMP_LIBRARY"],
                       "KEYWALK_CLOCK_JUMP": str(self.jump_file)}
        return self.proxy({"day": {"base_url": f"http://127.0.0.1:{mock.port}/v1",
                                   "policy": policy}}, limits, environment=environment)

    def assert_its_clock_is(self, proxy, jumped):
        """It believes the jump: its log does."""
        lines = proxy.log().count("\n")
        self.ask(proxy)
        wait_until(lambda: proxy.log().count("\n") > lines, 20, "a line")
        last = re.findall(r"^(\S{19})", proxy.log(), re.M)[-1]
        shown = datetime.datetime.fromisoformat(last)
        off = (shown - datetime.datetime.now()).total_seconds()
        self.assertAlmostEqual(off / 3600, jumped / 3600, delta=0.1)

    def rest_seconds(self, proxy):
        """How long the first key still rests, by the admin page."""
        routes = json.loads(proxy.ask("/pool", admin=True)[1])["routes"]
        return routes[0]["keys"][0].get("cooldown_left_ms", 0) / 1000

    def test_a_key_rests_as_long_as_it_was_told_whatever_the_wall_clock_says(self):
        limited = {"status": 429, "headers": {"Retry-After": "2"}}
        mock = self.mock(script(k0=[limited, {"text": "back"}], k1=[{"text": "other"}]))
        proxy = self.proxy_with_clock(mock)
        begin = time.monotonic()
        self.assertEqual(self.ask(proxy), (200, b"other"))
        told = time.monotonic()
        for jumped in (DAY, -DAY, 400 * DAY):
            self.jump(jumped)
            self.assert_its_clock_is(proxy, jumped)
            states, rest = self.states(proxy), self.rest_seconds(proxy)
            self.assertLessEqual(rest, 2)
            if time.monotonic() - begin < 2:  # else this machine is too slow to tell
                self.assertEqual(states, ["temporary", "valid"])
        self.jump(-DAY)
        wait_until(lambda: self.states(proxy) == ["valid", "valid"], 10, "it has rested")
        self.assertGreaterEqual(time.monotonic() - begin, 2)
        self.assertLess(time.monotonic() - told, 8)
        self.assertEqual(self.ask(proxy), (200, b"back"))

    def test_a_date_is_as_far_off_as_it_was_when_it_came(self):
        for jumped in (3 * DAY, -3 * DAY):
            with self.subTest(jumped):
                self.jump(jumped)
                now = datetime.datetime.now(datetime.timezone.utc)
                date = now + datetime.timedelta(seconds=jumped + 600)
                limited = {"status": 429, "headers": {
                    "Retry-After": date.strftime("%a, %d %b %Y %H:%M:%S GMT")}}
                mock = self.mock(script(k0=[limited], k1=[{"text": "other"}]))
                proxy = self.proxy_with_clock(mock, "every-clause")
                self.assertEqual(self.ask(proxy), (200, b"other"))
                self.assertAlmostEqual(self.rest_seconds(proxy), 600, delta=30)
                self.jump(0)
                self.assert_its_clock_is(proxy, 0)
                self.assertAlmostEqual(self.rest_seconds(proxy), 600, delta=30)

    def test_limits_of_time_hold_through_jumps(self):
        mock = self.mock(script(k0=[{"fault": {"at": "before_head", "kind": "stall"}}]))
        proxy = self.proxy_with_clock(mock, limits={"response_head_ms": 700})
        for jumped in (DAY, -DAY):
            begin = time.monotonic()
            connection = self.connect(proxy)
            connection.sendall(b"POST /day/x HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n")
            self.jump(jumped)
            self.assertTrue(connection.recv(1 << 16).startswith(b"HTTP/1.1 502 "))
            self.assertGreaterEqual(time.monotonic() - begin, 0.6)
            self.assertLess(time.monotonic() - begin, 10)


if __name__ == "__main__":
    with open(binary("PROXY"), "rb") as file:
        if b"__asan_init" in (program := file.read()) or b"__tsan_init" in program:
            print("hard_days: NOT RUN: nothing is preloaded before a sanitizer", file=sys.stderr)
            sys.exit(SKIPPED)
    unittest.main()
