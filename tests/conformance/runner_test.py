"""Goal: the runner itself can be trusted. A suite that must fail fails, wrong input is refused with
its place, and reports are well formed.
Method: the program from outside, with fixtures written here."""

import json
import re
import subprocess
import unittest
import xml.etree.ElementTree

from conform import BINARY, FIXTURES, ConformTest, Run, good_case

import conform


def expecting(attempts, outcome, **more):
    return [{"expect": {"attempts": attempts, "outcome": outcome, **more}}]


class MustFailTest(ConformTest):
    """A test that cannot fail is a defect."""

    def assert_fails(self, case, where):
        run = Run("--fixtures", self.write_fixtures([case]))
        self.assertEqual(run.status, 1, run)
        failed = run.results("fail")
        self.assertTrue(failed, run)
        self.assertIn(where, failed[0]["mismatches"][0]["where"], run)
        self.assertEqual({result["way"] for result in failed}, {"decide", "sockets"}, run)

    def test_good_case_passes(self):
        run = Run("--fixtures", self.write_fixtures([good_case()]))
        self.assertEqual(run.status, 0, run)
        self.assertEqual(len(run.results("pass")), 2, run)

    def test_wrong_attempts(self):
        requests = expecting(["k1"], {"forward": 200})
        self.assert_fails(good_case(requests=requests), "r0 attempts")

    def test_wrong_outcome(self):
        requests = expecting(["k0", "k1"], {"forward": 201})
        self.assert_fails(good_case(requests=requests), "r0 outcome")

    def test_forward_is_not_exhaustion(self):
        requests = expecting(["k0", "k1"], {"exhausted": {"kind": "permanent"}})
        self.assert_fails(good_case(requests=requests), "r0")

    def test_wrong_states(self):
        checks = [{"at_ms": 0, "states": ["valid", "valid"]}]
        self.assert_fails(good_case(checks=checks), "states at 0 ms")

    def test_attempt_past_the_end_of_a_lane(self):
        lanes = {"k0": {"steps": [{"status": 200}]}, "k1": {"steps": [{"status": 200}]}}
        requests = 2 * expecting(["k0"], {"forward": 200})
        run = Run("--fixtures", self.write_fixtures([good_case(lanes=lanes, requests=requests)]))
        self.assertEqual(run.status, 1, run)
        where = {m["where"] for result in run.results("fail") for m in result["mismatches"]}
        self.assertIn("lane k0", where, run)

    def test_wrong_response_header_over_sockets(self):
        lanes = {"k0": {"steps": [{"status": 200, "headers": {"X-Test": "a"}}]}}
        requests = expecting(["k0"], {"forward": 200}, response={"headers": {"X-Test": "b"}})
        run = Run("--fixtures", self.write_fixtures([good_case(lanes=lanes, requests=requests)]))
        self.assertEqual(run.status, 1, run)
        self.assertEqual([result["way"] for result in run.results("fail")], ["sockets"], run)

    def test_fault_that_never_fires_is_inconclusive(self):
        lanes = {
            "k0": {"steps": [{"status": 200}]},
            "k1": {"steps": [{"fault": {"at": "before_head", "kind": "reset"}}]},
        }
        case = good_case(lanes=lanes, requests=expecting(["k0"], {"forward": 200}))
        run = Run("--fixtures", self.write_fixtures([case]))
        self.assertEqual(run.status, 1, run)
        self.assertEqual(len(run.results("inconclusive")), 2, run)

    def test_failure_can_be_acted_on(self):
        requests = expecting(["k1"], {"forward": 200})
        folder = self.write_fixtures([good_case(requests=requests)])
        run = Run("--fixtures", folder)
        self.assertRegex(run.output, r"expected  k1\n\s+actual    k0, k1")
        self.assertIn("walk/2: ", run.output)
        repeat = re.search(r"repeat    (keywalk-conform .*)", run.output).group(1)
        again = subprocess.run(
            repeat.replace("keywalk-conform", BINARY, 1),
            shell=True,
            capture_output=True,
            text=True,
            timeout=conform.LIMIT_SECONDS,
            check=False,
        )
        self.assertEqual(again.returncode, 1, again)
        self.assertIn("own-case", again.stdout)


