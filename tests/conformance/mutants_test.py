"""Goal: the suite tells good from bad. The good implementation passes every case and vector; each
mutant made from it fails those that name it; every case names one, or says why it does not.
Method: one run of keywalk-conform asks all pairs (mutants/pairs.py)."""

import json
import pathlib
import sys
import unittest

MUTANTS = pathlib.Path(__file__).parent / "mutants"
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(MUTANTS), str(ROOT / "conformance" / "examples")]

import bug  # noqa: E402
import catalogue  # noqa: E402, F401
import named  # noqa: E402
import pairs  # noqa: E402
import vectors  # noqa: E402

# Those that the specification lists at its end.
PUBLIC_ISSUES = (
    "maximhq/bifrost#6971",
    "elizaOS/eliza#22162",
    "router-for-me/CLIProxyAPI#5758",
    "BerriAI/litellm#40130",
    "deltawi/deltallm#247",
    "BerriAI/litellm#27823",
    "HKUDS/DeepTutor#1499",
    "maximhq/bifrost#5876",
    "coder/coder#27419",
    "coder/coder#26033",
    "QuantumNous/new-api#3536",
    "BerriAI/litellm#36896",
    "tbphp/gpt-load#170",
    "spring-cloud-gateway#1957",
    "spring-cloud-gateway#580",
    "BerriAI/litellm#17115",
    "openclaw#97314",
    "cherry-studio-app#1066",
    "BenedictKing/ccx#292",
    "tbphp/gpt-load#429",
)
FEWEST = 60


def survivors(way, asked):
    """What did not fail, with what happened instead: an error is no failure."""
    results = pairs.ask(way, asked)
    return [
        f"{mutant} by {case}: {results[mutant, case]['verdict']}"
        for mutant, case in asked
        if results[mutant, case]["verdict"] != "fail"
    ]


def named_pairs(way):
    return [
        (name, entry.id) for entry in named.load() if entry.way == way for name in entry.kills
    ]


class GoodOneTest(unittest.TestCase):
    """What the mutants are made from is itself no mutant: another language, another author."""

    def assert_passes(self, way, at_least, streams=False):
        report, output = pairs.conform(way, "--fixtures", pairs.FIXTURES, streams=streams)
        totals = report["totals"]
        bad = {verdict: totals[verdict] for verdict in ("fail", "error", "inconclusive")}
        self.assertFalse(any(bad.values()), output)
        self.assertGreater(totals["pass"], at_least, output)

    def test_passes_every_decision_case(self):
        self.assert_passes("decide", 400)

    def test_passes_what_it_declares_over_sockets(self):
        self.assert_passes("sockets", 400)

    def test_passes_what_it_declares_when_it_streams_bodies(self):
        self.assert_passes("sockets", 400, streams=True)

    def test_answers_every_vector(self):
        loaded = vectors.load()
        self.assertGreater(len(loaded), 300)
        self.assertEqual(vectors.failed(loaded), [])


class MutantsTest(unittest.TestCase):
    def test_each_is_killed_by_the_decision_cases_that_name_it(self):
        self.assertEqual(survivors("decide", named_pairs("decide")), [])

    def test_each_is_killed_by_the_scenarios_that_name_it(self):
        # Over sockets a bug may hide behind two things that happen at once: who survives is asked
        # again, alone. To be killed once is enough.
        left = survivors("sockets", named_pairs("sockets"))
        again = [tuple(line.split(":")[0].split(" by ")) for line in left]
        self.assertEqual(survivors("sockets", again) if again else [], [])

    def test_each_is_killed_by_the_vectors_that_name_it(self):
        killed_by = named.vectors_killed()
        pairs_of_vectors = named_pairs("vectors")
        self.assertTrue(pairs_of_vectors)
        left = [f"{m} by {v}" for m, v in pairs_of_vectors if m not in killed_by[v]]
        self.assertEqual(left, [])

    def test_every_case_names_one_and_each_is_named(self):
        self.assertEqual(named.faults(named.load(), bug.MUTANTS), [])

    def test_public_bugs_are_mutants(self):
        self.assertGreaterEqual(len(bug.MUTANTS), FEWEST)
        issues = {mutant.issue for mutant in bug.MUTANTS.values()}
        self.assertEqual([issue for issue in PUBLIC_ISSUES if issue not in issues], [])

    def test_mutants_json_is_up_to_date(self):
        """matrix.py writes it; here only what can be seen without asking anybody."""
        listed = json.loads((pairs.FIXTURES / "mutants.json").read_text())["mutants"]
        facts = {m["name"]: (m["title"], m.get("provenance", {}).get("issue")) for m in listed}
        self.assertEqual(facts, {m.name: (m.title, m.issue) for m in bug.MUTANTS.values()})
        kills = {mutant["name"]: set(mutant["kills"]) for mutant in listed}
        unknown = [
            f"{name} by {entry.id}"
            for entry in named.load()
            for name in entry.kills
            if entry.id not in kills[name]
        ]
        self.assertEqual(unknown, [])


class JudgeTest(unittest.TestCase):
    """The checks above fail when they should."""

    def entry(self, **members):
        value = {"id": "own-case", **members}
        return named.Entry(None, "decide", {}, value)

    def test_survivor_is_seen(self):
        good = ("no-bug", "walk-no-budget")
        self.assertEqual(survivors("decide", [good]), ["no-bug by walk-no-budget: pass"])

    def test_case_without_a_mutant_or_a_reason(self):
        self.assertEqual(
            named.faults([self.entry()], {}), ["own-case: neither kills nor kills_none"]
        )
        self.assertEqual(named.faults([self.entry(kills_none="kills nothing")], {}), [])

    def test_unknown_mutant(self):
        entry = self.entry(kills=["nobody"])
        self.assertEqual(named.faults([entry], {}), ["own-case: unknown mutant nobody"])

    def test_mutant_that_nobody_names(self):
        entry = self.entry(kills_none="kills nothing")
        found = named.faults([entry], {"someone": None})
        self.assertEqual(found, ["someone: no case names this mutant"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
