"""Goal: every kind of report says the same of a run, is well formed for those who read it, holds no
key, and is refused before the run if it cannot be written; compare tells better from worse.
Method: the program from outside, on cases that pass, fail, are skipped and are known to fail."""

import base64
import hashlib
import json
import os
import pty
import re
import shlex
import stat
import subprocess
import unittest
import xml.etree.ElementTree

import conform
from conform import (BINARY, EXAMPLES, FIXTURES, ConformTest, Run, good_case, python,
                     run_command)

POINT = re.compile(r"(ok|not ok) ([0-9]+) - ((?:[^#\\]|\\.)*?)(?: # (skip|todo)(?: (.*))?)?")


def failing_case(**changes):
    requests = [{"expect": {"attempts": ["k1"], "outcome": {"forward": 200}}}]
    return good_case(**{"id": "bad-case", "requests": requests, **changes})


def skipped_case():
    return good_case(id="other-case", policies=["coder-v2"])


class ReportFilesTest(ConformTest):
    def run_all(self, cases, *more):
        paths = {kind: self.folder / "out" / f"report.{kind}"
                 for kind in ("json", "junit", "tap", "html", "badge")}
        options = [word for kind, path in paths.items() for word in (f"--{kind}", path)]
        self.ran = Run("--fixtures", self.write_fixtures(cases), "--policy", "coder-v1",
                       *more, *options)
        return {kind: path.read_text() for kind, path in paths.items()}

    def test_tap(self):
        tap = self.run_all([good_case(), failing_case(title='a "b" \\ # c\n'), skipped_case()])
        lines = tap["tap"].splitlines()
        results = json.loads(tap["json"])["results"]
        self.assertEqual(lines[:2], ["TAP version 14", f"1..{len(results)}"])
        points = [POINT.fullmatch(line) for line in lines[2:] if not line.startswith("  ")]
        self.assertNotIn(None, points, tap["tap"])
        self.assertEqual([int(point[2]) for point in points], [*range(1, len(results) + 1)])
        for point, result in zip(points, results):
            self.assertEqual(point[1] == "ok", result["verdict"] in ("pass", "skipped"))
            self.assertEqual(point[4], {"skipped": "skip"}.get(result["verdict"]))
        self.assertIn("  ---\n  message: \"a \\\"b\\\" \\\\ # c\\n\"\n", tap["tap"])
        self.assertEqual(tap["tap"].count("\n  ...\n"), 2)

    def test_tap_of_a_known_failure_is_todo(self):
        known = self.folder / "known.json"
        known.write_text(json.dumps({"schema_version": "1.0", "known_failing": [
            {"case": "bad-case", "reason": "issue #7"}]}))
        reports = self.run_all([good_case(), failing_case()], "--known-failing", known)
        self.assertEqual(self.ran.status, 0, self.ran)
        self.assertRegex(reports["tap"], r"not ok \d+ - .*bad-case.* # todo ")
        self.assertIn("issue \\#7", reports["tap"])

    def test_badge(self):
        badge = json.loads(self.run_all([good_case()])["badge"])
        self.assertEqual(badge["schemaVersion"], 1)
        self.assertRegex(badge["message"], r"^1 of \d+ clauses$")
        self.assertEqual(badge["color"], "yellow")

    def test_badge_of_a_failure_is_red(self):
        badge = json.loads(self.run_all([good_case(), failing_case()])["badge"])
        self.assertEqual(badge["color"], "red")

    def test_junit_has_what_readers_need(self):
        suites = xml.etree.ElementTree.fromstring(
            self.run_all([good_case(), failing_case(), skipped_case()])["junit"])
        for suite in suites:
            self.assertEqual(suite.tag, "testsuite")
            self.assertLessEqual({"name", "tests", "failures", "errors", "skipped", "time"},
                                 set(suite.attrib))
            self.assertEqual(int(suite.get("failures")), len(suite.findall("*/failure")))
            self.assertEqual(int(suite.get("skipped")), len(suite.findall("*/skipped")))
        self.assertEqual({failure.get("type") for failure in suites.iter("failure")}, {"fail"})

    def test_json_has_requests_beside_their_expectations(self):
        report = json.loads(self.run_all([failing_case()])["json"])
        for result in report["results"]:
            request = result["requests"][0]
            self.assertEqual(request["expected"], {"attempts": ["k1"], "outcome": "forward 200"})
            self.assertEqual(result["attempts"], {"r0": ["k0", "k1"]})
            self.assertEqual(result["file"], "decisions/own.json")
            self.assertIn("--select bad-case", result["repeat"])

    def test_command_repeats_the_run(self):
        known = self.folder / "known.json"
        known.write_text(json.dumps({"schema_version": "1.0", "known_failing": [
            {"case": "bad-case", "reason": "issue 7"}]}))
        policy = self.folder / "own policy.json"
        policy.write_text((FIXTURES / "policies" / "coder-v1.json").read_text())
        fixtures = self.write_fixtures([good_case(), failing_case(), skipped_case()])
        options = ["--fixtures", fixtures, "--adapter", python(EXAMPLES / "adapter.py"),
                   "--policy", policy, "--policy", "coder-v2", "--select", "*-case",
                   "--select", "walk/2", "--shard", "1/2", "--known-failing", known, "--short",
                   "--jobs", "2", "--repeat", "3", "--timeout-ms", "9000",
                   "--request-timeout-ms", "8000"]  # fmt: skip
        options = list(map(str, options))
        self.ran = Run(*options, "--trace", "--log-level", "error", "--tap", self.folder / "x.tap")
        command = shlex.split(self.ran.report["command"])
        self.assertEqual(command[0], "keywalk-conform")
        self.assertCountEqual(command[1:], options)
        again = Run(*command[1:])
        self.assertEqual(again.report["command"], self.ran.report["command"])
        self.assertEqual(again.report["totals"], self.ran.report["totals"])
        for result in again.report["results"]:
            self.assertLessEqual(result["repeat"].count("--policy"), 1)
            self.assertEqual(result["repeat"].count("--select"), 1)

    def test_no_report_holds_a_key(self):
        lanes = {"k0": {"steps": [{"status": 400, "text": "{k0} is bad"}]}}
        requests = [{"expect": {"attempts": ["k0"], "outcome": {"forward": 400},
                                "response": {"text": "{k0} is good"}}}]
        reports = self.run_all([good_case(lanes=lanes, requests=requests)])
        for kind, text in reports.items():
            self.assertNotIn("sk-kw", text, kind)
        self.assertIn("k0} is bad", reports["json"])

    def test_html_data_cannot_end_its_element(self):
        page = self.run_all([failing_case(title="</script><!--<script>")])["html"]
        self.assertEqual(page.count("</script>"), 2)
        self.assertNotIn("<!--", page)
        self.assertNotRegex(page, r"(src|href)=[\"']?https?:")

    def test_html_allows_its_own_style_and_script(self):
        page = self.run_all([good_case()])["html"]
        policy = re.search('Content-Security-Policy" content="([^"]*)"', page)[1]
        for element in ("style", "script"):
            (content,) = re.findall(f"<{element}>(.*?)</{element}>", page, re.DOTALL)
            digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
            self.assertIn(f"{element}-src 'sha256-{digest}'", policy)


