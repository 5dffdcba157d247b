"""Goal: bench/peers counts attempts exactly, calculates what it claims, and shows it.
Method: its functions on made-up samples and pages; no load, no gateway."""

import html.parser
import json
import os
import pathlib
import stat
import sys
import tempfile
import unittest

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"
sys.path[:0] = [str(BENCH / "peers"), str(BENCH)]

import bars
import bench_peers
import matrix
import page
import report
import servers
import summary
import upstream
from common.install import Unavailable

KIB, MIB = 1 << 10, 1 << 20


def sample(p50, number=0, **more):
    return {"requests": 100, "measured": 80, "requests_per_second": 1e6 / p50, "p50_us": p50,
            "p90_us": p50 * 2, "p99_us": p50 * 3, "statuses": {"200": 100}, "attempts": 100,
            "answer_bytes": 286, "cpu_us": p50 / 2, "peak_bytes": 5 * MIB, "idle_bytes": 4 * MIB,
            "problems": [], "round": number, **more}


def result(samples, uploads=None):
    names = list(dict.fromkeys(name for name, _ in samples))
    found = {
        "environment": {"date": "2026-01-01T00:00+00:00", "processor": "made up", "cores": 2,
                        "core": 1, "gateway_core": 1,
                        "system": "made up", "load_average_at_end": [0.5, 0, 0],
                        "turn_seconds": 0.1, "repeats": 2, "rounds": 1, "took_seconds": 1,
                        "upstream": "keywalk-mock 1.0"},
        "gateways": [{"name": name, "version": "1.0", "how": f"how {name} does it",
                      "peer": name in bars.ALL_RIVALS, "missing": None} for name in names],
        "cells": summary.rows(samples), "uploads": uploads, "left_out": []}
    return {**found, "bars": bars.judge(found)}


def cell(walk, size=KIB, connections=1):
    return matrix.Cell(size, walk, connections)


class AttemptsTest(unittest.TestCase):
    WALK = upstream.BY_NAME["f2"]
    SEEN = {"refused0": 7, "refused1": 7, "good": 7}

    def problems(self, **changes):
        before = {"good": 3}
        after = {**self.SEEN, "good": 10}
        for lane, change in changes.items():
            after[lane] = after.get(lane, 0) + change
        return upstream.check_attempts(self.WALK, 7, before, after)

    def test_a_walk_of_all_its_keys_is_right(self):
        self.assertEqual(self.problems(), [])

    def test_one_attempt_too_few_or_too_many_is_seen_at_every_key(self):
        for lane in ("refused0", "refused1", "good"):
            for change in (-1, 1):
                found = self.problems(**{lane: change})
                self.assertEqual(len(found), 1, (lane, change))
                self.assertIn(lane, found[0])

    def test_a_key_of_another_walk_is_seen(self):
        self.assertIn("refused3", self.problems(refused3=1)[0])

    def test_no_retry_at_all_is_seen(self):
        found = upstream.check_attempts(self.WALK, 7, {}, {"refused0": 7})
        self.assertEqual(len(found), 2)

    def test_counts_are_read_by_lane(self):
        self.assertEqual(upstream.parse_counts(
            "# TYPE keywalk_mock_requests_total counter\n"
            'keywalk_mock_requests_total{lane="good",status="200"} 5\n'
            'keywalk_mock_requests_total{lane="good",status="0"} 1\n'
            'keywalk_mock_requests_total{lane="refused0",status="403"} 2\n'
            'keywalk_mock_other_total{lane="good"} 9\n'), {"good": 6, "refused0": 2})


