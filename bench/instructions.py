#!/usr/bin/env python3
"""Counts the instructions of the core's operations with Callgrind, against committed figures.

    bench/instructions.py --program build/bin/keywalk-instructions [--update]

Times vary from run to run; these counts do not, so that a few per cent can be asserted. They depend
on compiler, C library, flags and architecture: instructions.json has a list of figures for each
such build that was counted. A build that is not there is shown, and passes. --update writes what
was counted into the file.

Exit status: 0; 1 if an operation takes more or fewer instructions than committed, beyond the
tolerance; 2 for a wrong file or program; 77 without valgrind.
"""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from result_files import Document, WrongInput

FIGURES = pathlib.Path(__file__).with_name("instructions.json")
MEASURED = "MeasureOperation"  # instructions_main.cc
UPDATE_COMMAND = "make instructions UPDATE=1"
NO_VALGRIND = 77
MAX_SECONDS = 300
# Steps down are reported too: a figure that is too high would hide the next step up.
EXPLANATION = ("If the change is wanted, commit the new figures and say why in the message: "
               + UPDATE_COMMAND)


class CannotCount(Exception):
    pass


class Committed:
    """The file of figures: {build: {operation: instructions}}, and the tolerance."""

    def __init__(self, path):
        self.path = path
        self.document = Document(str(path))
        root = self.document.root
        version = self.document.member(root, "", "schema_version", str, "a string")
        if not re.fullmatch(r"1\.\d+", version):
            raise WrongInput(str(path), "/schema_version", f"{version} is not read here; 1.x is")
        self.tolerance_percent = self.document.number(root, "", "tolerance_percent")
        self.builds = self.document.member(root, "", "builds", dict, "an object")
        for build, figures in self.builds.items():
            at = "/builds/" + build.replace("~", "~0").replace("/", "~1")
            if not isinstance(figures, dict):
                raise WrongInput(str(path), at, "must be an object")
            for operation in figures:
                escaped = operation.replace("~", "~0").replace("/", "~1")
                if not self.document.number(figures, at, operation) > 0:
                    raise WrongInput(str(path), f"{at}/{escaped}", "must be above 0")

    def update(self, build, counts):
        """Writes the counts. If they are of other code than those committed for this build, then so
        are all other builds' figures: they are dropped, and returned, to be counted again there."""
        known = self.builds.get(build)
        dropped = []
        if known is not None and compare(counts, known, self.tolerance_percent)[1]:
            dropped = [name for name in self.builds if name != build]
        kept = {name: figures for name, figures in self.builds.items() if name not in dropped}
        self.document.root["builds"] = dict(sorted({**kept, build: counts}.items()))
        self.path.write_text(json.dumps(self.document.root, indent=2) + "\n", encoding="utf-8")
        return dropped


def run(command, folder=None):
    try:
        done = subprocess.run(command, cwd=folder, text=True, capture_output=True, check=False,
                              timeout=MAX_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotCount(f"{command[0]}: {error}") from error
    if done.returncode != 0:
        raise CannotCount(f"{' '.join(map(str, command))}: exit status {done.returncode}: "
                          f"{done.stderr.strip()[-500:]}")
    return done.stdout


def dumped_instructions(text):
    """What a dump of Callgrind counted."""
    match = re.search(r"^events: Ir\nsummary: (\d+)$", text, re.MULTILINE)
    if not match:
        raise CannotCount("a dump of Callgrind without a summary of Ir")
    return int(match.group(1))


def per_operation(calls, dumps):
    """{name: instructions} from lines "NAME TIMES" and the dump of each call."""
    if not calls or len(calls) != len(dumps):
        raise CannotCount(f"{len(calls)} operations, but {len(dumps)} dumps")
    counts = {}
    for line, dump in zip(calls, dumps):
        name, times = line.rsplit(" ", 1)
        counts[name] = round(dumped_instructions(dump) / int(times), 2)
    return counts


def count(program):
    """One run of all operations; Callgrind dumps its counters after each measured call."""
    with tempfile.TemporaryDirectory() as folder:
        output = run(["valgrind", "--quiet", "--tool=callgrind", "--callgrind-out-file=dump",
                      "--collect-atstart=no", f"--toggle-collect={MEASURED}",
                      f"--dump-after={MEASURED}", program], folder)
        dumps, number = [], 1
        while (path := pathlib.Path(folder, f"dump.{number}")).exists():
            dumps.append(path.read_text(encoding="utf-8"))
            number += 1
        return per_operation(output.splitlines(), dumps)


def compare(counts, figures, tolerance_percent):
    """Lines of a table, and how many operations are not as committed."""
    lines, wrong = [], 0
    for name in [*counts, *(name for name in figures if name not in counts)]:
        counted, committed = counts.get(name), figures.get(name)
        if counted is None:
            text = f"{'-':>10}{committed:>12.2f}{'':>10}  GONE: it is no longer counted"
        elif committed is None:
            text = f"{counted:>10.2f}{'-':>12}{'':>10}  NEW: it has no committed figure"
        else:
            percent = (counted / committed - 1) * 100
            text = f"{counted:>10.2f}{committed:>12.2f}{percent:>+9.2f}%"
            if abs(percent) <= tolerance_percent:
                lines.append(f"{name:44}{text}")
                continue
            text += "  MORE" if percent > 0 else "  FEWER"
        wrong += 1
        lines.append(f"{name:44}{text}")
    return lines, wrong


def report(build, counts, committed):
    """Text whose first line says how it went, and whether all is as committed."""
    if build not in committed.builds:
        lines = [f"NO COMMITTED FIGURE for this build ({build}): "
                 f"{len(counts)} operations counted, none compared; {UPDATE_COMMAND} adds it"]
        return lines + [f"{name:44}{counted:>10.2f}" for name, counted in counts.items()], True
    tolerance = committed.tolerance_percent
    lines, wrong = compare(counts, committed.builds[build], tolerance)
    head = [f"{len(lines) - wrong} of {len(lines)} operations within {tolerance:g} % of the "
            f"committed figures for {build}", f"{'':44}{'counted':>10}{'committed':>12}"]
    return head + lines + ([EXPLANATION] if wrong else []), wrong == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--program", required=True, type=pathlib.Path)
    parser.add_argument("--figures", default=FIGURES, type=pathlib.Path)
    parser.add_argument("--report", type=pathlib.Path, help="a file for what is printed, too")
    parser.add_argument("--update", action="store_true", help="commit to what is counted")
    arguments = parser.parse_args()
    if not shutil.which("valgrind"):
        print("instructions: no valgrind: nothing is counted (apt-get install valgrind)")
        return NO_VALGRIND
    try:
        committed = Committed(arguments.figures)
        program = arguments.program.resolve()
        build = run([program, "--build"]).strip()
        counts = count(program)
        lines, as_committed = report(build, counts, committed)
        dropped = committed.update(build, counts) if arguments.update else []
    except (CannotCount, WrongInput) as error:
        print(f"instructions: {error}", file=sys.stderr)
        return 2
    print(*lines, sep="\n")
    if arguments.report:
        arguments.report.parent.mkdir(parents=True, exist_ok=True)
        arguments.report.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if arguments.update:
        print(f"written to {arguments.figures}")
        for name in dropped:
            print(f"dropped, as it was of the code before; count it there again: {name}")
        return 0
    return 0 if as_committed else 1


if __name__ == "__main__":
    sys.exit(main())
