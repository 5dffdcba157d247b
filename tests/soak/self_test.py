#!/usr/bin/env python3
"""Does the soak's balance find what is wrong? Real binaries with a lie each: every lie has to be
found, for its own reason, and without one there is nothing to find."""

import argparse
import concurrent.futures
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import run  # noqa: E402
import samples  # noqa: E402
import sheet  # noqa: E402
from ledger import Ledger  # noqa: E402
from liar import Lies  # noqa: E402
from programs import sanitizer_reports  # noqa: E402
from records import Attempt, Logged, Seen  # noqa: E402
from setting import Proxy  # noqa: E402
from world import ROUTES, SECRET, World, digest  # noqa: E402

BINARIES = argparse.Namespace()


def _cooldown(milliseconds):
    return {"cooldown": {"default_ms": milliseconds, "sources": []}}


def _further_rule(status):
    rules = ROUTES["walk"].policy["rules"]
    return {"rules": [*rules, {"status": [status], "action": "next"}]}


# name -> (the lie, words of a reason that it must be found for)
LIES = {
    "nothing": (Lies(), None),
    "a stub that tells the truth": (Lies("nothing", "nothing"), None),
    "answers invented before the proxy": (
        Lies(before_proxy="invents an answer"), "the proxy's log does not know it"),
    "answers invented before the upstream": (
        Lies(before_upstream="invents an answer"), "the upstream saw"),
    "an attempt made twice": (Lies(before_upstream="asks twice"), "the upstream saw"),
    "a request made twice": (Lies(before_proxy="asks twice"), "the proxy logged it"),
    "an answer given twice": (
        Lies(before_proxy="answers twice"), "bytes after the answer that belong to no request"),
    "an answer's byte changed": (
        Lies(before_proxy="changes an answer's byte"), "another body than the upstream's"),
    "a request's byte changed": (
        Lies(before_upstream="changes a request's byte"), "another body than the client sent"),
    "a status changed": (Lies(before_proxy="changes a status"), "the proxy logged 200"),
    "keys in another order": (Lies(reverse_keys=True), "keys out of order, or twice"),
    "keys that rest too short": (
        Lies(policies={"rest": _cooldown(1)}), "was used, and rested since"),
    "keys that rest too long": (
        Lies(policies={"rest": _cooldown(3000)}), "was passed over while it was valid"),
    "failover without a reason": (
        Lies(policies={"walk": _further_rule(500)}), "which refuses no key"),
}


def soak_with(lies):
    options = argparse.Namespace(
        **vars(BINARIES), seconds=1, seed=7, clients=6, kinds=["chat"], patience_ms=1500)
    return run.Soak(options, lies).run()


class LiesTest(unittest.TestCase):
    """All soaks at once: most of their time they wait."""

    @classmethod
    def setUpClass(cls):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            futures = {name: pool.submit(soak_with, lies) for name, (lies, _) in LIES.items()}
            cls.results = {name: future.result() for name, future in futures.items()}

    def test_without_a_lie_all_is_explained(self):
        for name in ("nothing", "a stub that tells the truth"):
            with self.subTest(name):
                result = self.results[name]
                self.assertGreater(result["requests"], 100)
                self.assertTrue(sheet.passed(result), sheet.text(result))

    def test_every_lie_is_found_for_its_reason(self):
        for name, (_, reason) in LIES.items():
            if reason is None:
                continue
            with self.subTest(name):
                result = self.results[name]
                reasons = {problem["reason"] for problem in result["problems"]}
                self.assertTrue(any(reason in found for found in reasons), sheet.text(result))
                self.assertFalse(sheet.passed(result))
                self.assertIn("unexplained: ", sheet.text(result))


class WorldTest(unittest.TestCase):
    def test_the_same_seed_gives_the_same_faults(self):
        self.assertEqual(World(3).script(), World(3).script())
        self.assertNotEqual(World(3).script(), World(4).script())

    def test_no_two_answers_of_a_lane_look_alike(self):
        world = World(1)
        bodies = [step.body for step in world.steps["b.walk.0", "chat"] if step.fault != "cut"]
        self.assertGreater(len(set(bodies)), 0.98 * len(bodies))


class LeaksTest(unittest.TestCase):
    def test_memory_that_grows_is_told_from_memory_that_has_grown(self):
        mib = 1 << 20
        warm = [min(100, 2 * i) * mib for i in range(300)]
        self.assertFalse(samples.grows(warm))
        leaks = [100 * mib + i * mib // 12 for i in range(300)]
        self.assertTrue(samples.grows(leaks))

    def test_keys_are_found_across_the_pieces_of_a_log(self):
        proxy = Proxy.__new__(Proxy)
        proxy.secrets, proxy._carried = 0, b""
        for piece in (b"key sk-1-" + SECRET[:5].encode(), SECRET[5:].encode() + b"-end", b"x"):
            proxy.on_bytes(piece)
        self.assertEqual(proxy.secrets, 1)

    def test_reports_of_sanitizers_are_seen(self):
        log = "==1==ERROR: AddressSanitizer: heap-use-after-free\nx.cc:1:2: runtime error: shift\n"
        self.assertEqual(len(sanitizer_reports(log)), 2)

    def test_any_leak_fails_the_soak(self):
        result = {"unexplained": 0, "leaked": {"keys": 0}, "troubles": [], "requests": 1}
        self.assertTrue(sheet.passed(result))
        self.assertFalse(sheet.passed({**result, "leaked": {"keys": 1}}))
        self.assertFalse(sheet.passed({**result, "requests": 0}))


class BodiesTest(unittest.TestCase):
    """What the stub cannot lie about: uploads."""

    def settle(self, kind, ending, mode, complete):
        ledger = Ledger(World(1))
        body = b"half of it"
        ledger.on_attempt(Attempt(f"{mode}1-1", 0, 0.0, f"{mode}.walk.0", "upload", 0, 0, None,
                                  False, len(body), digest(body), complete))
        ledger.on_logged(Logged(f"{mode}1-1", f"{mode}.walk", 499, 1, "client gone"))
        ledger.on_seen(Seen(f"{mode}1-1", kind, 0.0, 1.0, ending, 0, 0, digest(b""), len(body),
                            digest(body)))
        return [problem["reason"] for problem in ledger.problems]

    def test_a_broken_upload_has_begun_no_attempt_when_it_is_buffered(self):
        self.assertEqual(self.settle("leaves-upload", "left", "b", False),
                         ["an attempt before the client's body was there"])
        self.assertEqual(self.settle("leaves-upload", "left", "s", False), [])

    def test_a_broken_upload_is_never_a_whole_one(self):
        self.assertEqual(self.settle("leaves-upload", "left", "s", True),
                         ["the upstream got a whole body that nobody sent"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("mock", "proxy", "load"):
        parser.add_argument(f"--{name}", required=True)
    BINARIES, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
