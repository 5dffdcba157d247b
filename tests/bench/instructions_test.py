"""Goal: bench/instructions.py passes what is as committed, and nothing else.
Method: a valgrind and a program of the test's own, so that every count is made up; the command's
exit status and words, and the file of figures."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = "gcc 12, made up"
VALGRIND = """#!/bin/sh
cp "$KEYWALK_TEST_DUMPS"/dump.* . && cat "$KEYWALK_TEST_DUMPS/calls"
"""


def dump(instructions):
    return f"version: 1\n\npositions: line\nevents: Ir\nsummary: {instructions}\n\nfn=(1) main\n"


class InstructionsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.script("valgrind", VALGRIND)
        self.program = self.script("program", f"#!/bin/sh\necho '{BUILD}'\n")
        self.figures = self.folder / "figures.json"
        self.commit({"ask": 45.1, "mark": 51.0})

    def script(self, name, text):
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def commit(self, figures, **members):
        self.figures.write_text(json.dumps({"schema_version": "1.0", "tolerance_percent": 3,
                                            "builds": {BUILD: figures}, **members}))

    def run_counted(self, counts, *arguments, path=None):
        """The command's result where Callgrind counts that much, for 100 calls of each."""
        (self.folder / "calls").write_text("".join(f"{name} 100\n" for name in counts))
        for number, instructions in enumerate(counts.values(), 1):
            (self.folder / f"dump.{number}").write_text(dump(round(instructions * 100)))
        return self.run_command(*arguments, path=path)

    def run_command(self, *arguments, path=None):
        environment = {**os.environ, "KEYWALK_TEST_DUMPS": str(self.folder),
                       "PATH": path or f"{self.folder}:{os.environ['PATH']}"}
        return subprocess.run(
            [sys.executable, "-B", ROOT / "bench/instructions.py", "--program", self.program,
             "--figures", self.figures, *arguments],
            env=environment, text=True, capture_output=True, timeout=60)

    def test_within_the_tolerance(self):
        done = self.run_counted({"ask": 45.1 * 1.02, "mark": 51.0 * 0.98})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("2 of 2 operations within 3 %", done.stdout)

    def test_five_per_cent_more_or_fewer(self):
        for factor, word in ((1.05, "MORE"), (0.95, "FEWER")):
            done = self.run_counted({"ask": 45.1 * factor, "mark": 51.0})
            self.assertEqual(done.returncode, 1, done.stdout)
            lines = [line for line in done.stdout.splitlines() if line.endswith(word)]
            self.assertEqual([line.split()[0] for line in lines], ["ask"], done.stdout)
            self.assertIn("make instructions UPDATE=1", done.stdout)

    def test_an_operation_without_a_figure_and_a_figure_without_an_operation(self):
        done = self.run_counted({"ask": 45.1, "walk": 252})
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"walk .* NEW")
        self.assertRegex(done.stdout, r"mark .* GONE")

    def test_a_build_without_figures_passes_and_says_so(self):
        self.commit({}, builds={"gcc 11": {"ask": 1}})
        done = self.run_counted({"ask": 45.1})
        self.assertEqual(done.returncode, 0)
        self.assertTrue(done.stdout.startswith("NO COMMITTED FIGURE"), done.stdout)
        self.assertIn(BUILD, done.stdout)
        self.assertRegex(done.stdout, r"ask +45\.10")

    def test_update_of_a_build_that_was_not_there_keeps_the_others(self):
        self.commit({}, builds={"gcc 11": {"ask": 1}})
        done = self.run_counted({"ask": 45.1, "mark": 51.0}, "--update")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(self.figures.read_text())["builds"],
                         {"gcc 11": {"ask": 1}, BUILD: {"ask": 45.1, "mark": 51.0}})
        self.assertEqual(self.run_counted({"ask": 45.1, "mark": 51.0}).returncode, 0)

    def test_update_drops_what_other_builds_counted_of_the_code_before(self):
        for counted, others in ((45.2, ["gcc 11"]), (60, [])):
            self.commit({}, builds={"gcc 11": {"ask": 40}, BUILD: {"ask": 45.1}})
            done = self.run_counted({"ask": counted}, "--update")
            builds = json.loads(self.figures.read_text())["builds"]
            self.assertEqual(builds.pop(BUILD), {"ask": counted})
            self.assertEqual(list(builds), others)
            self.assertEqual("dropped" in done.stdout, not others)

    def test_report_file_has_what_is_printed(self):
        path = self.folder / "report" / "instructions.txt"
        done = self.run_counted({"ask": 50, "mark": 51.0}, "--report", path)
        self.assertEqual(path.read_text(), done.stdout)

    def test_wrong_files_of_figures(self):
        for text, words in (("{", "not JSON"), ("[]", "/: must be an object"),
                            ('{"schema_version": "2.0"}', "/schema_version: 2.0 is not read"),
                            ('{"schema_version": "1.0"}', "/tolerance_percent: is missing")):
            self.figures.write_text(text)
            self.assert_wrong(self.run_counted({"ask": 1}), words)
        self.commit({"a/sk": 0})
        self.assert_wrong(self.run_counted({"a/sk": 1}), "/builds/gcc 12, made up/a~1sk: must be")

    def assert_wrong(self, done, words):
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn(f"{self.figures}: {words}" if words.startswith("/") else words, done.stderr)

    def test_counts_that_are_not_all_there(self):
        self.run_counted({"ask": 45.1, "mark": 51.0})
        (self.folder / "dump.2").unlink()
        done = self.run_command()
        self.assertEqual(done.returncode, 2)
        self.assertIn("2 operations, but 1 dumps", done.stderr)

    def test_a_program_that_fails(self):
        self.script("program", "#!/bin/sh\necho 'cannot go on' >&2\nexit 3\n")
        done = self.run_counted({"ask": 45.1})
        self.assertEqual(done.returncode, 2)
        self.assertIn("exit status 3: cannot go on", done.stderr)

    def test_without_valgrind_it_is_skipped(self):
        done = self.run_counted({"ask": 45.1}, path=str(self.folder / "nothing"))
        self.assertEqual(done.returncode, 77)
        self.assertIn("valgrind", done.stdout)


if __name__ == "__main__":
    unittest.main()
