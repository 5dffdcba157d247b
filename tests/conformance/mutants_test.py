"""Goal: the suite tells good from bad. Each known-bad implementation fails the case that names it,
and the good one that it was made from passes that case. Method: mutants/mutants.py by `decide`."""

import concurrent.futures
import pathlib
import sys
import unittest

from conform import EXAMPLES, Run, python

MUTANTS = pathlib.Path(__file__).parent / "mutants"
sys.path[:0] = [str(MUTANTS), str(EXAMPLES)]

import mutants  # noqa: E402


def run(mutant, policy, select):
    adapter = python(MUTANTS / "mutant_adapter.py")
    arguments = ["--adapter", adapter, "--policy", policy]
    if select:
        arguments += ["--select", select]
    return Run(*arguments, environment={"KEYWALK_MUTANT": mutant})


class MutantsTest(unittest.TestCase):
    def test_the_good_ones_pass(self):
        for policy in mutants.GOOD:
            with self.subTest(policy=policy):
                good = run("", policy, None)
                self.assertEqual(good.status, 0, good)
                passed = {result["id"] for result in good.results("pass")}
                named = {case for _, (of, _, case) in mutants.MUTANTS.items() if of == policy}
                self.assertLessEqual(named, passed)

    def test_each_mutant_is_killed_by_its_case(self):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            runs = {
                name: pool.submit(run, name, policy, case)
                for name, (policy, _, case) in mutants.MUTANTS.items()
            }
        for name, (_, _, case) in mutants.MUTANTS.items():
            with self.subTest(mutant=name, case=case):
                killed = runs[name].result()
                self.assertEqual(killed.status, 1, killed)
                self.assertIn(case, {result["id"] for result in killed.results("fail")}, killed)


if __name__ == "__main__":
    unittest.main(verbosity=2)
