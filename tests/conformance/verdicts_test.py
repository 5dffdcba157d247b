"""Goal: known failures, repetitions and parts of a suite do what they say, and never hide what is
new. Method: the program from outside, with fixtures and adapters written here."""

import json
import unittest
import xml.etree.ElementTree

from conform import EXAMPLES, FIXTURES, ConformTest, Run, good_case, python

try:
    import jsonschema
except ImportError:
    jsonschema = None

GOOD, BAD = good_case(), good_case(
    id="bad-case", requests=[{"expect": {"attempts": ["k1"], "outcome": {"forward": 200}}}]
)  # fmt: skip


class KnownFailingTest(ConformTest):
    def setUp(self):
        super().setUp()
        self.fixtures = self.write_fixtures([GOOD, BAD])
        self.file = self.folder / "known.json"

    def write(self, *entries):
        self.file.write_text(json.dumps({"schema_version": "1.0", "known_failing": entries}))

    def read(self):
        document = json.loads(self.file.read_text())
        if jsonschema:
            schema = json.loads((FIXTURES / "schema" / "known_failing.schema.json").read_text())
            jsonschema.Draft202012Validator(schema).validate(document)
        return document["known_failing"]

    def run_suite(self, *more):
        return Run("--fixtures", self.fixtures, *more)

    def run_known(self, *more):
        return self.run_suite("--known-failing", self.file, *more)

    def test_known_failure_does_not_fail_the_run(self):
        self.write({"case": "bad-case", "reason": "not yet", "url": "https://example.org/7"})
        junit = self.folder / "junit.xml"
        run = self.run_known("--junit", junit)
        self.assertEqual(run.status, 0, run)
        known = run.results("known-failing")
        self.assertEqual({result["id"] for result in known}, {"bad-case"}, run)
        self.assertIn("not yet", known[0]["reason"])
        self.assertEqual(known[0]["reason_url"], "https://example.org/7")
        self.assertTrue(known[0]["mismatches"], "what happened is still told")
        root = xml.etree.ElementTree.parse(junit).getroot()
        (suite,) = root
        self.assertEqual((root.get("failures"), suite.get("skipped")), ("0", "2"))
        self.assertIn("2 known-failing", run.output)

    def test_known_failure_proves_no_clause(self):
        self.write({"case": "bad-case", "reason": "not yet"})
        clauses = {clause["id"]: clause for clause in self.run_known().report["clauses"]}
        self.assertEqual(clauses["walk/2"]["status"], "failed")

    def test_another_failure_still_fails(self):
        self.write({"case": "own-case", "reason": "was bad"})
        run = self.run_known()
        self.assertEqual(run.status, 1, run)
        self.assertEqual({result["id"] for result in run.results("fail")}, {"bad-case"}, run)

    def test_unexpected_pass_fails_and_says_what_to_do(self):
        self.write({"case": "own-case", "reason": "was bad"}, {"case": "bad-case", "reason": "is"})
        run = self.run_known()
        self.assertEqual(run.status, 1, run)
        passes = run.results("unexpected-pass")
        self.assertEqual({result["id"] for result in passes}, {"own-case"}, run)
        self.assertIn(str(self.file), passes[0]["reason"])
        self.assertIn("take it out", passes[0]["reason"])

    def test_entry_of_another_policy_excuses_nothing(self):
        self.write({"case": "bad-case", "policy": "coder-v2", "reason": "is"})
        self.assertEqual(self.run_known().status, 1)

    def test_entry_stays_while_one_way_fails(self):
        lanes = {"k0": {"steps": [{"status": 200, "headers": {"X-Test": "a"}}]}}
        requests = [{"expect": {"attempts": ["k0"], "outcome": {"forward": 200},
                                "response": {"headers": {"X-Test": "b"}}}}]  # fmt: skip
        case = good_case(id="over-sockets", lanes=lanes, requests=requests)
        (self.fixtures / "decisions" / "own.json").write_text(
            json.dumps({"schema_version": "1.0", "area": "own", "cases": [case]})
        )
        self.write({"case": "over-sockets", "reason": "a header"})
        run = self.run_known()
        self.assertEqual(run.status, 0, run)
        self.assertEqual([result["way"] for result in run.results("pass")], ["decide"], run)
        self.assertEqual([r["way"] for r in run.results("known-failing")], ["sockets"], run)

    def assert_refused(self, *parts):
        run = self.run_known()
        self.assertEqual(run.status, 2, run)
        for part in (str(self.file), *parts):
            self.assertIn(part, run.errors)

    def test_entry_for_no_case_is_refused(self):
        self.write({"case": "own-case", "reason": "a"}, {"case": "no-such-case", "reason": "b"})
        self.assert_refused("/known_failing/1/case", "no-such-case")

    def test_entry_without_reason_is_refused(self):
        self.write({"case": "own-case"})
        self.assert_refused("/known_failing/0/reason", "required")

    def test_entry_given_twice_is_refused(self):
        self.write({"case": "own-case", "reason": "a"}, {"case": "own-case", "reason": "b"})
        self.assert_refused("/known_failing/1", "twice")

    def test_unknown_key_is_refused(self):
        self.write({"case": "own-case", "reason": "a", "until": "2027"})
        self.assert_refused("/known_failing/0/until", "unknown key")

    def test_newer_file_is_refused(self):
        self.file.write_text('{"schema_version": "2.0", "known_failing": []}')
        self.assert_refused("/schema_version")

    def test_missing_file_is_refused(self):
        self.assert_refused()

    def test_write_then_apply(self):
        run = self.run_suite("--write-known-failing", self.file)
        self.assertEqual(run.status, 1, run)
        (entry,) = self.read()
        self.assertEqual((entry["case"], entry["policy"]), ("bad-case", "coder-v1"))
        self.assertIn("expected k1, actual k0, k1", entry["reason"])
        self.assertEqual(self.run_known().status, 0)

    def test_write_keeps_reasons_and_what_did_not_run(self):
        self.write(
            {"case": "own-case", "reason": "was bad"},
            {"case": "bad-case", "reason": "upstream bug", "url": "https://example.org/7"},
        )
        run = self.run_suite("--write-known-failing", self.file, "--select", "own-case")
        self.assertEqual(run.status, 0, run)
        (kept,) = self.read()
        self.assertEqual(kept["reason"], "upstream bug")
        self.run_suite("--write-known-failing", self.file)
        self.assertEqual(self.read(), [kept])

    def test_broken_file_is_not_overwritten(self):
        self.file.write_text('{"schema_version": "1.0",')
        run = self.run_suite("--write-known-failing", self.file)
        self.assertEqual(run.status, 2, run)
        self.assertEqual(self.file.read_text(), '{"schema_version": "1.0",')

    def test_written_file_holds_no_key(self):
        lanes = {"k0": {"steps": [{"status": 400, "text": "{k0} is bad"}]}}
        requests = [{"expect": {"attempts": ["k0"], "outcome": {"forward": 400},
                                "response": {"text": "{k0} is good"}}}]  # fmt: skip
        case = good_case(lanes=lanes, requests=requests)
        (self.fixtures / "decisions" / "own.json").rename(self.folder / "unused")
        (self.fixtures / "scenarios").mkdir()
        (self.fixtures / "scenarios" / "own.json").write_text(
            json.dumps({"schema_version": "1.0", "area": "own", "cases": [case]})
        )
        self.run_suite("--write-known-failing", self.file)
        self.assertIn("{k0} is bad", self.file.read_text())
        self.assertNotIn("sk-kw", self.file.read_text())


