"""A mutant is one bug: a function that stands in for one of the good implementation's.

    @bug(keypool.KeyPool, "mark_temporary", issue="BerriAI/litellm#40130")
    def never_extends(good, pool, key, cooldown_ms, now, reason):
        \"\"\"A second 429 does not extend the cooldown.\"\"\"
        ...

`good` is what it stands in for; its name is the mutant's (never-extends), its first line says what
is wrong. All bugs are in place at once and asleep; one is awake within `awake(name)`, and in the
tasks begun there.
"""

import contextlib
import contextvars
import functools
import inspect
import os

MUTANTS = {}
AWAKE = contextvars.ContextVar("awake", default=os.environ.get("KEYWALK_MUTANT", ""))


class Mutant:
    def __init__(self, function, issue, note):
        self.name = function.__name__.replace("_", "-")
        self.title = inspect.getdoc(function).splitlines()[0].rstrip(".")
        self.room = function.__module__.rpartition(".")[2]
        self.function, self.issue, self.note = function, issue, note


def switch(target, attribute):
    """Puts a function in place that chooses between the good one and the bug that is awake."""
    good = getattr(target, attribute)
    if hasattr(good, "bugs"):
        return good.bugs
    bugs = {}

    @functools.wraps(good)
    def good_or_bad(*arguments, **named):
        if bad := bugs.get(AWAKE.get()):
            return bad(good, *arguments, **named)
        return good(*arguments, **named)

    good_or_bad.bugs = bugs
    setattr(target, attribute, good_or_bad)
    return bugs


def bug(target, attribute, issue=None, note=None):
    def register(function):
        mutant = Mutant(function, issue, note)
        if mutant.name in MUTANTS:
            raise ValueError(f"the mutant {mutant.name} is there twice")
        switch(target, attribute)[mutant.name] = function
        MUTANTS[mutant.name] = mutant
        return function

    return register


@contextlib.contextmanager
def awake(name):
    token = AWAKE.set(name)
    try:
        yield
    finally:
        AWAKE.reset(token)


def of_case(name):
    """The mutant that a case is asked of by its id, CASE--MUTANT; else the one that is awake."""
    part = name.split("--")[1:2]
    return part[0] if part and part[0] in MUTANTS else AWAKE.get()