class OutputTest(ConformTest):
    """A report that cannot be written is refused before an adapter is started."""

    def assert_refused(self, *options):
        self.ran = run_command("--adapter", self.write_adapter(f"open({str(self.folder)!r} "
                               "+ '/started', 'w')"), *options)
        self.assertEqual(self.ran.returncode, 2, self.ran)
        self.assertFalse((self.folder / "started").exists())

    def test_a_folder(self):
        self.assert_refused("--html", self.folder)
        self.assertIn(str(self.folder), self.ran.stderr)

    def test_a_folder_that_cannot_be_made(self):
        (self.folder / "file").write_text("")
        self.assert_refused("--tap", self.folder / "file" / "report.tap")

    def test_a_name_that_is_too_long(self):
        self.assert_refused("--json", self.folder / ("x" * 252))
        self.assertIn("cannot be written", self.ran.stderr)

    def test_two_reports_in_one_file(self):
        path = self.folder / "report"
        self.assert_refused("--json", path, "--junit", self.folder / "." / "report")
        self.assertIn("share", self.ran.stderr)

    def test_an_older_report_is_replaced_and_others_may_read_it(self):
        path = self.folder / "report.json"
        path.write_text("old")
        link = self.folder / "link.json"
        link.symlink_to(path)
        run_command("--fixtures", self.write_fixtures([good_case()]), "--json", link)
        self.assertTrue(link.is_symlink())
        self.assertIn("results", json.loads(path.read_text()))
        mask = os.umask(0)
        os.umask(mask)
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o666 & ~mask)
        self.assertEqual([p for p in os.listdir(self.folder) if "part" in p], [])

    def test_standard_output_is_no_file_to_replace(self):
        fixtures = self.write_fixtures([good_case()])
        # Not /dev/stdout itself: a runner that is wrong here, and root's, would replace that.
        link = self.folder / "stdout"
        link.symlink_to("/proc/self/fd/1")
        done = run_command("--fixtures", fixtures, "--badge", link)
        self.assertIn('"schemaVersion": 1', done.stdout)
        self.assertTrue(link.is_symlink())

    def test_progress_on_a_terminal_alone(self):
        fixtures = self.write_fixtures([good_case()])
        ours, theirs = pty.openpty()
        done = subprocess.run([BINARY, "--fixtures", str(fixtures)], stdout=theirs, check=False,
                              timeout=conform.LIMIT_SECONDS)
        os.close(theirs)
        text = os.read(ours, 1 << 16).decode()
        os.close(ours)
        self.assertEqual(done.returncode, 0)
        self.assertIn("\r\x1b[K2 of 2  own-case", text)