class RepeatTest(ConformTest):
    # Answers well every second time.
    MOODY = (
        "if command['cmd'] == 'hello': count = 0; say(command, **HELLO); continue\n"
        "if command['cmd'] != 'decide': say(command, skipped={'reason': 'no'}); continue\n"
        "count += 1\n"
        "say(command, trace=[{'request': 'r0', 'attempts': ['k0', 'k1'][:1 + count % 2],\n"
        "                     'outcome': {'forward': 200}}])"
    )

    def test_differing_verdicts_are_flaky(self):
        run = Run("--fixtures", self.write_fixtures([GOOD]), "--adapter",
                  self.write_adapter(self.MOODY), "--repeat", 5, "--short")  # fmt: skip
        self.assertEqual(run.status, 1, run)
        (flaky,) = run.results("flaky")
        self.assertEqual(flaky["repeats"], {"pass": 3, "fail": 2}, run)
        self.assertEqual(flaky["mismatches"][0]["actual"], "k0", run)

    def test_each_repetition_has_its_own_pool(self):
        run = Run("--fixtures", self.write_fixtures([GOOD]), "--repeat", 3)
        self.assertEqual(run.status, 0, run)
        self.assertEqual([r["repeats"] for r in run.results("pass")], 2 * [{"pass": 3}], run)

    def test_same_failure_each_time_is_a_failure(self):
        run = Run("--fixtures", self.write_fixtures([BAD]), "--repeat", 3)
        self.assertEqual([r["repeats"] for r in run.results("fail")], 2 * [{"fail": 3}], run)

    def test_bounds(self):
        for count in (0, 101):
            self.assertEqual(Run("--repeat", count).status, 2)


