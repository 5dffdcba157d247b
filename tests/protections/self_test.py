"""That nothing is taken for noticed which was not seen with these sources."""

import json
import os
import select
import subprocess
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import proof
import results
import sources

CONTROL, SWITCHED = (None, "Some.Test"), ("some/switch", "Some.Test")


class SourcesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root, self.copied = Path(folder.name) / "root", Path(folder.name) / "copy"
        self.root.mkdir()
        subprocess.run(["git", "init", "-q"], cwd=self.root, check=True)
        self.write("a_test.py", "strict")
        self.write(".gitignore", "ignored")
        subprocess.run(["git", "add", "."], cwd=self.root, check=True)

    def write(self, name, text):
        (self.root / name).write_text(text, encoding="utf-8")

    def mark(self):
        with mock.patch("sources.patched_files", return_value=set()):
            return sources.copy(self.root, self.copied)

    def test_any_file_changes_the_mark(self):
        marks = [self.mark()]
        self.assertEqual(self.mark(), marks[0])
        self.write("ignored", "output")
        self.assertEqual(self.mark(), marks[0])
        self.write("a_test.py", "weaker")
        marks.append(self.mark())
        self.write("fixture.json", "{}")
        marks.append(self.mark())
        (self.root / "a_test.py").chmod(0o755)
        marks.append(self.mark())
        self.assertEqual(len(set(marks)), len(marks))

    def test_a_file_that_is_gone_is_gone_in_the_copy(self):
        self.write("fixture.json", "{}")
        self.mark()
        (self.root / "fixture.json").unlink()
        self.mark()
        self.assertFalse((self.copied / "fixture.json").exists())
        self.assertTrue((self.copied / "a_test.py").exists())

    def test_files_that_are_no_copy_stay(self):
        self.copied.mkdir()
        (self.copied / "somebody's").write_text("own", encoding="utf-8")
        self.mark()
        self.assertTrue((self.copied / "somebody's").exists())


class ResultsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "results.json"

    def tried(self, mark, again=False):
        """Which of the two are tried."""
        at = []

        def outcome_of(index):
            at.append(index)
            return proof.Outcome(index == 0, "said")
        with mock.patch("builtins.print"):
            results.Results(self.path, mark, fresh=False).fill(
                [CONTROL, SWITCHED], outcome_of, 1, again)
        return at

    def test_other_sources_are_tried_anew_and_the_control_too(self):
        self.assertEqual(self.tried("one"), [0, 1])
        self.assertEqual(self.tried("one"), [])
        self.assertEqual(self.tried("one", again=True), [0, 1])
        self.assertEqual(self.tried("two"), [0, 1])
        marks = {entry["mark"] for entry in json.loads(self.path.read_text())["results"]}
        self.assertEqual(marks, {"two"})


class RunTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.pipe = Path(folder.name) / "pipe"  # closed when the last that has opened it is gone
        os.mkfifo(self.pipe)
        self.end = os.open(self.pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, self.end)

    def expect_all_gone(self):
        ready, _, _ = select.select([self.end], [], [], 20)
        self.assertTrue(ready, "a process is left")
        self.assertEqual(os.read(self.end, 100), b"")

    def test_what_it_leaves_behind_is_ended(self):
        script = f"exec 3>{self.pipe}; sleep 100 & echo said; exit 3"
        self.assertEqual(proof.run(["sh", "-c", script], 60), (3, "said\n"))
        self.expect_all_gone()

    def test_what_does_not_end_is_ended_with_its_children(self):
        script = f"exec 3>{self.pipe}; echo said; sleep 100; true"
        self.assertEqual(proof.run(["sh", "-c", script], 0.5), (None, "said\n"))
        self.expect_all_gone()


if __name__ == "__main__":
    unittest.main()
