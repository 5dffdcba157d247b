"""Finds the project's files and reads C++ text without comments and literals.

Shared by all checks of this folder. Standard library only.
"""

import io
import os
import re
import tokenize
from dataclasses import dataclass
from pathlib import Path

# Never part of the source: build output and what tools leave behind.
SKIPPED_FOLDERS = {"build", ".git", "node_modules", "__pycache__"}


@dataclass(frozen=True, order=True)
class Finding:
    """One violation: where, which rule, and what to do about it."""

    path: str
    line: int
    rule: str
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: [{self.rule}] {self.message}"


def files(root, suffixes=None, under=""):
    """Paths relative to `root`, sorted, with one of the suffixes (all files without)."""
    found = []
    for folder, subfolders, names in os.walk(Path(root) / under):
        subfolders[:] = sorted(set(subfolders) - SKIPPED_FOLDERS)
        for name in names:
            path = Path(folder) / name
            if suffixes is None or path.suffix in suffixes:
                found.append(path.relative_to(root).as_posix())
    return sorted(found)


def read(root, path):
    return (Path(root) / path).read_text(encoding="utf-8")


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


# A raw string, a comment, a string, a character. A quote after an identifier character is a digit
# separator (10'000), so a character literal must not follow one (but for the prefixes u8, u, U, L).
_LITERAL = re.compile(
    r"""
    (?P<raw>\bR"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)")
    | (?P<comment>//[^\n]*|/\*.*?\*/)
    | (?P<string>"(?:\\.|[^"\\\n])*")
    | (?P<char>(?:(?<![0-9A-Za-z_])|(?<=\bu8)|(?<=\b[uUL]))'(?:\\.|[^'\\\n])+')
    """,
    re.DOTALL | re.VERBOSE,
)


def blank(text, keep_strings=False):
    """`text` with comments and the inside of literals as spaces: offsets and lines stay."""

    def replace(match):
        part = match.group(0)
        if match.group("comment"):
            return re.sub(r"[^\n]", " ", part)
        if keep_strings:
            return part
        return part[0] + re.sub(r"[^\n]", " ", part[1:-1]) + part[-1]

    return _LITERAL.sub(replace, text)


def blank_python(text):
    """The same for Python text."""
    lines = [list(line) for line in text.splitlines(keepends=True)]
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in (tokenize.STRING, tokenize.COMMENT):
            continue
        (first, start), (last, end) = token.start, token.end
        for row in range(first - 1, last):
            left = start if row == first - 1 else 0
            right = end if row == last - 1 else len(lines[row])
            lines[row][left:right] = ["\n" if c == "\n" else " " for c in lines[row][left:right]]
    return "".join(c for line in lines for c in line)


_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?P<open>[<"])(?P<name>[^>"]+)[>"]',
                      re.MULTILINE)


def includes(text):
    """(line, name, is_quoted) of each #include."""
    code = blank(text, keep_strings=True)
    return [(line_of(code, m.start("name")), m.group("name"), m.group("open") == '"')
            for m in _INCLUDE.finditer(code)]
