"""What is wrong with the way a proxy took a case. The safety rules ask the same of every proxy; the
rule "answer" asks for the answer that the table requires, and is for keywalk."""

import posixpath
import re
import urllib.parse

import lenient_readers
import strict_reader
from reading import show
from upstream import seen

# What the rules are called in reports.
RULES = {
    "answer": "the required answer",
    "requests": "the required requests at the upstream",
    "reading": "all readers of the upstream's bytes agree",
    "form": "a strict server would accept what is passed on",
    "smuggled": "no request that a client hid in another one",
    "confined": "no target outside the base URL",
    "host": "the upstream's own Host, once",
    "credential": "one credential, and the right one",
    "leak": "no byte sequence of the key in an answer or a log",
    "next": "each client gets its own answers, the next one too",
    "bound": "what is endless is cut off",
}
SMUGGLED = b"smuggled"
# Where else a client may have a credential, which is not for the upstream of the pool's key.
_OTHER_CREDENTIALS = (b"x-api-key", b"api-key", b"x-goog-api-key", b"proxy-authorization")
_DECODINGS = 3  # nobody decodes more often


class Facts:
    """What happened to one case on one proxy."""

    def __init__(self, case, conversation, streams, next_answer, log):
        self.case, self.conversation, self.streams = case, conversation, streams
        self.next_answer, self.log = next_answer, log


class Setting:
    """How the proxy was set up: what its upstream has to see."""

    def __init__(self, base_path, authority, key, next_target, own_keys, streams):
        self.base_path, self.authority, self.key = base_path, authority.encode(), key.encode()
        self.next_target = next_target  # as the upstream sees it
        self.own_keys = own_keys  # a client's own credential is passed on in place of the key
        self.streams = streams  # a broken body may have begun


def _without_next(requests, setting):
    return [request for request in requests if request.target != setting.next_target]


def _shape(reading, setting):
    return ([request.shape() for request in _without_next(reading.requests, setting)],
            reading.shape()[1])


def _stays(target, base):
    """False if some server could find the target outside of the base path."""
    path = target.split(b"?")[0].decode("latin-1")
    if not path.startswith("/") or path.startswith(("//", "/\\")):
        return False
    for _ in range(_DECODINGS + 1):
        cut = re.sub(r";[^/\\]*", "", path).replace("\\", "/")
        resolved = posixpath.normpath(cut)
        if resolved != base and not resolved.startswith(base + "/"):
            return False
        path = urllib.parse.unquote(path, "latin-1")
    return True


def _judge_reading(name, reading, setting, case):
    for request in reading.all_requests():
        hosts = request.all_named(b"host")
        if hosts != [setting.authority]:
            yield "host", f"{name}: {hosts}"
        if SMUGGLED in request.target or SMUGGLED.upper() in request.method:
            yield "smuggled", f"{name}: {request.method!r} {request.target!r}"
        # Absolute form with the upstream's own name is for servers too (RFC 9112 section 3.2.2).
        target = request.target.removeprefix(b"http://" + setting.authority)
        if not _stays(target, setting.base_path):
            yield "confined", f"{name}: {request.target!r}"
        credentials = request.all_named(b"authorization")
        own = setting.own_keys and case.own_key and request.target != setting.next_target
        pools = sum(setting.key in credential for credential in credentials)
        if pools != (0 if own else len(credentials)) or (len(credentials) != 1 and not own):
            yield "credential", f"{name}: {credentials}"
        # Of proxies that know clients' own keys: others pass every field on.
        others = [field for field in _OTHER_CREDENTIALS if request.all_named(field)]
        if setting.own_keys and not own and others:
            yield "credential", f"{name}: {others}"


def _judge_stream(data, setting, case):
    strict = strict_reader.read(data)
    if strict.refused:
        yield "form", strict.refused
    wanted = _shape(strict, setting)
    yield from _judge_reading("strict", strict, setting, case)
    for name, reading in lenient_readers.readings(data):
        shape = _shape(reading, setting)
        if shape != wanted:
            yield "reading", f"strict {show(wanted)}, {name} {show(shape)}"
        yield from _judge_reading(name, reading, setting, case)


def _judge_answers(facts, setting):
    """The upstream's answers name their requests: they have to be this client's."""
    finished, _ = _seen_by_strict(facts.streams, setting)
    own = [seen(method, target) for method, target, _ in finished]
    for answer in facts.conversation.answers:
        if answer.body.startswith(b"seen ") and answer.body not in own:
            yield "next", f"it got {answer.body[:80]!r}"


def safety(facts, setting):
    """Pairs of a broken rule and what was seen."""
    for data in facts.streams:
        yield from _judge_stream(data, setting, facts.case)
    if setting.key in facts.conversation.raw:
        yield "leak", "the key is in the answer"
    if setting.key in facts.log:
        yield "leak", "the key is in the log"
    yield from _judge_answers(facts, setting)
    answers = [(answer.status, answer.body) for answer in facts.next_answer.answers]
    if answers != [(200, b"seen GET " + setting.next_target)]:
        yield "next", f"it got {answers} {facts.next_answer.leftover[:60]!r}"
    endless = any(size for _, size in facts.case.pieces())
    # How large a body may be is for each proxy to say, and for the table's answer.
    if endless and facts.conversation.whole and facts.case.answers != [413]:
        yield "bound", f"it took all of {facts.conversation.sent} bytes"


def _seen_by_strict(streams, setting):
    """(finished requests, unfinished ones), without the next client's."""
    finished, begun = [], []
    for data in streams:
        requests, unfinished = _shape(strict_reader.read(data), setting)
        finished += requests
        begun += [unfinished] if unfinished else []
    return finished, begun


def _are(statuses, required):
    return len(statuses) == len(required) and all(
        status in (wanted if isinstance(wanted, list) else [wanted])
        for status, wanted in zip(statuses, required))


def requirement(facts, answers, requests, finished, begun=()):
    """What the table requires, and did not come."""
    case, conversation = facts.case, facts.conversation
    if not _are(conversation.statuses(), answers) or conversation.leftover:
        yield "answer", (f"required {answers}, got {conversation.statuses()}"
                         f" {conversation.leftover[:60]!r}")
    elif conversation.ended != "closed":
        yield "answer", f"the connection is {conversation.ended} at the end"
    required = [tuple(part if isinstance(part, bytes) else part.encode("latin-1")
                      for part in request) for request in requests]
    if list(finished) != required or begun:
        yield "requests", f"required {show((required, None))}, got {show((finished, None))}"


def proxy_requirement(facts, setting):
    finished, begun = _seen_by_strict(facts.streams, setting)
    may_begin = facts.case.may_begin or setting.streams
    return requirement(facts, facts.case.answers, facts.case.requests, finished,
                       [] if may_begin else begun)
