"""Runs keywalk-conform for the tests that look at it from outside."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"
EXAMPLES = ROOT / "conformance" / "examples"
BINARY = os.environ.get("KEYWALK_CONFORM", "keywalk-conform")
# A hang is a failure, not a stuck build.
LIMIT_SECONDS = 100


def run_command(*arguments, limit=LIMIT_SECONDS):
    """One run of the program with just these arguments."""
    return subprocess.run(
        [BINARY, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=limit,
        check=False,
    )


class Run:
    """One run of the program: exit status, output, and the JSON report where it wrote one."""

    def __init__(self, *arguments, environment=None, limit=LIMIT_SECONDS):
        with tempfile.TemporaryDirectory() as folder:
            report = pathlib.Path(folder) / "report.json"
            arguments = [str(argument) for argument in arguments]
            # A command such as `clauses` runs nothing and reports nothing.
            runs = not arguments or arguments[0].startswith("-")
            if runs and "--json" in arguments:
                report = pathlib.Path(arguments[arguments.index("--json") + 1])
            elif runs:
                arguments += ["--json", str(report)]
            done = subprocess.run(
                [BINARY, *arguments],
                env={**os.environ, **(environment or {})},
                capture_output=True,
                text=True,
                timeout=limit,
                check=False,
            )
            self.report = json.loads(report.read_text()) if report.exists() else None
        self.status, self.output, self.errors = done.returncode, done.stdout, done.stderr

    def results(self, verdict):
        return [result for result in self.report["results"] if result["verdict"] == verdict]

    def __str__(self):
        return f"exit status {self.status}\n{self.output}\n{self.errors}"


def python(script):
    """The command that runs a Python script as an adapter."""
    return f"exec {sys.executable} -B {script}"


class ConformTest(unittest.TestCase):
    """Tests that may write a folder of fixtures or an adapter of their own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write_fixtures(self, cases, room="decisions"):
        """A fixtures folder with these cases and the suite's own clauses and policies."""
        for name in ("clauses.json", "policies"):
            if not (self.folder / name).exists():
                (self.folder / name).symlink_to(FIXTURES / name)
        (self.folder / room).mkdir(exist_ok=True)
        document = {"schema_version": "1.0", "area": "own", "cases": cases}
        (self.folder / room / "own.json").write_text(json.dumps(document))
        return self.folder

    def write_adapter(self, body):
        """An adapter in Python; `body` has `command`, a dictionary, and calls `say` to answer."""
        script = self.folder / "adapter.py"
        lines = "".join(f"    {line}\n" for line in body.strip("\n").splitlines())
        script.write_text(
            "import json, os, sys, time\n"
            "def say(command, **reply):\n"
            "    print(json.dumps({'seq': command['seq'], **reply}), flush=True)\n"
            "HELLO = {'name': 'own', 'policies': ['coder-v1'], 'capabilities': ['decide']}\n"
            "for line in sys.stdin:\n"
            "    command = json.loads(line)\n" + lines
        )
        return python(script)


def good_case(**changes):
    """A case that every good implementation passes."""
    case = {
        "id": "own-case",
        "title": "A 429 moves on to the next key",
        "clauses": ["walk/2"],
        "policies": ["coder-v1"],
        "provider": "openai",
        "keys": ["k0", "k1"],
        "lanes": {"k0": {"steps": [{"status": 429}]}, "k1": {"steps": [{"status": 200}]}},
        "requests": [{"expect": {"attempts": ["k0", "k1"], "outcome": {"forward": 200}}}],
    }
    case.update(changes)
    return case
