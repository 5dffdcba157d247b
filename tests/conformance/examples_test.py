"""Goal: an independent implementation in another language passes everything it declares, and a bug
in it is caught. Method: the example adapters as they stand, and a patched copy."""

import shutil
import unittest

from conform import EXAMPLES, ConformTest, Run, python


class ExampleAdapterTest(ConformTest):
    def assert_passes(self, run, at_least):
        self.assertEqual(run.status, 0, run)
        self.assertGreaterEqual(len(run.results("pass")), at_least, run)

    def test_library_passes_what_it_declares(self):
        run = Run("--adapter", python(EXAMPLES / "adapter.py"))
        self.assert_passes(run, 100)
        self.assertEqual({result["way"] for result in run.results("pass")}, {"decide"}, run)

    def test_gateway_passes_what_it_declares(self):
        run = Run("--adapter", python(EXAMPLES / "wire_adapter.py"))
        self.assert_passes(run, 100)
        self.assertEqual({result["way"] for result in run.results("pass")}, {"sockets"}, run)

    def test_launched_gateway_passes_what_it_declares(self):
        run = Run("--launch", EXAMPLES / "gateway.launch.json")
        self.assert_passes(run, 50)
        self.assertEqual({result["way"] for result in run.results("pass")}, {"sockets"}, run)

    def assert_bug_is_caught(self, adapter, bug):
        copy = self.folder / "examples"
        shutil.copytree(EXAMPLES, copy)
        library = copy / "keypool.py"
        good = library.read_text()
        self.assertIn(bug[0], good)
        library.write_text(good.replace(*bug))
        run = Run("--adapter", python(copy / adapter))
        self.assertEqual(run.status, 1, run)
        self.assertTrue(run.results("fail"), run)

    def test_bug_in_the_library_is_caught(self):
        self.assert_bug_is_caught("adapter.py", ("in (401, 403)", "in (401, 403, 404)"))

    def test_bug_in_the_library_is_caught_over_sockets(self):
        self.assert_bug_is_caught("wire_adapter.py", ("status == 429", "status == 529"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
