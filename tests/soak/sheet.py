"""The balance sheet of a soak, as a dictionary for JSON and as text."""

import collections
import re

_REQUESTS = re.compile(r'^keywalk_requests_total\{[^}]*status="(\d+)"[^}]*\} (\S+)$', re.M)
_ATTEMPTS = re.compile(r"^keywalk_attempts_per_request_sum\S* (\S+)$", re.M)


def metrics_balance(proxies, ledger):
    """What /metrics counts and the log does not say, or the other way round: a list of words."""
    wrong = []
    for proxy in proxies:
        text = proxy.admin_text()
        counted = collections.Counter()
        for status, count in _REQUESTS.findall(text):
            counted[int(status)] += int(float(count))
        logged = {status: count for (letter, status), count in ledger.logged_statuses.items()
                  if letter == proxy.letter}
        if dict(counted) != logged:
            wrong.append(f"{proxy.program.name}: /metrics counts {dict(counted)}, the log {logged}")
    return wrong


def balance(options, seconds, ledger, sampler, leaks, troubles, reloads=0):
    """`leaks`: counts by kind; `troubles`: what else is wrong; `reloads`: SIGHUP sent."""
    rss = {name: {"peak": max(values), "last": values[-1]}
           for name in sampler.names() if (values := sampler.series("rss", name))}
    return {
        "seed": options.seed, "seconds": round(seconds, 1), "clients": 2 * options.clients,
        "requests": ledger.requests, "attempts": ledger.attempts,
        "requests_per_second": round(ledger.requests / seconds) if seconds else 0,
        "refused_connections": ledger.refused_connections, "reloads": reloads,
        "answers": dict(sorted(ledger.kinds.items())),
        "unexplained": ledger.unexplained, "leaked": leaks, "troubles": troubles,
        "memory": rss,
        "problems": ledger.problems,
        "samples": [vars(sample) for sample in sampler.samples],
    }


def passed(result):
    return not (result["unexplained"] or any(result["leaked"].values()) or result["troubles"]
                or not result["requests"])


def text(result):
    """What `make soak` ends with."""
    lines = [f"soak, seed {result['seed']}: {result['seconds']:.0f} s, "
             f"{result['clients']} clients, {result['requests_per_second']:,} requests/s", ""]
    width = max([len(kind) for kind in result["answers"]] + [24])

    def line(name, value):
        lines.append(f"  {name:{width}} {value:>12,}")
    line("requests", result["requests"])
    line("attempts in the journal", result["attempts"])
    line("reloads", result["reloads"])
    lines.append("  answers")
    for kind, count in result["answers"].items():
        if kind != "unexplained":
            lines.append(f"    {kind:{width - 2}} {count:>12,}")
    line("unexplained", result["unexplained"])
    line("leaked", sum(result["leaked"].values()))
    for kind, count in result["leaked"].items():
        lines.append(f"    {kind:{width - 2}} {count:>12,}")
    lines.append("")
    for name, memory in result["memory"].items():
        lines.append(f"  memory of {name}: {memory['last'] / 2**20:.1f} MiB at the end, "
                     f"{memory['peak'] / 2**20:.1f} at most")
    lines += ["", *(f"  {trouble}" for trouble in result["troubles"])]
    for problem in result["problems"][:10]:
        lines.append(f"unexplained: {problem['id']}: {problem['reason']}")
        lines.append(f"  client:   {problem['client']}")
        lines.append(f"  proxy:    {problem['proxy']}")
        lines += [f"  upstream: {attempt}" for attempt in problem["upstream"]]
    return "\n".join(lines).rstrip() + "\n"