class WrongInputTest(ConformTest):
    """Wrong input ends with status 2, the file, the place and the reason."""

    def assert_refused(self, cases, *parts):
        run = Run("--fixtures", self.write_fixtures(cases))
        self.assertEqual(run.status, 2, run)
        for part in ("own.json", *parts):
            self.assertIn(part, run.errors)

    def test_unknown_key(self):
        self.assert_refused([good_case(tittle="x")], "/cases/0/tittle", "unknown key")

    def test_unknown_key_deep_inside(self):
        requests = expecting(["k0"], {"forward": 200}, respond={})
        self.assert_refused([good_case(requests=requests)], "/cases/0/requests/0/expect/respond")

    def test_unknown_key_in_a_step(self):
        lanes = {"k0": {"steps": [{"statuss": 429}]}}
        self.assert_refused([good_case(lanes=lanes)], "/cases/0/lanes/k0/steps/0/statuss")

    def test_missing_key(self):
        case = good_case()
        del case["lanes"]
        self.assert_refused([case], "/cases/0/lanes", "required")

    def test_id_given_twice(self):
        self.assert_refused([good_case(), good_case()], "/cases/1/id", "own-case")

    def test_unknown_clause(self):
        self.assert_refused([good_case(clauses=["walk/99"])], "/cases/0/clauses", "walk/99")

    def test_unknown_policy(self):
        self.assert_refused([good_case(policies=["coder-v9"])], "/cases/0/policies", "coder-v9")

    def test_unknown_capability(self):
        case = good_case(requires=["body.verbatin"])
        self.assert_refused([case], "/cases/0/requires", "body.verbatin")

    def test_attempt_with_an_unknown_key(self):
        requests = expecting(["k7"], {"forward": 200})
        self.assert_refused([good_case(requests=requests)], "/expect/attempts", "k7")

    def test_two_outcomes(self):
        requests = expecting(["k0"], {"forward": 200, "transport_error": True})
        self.assert_refused([good_case(requests=requests)], "/expect/outcome", "exactly one")

    def test_kills_and_the_reason_for_none(self):
        case = good_case(kills=["same-key-again"], kills_none="kills nothing")
        self.assert_refused([case], "/cases/0/kills_none", "in place of")

    def test_malformed_json(self):
        folder = self.write_fixtures([good_case()])
        (folder / "decisions" / "own.json").write_text('{"schema_version": "1.0",\n nonsense')
        run = Run("--fixtures", folder)
        self.assertEqual(run.status, 2, run)
        self.assertRegex(run.errors, r"own\.json.*line 2")

    def test_newer_schema(self):
        folder = self.write_fixtures([good_case()])
        (folder / "decisions" / "own.json").write_text('{"schema_version": "2.0"}')
        run = Run("--fixtures", folder)
        self.assertEqual(run.status, 2, run)
        self.assertIn("/schema_version", run.errors)

    def test_no_fixtures(self):
        run = Run("--fixtures", self.folder)
        self.assertEqual(run.status, 2, run)
        self.assertIn("clauses.json", run.errors)

    def test_nothing_selected(self):
        run = Run("--select", "no-such-case")
        self.assertEqual(run.status, 2, run)
        self.assertIn("no case was run", run.errors)

    def test_unknown_policy_option(self):
        run = Run("--policy", "coder-v9")
        self.assertEqual(run.status, 2, run)
        self.assertIn("coder-v1", run.errors)

    def test_unknown_option(self):
        self.assertEqual(Run("--polizy", "coder-v1").status, 2)


class ReportTest(ConformTest):
    """Reports are well formed, complete, and hold no secret."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.junit = conform.pathlib.Path(conform.tempfile.mkdtemp()) / "deep" / "junit.xml"
        cls.run_of_seed = Run("--select", "seed/*", "--junit", cls.junit)

    def test_junit_is_well_formed(self):
        suites = xml.etree.ElementTree.parse(self.junit).getroot()
        cases = suites.findall("testsuite/testcase")
        self.assertEqual(len(cases), len(self.run_of_seed.report["results"]))
        self.assertEqual(int(suites.get("tests")), len(cases))
        self.assertEqual(suites.get("failures"), "0")

    def test_junit_holds_failures_and_markup(self):
        case = good_case(
            title='<&">',
            lanes={"k0": {"steps": [{"status": 200, "text": "a\u0001<&b"}]}},
            requests=expecting(["k0"], {"forward": 200}, response={"text": "]]>"}),
        )
        junit = self.folder / "junit.xml"
        Run("--fixtures", self.write_fixtures([case]), "--junit", junit)
        failures = xml.etree.ElementTree.parse(junit).getroot().findall(".//failure")
        self.assertEqual([failure.get("message") for failure in failures], ['<&">'])

    def test_junit_counts_what_is_inconclusive_as_a_failure(self):
        fault = {"at": "body", "body_bytes": 2, "kind": "bad_chunk"}
        steps = [{"text": "short", "fault": fault}]
        (request,) = expecting(["k0"], {"forward": 200})
        requests = [{**request, "method": "HEAD"}]
        case = good_case(lanes={"k0": {"steps": steps}}, requests=requests)
        junit = self.folder / "junit.xml"
        Run("--fixtures", self.write_fixtures([case], "scenarios"), "--junit", junit)
        root = xml.etree.ElementTree.parse(junit).getroot()
        self.assertEqual([f.get("type") for f in root.findall(".//failure")], ["inconclusive"])
        self.assertEqual((root.get("failures"), root.get("tests")), ("1", "1"))

    def test_json_follows_its_schema(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("python3-jsonschema is not installed")
        schema = json.loads((FIXTURES / "schema" / "report.schema.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(self.run_of_seed.report)

    def test_totals_add_up(self):
        report = self.run_of_seed.report
        self.assertEqual(sum(report["totals"].values()), len(report["results"]))

    def test_reports_hold_aliases_not_secrets(self):
        lanes = {"k0": {"steps": [{"status": 400, "text": "{k0} is bad"}]}}
        requests = expecting(["k0"], {"forward": 400}, response={"text": "{k0} is good"})
        folder = self.write_fixtures([good_case(lanes=lanes, requests=requests)])
        (folder / "scenarios").symlink_to(folder / "decisions")
        (folder / "decisions").rename(folder / "scenarios-real")
        (folder / "scenarios").unlink()
        (folder / "scenarios-real").rename(folder / "scenarios")
        run = Run("--fixtures", folder)
        self.assertIn("{k0} is bad", json.dumps(run.report), run)
        self.assertNotIn("sk-kw", json.dumps(run.report) + run.output)

    def test_no_progress_line_without_a_terminal(self):
        self.assertNotIn("\r", self.run_of_seed.output)

    def test_list(self):
        run = Run("--list", "--select", "walk/2")
        self.assertEqual(run.status, 0, run)
        self.assertIn("walk/walk-forward-only\t", run.output)


if __name__ == "__main__":
    unittest.main(verbosity=2)
