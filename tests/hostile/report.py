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


def _required_line(result):
    right = sum(not outcome.broken for outcome in result.outcomes)
    return f"{_heading(result)}, the required answer: {right} of {len(result.outcomes)}"


def _broken_line(result):
    """How many cases break which rule."""
    if result.reason:
        return f"{result.name}: {result.reason}"
    counts = {rule: sum(any(name == rule for name, _ in outcome.broken)
                        for outcome in result.outcomes) for rule in judge.RULES}
    broken = [f"{judge.RULES[rule]}: {count}" for rule, count in counts.items() if count]
    return f"{_heading(result)}, cases that break a rule: {'; '.join(broken) or 'none'}"


def markdown(results, configured, mocked):
    """Cases taken safely, by group and proxy; then what keywalk alone is asked."""
    rows = [["requests taken safely"] + [_heading(result) for result in results],
            ["---"] + ["---:"] * len(results)]
    rows += [[group] + [_cell(result, group + "/") for result in results] for group in GROUPS]
    rows.append(["all"] + [_cell(result) for result in results])
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines += ["", *map(_required_line, (result for result in results if result.required))]
    for what, outcomes in (("configurations that keywalk-proxy refuses as required", configured),
                           ("cases that keywalk-mock takes as required", mocked)):
        lines.append(f"{what}: {sum(not o.broken for o in outcomes)} of {len(outcomes)}")
    lines += [_broken_line(result) for result in results if not result.required]
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
    ours = [result for result in results if result.required]
    tried = [(result.name, result.outcomes) for result in ours]
    lines = [f"{what} {outcome.case.id}: [{rule}] {seen}"
             for what, outcomes in [*tried, ("start", configured), ("mock", mocked)]
             for outcome in outcomes for rule, seen in outcome.broken]
    lines += [f"{result.name}: {result.trouble}" for result in ours if result.trouble]
    if not configured and not any(result.outcomes for result in ours):
        lines.append("no case was selected")
    return lines
