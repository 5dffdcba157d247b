"""Finds expressions that g++ 12.2 miscompiles in coroutines.

The first trap: `co_await` in the condition of if, while, for or switch. In a coroutine without a
top-level local variable the frame is then laid out wrongly (GCC bug 106188). Name the result.

The second trap: where a full expression holds `co_await`, a temporary of aggregate type, or the
closure of a lambda with captures, is destroyed twice. A named local and std::move, or a type with a
user-declared constructor, is safe (CONTRIBUTING.md, "Coroutine traps").

A text scan, so it judges what can be read from the text:
- `[x] {...}` within the expression is reported; a lambda without captures is not (no members to
  destroy), nor is what stands inside a lambda's body (another function, judged for itself);
- `Type{...}` and `Type(...)` are reported if Type is defined in the project without a constructor
  (the second form not if some function has the same name);
- `Type{...}` is also reported if Type is unknown, unless SAFE_TYPES says why not;
- a bare `{...}` argument is reported: its type cannot be seen, so it may be an aggregate;
- a declaration (`Type name{co_await f()}`, `Type name = {...}`) makes a named object: safe.
Calls that return an aggregate are safe: the compiler gets those right.
"""

import re
from dataclasses import dataclass

from source_text import Finding, blank, files, line_of, read

RULE = "coroutine-trap"

# Types that are not aggregates, by their last name component: they have constructors, or are
# scalars and have nothing to destroy.
SAFE_TYPES = {
    # scalars
    "bool", "char", "int", "unsigned", "long", "double", "size_t", "ptrdiff_t", "int64_t",
    "uint8_t", "uint16_t", "uint32_t", "uint64_t",
    # std classes with constructors
    "string", "string_view", "vector", "map", "set", "optional", "variant", "unique_ptr",
    "shared_ptr", "span", "tuple", "pair", "function", "chrono", "milliseconds", "seconds",
    "nanoseconds", "Duration", "Instant",
    # Boost classes with constructors
    "error_code", "mutable_buffer", "const_buffer", "steady_timer", "endpoint",
}

_TOKEN = re.compile(r"[A-Za-z_]\w*|::|->|&&|\d[\w.']*|\S")
_KEYWORDS_BEFORE_VALUE = {
    "return", "co_return", "co_await", "co_yield", "case", "else", "throw", "do", "new", "delete",
    "and", "or", "not", "operator",
}
_BLOCK_AFTER = {"else", "do", "try", "const", "noexcept", "override", "final", "mutable"}
_BLOCK_HEADS = {"namespace", "struct", "class", "union", "enum", "extern", "concept"}
_CONDITION_HEADS = {"if", "while", "for", "switch", "constexpr"}
_AWAITS = {"co_await", "co_yield"}
_OPEN = {"(": ")", "[": "]", "{": "}"}


@dataclass
class Lambda:
    start: int  # its `[`
    captures: bool
    body: int | None = None  # its `{`


def is_word(token):
    return token[0].isalpha() or token[0] == "_"


