"""The tests that SECURITY.md names, as commands, and what came of one."""

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass

from switch import VARIABLE

TEST_PROGRAMS = ["keywalk_core_test", "keywalk_io_test", "keywalk_mock_test", "keywalk_proxy_test",
                 "keywalk_steps_test"]
# What is needed beside them, by the hostile table, the suite and the tests that ctest knows.
PROGRAMS = ["keywalk-conform", "keywalk-mock", "keywalk-proxy", "keywalk-soak-clients",
            "keywalk_clock_jump", "keywalk_freed_blocks"]
HARDENING = "install.hardening"
# A test that waits for what no longer comes fails by that.
TIME_LIMIT_S = 150

# One that was skipped, or not run at all, proves nothing.
_NOT_RUN = re.compile(r"\[  SKIPPED \]| 0 tests from 0 test suites|\*\*\*Skipped|\*\*\*Not Run|"
                      r"No tests were found|NOT RUN|no case was run|\(skipped=", re.MULTILINE)
_REASONS = [re.compile(pattern, re.MULTILINE) for pattern in (
    r"^- (.+)", r"^(\w*Error: .+)", r"^(?:\S+: )?(?:Failure|FAILED|FAIL)\b.*\n(.+)",
    r"^(.+ blocks with a key .+)\n(?=freed)",
    r"^ *(?:FAIL|fail|not ok)\b(.+)", r"(.*\blacks .+)", r"(.*unexplained.*)", r"(\S.*)\s*\Z")]


class NotRun(Exception):
    """A proof that cannot be one here."""


_stopped, _stop = os.pipe()  # can be read from when no more is to be run


def stop():
    """Ends what runs, in all threads. For handlers of signals."""
    os.write(_stop, b"x")


def run(command, time_limit_s=None, environment=None):
    """The exit code, None if it did not end in time or was stopped, and what it said. Runs in a
    session of its own; nothing of its process group outlives it, such as a proxy that it began."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, env=environment, start_new_session=True,
                                   stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT)
        ended = os.pidfd_open(process.pid)
        try:
            ready, _, _ = select.select([ended, _stopped], [], [], time_limit_s)
        finally:
            # Before its number is free for another.
            os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
            os.close(ended)
        said.seek(0)
        return code if ended in ready else None, said.read().decode(errors="replace")


@dataclass(frozen=True)
class Outcome:
    passed: bool
    said: str

    @property
    def reason(self):
        """Why it failed, in a line."""
        for pattern in _REASONS:
            if found := pattern.search(self.said):
                return " ".join(found.group(1).split())[:160]
        return ""


class Proofs:
    def __init__(self, root, build):
        self._root, self._build = root, build
        self._suites = {}
        for program in TEST_PROGRAMS:
            path = build / "tests" / program
            listed = subprocess.run([path, "--gtest_list_tests"], text=True, check=True,
                                    stdout=subprocess.PIPE).stdout
            for line in listed.splitlines():
                if not line.startswith(" "):
                    self._suites[line.split("#")[0].strip().rstrip(".").split("/")[-1]] = path

    def _commands(self, name):
        """All of which a passing proof ends with 0."""
        programs = self._build / "bin"
        if name[0].isupper():
            program = self._suites.get(name.split(".")[0])
            if program is None:
                raise NotRun(f"no program has the test {name}")
            return [[program, f"--gtest_filter={name}:*/{name}/*", "--gtest_fail_fast"]]
        if "/" in name:
            return [[self._root / "tests/hostile/run.py", "--proxy", programs / "keywalk-proxy",
                     "--mock", programs / "keywalk-mock", "--select", name]]
        if "." in name:
            return [["ctest", "--test-dir", self._build, "-R", f"^{re.escape(name)}$",
                     "--output-on-failure"]]
        # A case that asks for the one way to send bodies is skipped in the other.
        return [[programs / "keywalk-conform", "--body-mode", mode, "--select", name]
                for mode in ("buffer", "stream")]

    def outcome(self, name, switched_off=None):
        """What the proof says, with that switch off."""
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        environment.pop(VARIABLE, None)
        if switched_off is not None:
            environment[VARIABLE] = switched_off
        said, ran = "", 0
        for command in self._commands(name):
            code, said = run(command, TIME_LIMIT_S, environment)
            if code is None:
                return Outcome(False, "no end")
            failed = code != 0 and "[  FAILED  ]" in said
            if not failed and (code == 77 or _NOT_RUN.search(said)):
                continue
            ran += 1
            if code < 0:
                return Outcome(False, f"{said}\nended by signal {-code}")
            if code != 0:
                return Outcome(False, said)
        if ran == 0:
            raise NotRun(f"{name} was not run, which proves nothing:\n{said[-2000:]}")
        return Outcome(True, said[-2000:])


def hardening_outcome(root, folder, text):
    """What the look at a program says that is built with that text of cmake/Hardening.cmake."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "Hardening.cmake").write_text(text, encoding="utf-8")
    built = folder / "build"
    commands = (
        ["cmake", "-S", root / "tests/protections/hardened", "-B", built,
         "-DCMAKE_BUILD_TYPE=Release", f"-DHARDENING={folder / 'Hardening.cmake'}"],
        ["cmake", "--build", built],
        [sys.executable, "-B", root / "tests/install/hardening.py", "--binary",
         built / "hardened"])
    for command in commands:
        code, said = run(command)
        if code != 0 and command is not commands[-1]:
            raise NotRun(f"no program to look at:\n{said[-2000:]}")
    return Outcome(code == 0, said)
