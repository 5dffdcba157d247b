#!/usr/bin/env python3
"""Compiles sources as a build folder would, for the warnings alone: nothing is written.

Usage: compile_only.py BUILD_FOLDER FLAG... -- SOURCE...
JOBS in the environment: how many at once (default: as many as there are cores).
Exit status: 0; 1 if one does not compile with those flags; 2 for a source that the folder's
compile_commands.json does not know.
"""

import concurrent.futures
import json
import os
import shlex
import subprocess
import sys


def commands(folder):
    """Path of each source: its folder and words, without what names outputs."""
    with open(os.path.join(folder, "compile_commands.json"), encoding="utf-8") as file:
        for entry in json.load(file):
            words = shlex.split(entry["command"])
            if os.path.basename(words[0]) == "ccache":
                words = words[1:]
            at = words.index("-o")
            yield os.path.realpath(entry["file"]), (entry["directory"], words[:at] + words[at + 2:])


def main(arguments):
    at = arguments.index("--")
    folder, flags, sources = arguments[0], arguments[1:at], arguments[at + 1:]
    known = dict(commands(folder))
    unknown = [source for source in sources if os.path.realpath(source) not in known]
    if unknown or not sources:
        what = ", ".join(unknown) or "no source given"
        print(f"not compiled in {folder}: {what}", file=sys.stderr)
        return 2

    def compile_one(source):
        directory, words = known[os.path.realpath(source)]
        words = words + ["-fsyntax-only", *flags]
        return subprocess.run(words, cwd=directory, check=False).returncode

    jobs = int(os.environ.get("JOBS") or os.cpu_count())
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        codes = list(pool.map(compile_one, sources))
    print(f"{len(sources)} sources, {sum(code != 0 for code in codes)} failed")
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
