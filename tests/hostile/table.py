"""The table of hostile requests: cases/*.json read and checked. Their form: README.md."""

import json
import pathlib

CASES = pathlib.Path(__file__).resolve().parent / "cases"

_MEMBERS = {"id", "what", "send", "refused", "closed", "passes", "answers", "may_begin", "own_key",
            "half_close", "mock", "at_once"}
_CONFIG_MEMBERS = {"id", "what", "arguments", "files", "environment", "says"}


class BadTable(Exception):
    """What is wrong with the table, and where."""


def _bytes(text):
    """The exact bytes of a JSON string: each of its characters is one byte."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise BadTable(f"not a byte: {text[error.start]!r} in {text!r}") from error


class Case:
    """One raw request, or several on one connection, and what the proxy must make of it."""

    def __init__(self, source, addresses):
        unknown = set(source) - _MEMBERS
        if unknown:
            raise BadTable(f"{source.get('id')}: unknown members {sorted(unknown)}")
        self.id, self.what = source["id"], source["what"]
        self.own_key = source.get("own_key", False)
        self.half_close = source.get("half_close", False)
        self.at_once = source.get("at_once", False)
        self.may_begin = source.get("may_begin", False)
        self._addresses = addresses
        self._send = source["send"]
        if sum(member in source for member in ("refused", "closed", "passes")) != 1:
            raise BadTable(f"{self.id}: say one of refused, closed, passes")
        self.answers, self.requests = self._required(source)
        # True: the connection has to be closed after the last answer.
        self.closes = "passes" not in source or "answers" in source
        self.mock = self._of_mock(source)

    def _required(self, source):
        if "refused" in source:
            # One status, or those of which it has to be one: what is read first decides.
            return [source["refused"]], []
        if "closed" in source:
            return [], []
        requests = [self._request(request) for request in source["passes"]]
        return source.get("answers", [200] * len(requests)), requests

    def _of_mock(self, source):
        """(answers, requests) that keywalk-mock must give, or None where it is not tried."""
        mock = source.get("mock")
        if mock is None:
            return None
        if mock == "same":
            # The proxy's base URL adds "/v1", and its hop writes bodies anew.
            return self.answers, [(method, target.removeprefix("/v1"), body)
                                  for method, target, body in self.requests]
        return self._required(mock)

    def _request(self, source):
        body = b"".join(self._parts(source.get("body", [])))
        return source.get("method", "POST"), source["target"], body

    def _parts(self, parts):
        for part in [parts] if isinstance(parts, str) else parts:
            if isinstance(part, str):
                for name, value in self._addresses.items():
                    part = part.replace("{{" + name + "}}", value)
                yield _bytes(part)
            else:
                yield _bytes(part["repeat"]) * part["times"]

    def pieces(self):
        """What is sent: pairs of bytes and how many of them at most (0: exactly these, at once)."""
        at_once = b""
        for part in self._send:
            if isinstance(part, dict) and "endless" in part:
                yield at_once, 0
                yield _bytes(part["endless"]), part["at_most"]
                at_once = b""
            else:
                at_once += b"".join(self._parts([part]))
        yield at_once, 0


def _content(source):
    """The bytes of a file: text, what is repeated, or JSON."""
    if isinstance(source, str):
        return source.encode("latin-1")
    if set(source) == {"repeat", "times"}:
        return _bytes(source["repeat"]) * source["times"]
    return json.dumps(source).encode()


class ConfigCase:
    """A configuration that would put bytes into messages where they do not belong."""

    def __init__(self, source):
        unknown = set(source) - _CONFIG_MEMBERS
        if unknown:
            raise BadTable(f"{source.get('id')}: unknown members {sorted(unknown)}")
        self.id, self.what = source["id"], source["what"]
        self.arguments = source["arguments"]
        self.files = {name: _content(content) for name, content in source["files"].items()}
        self.environment = source.get("environment", {})
        self.says = source["says"]


def _sources(group_wanted):
    ids = set()
    for path in sorted(CASES.glob("*.json")):
        if (path.stem == "configuration") != group_wanted:
            continue
        for source in json.loads(path.read_text()):
            if not source["id"].startswith(path.stem + "/") or source["id"] in ids:
                raise BadTable(f"{path.name}: {source['id']}: an id is unique, and begins with "
                               f"{path.stem}/")
            ids.add(source["id"])
            yield source


def selected(case, select):
    """True if one of `select` is the case's id, or its group as "group/"; all are, without any."""
    return not select or case.id in select or case.id.split("/")[0] + "/" in select


def load(proxy="proxy.test", upstream="upstream.test"):
    """The requests; {{proxy}} and {{upstream}} in them become these addresses."""
    return [Case(source, {"proxy": proxy, "upstream": upstream}) for source in _sources(False)]


def load_configurations():
    return [ConfigCase(source) for source in _sources(True)]
