#!/usr/bin/env python3
"""Asks every mutant of every case (minutes), and writes what it has learnt into fixtures/: the
members `kills`, which name the most telling mutants of each case and vector, and mutants.json.

Names that still hold stay. --new asks only what it cannot know: of cases that name nobody yet, and
of mutants that are not in mutants.json."""

import argparse
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[2] / "conformance" / "examples")]

import bug  # noqa: E402
import catalogue  # noqa: E402
import layout  # noqa: E402
import named  # noqa: E402
import pairs  # noqa: E402

PAIRS_A_RUN = 2000
# Scenarios that hang on keys, not on bytes: only these are asked of mutants that are no gateway's.
AREAS_OF_KEYS = ("wire-seed", "wire-state", "crowd", "streaming", "headers")


def is_asked(mutant, case, way):
    if way == "decide":
        return mutant.room not in catalogue.OVER_SOCKETS_ONLY
    if mutant.room == "uploads" or pairs.is_streamed(case):
        return mutant.room == "uploads" and pairs.is_streamed(case)
    return mutant.room in catalogue.OVER_SOCKETS_ONLY or case["area"] in AREAS_OF_KEYS


def failures(way, cases, known):
    """{(mutant, case): result} of what failed of the pairs that are not known; over sockets twice
    in a row: a failure that hangs on a moment names nobody."""
    asked = [
        (name, case)
        for name, mutant in bug.MUTANTS.items()
        for case in cases
        if is_asked(mutant, cases[case], way) and not known.has(name, case)
    ]
    found = {}
    for at in range(0, len(asked), PAIRS_A_RUN):
        results = pairs.failed(pairs.ask(way, asked[at : at + PAIRS_A_RUN]))
        if way == "sockets":
            results = pairs.failed(pairs.ask(way, list(results)))
        found.update(results)
        print(f"{way}: {min(at + PAIRS_A_RUN, len(asked))} of {len(asked)} pairs asked", flush=True)
    return found


def attempts_of(result, case):
    """The mutant's own attempts by request; None if they are as they should be."""
    actual = {m["where"]: m["actual"] for m in result["mismatches"]}
    if not any(where.endswith(" attempts") for where in actual):
        return None
    attempts = {}
    for i, request in enumerate(case["requests"]):
        name = request.get("id", f"r{i}")
        text = actual.get(f"{name} attempts", ", ".join(request["expect"]["attempts"]))
        attempts[name] = [] if text in ("(none)", "") else text.split(", ")
    return attempts


def entry_of(mutant, kills, attempts):
    entry = {"name": mutant.name, "title": mutant.title}
    if mutant.issue:
        entry["provenance"] = {"issue": mutant.issue}
    return {**entry, "kills": kills, "attempts": attempts}


class Known:
    """What mutants.json and the fixtures tell already, so that only the rest is asked."""

    def __init__(self, mutants, entries):
        self.kills = {entry["name"]: entry["kills"] for entry in mutants}
        self.attempts = {entry["name"]: entry["attempts"] for entry in mutants}
        self.cases = {entry.id for entry in entries if entry.kills or entry.kills_none}

    def has(self, mutant, case):
        return mutant in self.kills and case in self.cases


def learn(known):
    """({case or vector: its killers}, {mutant: {case: attempts}})."""
    killed_by, attempts = named.vectors_killed(), {name: {} for name in bug.MUTANTS}
    for way in pairs.FOLDERS:
        cases = pairs.load_cases(way)
        for case in cases:
            killed_by[case] = {n for n in bug.MUTANTS if case in known.kills.get(n, [])}
            killed_by[case] = {n for n in killed_by[case] if known.has(n, case)}
            for name in killed_by[case]:
                if case in known.attempts[name]:
                    attempts[name][case] = known.attempts[name][case]
        for (name, case), result in failures(way, cases, known).items():
            killed_by[case].add(name)
            if own := attempts_of(result, cases[case]):
                attempts[name][case] = own
    return killed_by, attempts


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument(
        "--new", action="store_true", help="ask only cases that name nobody yet, and new mutants"
    )
    arguments = parser.parse_args()
    file = pairs.FIXTURES / "mutants.json"
    before = json.loads(file.read_text())["mutants"] if arguments.new and file.exists() else []
    killed_by, attempts = learn(Known(before, named.load()))
    listed = []
    for name, mutant in bug.MUTANTS.items():
        kills = [case for case, names in killed_by.items() if name in names]
        listed.append(entry_of(mutant, kills, dict(sorted(attempts[name].items()))))
    # The first that fits is named in a report: those that others have met before, then the special.
    listed.sort(key=lambda entry: ("provenance" not in entry, len(entry["kills"]), entry["name"]))
    document = {"$schema": "schema/mutants.schema.json", "schema_version": "1.0"}
    layout.write(file, {**document, "mutants": listed})
    chosen = named.choose(named.load(), killed_by, bug.MUTANTS)
    for changed in named.write(pairs.FIXTURES, chosen):
        print(f"changed {changed.relative_to(pairs.FIXTURES)}")
    for fault in named.faults(named.load(), bug.MUTANTS):
        print(fault)


if __name__ == "__main__":
    main()