class SelectionTest(ConformTest):
    def ids(self, *arguments):
        run = Run("--list", *arguments)
        return [line.split("\t")[0] for line in run.output.splitlines()]

    def test_several_selections_are_a_union(self):
        both = self.ids("--select", "walk-no-budget", "--select", "retry/5")
        self.assertIn("walk/walk-no-budget", both)
        self.assertEqual(len(both), 1 + len(self.ids("--select", "retry/5")))

    def test_shards_are_a_partition(self):
        whole = self.ids()
        shards = [self.ids("--shard", f"{number}/3") for number in (1, 2, 3)]
        self.assertEqual(sorted(sum(shards, [])), sorted(whole))
        for shard in shards:
            self.assertGreater(len(shard), len(whole) / 5)

    def test_a_case_keeps_its_shard(self):
        selected = self.ids("--shard", "2/3", "--select", "walk/*")
        self.assertLessEqual(set(selected), set(self.ids("--shard", "2/3")))
        self.assertTrue(selected)

    def test_wrong_shards_are_refused(self):
        for shard in ("0/3", "4/3", "1", "1/0", "a/b", "1/3x", "-1/3", "1/1001"):
            with self.subTest(shard=shard):
                run = Run("--shard", shard)
                self.assertEqual(run.status, 2, run)
                self.assertIn("1 <= I <= N", run.errors)


class NearestMutantTest(ConformTest):
    """A failure that looks like a known-bad implementation has its name."""

    MUTANT = {
        "name": "always-both",
        "title": "tries every key",
        "provenance": {"issue": "owner/repo#1"},
        "kills": ["bad-case", "not-in-this-suite"],
        "attempts": {"bad-case": {"r0": ["k0", "k1"]}},
    }

    def run_with(self, *mutants, options=()):
        fixtures = self.write_fixtures([GOOD, BAD, good_case(id="third-case")])
        document = {"schema_version": "1.0", "mutants": mutants}
        (fixtures / "mutants.json").write_text(json.dumps(document))
        return Run("--fixtures", fixtures, *options)

    def test_same_attempts_have_a_name(self):
        run = self.run_with(self.MUTANT)
        self.assertEqual(run.status, 1, run)
        for result in run.results("fail"):
            self.assertEqual(result["behaves_like"]["name"], "always-both")
        self.assertIn("behaves like always-both (tries every key; seen in owner/repo#1)",
                      run.output)  # fmt: skip

    def test_nearest_failures_have_a_name(self):
        far = {**self.MUTANT, "name": "far", "kills": ["own-case"], "attempts": {}}
        run = self.run_with(far, self.MUTANT)
        nearest = run.report["nearest_mutant"]
        self.assertEqual((nearest["name"], nearest["shared"], nearest["either"]),
                         ("always-both", 1, 1), run)  # fmt: skip
        self.assertRegex(run.output, r"always-both \(.*\), which shares 1 of 1")

    def test_what_is_not_near_is_not_named(self):
        other = {**self.MUTANT, "kills": ["own-case"], "attempts": {"bad-case": {"r0": ["k1"]}}}
        run = self.run_with(other)
        self.assertNotIn("always-both", run.output)
        self.assertNotIn("nearest_mutant", run.report)

    def test_one_failure_of_three_is_not_near(self):
        run = self.run_with({**self.MUTANT, "kills": ["bad-case", "own-case", "third-case"]})
        self.assertNotIn("nearest_mutant", run.report)

    def test_a_known_failure_is_one_of_its_failures(self):
        known = self.folder / "known.json"
        entries = [{"case": "bad-case", "reason": "not yet"}]
        known.write_text(json.dumps({"schema_version": "1.0", "known_failing": entries}))
        run = self.run_with(self.MUTANT, options=("--known-failing", known))
        self.assertEqual(run.status, 0, run)
        self.assertEqual(run.report["nearest_mutant"]["name"], "always-both", run)

    def test_wrong_catalogue_is_refused(self):
        run = self.run_with({**self.MUTANT, "titel": "x"})
        self.assertEqual(run.status, 2, run)
        self.assertIn("mutants.json: /mutants/0/titel", run.errors)


