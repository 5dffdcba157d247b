#!/usr/bin/env python3
"""Tries the switches of SECURITY.md's protections: the tests that each names have to notice.

    run.py --build FOLDER [--jobs N] [--select NAME...] [--json FILE] [--markdown FILE] [--fresh]
    run.py --check      only that every switch has its place and every row of SECURITY.md a switch
    run.py --list

The sources are copied into FOLDER with all switches built in, and compiled once. What has come out
is kept in the JSON file as it comes; a run that was interrupted goes on from there, unless --fresh
or any file of the project has changed.
Exit code: 0 if every test noticed, 1 if one did not (or fails with nothing switched off), 2 for
wrong use.
"""

import argparse
import hashlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import by_clients
import by_steps
import by_upstreams
import on_the_machine
import proof
import results
import sources
from switch import SWITCHES, Stale, patched, patched_files, without_flag

ROOT = Path(__file__).resolve().parents[2]
assert all((by_clients, by_steps, by_upstreams, on_the_machine))  # they fill SWITCHES
BUILT_FROM = "built_from"  # holds the mark of the sources that the programs are of


def rows():
    """The rows of SECURITY.md: threats, each with the names of its proofs."""
    found = {}
    for line in (ROOT / "SECURITY.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("| ") and not line.startswith("| threat |"):
            cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
            found[cells[0]] = re.findall(r"`([^`]+)`", cells[-1])
    return found


def _is_of(name, proofs):
    return name in proofs or name.split("/")[0] + "/" in proofs


def unswitched():
    """The proofs that no switch is known to make fail, or a case of theirs."""
    killed = {name for one in SWITCHES for name in one.kills}
    return sorted({proof for proofs in rows().values() for proof in proofs
                   if proof not in killed
                   and not any(proof.endswith("/") and name.startswith(proof) for name in killed)})


def check():
    """What is wrong with the switches themselves."""
    known = rows()
    names = [one.name for one in SWITCHES]
    for name in {name for name in names if names.count(name) > 1}:
        yield f"two switches are called {name}"
    for one in SWITCHES:
        for threat in one.threats:
            if threat not in known:
                yield f"{one.name}: SECURITY.md has no row \"{threat}\""
        proofs = [name for threat in one.threats for name in known.get(threat, ())]
        for name in one.kills:
            if not _is_of(name, proofs):
                yield f"{one.name}: its row does not name the test {name}"
        if not one.kills:
            yield f"{one.name}: kills nothing"
    for threat in known:
        if not any(threat in one.threats for one in SWITCHES):
            yield f"SECURITY.md: nothing switches off what protects against \"{threat}\""
    for one in SWITCHES:
        try:
            if one.is_flag:
                without_flag(ROOT, one)
        except (Stale, OSError) as error:
            yield f"{one.name}: {error}"
    for path in sorted(patched_files()):
        try:
            patched(ROOT, path)
        except (Stale, OSError) as error:
            yield f"{path}: {error}"


def build(folder, jobs):
    (folder / BUILT_FROM).unlink(missing_ok=True)
    copied, built = folder / "source", folder / "build"
    mark = sources.copy(ROOT, copied)
    environment = {**os.environ, "CCACHE_BASEDIR": str(copied), "CCACHE_NOHASHDIR": "1"}
    if not (built / "build.ninja").is_file():
        subprocess.run(["cmake", "-G", "Ninja", "-S", copied, "-B", built,
                        "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O0 -g1",
                        "-DCMAKE_UNITY_BUILD=ON", "-DCMAKE_UNITY_BUILD_BATCH_SIZE=5",
                        "-DKEYWALK_BENCH=OFF", "-DKEYWALK_TESTS=ON"],
                       check=True, env=environment, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", built, f"-j{jobs}", "--quiet", *proof.TEST_PROGRAMS,
                    *proof.PROGRAMS], check=True, env=environment)
    (folder / BUILT_FROM).write_text(mark, encoding="utf-8")


class Runner:
    def __init__(self, folder):
        self._folder, self._sources = folder, folder / "source"
        self._proofs = proof.Proofs(self._sources, folder / "build")

    def outcome(self, name, one):
        """Of that test, with that switch off; of None, with none."""
        try:
            if name != proof.HARDENING:
                return self._proofs.outcome(name, one and one.name)
            text = without_flag(self._sources, one) if one else (
                self._sources / "cmake/Hardening.cmake").read_text(encoding="utf-8")
            number = hashlib.sha256(text.encode()).hexdigest()[:12]
            return proof.hardening_outcome(self._sources, self._folder / "hardening" / number, text)
        except proof.NotRun as error:
            # Whichever way round: it says nothing of the switch.
            return proof.Outcome(one is not None, f"not run: {error}")


def _stop(number, _frame):
    """Children are in sessions of their own: a signal for us is none for them."""
    proof.stop()
    sys.exit(128 + number)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--build", type=Path, help="an ignored folder to build in")
    parser.add_argument("--built", action="store_true", help="it is built already")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--select", nargs="+", default=[], metavar="NAME",
                        help="only these switches, or groups of them, tried anew")
    parser.add_argument("--json", type=Path, help="what came out, and is gone on from")
    parser.add_argument("--markdown", type=Path, help="a table of it")
    parser.add_argument("--fresh", action="store_true", help="not from what came out before")
    arguments = parser.parse_args()
    wrong = list(check())
    if wrong or arguments.check:
        print("\n".join(wrong) or f"{len(SWITCHES)} switches, all in place")
        return 1 if wrong else 0
    chosen = [one for one in SWITCHES if not arguments.select or one.name in arguments.select
              or one.name.split("/")[0] + "/" in arguments.select]
    if arguments.list:
        for one in chosen:
            print(f"{one.name}: {', '.join(one.kills)}")
        if not arguments.select:
            print(f"no switch: {', '.join(unswitched())}")
        return 0
    if arguments.build is None or not chosen:
        parser.error("--build FOLDER, --check or --list; --select names switches")
    folder = arguments.build.resolve()
    if not arguments.built:
        build(folder, arguments.jobs)
    try:
        mark = (folder / BUILT_FROM).read_text(encoding="utf-8")
    except OSError:
        parser.error(f"--built: nothing was built in {folder}")
    kept = results.Results(arguments.json, mark, arguments.fresh)
    runner = Runner(folder)
    names = sorted({name for one in chosen for name in one.kills})
    pairs = [(None, name) for name in names] + [(one, name) for one in chosen for name in one.kills]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    kept.fill([(one and one.name, name) for one, name in pairs],
              lambda at: runner.outcome(pairs[at][1], pairs[at][0]), arguments.jobs,
              again=bool(arguments.select))
    if arguments.markdown:
        arguments.markdown.parent.mkdir(parents=True, exist_ok=True)
        arguments.markdown.write_text(kept.markdown(SWITCHES), encoding="utf-8")
    wrong = list(kept.wrong(chosen))
    print("\n".join(wrong) or kept.summary(chosen))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
