"""Reads targets, their sources and their link lines from CMakeLists.txt files.

Only what the project's own files use: literal arguments, the house's functions, one `if` level.
"""

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from source_text import files, line_of, read

# Commands that make a target: NAME SOURCES... The value tells a binary from a library.
TARGET_COMMANDS = {
    "add_library": "library",
    "keywalk_library": "library",
    "add_executable": "binary",
    "keywalk_test": "binary",
}
_KEYWORDS = {"PUBLIC", "PRIVATE", "INTERFACE", "STATIC", "SHARED", "OBJECT", "ALIAS", "IMPORTED"}
_COMMAND = re.compile(r"^[ \t]*(\w+)[ \t]*\(", re.MULTILINE)


@dataclass
class Target:
    name: str
    kind: str
    path: str  # of its CMakeLists.txt
    line: int
    sources: list = field(default_factory=list)  # relative to the root
    links: list = field(default_factory=list)  # (name, path, line)


def commands(text):
    """(line, command, arguments) of each command, comments left out."""
    code = re.sub(r"#[^\n]*", lambda m: " " * len(m.group(0)), text)
    found = []
    position = 0
    while match := _COMMAND.search(code, position):
        depth, end = 1, match.end()
        while end < len(code) and depth:
            depth += {"(": 1, ")": -1}.get(code[end], 0)
            end += 1
        arguments = re.findall(r'"[^"]*"|[^\s"]+', code[match.end():end - 1])
        found.append((line_of(code, match.start(1)), match.group(1).lower(),
                      [a.strip('"') for a in arguments]))
        position = end
    return found


def plain_name(argument):
    """The target in a link argument: without $<BUILD_INTERFACE:...>, keywalk::x as keywalk_x."""
    match = re.fullmatch(r"\$<(?:BUILD_INTERFACE|INSTALL_INTERFACE|LINK_ONLY):(.+)>", argument)
    name = match.group(1) if match else argument
    return "keywalk" if name == "keywalk::keywalk" else name.replace("keywalk::", "keywalk_")


def read_targets(root):
    """All targets by name. Link lines of targets defined elsewhere are kept too."""
    targets, links = {}, []
    for path in files(root):
        if PurePosixPath(path).name != "CMakeLists.txt" and not path.endswith(".cmake"):
            continue
        folder = PurePosixPath(path).parent
        for line, command, arguments in commands(read(root, path)):
            if command in TARGET_COMMANDS and arguments and "$" not in arguments[0]:
                name, rest = arguments[0], arguments[1:]
                target = Target(name, TARGET_COMMANDS[command], path, line)
                if "LIBS" in rest:
                    at = rest.index("LIBS")
                    links += [(name, plain_name(a), path, line) for a in rest[at + 1:]]
                    rest = rest[:at]
                target.sources = [(folder / a).as_posix() for a in rest
                                  if a not in _KEYWORDS and "$" not in a]
                targets[name] = target
            elif command == "target_sources" and arguments:
                extra = [(folder / a).as_posix() for a in arguments[1:]
                         if a not in _KEYWORDS and "$" not in a]
                if arguments[0] in targets:
                    targets[arguments[0]].sources += extra
            elif command == "target_link_libraries" and arguments:
                links += [(arguments[0], plain_name(a), path, line) for a in arguments[1:]
                          if a not in _KEYWORDS]
    for name, linked, path, line in links:
        if name in targets:
            targets[name].links.append((linked, path, line))
    return targets


def closure(targets, name):
    """Every target that `name` links, directly or through others."""
    seen, todo = set(), [name]
    while todo:
        for linked, _, _ in targets[todo.pop()].links:
            if linked not in seen:
                seen.add(linked)
                if linked in targets:
                    todo.append(linked)
    return seen