class Code:
    """The tokens of one file, its brackets matched, its braces told apart."""

    def __init__(self, text):
        self.text = blank(text)
        without_preprocessor = re.sub(r"^[ \t]*#(?:[^\n\\]|\\.)*", lambda m: " " * len(m.group(0)),
                                      self.text, flags=re.MULTILINE | re.DOTALL)
        matches = list(_TOKEN.finditer(without_preprocessor))
        self.tokens = [m.group(0) for m in matches]
        self.offsets = [m.start() for m in matches]
        self.match = self._match_brackets()
        self.lambdas = self._find_lambdas()
        self.lambda_bodies = {l.body for l in self.lambdas if l.body is not None}
        self.blocks = self._find_blocks()

    def line(self, index):
        return line_of(self.text, self.offsets[index])

    def before(self, index):
        return self.tokens[index - 1] if index > 0 else ";"

    def _match_brackets(self):
        match, stack = {}, []
        for i, token in enumerate(self.tokens):
            if token in _OPEN:
                stack.append(i)
            elif token in ")]}":
                while stack:
                    opened = stack.pop()
                    if _OPEN[self.tokens[opened]] == token:
                        match[opened], match[i] = i, opened
                        break
        return match

    def _find_lambdas(self):
        found = []
        for i, token in enumerate(self.tokens):
            if token == "[" and i in self.match and self._introduces_lambda(i):
                close = self.match[i]
                found.append(Lambda(i, close > i + 1, self._lambda_body(close + 1)))
        return found

    def _introduces_lambda(self, i):
        previous = self.before(i)
        following = self.tokens[i + 1] if i + 1 < len(self.tokens) else ""
        if previous == "[" or following == "[":
            return False  # an attribute
        if previous in ("auto", ")", "]") or (is_word(previous) and
                                              previous not in _KEYWORDS_BEFORE_VALUE):
            return False  # a subscript, an array, a structured binding
        if previous in ("delete", "operator"):
            return False
        return not (previous in ("&", "&&") and self.before(i - 1) == "auto")

    def _lambda_body(self, i):
        """The `{` of the body, from the token after `]` on."""
        while i < len(self.tokens):
            token = self.tokens[i]
            if token == "{":
                return i
            if token in ";,)]}":
                return None
            i = self.match.get(i, i) + 1 if token in _OPEN else i + 1
        return None

    def _find_blocks(self):
        """The `{` that open a block, a body or a definition; all others initialise a value."""
        blocks, inside = set(), []
        for i, token in enumerate(self.tokens):
            if token == "{":
                outer_is_block = not inside or inside[-1] in blocks
                if i in self.lambda_bodies or (outer_is_block and self._opens_block(i)):
                    blocks.add(i)
                inside.append(i)
            elif token == "}" and inside:
                inside.pop()
        return blocks

    def _opens_block(self, i):
        previous = self.before(i)
        if previous in (";", "{", "}", ")", ":") or previous in _BLOCK_AFTER:
            return True
        if previous in ("(", ",", "=", "?", "]") or previous in _KEYWORDS_BEFORE_VALUE:
            return False
        # `-> Type {` and `struct Name : Base<T> {` are blocks, `Type{` is not.
        j = i - 1
        while j >= 0 and self.tokens[j] not in (";", "{", "}", "(", "=", ")"):
            if self.tokens[j] == "->" or self.tokens[j] in _BLOCK_HEADS:
                return True
            j -= 1
        return False

    def expression(self, i):
        """(first, last) token of the full expression that holds token `i`."""
        first = i
        opened_by = None  # the `(` of if, while, for, switch
        while first > 0:
            token = self.tokens[first - 1]
            if token == ";" or (token == "{" and first - 1 in self.blocks):
                break
            if token == "(" and self.before(first - 1) in _CONDITION_HEADS:
                opened_by = first - 1
                break
            if token in ")]}" and first - 1 in self.match:
                opened = self.match[first - 1]
                if token == "}" and opened in self.blocks and opened not in self.lambda_bodies:
                    break
                if token == ")" and self.before(opened) in _CONDITION_HEADS:
                    break  # `if (...) statement`
                first = opened
                continue
            first -= 1
        last = i
        while last + 1 < len(self.tokens):
            token = self.tokens[last + 1]
            if token == ";" or (opened_by is not None and self.match.get(opened_by) == last + 1):
                break
            if token in _OPEN and last + 1 in self.match:
                if last + 1 in self.blocks and last + 1 not in self.lambda_bodies:
                    break
                last = self.match[last + 1]
                continue
            if token == "}" and self.match.get(last + 1) in self.blocks:
                break
            last += 1
        return first, last

    def conditions(self):
        """(keyword, first, last) of each condition of if, while, switch and for, without the init
        statement; a range-based for has none."""
        for i, token in enumerate(self.tokens):
            opened = i + 2 if self.tokens[i + 1:i + 2] == ["constexpr"] else i + 1
            if token not in _CONDITION_HEADS or opened not in self.match:
                continue
            parts = self._split(opened + 1, self.match[opened])
            if token != "for":
                yield token, *parts[-1]
            elif len(parts) == 3:
                yield token, *parts[1]

    def _split(self, first, end):
        """The [first, end) ranges between the `;` of one bracket's own level."""
        ranges, i = [], first
        while i < end:
            if self.tokens[i] == ";":
                ranges.append((first, i))
                first = i + 1
            i = self.match.get(i, i) + 1 if self.tokens[i] in _OPEN else i + 1
        return [*ranges, (first, end)]

    def is_inside(self, i, first, last):
        """True if `i` is of the expression itself, not of the body of a lambda in it."""
        if not first <= i <= last:
            return False
        return not any(first <= body < i < self.match.get(body, body)
                       for body in self.lambda_bodies)

    def type_before(self, i):
        """(type's last name, first token of its chain) before `{` or `(` at `i`, or (None, i)."""
        j = i - 1
        if self.tokens[j] == ">":
            depth = 0
            while j >= 0:
                depth += {">": 1, "<": -1}.get(self.tokens[j], 0)
                if depth == 0:
                    break
                j -= 1
            j -= 1
        if j < 0 or not is_word(self.tokens[j]) or self.tokens[j] in _KEYWORDS_BEFORE_VALUE:
            return None, i
        name = self.tokens[j]
        while j >= 2 and self.tokens[j - 1] == "::" and is_word(self.tokens[j - 2]):
            j -= 2
        if self.before(j) == "::":
            j -= 1
        return name, j

    def is_declared(self, first_of_name, first):
        """True if a type stands before the name: `Type name{`, `auto& name =`."""
        if first_of_name <= first:
            return False
        previous = self.tokens[first_of_name - 1]
        if previous in (">", "auto"):
            return True
        if previous in ("*", "&", "&&"):
            return first_of_name - 1 > first and (is_word(self.tokens[first_of_name - 2]) or
                                                  self.tokens[first_of_name - 2] == ">")
        return is_word(previous) and previous not in _KEYWORDS_BEFORE_VALUE


