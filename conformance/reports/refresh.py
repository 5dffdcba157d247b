#!/usr/bin/env python3
"""Tries implementations again and keeps what comes of it: refresh.py [NAME...]

Runs keywalk-conform (KEYWALK_CONFORM, or the one on the PATH) at the root of the source tree on
each of them, all without NAME: gateways under the policy file of their documentation and under
coder-v1, three times each case; libraries under what they declare. Writes DATE-NAME.json, without
timelines and the like, in place of the older report, and the numbers into README.md. An
implementation must be installed as its README says; one that is not keeps its report."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
IMPLEMENTATIONS = pathlib.Path("conformance/implementations")
SPEC = "coder-v1"
# What is of no use without the machine that it ran on, or can be had again by `command`.
LEFT_OUT = ("timeline", "requests", "repeat", "behaves_like")


def gateway(name):
    folder = IMPLEMENTATIONS / name
    policy = json.loads((ROOT / folder / "policy.json").read_text())["name"]
    return ["--launch", folder / f"{name}.launch.json", "--policy", policy, "--policy", SPEC,
            "--repeat", "3"]  # fmt: skip


def go_library():
    subprocess.run(["go", "build", "-o", ROOT / "build/keypool-go", "."], check=True,
                   cwd=ROOT / IMPLEMENTATIONS / "go-library")  # fmt: skip
    return ["--adapter", "build/keypool-go"]


GATEWAYS = ("nginx", "haproxy", "portkey", "litellm")
OPTIONS = {
    **{name: lambda name=name: gateway(name) for name in GATEWAYS},
    "go-library": go_library,
    "python-library": lambda: [
        "--adapter", f"python3 {IMPLEMENTATIONS}/python-library/adapter.py"],
}  # fmt: skip


def run(name):
    """The report of a run, or None if there could be none."""
    program = os.environ.get("KEYWALK_CONFORM", "keywalk-conform")
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        command = [program, "--fixtures", "fixtures", *OPTIONS[name](), "--json", file.name]
        done = subprocess.run(list(map(str, command)), cwd=ROOT, stdout=subprocess.DEVNULL,
                              check=False)  # fmt: skip
        return json.load(open(file.name, encoding="utf-8")) if done.returncode in (0, 1) else None


def shorten(report):
    for result in report["results"]:
        for member in LEFT_OUT:
            result.pop(member, None)
    report["results"] = [result for result in report["results"] if result["way"] != "vector"]
    for verdict in report["totals"]:
        report["totals"][verdict] = sum(r["verdict"] == verdict for r in report["results"])


def as_text(report):
    head = {member: value for member, value in report.items() if member != "results"}
    rows = ",\n".join(json.dumps(result, ensure_ascii=False) for result in report["results"])
    return f'{json.dumps(head, ensure_ascii=False)[:-1]}, "results": [\n{rows}\n]}}\n'


def numbers(report, spec):
    """Passed, failed and unsteady cases under SPEC's policies, or under its own."""
    verdicts = [result["verdict"] for result in report["results"]
                if result["policy"].startswith("coder-") is spec]  # fmt: skip
    passed = verdicts.count("pass")
    failed = verdicts.count("fail") + verdicts.count("error")
    unsteady = verdicts.count("flaky") + verdicts.count("inconclusive")
    return f"{passed} / {failed} / {unsteady}" if passed + failed + unsteady else "-"


def keep(name, report):
    date = report["started_at"][:10]
    for old in HERE.glob(f"????-??-??-{name}.json"):
        old.unlink()
    (HERE / f"{date}-{name}.json").write_text(as_text(report))
    readme = HERE / "README.md"
    row = re.compile(rf"^\| \[([^\]]*)\]\([^)]*-{name}\.json\) \|(?:[^|]*\|){{4}}", re.MULTILINE)
    cells = [f"[{{}}]({date}-{name}.json)", report["implementation"]["version"], date,
             numbers(report, spec=False), numbers(report, spec=True)]  # fmt: skip
    text, count = row.subn(lambda old: f"| {' | '.join(cells).format(old[1])} |",
                           readme.read_text())  # fmt: skip
    if count != 1:
        sys.exit(f"README.md has {count} rows for {name}")
    readme.write_text(text)


def main(names):
    for name in names or OPTIONS:
        report = run(name)
        if report is None or all(r["verdict"] in ("error", "skipped") for r in report["results"]):
            print(f"{name}: could not be run; its report stays as it was", file=sys.stderr)
            continue
        shorten(report)
        keep(name, report)
        print(name, report["totals"])


if __name__ == "__main__":
    main(sys.argv[1:])
