"""The table of what was found: Markdown for people, JSON for machines."""

import json

import judge

GROUPS = ("framing", "chunks", "lines", "methods", "targets", "hosts", "hops", "pipelines",
          "limits")


def _unsafe(outcome):
    return [pair for pair in outcome.broken if pair[0] not in ("answer", "requests")]


def _cell(result, prefix=""):
    if result.reason:
        return "not there"
    outcomes = [outcome for outcome in result.outcomes if outcome.case.id.startswith(prefix)]
    return f"{sum(not _unsafe(outcome) for outcome in outcomes)} of {len(outcomes)}"


def _heading(result):
    return f"{result.name} {result.version}".strip()


def markdown(results, configured, mocked):
    """Cases taken safely, by group and proxy; then what keywalk alone is asked."""
    rows = [["requests taken safely"] + [_heading(result) for result in results],
            ["---"] + ["---:"] * len(results)]
    rows += [[group] + [_cell(result, group + "/") for result in results] for group in GROUPS]
    rows.append(["all"] + [_cell(result) for result in results])
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    keywalk = results[0].outcomes
    right = sum(not outcome.broken for outcome in keywalk)
    refused = sum(not outcome.broken for outcome in configured)
    mock_right = sum(not outcome.broken for outcome in mocked)
    lines += ["", f"keywalk: the required answer in {right} of {len(keywalk)}; {refused} of "
              f"{len(configured)} configurations refused; "
              f"keywalk-mock {mock_right} of {len(mocked)}"]
    for result in results[1:]:
        counts = {rule: sum(any(name == rule for name, _ in outcome.broken)
                            for outcome in result.outcomes) for rule in judge.RULES}
        broken = [f"{judge.RULES[rule]}: {count}" for rule, count in counts.items() if count]
        lines.append(f"{_heading(result)}, cases by broken rule: {'; '.join(broken) or 'none'}"
                     if not result.reason else f"{result.name}: {result.reason}")
    return "\n".join(lines)


def _case_json(outcome):
    record = {"id": outcome.case.id, "what": outcome.case.what,
              "broken": [{"rule": rule, "seen": seen} for rule, seen in outcome.broken]}
    if hasattr(outcome, "statuses"):
        record["statuses"] = outcome.statuses
    return record


def as_json(results, configured, mocked):
    report = {"proxies": [{"name": result.name, "version": result.version,
                           "not_there": result.reason or None,
                           "safe": sum(not _unsafe(outcome) for outcome in result.outcomes),
                           "cases": [_case_json(outcome) for outcome in result.outcomes]}
                          for result in results],
              "configurations": [_case_json(outcome) for outcome in configured],
              "mock": [_case_json(outcome) for outcome in mocked]}
    return json.dumps(report, indent=1) + "\n"


def failures(results, configured, mocked):
    """One line for each thing that keywalk did wrong."""
    lines = [f"{what} {outcome.case.id}: [{rule}] {seen}"
             for what, outcomes in (("proxy", results[0].outcomes), ("start", configured),
                                    ("mock", mocked))
             for outcome in outcomes for rule, seen in outcome.broken]
    if results[0].trouble:
        lines.append(f"proxy: {results[0].trouble}")
    if not results[0].outcomes and not configured:
        lines.append("no case was selected")
    return lines