class NoSocketsTest(ConformTest):
    def test_decisions_alone(self):
        run = Run("--no-sockets")
        self.assertEqual(run.status, 0, run)
        self.assertEqual({r["way"] for r in run.results("pass")}, {"vector", "decide"})
        self.assertEqual({r["reason"] for r in run.results("skipped")},
                         {"needs sockets", "needs the capability body.streamed"})
        self.assertLess(run.report["duration_ms"], 1000, run)

    def test_nothing_to_decide(self):
        scenario = self.write_fixtures([GOOD], "scenarios")
        self.assertEqual(Run("--fixtures", scenario, "--no-sockets").status, 2)


class TimelineTest(ConformTest):
    def test_timeline_of_a_failure(self):
        run = Run("--fixtures", self.write_fixtures([GOOD, BAD]), "--trace")
        self.assertNotIn("PASS", run.output)
        self.assertRegex(run.output, r"ms  client    r0 request sent \(POST /chat/completions\)")
        self.assertRegex(run.output, r"ms  upstream  r0 k0 answered 429")
        (result,) = [r for r in run.results("pass") if r["way"] == "sockets"]
        story = [(e["actor"], e["event"], e.get("key"), e.get("status"))
                 for e in result["timeline"]]  # fmt: skip
        self.assertCountEqual(story, [
            ("client", "request sent", None, None),
            ("upstream", "attempt arrived", "k0", None),
            ("upstream", "answered", "k0", 429),
            ("upstream", "attempt arrived", "k1", None),
            ("upstream", "answered", "k1", 200),
            ("client", "response", None, 200),
        ], run)  # fmt: skip
        self.assertEqual(story[0][1], "request sent")
        times = [event["at_ms"] for event in result["timeline"]]
        self.assertEqual(times, sorted(times))
        self.assertEqual({event["request"] for event in result["timeline"]}, {"r0"})

    def test_each_of_a_crowd_is_sent_at_a_time_of_its_own(self):
        run = Run("--select", "herd-twelve-fail-over", "--policy", "coder-v1")
        (result,) = run.report["results"]
        sent = [e["at_ms"] for e in result["timeline"] if e["event"] == "request sent"]
        self.assertEqual(len(sent), 12, run)
        self.assertEqual(len(set(sent)), 12, run)

    def test_timelines_of_all(self):
        run = Run("--fixtures", self.write_fixtures([GOOD]), "--trace=all")
        self.assertIn("PASS  own-case", run.output)

    def test_timeline_has_the_clock(self):
        checks = [{"at_ms": 61000, "states": ["valid", "valid"]}]
        run = Run("--fixtures", self.write_fixtures([good_case(checks=checks)]), "--trace=all")
        self.assertIn("clock     advanced (by 61000 ms)", run.output)

    def test_other_traces_are_refused(self):
        self.assertEqual(Run("--trace=some").status, 2)


class ClausesTest(ConformTest):
    def test_clause_without_a_case_fails(self):
        run = Run("clauses", "--fixtures", self.write_fixtures([GOOD]))
        self.assertEqual(run.status, 1, run)
        self.assertRegex(run.output, r"(?m)^walk/2 +core +1 +own-case$")
        self.assertRegex(run.output, r"(?m)^pool/6 +structural +- +StructureTest\.")
        self.assertIn("pool/1", run.errors)
        self.assertNotIn("walk/2,", run.errors)
        self.assertNotIn("pool/6", run.errors)

    def test_what_is_not_declared_is_not_missed(self):
        adapter = python(EXAMPLES / "adapter.py")
        run = Run("--adapter", adapter, "--select", "walk-starts-at-primary")
        status = {clause["id"]: clause["status"] for clause in run.report["clauses"]}
        self.assertEqual(status["retry/6"], "not declared", run)
        self.assertEqual(status["retry/5"], "not shown", run)

    def test_json(self):
        run = Run("clauses", "--json", "--fixtures", self.write_fixtures([GOOD]))
        clauses = {clause["id"]: clause for clause in json.loads(run.output)["clauses"]}
        self.assertEqual(clauses["walk/2"]["cases"], ["own-case"])
        self.assertEqual(clauses["pool/1"]["cases"], [])
        self.assertTrue(clauses["pool/6"]["structural"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
