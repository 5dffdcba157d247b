"""keywalk-sim --check from outside: exit statuses, the files it writes, shards put together.

Run with KEYWALK_SIM and KEYWALK_CONFORM naming the programs, KEYWALK_FIXTURES the fixtures.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

SIM = os.environ["KEYWALK_SIM"]
CONFORM = os.environ["KEYWALK_CONFORM"]
FIXTURES = Path(os.environ["KEYWALK_FIXTURES"])


def run(*arguments):
    return subprocess.run([SIM, *arguments], capture_output=True, text=True, timeout=240,
                          check=False)


class HuntTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def hunt(self, *arguments, status):
        done = run("--check", *arguments)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    def test_exit_statuses(self):
        self.hunt("--seeds", "1..50", status=0)
        self.hunt("--plant", "same-key-again", status=3)
        self.hunt("--plant", "loses-answers", status=4)
        self.hunt("--policy", "coder-v1", status=4)
        self.hunt("--plant", "crashes", status=5)
        self.hunt("--plant", "no-such-bug", status=2)
        self.hunt("--plant", "crashes", "--real-transport", status=2)
        twice = run("--check-determinism", "--plant", "remembers-other-runs", "--seeds", "1..5")
        self.assertEqual(twice.returncode, 1, twice.stdout + twice.stderr)
        self.assertIn("second run: {", twice.stdout)
        once = run("--check-determinism", "--seeds", "1..5")
        self.assertEqual(once.returncode, 0, once.stdout + once.stderr)

    def test_shipped_coroutines_keep_all_invariants(self):
        self.hunt("--real-transport", "--seeds", "1..60", status=0)

    def test_repeat_line_repeats(self):
        found = self.hunt("--plant", "budget-of-two", status=3)
        line = re.search(r"repeat: keywalk-sim (.*)", found).group(1)
        again = run(*line.split())
        self.assertEqual(again.returncode, 3, again.stderr)
        self.assertEqual(found.split("FAILED")[1], again.stdout.split("FAILED")[1])

    def test_written_world_fails_as_well(self):
        world, result = str(self.folder / "world.json"), self.folder / "result.json"
        self.hunt("--plant", "shortens-deadlines", "--write-world", world, "--json", str(result),
                  status=3)
        finding = json.loads(result.read_text())["findings"][0]
        self.assertLessEqual(finding["events"], 5)
        self.assertFalse(finding["interleave"])
        small = ["--policy", finding["policy"], "--in-order", "--seed", "1"]
        again = self.hunt(world, *small, "--plant", "shortens-deadlines", status=3)
        self.assertIn(finding["small_message"], again)
        self.hunt(world, *small, status=0)

    def test_written_fixture_is_a_case_of_the_suite(self):
        suite = self.folder / "fixtures"
        shutil.copytree(FIXTURES, suite)
        case = suite / "decisions" / "simulated.json"
        self.hunt("--plant", "shortens-deadlines", "--write-fixture", str(case), status=3)
        done = subprocess.run([CONFORM, "--fixtures", str(suite), "--select", "sim-*"],
                              capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"\b[1-9][0-9]* passed")

    def test_shards_add_up(self):
        plant = ["--plant", "same-key-again", "--max-failures", "1000", "--no-shrink"]
        whole, first, second, merged = (self.folder / name for name in "wabm")
        self.hunt(*plant, "--seeds", "1..40", "--json", str(whole), status=3)
        self.hunt(*plant, "--seeds", "1..15", "--json", str(first), status=3)
        self.hunt(*plant, "--seeds", "16..40", "-j", "2", "--json", str(second), status=3)
        done = run("merge", str(second), str(first), "--json", str(merged))
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        sums = [json.loads(path.read_text()) for path in (whole, merged)]
        for one in sums:
            del one["real_ms"], one["seeds"]
        self.assertEqual(*sums)
        self.assertEqual(run("merge", str(first), str(first)).returncode, 2)


if __name__ == "__main__":
    unittest.main()
