"""Sizes and words: what keeps files small and tests honest (CONTRIBUTING.md, "House rules")."""

import re

from cmake_text import commands
from source_text import Finding, blank, blank_python, files, line_of, read

RULE = "house"
MAX_FILE_LINES = 500
MAX_LINE_COLUMNS = 100
CODE = {".cc", ".h", ".py", ".mjs"}

# Put together here so that this file does not hold what it looks for.
_UNFINISHED = re.compile(r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")) + r")\b")
_SLEEP = re.compile(r"\b(?:sleep_for|sleep_until|usleep|nanosleep)\s*\(|\btime\.sleep\s*\(")
# This folder's own test plants violations.
_PLANTED = "tests/lint/lint_test.py"


def check_sizes(root):
    for path in files(root, CODE):
        if path.startswith("fixtures/"):
            continue
        lines = read(root, path).splitlines()
        if len(lines) > MAX_FILE_LINES:
            yield Finding(path, len(lines), RULE,
                          f"{len(lines)} lines; split it by purpose below {MAX_FILE_LINES}")
        for number, line in enumerate(lines, 1):
            if len(line) > MAX_LINE_COLUMNS:
                yield Finding(path, number, RULE,
                              f"{len(line)} columns; at most {MAX_LINE_COLUMNS}")


def check_unfinished(root):
    for path in files(root, CODE | {".sh", ".cmake", ".txt", ".json", ".yml"}):
        if path == _PLANTED:
            continue
        text = read(root, path)
        for match in _UNFINISHED.finditer(text):
            yield Finding(path, line_of(text, match.start()), RULE,
                          f"{match.group(0)}: finish it, or say in words what is not there")


def check_cmake(root):
    for path in files(root):
        if not path.endswith(("CMakeLists.txt", ".cmake")):
            continue
        for line, command, arguments in commands(read(root, path)):
            if command == "file" and arguments and arguments[0].startswith("GLOB"):
                yield Finding(path, line, RULE, "globbed sources; list them")


def is_polling(code_before):
    """True if the Python code ends in the body of a `while not CONDITION:` loop, where the state of
    another process can only be asked for."""
    lines = code_before.split("\n")
    indent = len(lines[-1])
    for line in reversed(lines[:-1]):
        width = len(line) - len(line.lstrip())
        if line.strip() and width < indent:
            return line.lstrip().startswith("while not ")
    return False


def check_sleeps(root):
    for path in files(root, {".cc", ".h", ".py"}, under="tests"):
        text = read(root, path)
        code = blank_python(text) if path.endswith(".py") else blank(text)
        for match in _SLEEP.finditer(code):
            if path.endswith(".py") and is_polling(code[:match.start()]):
                continue
            yield Finding(path, line_of(text, match.start()), RULE,
                          "a sleep in a test; wait for a condition, or use virtual time")


def check(root):
    yield from check_sizes(root)
    yield from check_unfinished(root)
    yield from check_cmake(root)
    yield from check_sleeps(root)
