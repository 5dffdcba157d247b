"""Goal: the suite can fail. Every case of must_fail/ expects what the reference, rightly, does not
do; the runner says so of each, with the place. And it refuses every wrong document.
Method: must_fail/verdicts.json tells which verdict each way of running a case must give, and what
it must be about; fixtures/refusals.json tells the message for each of fixtures/invalid/cases/."""

import json
import pathlib
import shutil
import unittest

from conform import FIXTURES, ConformTest, Run

SUITE = pathlib.Path(__file__).parent / "must_fail"
# 20 and more of what `expect` can hold: fewer and somebody has emptied the suite.
AT_LEAST = 43


class MustFailSuiteTest(ConformTest):
    def test_every_case_gets_its_verdict(self):
        for name in ("clauses.json", "policies", "schema"):
            (self.folder / name).symlink_to(FIXTURES / name)
        for name in ("decisions", "scenarios"):
            (self.folder / name).symlink_to(SUITE / name)
        verdicts = json.loads((SUITE / "verdicts.json").read_text())
        self.assertGreaterEqual(len(verdicts), AT_LEAST)
        run = Run("--fixtures", self.folder)
        self.assertEqual(run.status, 1, run)
        actual = {}
        for result in run.report["results"]:
            actual.setdefault(result["id"], {})[result["way"]] = result
        self.assertEqual(set(actual), set(verdicts))
        for case, expected in verdicts.items():
            expected = dict(expected)
            where = expected.pop("where", None)
            with self.subTest(case=case):
                got = {way: result["verdict"] for way, result in actual[case].items()}
                self.assertEqual(got, expected)
                for result in actual[case].values():
                    if where:
                        places = [mismatch["where"] for mismatch in result["mismatches"]]
                        self.assertTrue([p for p in places if p.startswith(where)], places)
                    else:
                        self.assertRegex(result["reason"], "did not fire|never fired")


class WrongVectorTest(ConformTest):
    def test_a_wrong_vector_fails(self):
        folder = self.write_fixtures([])
        vector = {"id": "wrong", "title": "t", "clauses": ["secret/1"]}
        vector.update(input={"key": "abcdef"}, expect={"hint": "abcdef"})
        document = {"schema_version": "1.0", "function": "mask", "vectors": [vector]}
        (folder / "vectors").mkdir()
        (folder / "vectors" / "mask.json").write_text(json.dumps(document))
        run = Run("--fixtures", folder)
        self.assertEqual([result["id"] for result in run.results("fail")], ["mask/wrong"], run)


class InvalidCasesTest(ConformTest):
    def test_every_invalid_document_is_refused_with_its_message(self):
        for name in ("clauses.json", "policies"):
            (self.folder / name).symlink_to(FIXTURES / name)
        (self.folder / "decisions").mkdir()
        place = self.folder / "decisions" / "wrong.json"
        refusals = json.loads((FIXTURES / "refusals.json").read_text())["refusals"]
        listed = set()
        for refusal in refusals:
            if refusal["kind"] != "cases":
                continue
            listed.add(refusal["file"])
            shutil.copyfile(FIXTURES / refusal["file"], place)
            with self.subTest(file=refusal["file"]):
                run = Run("--fixtures", self.folder, "--list")
                self.assertEqual(run.status, 2, run)
                self.assertIn("decisions/wrong.json: ", run.errors)
                self.assertIn(refusal["message"], run.errors)
        there = {f"invalid/cases/{path.name}" for path in (FIXTURES / "invalid/cases").iterdir()}
        self.assertEqual(listed, there)


if __name__ == "__main__":
    unittest.main(verbosity=2)