class SummaryTest(unittest.TestCase):
    def test_the_spread_has_median_ends_and_quartiles(self):
        self.assertEqual(summary.spread([5, 1, 3, 2, 4]),
                         {"median": 3, "min": 1, "max": 5, "quartiles": [2, 4]})
        self.assertEqual(summary.spread([7]),
                         {"median": 7, "min": 7, "max": 7, "quartiles": [7, 7]})

    def test_a_further_attempt_is_the_difference_by_the_failovers(self):
        rows = {(row["gateway"], row["walk"]): row for row in summary.rows({
            ("direct", cell("f0")): [sample(20)],
            ("nginx", cell("f0")): [sample(50)],
            ("nginx", cell("f4")): [sample(450)]})}
        self.assertEqual(rows["nginx", "f4"]["further_us"]["median"], 100)
        self.assertEqual(rows["nginx", "f4"]["further_to_direct"]["median"], 5)
        self.assertEqual(rows["nginx", "f0"]["p50_to_direct"]["median"], 2.5)
        self.assertNotIn("further_us", rows["nginx", "f0"])

    def test_ratios_are_taken_within_a_round(self):
        rows = summary.rows({
            ("direct", cell("f0")): [sample(10, 0), sample(100, 1), sample(10, 2)],
            ("nginx", cell("f0")): [sample(20, 0), sample(200, 1), sample(20, 2)],
            ("nginx", cell("f1")): [sample(50, 0), sample(500, 1), sample(50, 2)]})
        ratio = rows[2]["further_to_direct"]
        self.assertEqual((ratio["min"], ratio["median"], ratio["max"]), (3, 3, 3))

    def test_other_sizes_and_connections_are_not_compared_with(self):
        rows = summary.rows({("direct", cell("f0", MIB)): [sample(10)],
                             ("direct", cell("f0", KIB, 16)): [sample(10)],
                             ("nginx", cell("f0")): [sample(20)]})
        self.assertNotIn("p50_to_direct", rows[2])

    def test_a_problem_makes_the_cell_worthless(self):
        rows = summary.rows({("direct", cell("f0")): [sample(20)],
                             ("nginx", cell("f0")): [sample(50)],
                             ("nginx", cell("f1")): [sample(60), sample(1, problems=["lost"])]})
        self.assertEqual(rows[2]["problems"], ["lost"])
        self.assertNotIn("p50_us", rows[2])
        self.assertNotIn("further_us", rows[2])

    def test_memory_is_what_each_request_adds(self):
        rows = summary.rows({("nginx", cell("f0", KIB, 16)): [sample(50)]})
        self.assertEqual(rows[0]["bytes_per_request"]["median"], MIB / 16)


class BarsTest(unittest.TestCase):
    def judged(self, keywalk_rate=20, further=20):
        samples = {("direct", cell("f0")): [sample(20)], ("keywalk", cell("f0")): [sample(40)],
                   ("keywalk", cell("f1")): [sample(40 + further)],
                   ("nginx", cell("f0")): [sample(50)], ("nginx", cell("f1")): [sample(130)],
                   ("haproxy", cell("f0")): [sample(45)],
                   ("keywalk", cell("f0", KIB, 16)): [sample(9, requests_per_second=keywalk_rate)],
                   ("nginx", cell("f0", KIB, 16)): [sample(9, requests_per_second=10)],
                   ("haproxy", cell("f0", KIB, 16)): [sample(9, requests_per_second=25)]}
        return {bar["what"]: bar for bar in result(samples)["bars"]}

    def bar(self, found, *words):
        matching = [bar for what, bar in found.items() if all(word in what for word in words)]
        self.assertEqual(len(matching), 1, words)
        return matching[0]

    def test_the_better_of_two_peers_is_the_bar(self):
        words = ("keywalk: requests/s", "1 KiB", " 16 connections")
        self.assertEqual(self.bar(self.judged(), *words)["value"], 20 / 25)
        self.assertFalse(self.bar(self.judged(), *words)["met"])
        self.assertTrue(self.bar(self.judged(keywalk_rate=25), *words)["met"])

    def test_a_further_attempt_is_compared_with_a_direct_request_and_with_peers(self):
        words = ("keywalk: each further attempt", "1 KiB, to a direct")
        self.assertTrue(self.bar(self.judged(further=22), *words)["met"])
        self.assertFalse(self.bar(self.judged(further=22.5), *words)["met"])
        self.assertEqual(self.bar(self.judged(further=20), "keywalk: each further", "best peer")
                         ["value"], 0.25)

    def test_what_was_not_measured_is_not_met(self):
        bar = self.bar(self.judged(), "keywalk stream: p50, 1 KiB")
        self.assertIsNone(bar["value"])
        self.assertFalse(bar["met"])
        self.assertTrue(bars.line(bar).startswith("NOT MEASURED"))

    def test_memory_of_a_broken_measurement_does_not_count(self):
        held = {"gateway": "keywalk", "body_bytes": 16 * MIB, "connections": 256,
                "idle_bytes": 9 * MIB, "peak_bytes": 90 * MIB, "problems": []}
        for problems, value in (([], 90), (["3 answers 502"], None)):
            uploads = {"first_byte": [], "slow": [], "failed": [],
                       "held": [{**held, "problems": problems}]}
            found = {bar["what"]: bar for bar in result({}, uploads)["bars"]}
            self.assertEqual(self.bar(found, "keywalk: memory for 256 uploads")["value"], value)

    def test_only_check_makes_a_miss_a_failure(self):
        met = {"bars": [{"met": True}], "cells": [{"problems": []}]}
        missed = {"bars": [{"met": False}], "cells": []}
        worthless = {"bars": [], "cells": [{"problems": ["lost"]}]}
        self.assertEqual([bench_peers.exit_status(found, True)
                          for found in (met, missed, worthless)], [0, 1, 1])
        self.assertEqual(bench_peers.exit_status(missed, False), 0)


