"""Every test that SECURITY.md names is there: a protection whose proof has gone is only a claim.

A proof is a name in backticks in the last column of its tables: a GoogleTest (`Suite.Name`), a
ctest (`hostile.table`), a case of the hostile-request table or a group of them (`framing/`), or a
case of the conformance suite.
"""

import json
import re

from cmake_text import commands
from source_text import Finding, files, read

RULE = "security"
PAGE = "SECURITY.md"
_NAME = re.compile(r"`([^`]+)`")
_GTEST = re.compile(r"\bTEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)")
_ID = re.compile(r'"id":\s*"([^"]+)"')


def _google_tests(root):
    for path in files(root, {".cc"}, under="tests"):
        for suite, name in _GTEST.findall(read(root, path)):
            yield f"{suite}.{name}"


def _ctests(root):
    for path in files(root, {".txt"}, under="tests"):
        for _, command, arguments in commands(read(root, path)):
            if command == "add_test" and arguments[:1] == ["NAME"]:
                yield arguments[1]
            if command == "keywalk_fuzz_test":  # tests/fuzz/CMakeLists.txt
                yield "fuzz." + arguments[0]


def _cases(root):
    for path in files(root, {".json"}, under="tests/hostile/cases"):
        for case in json.loads(read(root, path)):
            yield case["id"]
            yield case["id"].split("/")[0] + "/"
    for folder in ("fixtures/scenarios", "fixtures/decisions"):
        for path in files(root, {".json"}, under=folder):
            yield from _ID.findall(read(root, path))


def check(root):
    if PAGE not in files(root, {".md"}):
        yield Finding(PAGE, 1, RULE, "is missing")
        return
    known = {*_google_tests(root), *_ctests(root), *_cases(root)}
    threats = 0
    for number, line in enumerate(read(root, PAGE).splitlines(), 1):
        if not line.startswith("|") or set(line) <= set("|-: ") or "| proof |" in line:
            continue
        threats += 1
        proofs = _NAME.findall(line.rstrip("| ").rsplit("|", 1)[1])
        if not proofs:
            yield Finding(PAGE, number, RULE, "a protection without a test that proves it")
        for proof in proofs:
            if proof not in known:
                yield Finding(PAGE, number, RULE, f"no test is called {proof}")
    if threats == 0:
        yield Finding(PAGE, 1, RULE, "has no table of threats")
