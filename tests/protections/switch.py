"""A switch turns one protection off in a copy of the sources.

    switch("lines/bare-lf", HEADER_INJECTION, "lib/io/http1_parser.cc",
           edit("progress.code = FaultOfLines(read);", ""),
           kills=["lines/"])

An edit names a statement (it ends with ";" or "}") or an expression, which must stand in the file
exactly once, and what stands in its place while the switch is off; `within` is text around it that
stands there once, where it does not by itself. Where two pieces of code do the same, one switch has
an edit of each, with a `file` if it is another one.

All switches of C++ and Python are built in at once; which one is off is said by the environment,
when the tests run. One of a CMake file, a flag of the compiler, is built by itself.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

VARIABLE = "KEYWALK_SWITCHED_OFF"
SWITCHES = []

HEADER = f"""#pragma once
#include <cstdlib>
#include <string_view>
inline bool KeywalkSwitchedOff(std::string_view name) {{
  static const char* const off = std::getenv("{VARIABLE}");
  return off != nullptr && name == off;
}}
"""


class Stale(Exception):
    """An edit that its file no longer has a place for."""


@dataclass(frozen=True)
class Edit:
    find: str
    off: str
    within: str
    file: str  # where it is not the switch's

    def place(self, text):
        around = self.within or self.find
        for needle, haystack in ((around, text), (self.find, around)):
            times = haystack.count(needle)
            if times != 1:
                raise Stale(f"stands there {times} times, not once: {needle.strip()}")
        return text.index(around) + around.index(self.find)

    def both(self, name, path):
        if path.endswith(".py"):
            off = f'__import__("os").environ.get("{VARIABLE}") == "{name}"'
            return f"(({self.off}) if {off} else ({self.find}))"
        condition = f'KeywalkSwitchedOff("{name}")'
        if self.find.rstrip().endswith((";", "}")):
            return f"{{ if ({condition}) {{ {self.off} }} else {{ {self.find} }} }}"
        return f"({condition} ? ({self.off}) : ({self.find}))"


@dataclass(frozen=True)
class Switch:
    name: str
    threats: tuple  # first cells of rows of SECURITY.md
    edits: tuple
    kills: list = field(hash=False)  # proofs of those rows, each of which has to fail

    @property
    def is_flag(self):
        return self.edits[0].file.endswith(".cmake")


def edit(find, off, within="", file=""):
    return Edit(find, off, within, file)


def switch(name, threats, file, *edits, kills):
    threats = (threats,) if isinstance(threats, str) else tuple(threats)
    edits = tuple(replace(one, file=one.file or file) for one in edits)
    SWITCHES.append(Switch(name, threats, edits, kills))


def patched_files():
    """The files that switches are built into."""
    return {change.file for one in SWITCHES if not one.is_flag for change in one.edits}


def _read(root, path):
    return (Path(root) / path).read_text(encoding="utf-8")


def _replaced(text, places):
    places.sort()
    for before, after in zip(places, places[1:]):
        if after[0] < before[1]:
            raise Stale(f"two switches in one place: {before[2]} and {after[2]}")
    for begin, end, other in reversed(places):
        text = text[:begin] + other + text[end:]
    return text


def patched(root, path):
    """The file with all of its switches built in."""
    text = _read(root, path)
    places = []
    for one in SWITCHES:
        for change in one.edits:
            if change.file != path:
                continue
            begin = change.place(text)
            places.append((begin, begin + len(change.find), change.both(one.name, path)))
    text = _replaced(text, places)
    return text if path.endswith(".py") else '#include "switched_off.h"\n' + text


def without_flag(root, one):
    """The CMake file with only that switch, and it is off."""
    text = _read(root, one.edits[0].file)
    places = []
    for change in one.edits:
        begin = change.place(text)
        places.append((begin, begin + len(change.find), change.off))
    return _replaced(text, places)
