"""Goal: `make bench` says of each bar whether it is met, and with --check fails if one is not.
Method: bench/report_bench.py on runs that are made up, one figure at a time beyond its bar."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MIB = 1 << 20
# name -> (ns, counters): every bar just met.
MET = {
    **{f"{name}/bytes:{size}": (time * size / MIB, {"allocs": 1})
       for name, time in (("RecordBodyKnownLength", 1200), ("RecordBodyUnknownLength", 1400),
                          ("ReserveAndCopy", 1000), ("AppendToString", 9000))
       for size in (1024, 64 * 1024, MIB, 16 * MIB, 64 * MIB)},
    "next_key/first_valid_of_1": (10, {"allocs": 0}),
    "next_key/1000_cooling": (400, {"allocs": 0}),
    "exhaustion/1000_cooling": (600, {"allocs": 0}),
    "ContendedNextKey/real_time/threads:1": (10, {"items_per_second": 100}),
    "ContendedNextKey/real_time/threads:2": (5, {"items_per_second": 180}),
}


class ReportBenchTest(unittest.TestCase):
    def report(self, rows, *options):
        entries = [{"name": name, "run_name": name, "run_type": "iteration", "time_unit": "ns",
                    "real_time": time, "cpu_time": time, "family_index": index,
                    "per_family_instance_index": 0, **counters}
                   for index, (name, (time, counters)) in enumerate(rows.items())]
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"benchmarks": entries}, file)
            file.flush()
            return subprocess.run([sys.executable, "-B", ROOT / "bench/report_bench.py", file.name,
                                   *options], text=True, capture_output=True, timeout=60)

    def verdicts(self, done):
        return [line for line in done.stdout.splitlines()
                if line.startswith(("met:", "MISSED:", "NOT MEASURED:"))]

    def test_all_met(self):
        done = self.report(MET, "--check")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(len(self.verdicts(done)), 9)
        self.assertTrue(all(line.startswith("met:") for line in self.verdicts(done)), done.stdout)
        self.assertRegex(done.stdout, r"1024 KiB +1\.20 +1\.40 +9\.00\n")

    def test_each_is_missed_alone(self):
        for name, counters, words in (
                (f"RecordBodyKnownLength/bytes:{MIB}", {}, "recording 1 MiB of known length"),
                (f"RecordBodyKnownLength/bytes:{16 * MIB}", {}, "recording 16 MiB of known length"),
                (f"RecordBodyUnknownLength/bytes:{MIB}", {}, "recording 1 MiB of unknown length"),
                (f"RecordBodyUnknownLength/bytes:{16 * MIB}", {}, "recording 16 MiB of unknown"),
                ("next_key/first_valid_of_1", {"allocs": 0}, "next key, the first one valid"),
                ("next_key/first_valid_of_1", {"allocs": 1}, "the first one valid: allocations"),
                ("next_key/1000_cooling", {"allocs": 1}, "next key, 1,000 cooling: allocations"),
                ("exhaustion/1000_cooling", {}, "next key and exhaustion, 1,000 cooling"),
                ("ContendedNextKey/real_time/threads:2", {"items_per_second": 179}, "two threads")):
            is_time = not any(counters.values())
            time = MET[name][0] * 1.01 if is_time else MET[name][0]
            done = self.report({**MET, name: (time, counters)}, "--check")
            missed = [line for line in self.verdicts(done) if line.startswith("MISSED:")]
            self.assertEqual(done.returncode, 1, name)
            self.assertEqual(len(missed), 1, done.stdout)
            self.assertIn(words, missed[0])

    def test_without_check_a_missed_bar_is_only_shown(self):
        done = self.report({**MET, "next_key/first_valid_of_1": (11, {"allocs": 0})})
        self.assertEqual(done.returncode, 0)
        self.assertIn("MISSED: next key, the first one valid: 11 ns, at most 10 ns", done.stdout)

    def test_what_was_not_measured_is_not_met(self):
        done = self.report({name: row for name, row in MET.items() if "exhaustion" not in name},
                           "--check")
        self.assertEqual(done.returncode, 1)
        self.assertIn("NOT MEASURED: next key and exhaustion, 1,000 cooling", done.stdout)

    def test_wrong_file(self):
        done = self.report({})
        self.assertEqual(done.returncode, 2)
        self.assertIn("/benchmarks: has no single repetition", done.stderr)


if __name__ == "__main__":
    unittest.main()
