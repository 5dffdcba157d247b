"""The cases that keywalk-mock can take: it must refuse the same, and its journal must have what was
sent and nothing else."""

import dataclasses
import http.client
import json

import client
import judge
import servers
import table


@dataclasses.dataclass
class Outcome:
    case: object
    broken: list


def _ask(server, method, path):
    connection = http.client.HTTPConnection(*server.address, timeout=client.WAIT_SECONDS)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _journal(server):
    """(method, target, body) of each finished request."""
    entries = json.loads(_ask(server, "GET", "/__mock/journal")[1])
    return [(entry["method"].encode(), entry["target"].encode(),
             entry.get("body", "").encode("latin-1"))
            for entry in entries if entry["body_complete"]]


def _one(case, server):
    _ask(server, "DELETE", "/__mock/journal")
    answers, requests = case.mock
    conversation = client.talk(server.address, case.pieces(), len(answers), case.half_close,
                               [method for method, _, _ in requests])
    facts = judge.Facts(case, conversation, [], None, b"")
    broken = list(judge.requirement(facts, answers, requests, _journal(server)))
    if _ask(server, "GET", "/__mock/healthz")[0] != 200:
        broken.append(("next", "it does not answer any more"))
    return Outcome(case, broken)


def run(binary, select):
    server = servers.Mock(binary).start()
    try:
        outcomes = [_one(case, server) for case in table.load()
                    if case.mock is not None and table.selected(case, select)]
    finally:
        code = server.stop()
    if code != 0 and outcomes:
        outcomes[-1].broken.append(("next", f"exit code {code}: {server.log()[-400:].decode()}"))
    server.remove()
    return outcomes
