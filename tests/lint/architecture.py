"""The rooms and what may touch what (the link lines are the architecture).

Read from the CMake files and the #include lines, so that neither can drift from the other:
- keywalk_core links nothing, includes only the standard library and itself, reads no clock;
- a file includes only what its target links;
- Beast stays behind the I/O layer, the command-line and log libraries in the binaries;
- the simulator's engine and the decision code never reach keywalk_io.
"""

import re
from pathlib import PurePosixPath

from cmake_text import closure, read_targets
from source_text import Finding, blank, files, includes, line_of, read

RULE = "architecture"
PUBLIC = "lib/include/"
# Where a quoted include is looked for, beside the file's own folder (see keywalk_library()).
INCLUDE_ROOTS = (PUBLIC, "lib/", "")

CORE = "keywalk_core"
IO = "keywalk_io"
# Not dependencies of ours: warning flags, and what the standard library is made of.
NEUTRAL_LINKS = {"keywalk_flags"}

# The standard headers that keep the core a pure function of its arguments: no I/O, thread, lock.
_NOT_IN_CORE = {
    "condition_variable", "fstream", "future", "iostream", "istream", "mutex", "ostream",
    "semaphore", "shared_mutex", "stop_token", "streambuf", "thread", "ctime", "time.h",
    "coroutine",
}
_CLOCK_READ = re.compile(
    r"::\s*now\s*\(|\b(?:clock_gettime|gettimeofday|timespec_get|localtime|gmtime)\b"
    r"|\btime\s*\(\s*(?:nullptr|NULL|0|&)")

# HEADER PREFIX -> (who may include it, why). Paths are relative to the root.
CONFINED = (
    ("boost/beast", lambda p: p.startswith("lib/io/") or
     (p.startswith("mockupstream/") and p.endswith(".cc")),
     "a Beast unit costs 12 to 70 s to compile: only lib/io and mockupstream/*.cc may"),
    ("CLI/", lambda p: PurePosixPath(p).name in ("main.cc", "command_line.cc"),
     "command lines are parsed in main.cc or command_line.cc only"),
    ("spdlog/", lambda p: not p.startswith(("lib/core/", "lib/provider/", "lib/config/", "lib/io/",
                                            PUBLIC)),
     "the library takes an observer; only binaries log"),
    ("nlohmann/json.hpp", lambda p: p.endswith(".cc"), "headers take <nlohmann/json_fwd.hpp>"),
)
# Prefixes that no public header may show.
_NOT_PUBLIC = ("boost/beast", "nlohmann/json.hpp", "openssl/", "prometheus/", "spdlog/", "CLI/")

# Libraries that decide on virtual time or without any. The transport driver of the simulator runs
# the coroutines of lib/io, over connections that are no sockets.
NO_IO_TARGETS = re.compile(
    r"keywalk_(?:core|provider|config|sim(?!_transport)|decide|decision)\w*")


def resolve(root_files, path, name):
    """The project file that a quoted include in `path` means, or None."""
    own = (PurePosixPath(path).parent / name).as_posix()
    for candidate in (own, *(base + name for base in INCLUDE_ROOTS)):
        if candidate in root_files:
            return candidate
    return None


def check_core_links(targets):
    for linked, path, line in targets[CORE].links:
        if linked not in NEUTRAL_LINKS:
            yield Finding(path, line, RULE, f"{CORE} links {linked}; it depends on nothing")


def check_core_files(root, root_files):
    """Core sources, and every header of ours that they reach."""
    todo = files(root, {".cc", ".h"}, under="lib/core")
    seen = set(todo)
    while todo:
        path = todo.pop()
        text = read(root, path)
        for line, name, quoted in includes(text):
            if not quoted:
                if "/" in name or name in _NOT_IN_CORE:
                    yield Finding(path, line, RULE, f"the core reaches <{name}>; std only, and no "
                                  "I/O, thread or lock")
                continue
            target = resolve(root_files, path, name)
            if target is None or not target.startswith(("lib/core/", PUBLIC + "keywalk/")):
                yield Finding(path, line, RULE, f'the core includes "{name}"')
            elif target not in seen:
                seen.add(target)
                todo.append(target)
        code = blank(text)
        for match in _CLOCK_READ.finditer(code):
            yield Finding(path, line_of(code, match.start()), RULE,
                          "the core reads a clock; take `Instant now` as an argument (state/8)")


def check_confined(root):
    for path in files(root, {".cc", ".h"}):
        for line, name, _ in includes(read(root, path)):
            for prefix, allowed, why in CONFINED:
                if name.startswith(prefix) and not allowed(path):
                    yield Finding(path, line, RULE, f"includes {name}: {why}")
            if path.startswith(PUBLIC) and name.startswith(_NOT_PUBLIC):
                yield Finding(path, line, RULE, f"a public header shows {name}")


def rooms_of_header(root_files, targets, header):
    """The libraries that a header belongs to: those with its .cc, else those of its folder."""
    libraries = [t for t in targets.values() if t.kind == "library" and t.sources]
    stem = PurePosixPath(header).with_suffix(".cc")
    if header.startswith(PUBLIC):
        return {t.name for t in libraries for s in t.sources
                if s.startswith("lib/") and PurePosixPath(s).name == stem.name}
    owners = {t.name for t in libraries if stem.as_posix() in t.sources}
    if stem.as_posix() in root_files:
        return owners
    return {t.name for t in libraries
            if PurePosixPath(t.path).parent == PurePosixPath(header).parent}


def check_includes_match_links(root, root_files, targets):
    """A file includes another room's header only if its target links that room."""
    for target in targets.values():
        linked = closure(targets, target.name) | {target.name}
        for path in target.sources:
            if path not in root_files:
                continue
            for line, name, quoted in includes(read(root, path)):
                header = resolve(root_files, path, name) if quoted else None
                rooms = rooms_of_header(root_files, targets, header) if header else set()
                if rooms and not rooms & linked:
                    yield Finding(path, line, RULE, f'{target.name} includes "{name}" but does '
                                  f"not link {' or '.join(sorted(rooms))}")


def check_no_io(targets):
    for name, target in sorted(targets.items()):
        if target.kind == "library" and NO_IO_TARGETS.fullmatch(name):
            if IO in closure(targets, name):
                yield Finding(target.path, target.line, RULE,
                              f"{name} reaches {IO}; it decides without sockets")


def check(root):
    root_files = set(files(root, {".cc", ".h"}))
    targets = read_targets(root)
    if CORE not in targets:
        yield Finding("lib/core/CMakeLists.txt", 1, RULE, f"no target {CORE}")
        return
    yield from check_core_links(targets)
    yield from check_core_files(root, root_files)
    yield from check_confined(root)
    yield from check_includes_match_links(root, root_files, targets)
    yield from check_no_io(targets)