class CompareTest(ConformTest):
    def report(self, name, cases):
        self.fixtures = self.fixtures if hasattr(self, "fixtures") else self.write_fixtures([])
        document = {"schema_version": "1.0", "area": "own", "cases": cases}
        (self.fixtures / "decisions" / "own.json").write_text(json.dumps(document))
        path = self.folder / name
        run_command("--fixtures", self.fixtures, "--policy", "coder-v1", "--json", path)
        return path

    def compare(self, before, after, status):
        path = self.folder / "differences.json"
        done = run_command("compare", before, after, "--json", path)
        self.assertEqual(done.returncode, status, done)
        differences = json.loads(path.read_text())
        self.assertEqual(differences["worse"], status == 1)
        return done.stdout, {(d["change"], d["id"]) for d in differences["differences"]}

    def test_changes_are_told_apart(self):
        before = self.report("a.json", [good_case(), failing_case(id="mended"),
                                        failing_case(id="dropped")])
        after = self.report("b.json", [failing_case(id="own-case"), good_case(id="mended"),
                                       good_case(id="added")])
        text, changes = self.compare(before, after, 1)
        self.assertEqual(changes, {("newly failing", "own-case"), ("newly passing", "mended"),
                                   ("new", "added"), ("gone", "dropped")})
        self.assertIn("pass -> fail", text)
        _, changes = self.compare(after, before, 1)
        self.assertIn(("no longer run", "added"), changes)

    def test_two_results_of_one_case_are_refused(self):
        path = self.report("a.json", [good_case()])
        document = json.loads(path.read_text())
        document["results"].append(document["results"][0])
        path.write_text(json.dumps(document))
        done = run_command("compare", path, path)
        self.assertEqual(done.returncode, 2, done)
        self.assertIn("a second result of own-case", done.stderr)

    def test_better_is_not_worse(self):
        before = self.report("a.json", [failing_case()])
        after = self.report("b.json", [good_case(id="bad-case")])
        self.compare(before, after, 0)
        self.compare(before, before, 0)

    def test_a_pass_that_is_gone_is_worse(self):
        before = self.report("a.json", [good_case(), good_case(id="dropped")])
        after = self.report("b.json", [good_case()])
        _, changes = self.compare(before, after, 1)
        self.assertEqual(changes, {("no longer run", "dropped")})

    def test_two_implementations_are_named_and_their_own_policies_meet(self):
        before = self.report("a.json", [good_case(), good_case(id="other")])
        after = self.report("b.json", [failing_case(id="own-case"), good_case(id="other")])
        for path, name in ((before, "one"), (after, "two")):
            path.write_text(path.read_text().replace('"policy": "coder-v1"', f'"policy": "{name}"')
                            .replace('"name": "keywalk"', f'"name": "{name}-gateway"'))
        text, changes = self.compare(before, after, 1)
        self.assertEqual(changes, {("newly failing", "own-case")})
        self.assertIn("worse with two-gateway\n  own-case  policy one and two  by ", text)
        self.assertIn("r0 attempts: expected k1, actual k0, k1", text)

    def test_other_attempts(self):
        before = self.report("a.json", [good_case()])
        text = before.read_text().replace('"k0",\n     "k1"', '"k1"')
        after = self.folder / "b.json"
        after.write_text(text)
        report, changes = self.compare(before, after, 0)
        self.assertEqual(changes, {("attempts differ", "own-case")})
        self.assertIn("before  r0: k0, k1", report)

    def test_wrong_input(self):
        good = self.report("a.json", [good_case()])
        bad = self.folder / "bad.json"
        for text, part in (("{", "bad.json"), ('{"schema_version": "2.0"}', "/schema_version"),
                           ("{}", "/schema_version"),
                           (good.read_text().replace('"pass"', '"fine"'), "/results/0/verdict"),
                           (good.read_text().replace('"title": "A', '"title": 7, "x": "A'),
                            "/results/0/title")):
            bad.write_text(text)
            for command in (("compare", good, bad), ("html", bad, "-o", self.folder / "x.html")):
                done = run_command(*command)
                self.assertEqual(done.returncode, 2, done)
                self.assertIn(part, done.stderr)
        self.assertEqual(run_command("compare", good).returncode, 2)
        self.assertEqual(run_command("compare", good, self.folder / "none").returncode, 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
