"""Asks mutants of cases: a pair (mutant, case) is the case once more, under the id CASE--MUTANT, in
a suite of its own, so that one run of keywalk-conform asks hundreds of them."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

ADAPTER = pathlib.Path(__file__).parent / "adapter.py"
FIXTURES = ADAPTER.parents[3] / "fixtures"
BINARY = os.environ.get("KEYWALK_CONFORM", "keywalk-conform")
LIMIT_SECONDS = 1200
CRASH = "crash of the gateway:"  # good/gateway.py prints it
FOLDERS = {"decide": "decisions", "sockets": "scenarios"}


def load_cases(way, fixtures=FIXTURES):
    """The cases of that way by their ids, each with its area."""
    cases = {}
    for file in sorted((fixtures / FOLDERS[way]).glob("*.json")):
        document = json.loads(file.read_text())
        for case in document["cases"]:
            cases[case["id"]] = {**case, "area": document["area"]}
    return cases


def of_mutant(case, mutant):
    """The case as it is asked of a mutant: under the first of its policies."""
    kept = {k: v for k, v in case.items() if k not in ("area", "kills", "kills_none")}
    return {**kept, "id": f"{case['id']}--{mutant}", "policies": case["policies"][:1]}


def write_suite(folder, way, pairs, cases):
    for name in ("clauses.json", "policies"):
        (folder / name).symlink_to(FIXTURES / name)
    (folder / FOLDERS[way]).mkdir()
    listed = [of_mutant(cases[case], mutant) for mutant, case in pairs]
    document = {"schema_version": "1.0", "area": "pairs", "cases": listed}
    (folder / FOLDERS[way] / "pairs.json").write_text(json.dumps(document))


def is_streamed(case):
    """Is it for gateways that send a body on while it comes?"""
    return "body.streamed" in case.get("requires", [])


def conform(way, *arguments, streams=False):
    """A run of keywalk-conform on the mutants: its report, and what it printed. `streams`: their
    attempts begin with the first bytes of a body."""
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "report.json"
        command = [BINARY, "--adapter", f"exec {sys.executable} -B {ADAPTER}"]
        command += ["--log-level", "info"]
        done = subprocess.run(
            [*command, "--jobs", "12", "--json", str(report), *map(str, arguments)],
            env={
                **os.environ,
                "KEYWALK_MUTANT_WAY": way,
                "KEYWALK_MUTANT_BODY": "stream" if streams else "buffer",
            },
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
        if done.returncode not in (0, 1) or CRASH in done.stderr:
            raise RuntimeError(done.stderr)
        return json.loads(report.read_text()), done.stdout


def ask(way, pairs):
    """{(mutant, case): its result in keywalk-conform's report}."""
    cases, results = load_cases(way), {}
    for streams in (False, True):
        asked = [pair for pair in pairs if is_streamed(cases[pair[1]]) == streams]
        results.update(ask_together(way, asked, cases, streams))
    return results


def ask_together(way, pairs, cases, streams):
    if not pairs:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        write_suite(pathlib.Path(folder), way, pairs, cases)
        report, _ = conform(way, "--fixtures", folder, streams=streams)
    results = {}
    for result in report["results"]:
        case, mutant = result["id"].split("--")
        results.setdefault((mutant, case), result)
    return results


def failed(results):
    return {pair: result for pair, result in results.items() if result["verdict"] == "fail"}
