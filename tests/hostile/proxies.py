"""Runs the requests of the table through one proxy, one after another."""

import dataclasses

import client
import judge
import servers
import table
from upstream import LAST_TARGET, Upstream


SETTLE_SECONDS = 0.5


@dataclasses.dataclass
class Outcome:
    case: object
    statuses: list
    broken: list  # pairs of a rule and what was seen


@dataclasses.dataclass
class Result:
    name: str
    version: str = ""
    required: bool = False  # the table's answers were asked for too
    reason: str = ""  # why there is nothing
    outcomes: list = dataclasses.field(default_factory=list)
    trouble: str = ""  # of the program itself, at its end


def _setting(server, upstream):
    next_target = servers.BASE_PATH.encode() + LAST_TARGET
    return judge.Setting(servers.BASE_PATH, upstream.address, servers.KEY, next_target,
                         server.own_keys, server.streams)


def _one(case, server, upstream):
    upstream.begin()
    methods = [method for method, _, _ in case.requests] or ["GET"]
    # keywalk gives the required answers, however slow the machine; others may never answer.
    settle = {} if server.required else {"settle": SETTLE_SECONDS}
    conversation = client.talk(server.address, case.pieces(), len(case.answers), case.half_close,
                               methods, in_pieces=server.in_pieces, **settle)
    # Through the same upstream connection, where there is one: what a case left on it, this gets.
    next_answer = client.ask(server.address, LAST_TARGET.decode(), "proxy.test")
    facts = judge.Facts(case, conversation, upstream.end(), next_answer, server.log())
    setting = _setting(server, upstream)
    broken = list(judge.safety(facts, setting))
    if server.required:
        broken += judge.proxy_requirement(facts, setting)
    return Outcome(case, conversation.statuses(), broken)


def run(server, select):
    result = Result(server.name, required=server.required)
    upstream = Upstream()
    try:
        server.start(upstream)
        result.version = server.version
        proxy = f"127.0.0.1:{server.port}"
        for case in table.load(proxy, upstream.address):
            if table.selected(case, select) and not (case.at_once and server.in_pieces):
                result.outcomes.append(_one(case, server, upstream))
    except servers.NotThere as error:
        result.reason = str(error)
    finally:
        code = server.stop()
        upstream.close()
    if server.required and (result.reason or code != 0):
        result.trouble = result.reason or f"exit code {code}: {server.log()[-400:].decode()}"
    server.remove()
    return result
