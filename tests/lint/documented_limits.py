"""The README's table of limits says what the sources say.

A row names where its default is set, in backticks in the second column: an option of keywalk-proxy
(`--max-body`, whose help has the same number) or a constant or member of lib/ (`kMaxFields`,
`DiscardLimits::max_bytes`). The first column of numbers is compared with it.
"""

import ast
import re

from source_text import Finding, files, read

RULE = "limits"
PAGE, HEADING = "README.md", "## Limits"
CONFIG, HELP = "lib/proxy/proxy_config.h", "lib/proxy/command_line.cc"
# Options whose member of ProxyLimits or BodyOptions is not their own name.
_MEMBERS = {"--max-body": "max_body_bytes", "--max-header": "max_header_bytes",
            "--body-memory": "memory_bytes"}
_SIZES = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_TIMES = {"ms": 1, "s": 1000}
_VALUE = re.compile(r"([\d,]+(?:\^\d+)?)\s*(KiB|MiB|GiB|ms|s)?\b")


def _stated(text):
    """The number in a cell: "128 MiB" in bytes, "10 s" in milliseconds, "512", "10^9 s"."""
    match = _VALUE.match(text)
    if not match:
        return None
    number, unit = match.groups()
    base, _, power = number.replace(",", "").partition("^")
    value = int(base) ** int(power) if power else int(base)
    return value * (_SIZES | _TIMES).get(unit, 1)


def _product(node):
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return _product(node.left) * _product(node.right)
    raise ValueError(ast.dump(node))


def _defined(code, name):
    """The values that a constant or member of that name is given, times in milliseconds."""
    pattern = re.compile(r"([\w:]+(?:<[^>]*>)?)\s+" + name + r"\s*(?:=\s*([^;]+)|\{([^}]*)\});")
    for kind, assigned, braced in pattern.findall(code):
        text = assigned or braced
        if inner := re.fullmatch(r"std::chrono::(\w+)\((.*)\)", text):
            kind, text = inner.groups()
        text = re.sub(r"(?<=\d)(?:ull|u|ll)\b", "", text.replace("'", ""))
        text = re.sub(r"std::\w+\{(\d+)\}", r"\1", text)
        scale = 1000 if kind.endswith("::seconds") or kind == "seconds" else 1
        try:
            yield _product(ast.parse(text, mode="eval").body) * scale
        except (SyntaxError, ValueError):
            continue


def _in_sources(root, library, place):
    """What the sources set, at that place of the table. `library`: the texts of lib/."""
    if place.startswith("--"):
        member = _MEMBERS.get(place, place[2:].removesuffix("-ms").replace("-", "_"))
        return set(_defined(read(root, CONFIG), member))
    owner, _, name = place.rpartition("::")
    values = set()
    for code in library:
        if name not in code:
            continue
        if owner:
            body = re.search(rf"\b(?:struct|class) {owner}\b[^;{{]*\{{(.*?)\n\}};", code, re.DOTALL)
            code = body.group(1) if body else ""
        values |= set(_defined(code, name))
    return values


def _rows(text):
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#"):
            inside = line == HEADING
        elif inside and line.startswith("|"):
            yield number, [cell.strip() for cell in line.strip("| ").split(" | ")]


def _missing_options(root, named):
    """Limits that an operator can set, and the table does not have."""
    for option in re.findall(r'"(--(?:max-[a-z]+|[a-z-]+-ms|body-memory))"', read(root, HELP)):
        if option not in named:
            yield Finding(PAGE, 1, RULE, f"{option} is not in the table of limits")


def _wrong_help(root):
    """Numbers in the help that are not the defaults: "Largest request body (134217728)"."""
    code = read(root, HELP)
    for match in re.finditer(r'add_option\("(--max-[a-z]+)",[^;]*?\((\d+)\)"', code):
        option, number = match.groups()
        if _in_sources(root, [], option) != {int(number)}:
            line = code.count("\n", 0, match.start()) + 1
            yield Finding(HELP, line, RULE, f"{option}: its default is not {number}")


def check(root):
    named = set()
    library = [read(root, path) for path in files(root, {".h", ".cc"}, under="lib")]
    for number, cells in list(_rows(read(root, PAGE)))[2:]:
        places = re.findall(r"`([^`]+)`", cells[1])
        stated = _stated(cells[2])
        if not places or stated is None:
            yield Finding(PAGE, number, RULE, "no place or no number in this row")
            continue
        named.update(places)
        found = _in_sources(root, library, places[0])
        if found != {stated}:
            yield Finding(PAGE, number, RULE,
                          f"{places[0]}: the table says {stated}, the sources {sorted(found)}")
    if not named:
        yield Finding(PAGE, 1, RULE, f"has no table under \"{HEADING}\"")
    yield from _missing_options(root, named)
    yield from _wrong_help(root)
