"""Goal: bench/compare fails for what has become worse, and for nothing that repetition explains.
Method: made-up result files of both kinds; the command's exit status, and the row of each name."""

import json
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def google(rows, unit="ns", **members):
    """A file of Google Benchmark: {name: times} or {name: message of failure}."""
    entries = []
    for family, (name, times) in enumerate(rows.items()):
        entry = {"name": name, "run_name": name, "run_type": "iteration", "time_unit": unit,
                 "family_index": family, "per_family_instance_index": 0, **members}
        if isinstance(times, str):
            entries.append({**entry, "error_occurred": True, "error_message": times})
        else:
            entries += [{**entry, "real_time": time * 3, "cpu_time": time} for time in times]
        entries.append({**entry, "run_type": "aggregate", "aggregate_name": "mean"})
    return {"context": {}, "benchmarks": entries}


def turn(p50_us, requests_per_second=1000, number=0):
    return {"p50_us": p50_us, "requests_per_second": requests_per_second, "cpu_us": 20,
            "peak_bytes": 1 << 20, "round": number}


def cell(gateway, turns, walk="f0", problems=()):
    return {"gateway": gateway, "walk": walk, "body_bytes": 1024, "connections": 1,
            "problems": list(problems), "turns": turns}


def peers(*cells):
    return {"schema_version": "1.0", "gateways": [], "cells": cells}


class CompareTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def compare(self, before, after, *options):
        paths = []
        for name, content in (("a.json", before), ("b.json", after)):
            paths.append(self.folder / name)
            paths[-1].write_text(content if isinstance(content, str) else json.dumps(content))
        return subprocess.run([ROOT / "bench/compare", *paths, *options], text=True,
                              capture_output=True, timeout=60)

    def row(self, done, name):
        rows = [line for line in done.stdout.splitlines() if line.startswith(name + "  ")]
        self.assertEqual(len(rows), 1, done.stdout + done.stderr)
        return rows[0]

    def assert_exit(self, done, status):
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)

    def test_worse_beyond_the_threshold(self):
        before = google({"ask": [100, 101, 102], "mark": [50, 50, 50]})
        after = google({"ask": [115, 116, 117], "mark": [50, 51, 50]})
        done = self.compare(before, after)
        self.assert_exit(done, 1)
        self.assertRegex(self.row(done, "ask"), r"101 ns +116 ns +1\.15  WORSE$")
        self.assertTrue(self.row(done, "mark").endswith("1.00"))
        self.assertIn("2 compared, threshold 10 %: 1 worse, 0 better", done.stdout)
        self.assert_exit(self.compare(before, after, "--threshold", "20%"), 0)
        self.assert_exit(self.compare(before, after, "--threshold", "2.5 %"), 1)

    def test_better_is_no_failure(self):
        done = self.compare(google({"ask": [100, 101, 102]}), google({"ask": [80, 81, 82]}))
        self.assert_exit(done, 0)
        self.assertTrue(self.row(done, "ask").endswith("0.80  better"))

    def test_what_lies_within_the_spread_is_no_change(self):
        done = self.compare(google({"ask": [100, 100, 140, 140]}),
                            google({"ask": [120, 140, 140, 160]}))
        self.assert_exit(done, 0)
        self.assertTrue(self.row(done, "ask").endswith("within the spread"))

    def test_one_stray_repetition_hides_nothing(self):
        self.assert_exit(self.compare(google({"ask": [100, 100, 100, 100, 150]}),
                                      google({"ask": [90, 120, 120, 120, 120]})), 1)

    def test_single_repetitions_have_no_spread(self):
        self.assert_exit(self.compare(google({"ask": [100]}), google({"ask": [111]})), 1)

    def test_units_are_converted(self):
        done = self.compare(google({"ask": [1000]}), google({"ask": [1]}, unit="us"))
        self.assertTrue(self.row(done, "ask").endswith("1 us    1.00"))

    def test_threads_are_compared_by_real_time(self):
        for name, time in (("ask", "10 ns"), ("ask/real_time/threads:2", "30 ns")):
            done = self.compare(google({name: [10]}), google({name: [10]}))
            self.assertIn(time, self.row(done, name))

    def test_an_allocation_more_is_worse_whatever_the_time(self):
        done = self.compare(google({"ask": [100]}, allocs=0.0002), google({"ask": [90]}, allocs=1))
        self.assert_exit(done, 1)
        self.assertTrue(self.row(done, "ask allocations").endswith("WORSE"))
        self.assert_exit(self.compare(google({"ask": [100]}, allocs=0.0002),
                                      google({"ask": [100]}, allocs=0.0009)), 0)

    def test_failing_is_worse_than_any_time(self):
        done = self.compare(google({"ask": [100]}), google({"ask": "no file"}))
        self.assert_exit(done, 1)
        self.assertTrue(self.row(done, "ask").endswith("WORSE: no file"))
        self.assert_exit(self.compare(google({"ask": "no"}), google({"ask": "no"})), 0)
        self.assert_exit(self.compare(google({"ask": "no"}), google({"ask": [100]})), 0)

    def test_peers_by_direct_requests_of_the_same_round(self):
        before = peers(cell("direct", [turn(20), turn(40, number=1)]),
                       cell("keywalk", [turn(50), turn(100, number=1)]))
        slower_machine = peers(cell("direct", [turn(80), turn(60, number=1)]),
                               cell("keywalk", [turn(200), turn(150, number=1)]))
        done = self.compare(before, slower_machine)
        self.assert_exit(done, 0)
        self.assertRegex(self.row(done, "keywalk/1 KiB/f0/1 p50_us"),
                         r"2\.5 x direct +2\.5 x direct +1\.00$")
        slower = peers(cell("direct", [turn(20), turn(40, number=1)]),
                       cell("keywalk", [turn(60), turn(120, number=1)]))
        done = self.compare(before, slower)
        self.assert_exit(done, 1)
        self.assertTrue(self.row(done, "keywalk/1 KiB/f0/1 p50_us").endswith("1.20  WORSE"))

    def test_walks_are_compared_with_a_direct_request_and_streams_with_a_direct_stream(self):
        done = self.compare(*2 * [peers(cell("direct", [turn(20)]),
                                        cell("direct", [turn(100)], walk="sse"),
                                        cell("keywalk", [turn(90), turn(60), turn(60)], walk="f1"),
                                        cell("keywalk", [turn(500)], walk="sse"))])
        for walk, figure in (("f1", "3 x direct"), ("sse", "5 x direct")):
            self.assertIn(figure, self.row(done, f"keywalk/1 KiB/{walk}/1 p50_us"))

    def test_fewer_requests_a_second_are_worse(self):
        done = self.compare(peers(cell("keywalk", [turn(50, 1000)])),
                            peers(cell("keywalk", [turn(50, 800)])))
        self.assert_exit(done, 1)
        self.assertTrue(self.row(done, "keywalk/1 KiB/f0/1 requests_per_second").endswith(
            "0.80  WORSE"))
        self.assert_exit(self.compare(peers(cell("keywalk", [turn(50, 800)])),
                                      peers(cell("keywalk", [turn(50, 1000)]))), 0)

    def test_uploads(self):
        def uploads(first_byte_us, spread_us, peak_bytes, problems=()):
            low, high = first_byte_us - spread_us, first_byte_us + spread_us
            row = {"gateway": "keywalk", "body_bytes": 1 << 24}
            spread = {"min": 0, "median": first_byte_us, "max": 10000, "quartiles": [low, high]}
            return {**peers(), "uploads": {
                "first_byte": [{**row, "gateway": "direct", "us": {}}, {**row, "us": spread}],
                "slow": [], "held": [{**row, "connections": 32, "peak_bytes": peak_bytes,
                                      "problems": list(problems)}]}}
        before = uploads(100, 5, 1 << 20)
        done = self.compare(before, uploads(120, 5, 1 << 20))
        self.assert_exit(done, 1)
        self.assertRegex(self.row(done, "keywalk/16 MiB upload first_byte us"),
                         r"100 us +120 us +1\.20  WORSE$")
        self.assert_exit(self.compare(before, uploads(120, 16, 1 << 20)), 0)
        self.assert_exit(self.compare(before, uploads(100, 5, 1 << 21)), 1)
        self.assert_exit(self.compare(before, uploads(100, 5, 1 << 20, ["lost"])), 1)
        wrong = uploads(100, 5, 1 << 20)
        wrong["uploads"]["first_byte"][1]["us"]["quartiles"] = [1]
        self.assertIn("b.json: /uploads/first_byte/1/us/quartiles: must be two numbers",
                      self.compare(before, wrong).stderr)

    def test_a_cell_that_became_worthless(self):
        done = self.compare(peers(cell("keywalk", [turn(50)])),
                            peers(cell("keywalk", [], problems=["3 x 502"])))
        self.assert_exit(done, 1)
        self.assertIn("WORSE: 3 x 502", done.stdout)

    def test_changes_and_selection(self):
        before = google({"ask/1": [100], "ask/2": [100], "mark": [100]})
        after = google({"ask/1": [100], "ask/2": [200], "mark": [200]})
        done = self.compare(before, after, "--changes", "--select", "ask/*")
        self.assert_exit(done, 1)
        names = [line.split()[0] for line in done.stdout.splitlines()[1:2]]
        self.assertEqual(names, ["ask/2"])
        self.assertNotIn("mark", done.stdout)

    def test_what_only_one_file_has_is_named(self):
        done = self.compare(google({"ask": [1], "old": [1]}), google({"ask": [1], "new": [1]}))
        self.assert_exit(done, 0)
        self.assertIn(f"only in {self.folder}/a.json: old\nonly in {self.folder}/b.json: new",
                      done.stdout)
        self.assertIn("1 gone", done.stdout)

    def test_wrong_input_is_named_with_its_place(self):
        def broken(**members):
            document = google({"ask": [1]})
            document["benchmarks"][0].update(members)
            return document
        no_time = google({"ask": [1]})
        del no_time["benchmarks"][0]["cpu_time"]
        good_cell = cell("keywalk", [turn(1)])
        for content, words in (
                ("{", "/: not JSON: "), ("[]", "/: must be an object"),
                ("{}", "/: has neither the benchmarks"),
                ({"benchmarks": {}}, "/benchmarks: must be an array"),
                ({"benchmarks": [1]}, "/benchmarks/0: must be an object"),
                (no_time, "/benchmarks/0/cpu_time: is missing"),
                (broken(cpu_time="1"), "/benchmarks/0/cpu_time: must be a number"),
                (broken(cpu_time=-1), "/benchmarks/0/cpu_time: must be a number of at least 0"),
                (broken(cpu_time=float("nan")), "/benchmarks/0/cpu_time: must be a number of"),
                (broken(time_unit="h"), "/benchmarks/0/time_unit: must be ns, us, ms or s"),
                (broken(allocs=True), "/benchmarks/0/allocs: must be a number"),
                (broken(run_type="aggregate"), "/benchmarks: has no single repetition"),
                ({**peers(good_cell), "schema_version": "2.0"}, "/schema_version: 2.0 is not"),
                (peers(cell("direct", [turn(1)])), "/cells: has no gateway but direct"),
                (peers({**good_cell, "walk": 1}), "/cells/0/walk: must be a string"),
                (peers(good_cell, cell("nginx", [{"p50_us": 1}])),
                 "/cells/1/turns/0/requests_per_second: is missing")):
            done = self.compare(google({"ask": [1]}), content)
            self.assert_exit(done, 2)
            self.assertIn(f"compare: {self.folder}/b.json: {words}", done.stderr)

    def test_wrong_use(self):
        ask = google({"ask": [1]})
        for after, options, words in (
                (peers(cell("keywalk", [turn(1)])), [], "is of bench-peers"),
                (google({"mark": [1]}), [], "nothing in common"),
                (ask, ["--select", "mark*"], "nothing in common"),
                (ask, ["--threshold", "ten"], "a percentage, such as 10%"),
                (ask, ["--threshold", "-5%"], "")):
            done = self.compare(ask, after, *options)
            self.assert_exit(done, 2)
            self.assertIn(words, done.stderr)
        missing = subprocess.run([ROOT / "bench/compare", self.folder / "a.json", "/nonexistent"],
                                 text=True, capture_output=True, timeout=60)
        self.assert_exit(missing, 2)
        self.assertIn("/nonexistent: /: No such file", missing.stderr)


if __name__ == "__main__":
    unittest.main()
