"""Asks the good implementation's pure functions the vectors, as keywalk-conform asks the core's."""

import datetime
import json
import re
from fractions import Fraction

from good import classification, cooldown, fields, hint, pool, provider

EPOCH_OF_CASES_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
POLICIES = pool.load_policies()
SAME_MS = Fraction(1, 1000)


def body_of(question):
    body = question.get("body", "")
    return body if isinstance(body, str) else json.dumps(body)


def received_at(question):
    if "received_at" not in question:
        return EPOCH_OF_CASES_MS
    text = question["received_at"].replace("Z", "+00:00")
    return Fraction(datetime.datetime.fromisoformat(text).timestamp()) * 1000


def near(a, b):
    if a is None or b is None:
        return a is b
    return abs(Fraction(a) - Fraction(b)) <= SAME_MS


def retry_after(question, expect):
    sources = question.get("sources", ["retry-after-ms", "retry-after"])
    found = cooldown.find(
        sources, question.get("headers", {}), body_of(question), received_at(question)
    )
    return near(found, expect["cooldown_ms"])


def classify(question, expect):
    verdict = classification.classify(
        POLICIES[question["policy"]],
        question["status"],
        question.get("headers", {}),
        body_of(question),
        received_at(question),
    )
    return (
        verdict["action"] == expect["action"]
        and verdict.get("reason") == expect.get("reason")
        and near(verdict.get("cooldown_ms"), expect.get("cooldown_ms"))
    )


def lower_case(headers):
    return sorted((name.lower(), value) for name, value in fields.as_list(headers))


def before_parenthesis(value):
    """The JSON value as a suite compares it: `message` members up to the first `(`."""
    if isinstance(value, dict):
        return {
            name: re.sub(r" *\(.*", "", part) if name == "message" else before_parenthesis(part)
            for name, part in value.items()
        }
    return value


def exhausted(question, expect):
    answer = provider.exhausted_answer(
        question["provider"], POLICIES[question["policy"]], **question["exhausted"]
    )
    if answer is None or expect.get("none"):
        return answer is None and expect.get("none", False)
    return (
        answer["status"] == expect["status"]
        and set(lower_case(expect["headers"])) <= set(lower_case(answer["headers"]))
        and all(fields.find(answer["headers"], n) is None for n in expect.get("absent_headers", []))
        and before_parenthesis(answer["json"]) == before_parenthesis(expect["json"])
    )


def ask_provider(question, expect):
    if "exhausted" in question:
        return exhausted(question, expect)
    if "inject" in question:
        attempt = question["inject"]
        found = provider.inject(question["provider"], attempt["headers"], attempt["key"])
        return lower_case(found) == lower_case(expect["headers"])
    return provider.is_byok(question["provider"], question["headers"]) == expect["byok"]


FUNCTIONS = {
    "retry_after": retry_after,
    "classify": classify,
    "provider": ask_provider,
    "mask": lambda question, expect: hint.mask(question["key"]) == expect["hint"],
}


def load(folder=pool.FIXTURES):
    """(id, function, vector) of every vector; the id as keywalk-conform has it."""
    loaded = []
    for file in sorted((folder / "vectors").glob("*.json")):
        document = json.loads(file.read_text())
        for vector in document["vectors"]:
            name = f"{document['function']}/{vector['id']}"
            loaded.append((name, FUNCTIONS[document["function"]], vector))
    return loaded


def failed(loaded):
    """The ids of the vectors that the implementation, as it stands now, answers wrongly."""
    wrong = []
    for name, function, vector in loaded:
        try:
            right = function(vector["input"], vector["expect"])
        except Exception:  # a crash on an input is a wrong answer
            right = False
        if not right:
            wrong.append(name)
    return wrong