def find_class_kinds(texts):
    """(aggregates, others): names of the classes defined in these texts, by a constructor."""
    with_constructor, without = set(), set()
    head = re.compile(r"\b(?:struct|class)\s+(?:\[\[\w+\]\]\s*)?(\w+)\s*(?:final\s*)?"
                      r"(?::[^:;{}()][^;{}()]*)?\{")
    for text in texts:
        code = blank(text)
        for match in head.finditer(code):
            name, depth, end = match.group(1), 1, match.end()
            while end < len(code) and depth:
                depth += {"{": 1, "}": -1}.get(code[end], 0)
                end += 1
            body = code[match.end():end]
            constructor = re.search(rf"(?<![~\w:]){name}\s*\(", body)
            (with_constructor if constructor else without).add(name)
    return without - with_constructor, with_constructor


def problem_with_brace(code, i, first, aggregates, with_constructor):
    """Why the value-initialising `{` at token `i` is a trap, or None."""
    previous = code.before(i)
    if previous == "=":
        _, start = code.type_before(i - 1)
        if code.is_declared(start, first):
            return None
        return "an assigned `{...}` makes a temporary"
    name, start = code.type_before(i)
    if name is None:
        return None if previous == "]" else "a bare `{...}` makes a temporary, maybe an aggregate"
    if code.before(start) == "new" or code.is_declared(start, first):
        return None
    if name in aggregates:
        return f"`{name}{{...}}` is a temporary of aggregate type"
    if name in SAFE_TYPES or name in with_constructor:
        return None
    return f"`{name}{{...}}` may be a temporary of aggregate type"


def find_function_names(texts, names):
    """Those of `names` that are also declared as functions: `Type Name(`."""
    found = set()
    for text in texts:
        tokens = _TOKEN.findall(blank(text))
        for i in range(1, len(tokens) - 1):
            if tokens[i] not in names or tokens[i + 1] != "(":
                continue
            j = i
            while j >= 2 and tokens[j - 1] == "::":
                j -= 2
            previous = tokens[j - 1]
            if previous == ">" or (is_word(previous) and previous not in _KEYWORDS_BEFORE_VALUE):
                found.add(tokens[i])
    return found


def check_text(path, text, aggregates, with_constructor, functions):
    code = Code(text)
    found = set()
    for keyword, start, end in code.conditions():
        for i in range(start, end):
            if code.tokens[i] in _AWAITS and code.is_inside(i, start, end):
                yield Finding(path, code.line(i), RULE,
                              f"co_await in the condition of `{keyword}`; name its result first")
    for i, token in enumerate(code.tokens):
        if token not in _AWAITS:
            continue
        first, last = code.expression(i)
        for closure in code.lambdas:
            if closure.captures and code.is_inside(closure.start, first, last):
                found.add((closure.start, "a lambda with captures is a temporary"))
        for j in range(first, last + 1):
            if not code.is_inside(j, first, last):
                continue
            if code.tokens[j] == "{" and j not in code.blocks:
                problem = problem_with_brace(code, j, first, aggregates, with_constructor)
                if problem:
                    found.add((j, problem))
            elif code.tokens[j] == "(" and code.before(j) in aggregates - functions:
                name, start = code.type_before(j)
                if not code.is_declared(start, first) and code.before(start) != "new":
                    found.add((j, f"`{name}(...)` is a temporary of aggregate type"))
    for i, problem in sorted(found):
        yield Finding(path, code.line(i), RULE,
                      f"{problem} beside co_await; name it and std::move it")


def check(root):
    paths = [p for p in files(root, {".cc", ".h"}) if not p.startswith("fixtures/")]
    texts = {path: read(root, path) for path in paths}
    aggregates, with_constructor = find_class_kinds(texts.values())
    functions = find_function_names(texts.values(), aggregates)
    for path, text in texts.items():
        if "co_await" in text or "co_yield" in text:
            yield from check_text(path, text, aggregates, with_constructor, functions)
