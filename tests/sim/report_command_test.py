"""Goal: keywalk-sim compare and merge as an operator or a batch system calls them.
Method: the command on worlds of sim/worlds and on one of the test's own; what it writes is checked
against the schema."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

try:
    import jsonschema
except ImportError:
    jsonschema = None

SKIPPED = 77
ROOT = pathlib.Path(__file__).resolve().parents[2]
WORLD = {
    "schema_version": "1.0",
    "name": "small",
    "duration_ms": 120000,
    "clients": [{"name": "app", "arrivals": {"kind": "poisson", "per_second": 3},
                 "retries": {"max": 1}}],
    "keys": [{"name": "k", "count": 3, "model": {"provider": "openai", "limits": [
        {"kind": "fixed_window", "count": "requests", "limit": 50, "per": "minute"}]}}],
    "network": {"service_ms": 100},
}


def run(*arguments):
    return subprocess.run([os.environ["KEYWALK_SIM"], *map(str, arguments)], text=True,
                          capture_output=True, timeout=240)


class ReportCommandTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.world = self.folder / "world.json"
        self.world.write_text(json.dumps(WORLD))

    def report(self, name, *arguments):
        path = self.folder / name
        done = run("compare", self.world, *arguments, "--json", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        return path, done.stdout

    def test_json_follows_its_schema(self):
        schema = json.loads((ROOT / "fixtures/schema/sim_report.schema.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        world = jsonschema.Draft202012Validator(
            json.loads((ROOT / "fixtures/schema/world.schema.json").read_text()))
        for arguments in (["--seed", "3"], ["--seeds", "1..3", "--timelines", "2"]):
            path, _ = self.report("report.json", *arguments)
            document = json.loads(path.read_text())
            errors = [f"/{'/'.join(map(str, error.path))}: {error.message[:200]}"
                      for error in validator.iter_errors(document)]
            self.assertEqual(errors, [])
            self.assertEqual([error.message for error in world.iter_errors(document["world"])], [])
            kept = [run for run in document["policies"][0]["runs"] if "timeline" in run]
            self.assertEqual(len(kept), 1 if arguments[0] == "--seed" else 2)
            # The schema sees what does not belong there.
            document["policies"][0]["runs"][0]["keys"][0]["unheard_of"] = 1
            self.assertTrue(list(validator.iter_errors(document)))

    def test_seed_ranges_run_elsewhere_are_merged(self):
        whole, table = self.report("whole.json", "--seeds", "1..4")
        first, _ = self.report("first.json", "--seeds", "1..2")
        second, _ = self.report("second.json", "--seeds", "3..4", "--timelines", "0")
        merged = self.folder / "merged.json"
        page = self.folder / "merged.html"
        done = run("merge", first, second, "--json", merged, "--html", page)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(merged.read_text(), whole.read_text())
        self.assertEqual(done.stdout, table)
        self.assertIn("<!DOCTYPE html>", page.read_text())

    def test_policies_of_other_gateways_are_compared(self):
        others = sorted(ROOT.glob("conformance/implementations/*/policy.json"))
        self.assertGreaterEqual(len(others), 4)
        done = run("compare", self.world, "--policy", "coder-v1,coder-v2",
                   *(argument for path in others for argument in ("--policy", path)))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for name in ("coder-v1", "coder-v2",
                     *(json.loads(path.read_text())["name"] for path in others)):
            self.assertIn(name, done.stdout)

    def test_without_a_policy_the_two_of_coder_are_compared(self):
        _, table = self.report("report.json")
        self.assertIn("coder-v1", table)
        self.assertIn("coder-v2", table)

    def test_wrong_use_exits_with_2(self):
        missing = self.folder / "missing.json"
        for arguments, said in (
                (["compare"], "WORLD"),
                (["compare", missing], str(missing)),
                (["compare", self.world, "--policy", "unheard-of"], "unheard-of"),
                (["compare", self.world, "--seeds", "3..1"], "first seed"),
                (["compare", self.world, "--seed", "1", "--seeds", "1..2"], "--seed"),
                (["compare", self.world, "--jobs", "0"], "--jobs"),
                (["compare", self.world, "--json", self.folder], "cannot be written"),
                (["merge"], "RESULTS"),
                (["merge", self.world], "/kind"),
                (["merge", missing], str(missing)),
        ):
            done = run(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(said, done.stderr, arguments)
            self.assertEqual(done.stdout, "", arguments)


if __name__ == "__main__":
    if jsonschema is None or not hasattr(jsonschema, "Draft202012Validator"):
        print("report test NOT RUN: python3-jsonschema 4 or newer is not installed",
              file=sys.stderr)
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