class Tags(html.parser.HTMLParser):
    VOID = {"meta", "br", "path", "circle"}

    def __init__(self):
        super().__init__()
        self.open, self.all, self.addresses = [], [], []

    def handle_starttag(self, tag, attributes):
        self.all.append(tag)
        self.addresses += [value for name, value in attributes if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID and (not self.open or self.open.pop() != tag):
            raise AssertionError(f"</{tag}> does not fit")


class PageTest(unittest.TestCase):
    UPLOADS = {"first_byte": [{"gateway": "nginx", "body_bytes": MIB,
                               "us": summary.spread([20000])}],
               "slow": [{"gateway": "nginx", "body_bytes": 16 * MIB, "ms": summary.spread([260]),
                         "to_direct": 1.04}],
               "held": [], "failed": ["held uploads: too little space"]}

    def made(self):
        evil = "nginx <script>&"
        samples = {("direct", cell("f0")): [sample(20)], ("nginx", cell("f0")): [sample(50)],
                   ("nginx", cell("f1")): [sample(130)], (evil, cell("f0")): [sample(3e7)],
                   ("nginx", cell("f0", MIB)): [sample(400)],
                   ("nginx", cell("f2")): [sample(1, problems=["3 x status"])],
                   ("nginx", cell("sse")): [sample(900)]}
        return result(samples, self.UPLOADS)

    def test_the_page_is_whole_and_asks_nobody(self):
        text = page.page(self.made())
        tags = Tags()
        tags.feed(text)
        self.assertEqual(tags.open, [])
        self.assertEqual(tags.addresses, [])
        self.assertNotIn("script", tags.all)
        self.assertGreaterEqual(tags.all.count("svg"), 4)

    def test_a_figure_stands_in_page_and_tables(self):
        text, lines = page.page(self.made()), report.markdown(self.made())
        self.assertIn("nginx, 1 KiB, 1 failover, 1 connection: 4.00 (4.00 to 4.00)", text)
        self.assertIn("| 1 KiB | 1 failover |  | 80.0 (**4.00**) |", lines)
        self.assertIn("| nginx | 20.0 | 260 | 1.04 | - |", lines)

    def test_what_is_worthless_or_missing_is_said(self):
        for text in (page.page(self.made()), report.markdown(self.made())):
            self.assertIn("nginx, 1 KiB, 2 failovers, 1 connection: WORTHLESS: 3 x status", text)
            self.assertIn("held uploads: too little space", text)
            self.assertIn("NOT MEASURED", text)
        further, figures = report.markdown(self.made()).split("## Median time")
        self.assertIn("| worthless |", further)
        self.assertIn("| worthless |", figures)

    def test_a_gateway_far_beyond_the_others_does_not_set_the_scale(self):
        scale = page.Scale([[2], [2.2], [3], [400]], [1], 0, 100)
        self.assertLess(scale.top, 10)
        self.assertFalse(scale.holds(400))
        self.assertEqual(scale.x(400), 100)

    def test_the_result_can_be_written_as_json(self):
        self.assertEqual(json.loads(json.dumps(self.made())), self.made())


class MatrixTest(unittest.TestCase):
    def keywalk(self, folder, variant, usage):
        binary = pathlib.Path(folder) / "keywalk-proxy"
        binary.write_text(f'#!/bin/sh\n[ "$1" = --help ] && echo "{usage}" || echo "x 1.0"\n')
        binary.chmod(binary.stat().st_mode | stat.S_IXUSR)
        behind = type("Upstream", (), {"port": 1})()
        return servers.Keywalk(folder, behind, str(binary), variant)

    def test_a_variant_is_left_out_if_the_binary_lacks_its_option(self):
        stream = next(variant for variant in matrix.VARIANTS if variant.name == "keywalk stream")
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaisesRegex(Unavailable, "--body-mode"):
                self.keywalk(folder, stream, "--listen").command()
            self.assertIn("stream", self.keywalk(folder, stream, "--body-mode").command())

    def test_an_option_that_is_optional_is_given_if_known(self):
        first = matrix.VARIANTS[0]
        with tempfile.TemporaryDirectory() as folder:
            self.assertNotIn("--body-mode", self.keywalk(folder, first, "--listen").command())
            self.assertEqual(self.keywalk(folder, first, "--body-mode").command()[-2:],
                             ["--body-mode", "buffer"])

    def test_every_pool_has_its_keys_in_order(self):
        with tempfile.TemporaryDirectory() as folder:
            gateway = self.keywalk(folder, matrix.VARIANTS[0], "")
            gateway.command()
            keys = pathlib.Path(gateway.folder, "f4.keys").read_text().split()
        self.assertEqual(keys, [*(key.value for key in upstream.REFUSED), upstream.GOOD.value])

    def test_large_bodies_are_not_sent_over_all_connections(self):
        counts = {found.connections for found in matrix.cells(16 * MIB, ["f0"], [1, 16, 256])}
        self.assertEqual(counts, {1, 16})

    def test_a_gateway_is_warmed_up_by_its_longest_walk(self):
        first, second = type("Gateway", (), {"name": "a"}), type("Gateway", (), {"name": "b"})
        turns = [(first, cell("f0")), (second, cell("f0")), (first, cell("f4")),
                 (first, cell("f1")), (first, cell("f0", KIB, 16))]
        self.assertEqual(matrix.warm_ups(turns), [turns[2], turns[1], turns[4]])

    def test_haproxy_is_not_asked_for_an_order_that_it_does_not_keep(self):
        with tempfile.TemporaryDirectory() as folder:
            gateway = servers.Haproxy(folder, None)
        self.assertIsNone(gateway.cannot(cell("f4")))
        self.assertIsNone(gateway.cannot(cell("f1", KIB, 16)))
        self.assertTrue(gateway.cannot(cell("f2", KIB, 16)))

    def test_a_word_chooses_a_server_with_its_variants(self):
        self.assertTrue(matrix.is_chosen("keywalk stream", ["keywalk"]))
        self.assertFalse(matrix.is_chosen("keywalk", ["keywalk stream"]))
        self.assertFalse(matrix.is_chosen("nginx", ["keywalk"]))
        self.assertFalse(matrix.is_chosen("keywalker", ["keywalk"]))


if __name__ == "__main__":
    os.environ.pop("KEYWALK_KEYS", None)
    unittest.main()
