"""The results as Markdown tables."""

import collections

import bars
from matrix import KIB, MIB, size_text
from upstream import BY_NAME, WALKS


def number(value, digits=3):
    """With so many significant digits: 7.31, 73.1, 731, 7,310."""
    if value is None:
        return "-"
    decimals = 0
    while decimals < digits - 1 and abs(value) < 10 ** (digits - 1 - decimals):
        decimals += 1
    return f"{value:,.{decimals}f}"


def environment_text(result):
    where = result["environment"]
    placed = ("Upstream, gateway and load on one core"
              if where["core"] == where["gateway_core"] else
              "Upstream and load on one core, the gateway on another")
    return (f"{where['date']}, {where['processor']}, {where['system']}, load average "
            f"{where['load_average_at_end'][0]:.1f} at the end. {placed}; "
            f"{where['rounds']} rounds with all of them started anew, in each "
            f"{where['repeats']} interleaved turns of {where['turn_seconds']} s for each figure; "
            f"medians with the quartiles in brackets. Upstream: {where['upstream']}. Took "
            f"{where['took_seconds']} s.")


def connections_text(connections):
    return f"{connections} connection{'s' if connections > 1 else ''}"


def table(header, body):
    return ["| " + " | ".join(header) + " |", "|" + "---|" * len(header),
            *("| " + " | ".join(line) + " |" for line in body), ""]


def figure(row, name):
    if row is None:
        return ""
    if row["problems"]:
        return "worthless"
    low, high = row[name]["quartiles"]
    return f"{number(row[name]['median'])} ({number(low)} to {number(high)})"


class Table:
    """The result, by what is looked for."""

    def __init__(self, result):
        self.result = result
        self.rows = {(row["gateway"], row["body_bytes"], row["walk"], row["connections"]): row
                     for row in result["cells"]}
        self.names = [gateway["name"] for gateway in result["gateways"]
                      if any(row["gateway"] == gateway["name"] for row in result["cells"])]
        self.bodies = sorted({row["body_bytes"] for row in result["cells"]})
        self.connections = sorted({row["connections"] for row in result["cells"]})
        found = {row["walk"] for row in result["cells"]}
        self.walks = [walk for walk in WALKS if walk.name in found]

    def row(self, name, body, walk, connections):
        return self.rows.get((name, body, walk, connections))


def further_tables(table_of):
    """Each further attempt: microseconds, and times a direct request."""
    lines = ["## Each further attempt", "",
             "(p50 with N failovers - p50 with none) / N in microseconds, and in how many direct "
             "requests of the same run that is. A refusal comes when the body has been read, an "
             "early one as soon as the head has.", ""]
    for connections in table_of.connections:
        body = []
        for size in table_of.bodies:
            for walk in table_of.walks:
                rows = [table_of.row(name, size, walk.name, connections)
                        for name in table_of.names]
                if walk.failovers and any(rows):
                    body.append([size_text(size), walk.text, *map(further, rows)])
        if body:
            lines += [f"### {connections_text(connections)}", ""]
            lines += table(["body", "", *table_of.names], body)
    return lines


def further(row):
    if row is None:
        return ""
    if row["problems"]:
        return "worthless"
    if "further_us" not in row:
        return "-"
    text = number(row["further_us"]["median"])
    if "further_to_direct" in row:
        text += f" (**{row['further_to_direct']['median']:.2f}**)"
    return text


def figure_tables(table_of, name, title):
    lines = [f"## {title}", ""]
    for connections in table_of.connections:
        body = []
        for size in table_of.bodies:
            for walk in table_of.walks:
                rows = [table_of.row(name_, size, walk.name, connections)
                        for name_ in table_of.names]
                if any(rows):
                    body.append([size_text(size), walk.text, *(figure(row, name) for row in rows)])
        if body:
            lines += [f"### {connections_text(connections)}", ""]
            lines += table(["body", "", *table_of.names], body)
    return lines


def troubles(result):
    """What was left out, and what is worthless and why."""
    found = [f"{row['gateway']}, {size_text(row['body_bytes'])}, {BY_NAME[row['walk']].text}, "
             f"{connections_text(row['connections'])}: WORTHLESS: {text}"
             for row in result["cells"] for text in row["problems"]]
    uploads = result["uploads"] or {"failed": [], "held": []}
    found += uploads["failed"]
    found += [f"{row['gateway']}, held uploads: WORTHLESS: {text}" for row in uploads["held"]
              for text in row["problems"]]
    reasons = collections.Counter((entry["gateway"], entry["why"]) for entry in result["left_out"])
    return found + [f"{name}, {count} cells: {why}" for (name, why), count in reasons.items()]


def uploads_table(result):
    """The measurements of uploads: what they are, the header and the lines, a gateway each."""
    found = result["uploads"]
    sizes = sorted({row["body_bytes"] for row in found["first_byte"]})
    names = list(dict.fromkeys(row["gateway"] for part in ("first_byte", "slow", "held")
                               for row in found[part]))
    first = {(row["gateway"], row["body_bytes"]): row for row in found["first_byte"]}
    slow = {row["gateway"]: row for row in found["slow"]}
    held = {row["gateway"]: row for row in found["held"]}
    body = []
    for name in names:
        line = [name, *(number(first[name, size]["us"]["median"] / 1000)
                        if (name, size) in first else "-" for size in sizes)]
        line.append(number(slow[name]["ms"]["median"]) if name in slow else "-")
        line.append(number(slow[name].get("to_direct")) if name in slow else "-")
        line.append(f"{held[name]['peak_bytes'] / MIB:.0f}" if name in held else "-")
        body.append(line)
    count = found["held"][0]["connections"] if found["held"] else "many"
    what = ("Milliseconds from the client's first byte of the body to the upstream's, for uploads "
            "that take 20 ms; of 16 MiB at 64 MiB/s, to the end of the answer, and in the same "
            f"without a gateway; the peak memory in MiB of {count} uploads of 16 MiB at once, of "
            "gateways that can be given a bound, here 64 MiB.")
    header = ["", *(f"first byte, {size_text(size)}" for size in sizes), "16 MiB, slow",
              "to direct", "peak memory"]
    return what, header, body


def upload_lines(result):
    if not result["uploads"]:
        return []
    what, header, body = uploads_table(result)
    return ["## Uploads", "", what, "", *table(header, body)]


# (title, figure, body, walk, connections); a walk of None: the worst of one, two and four failovers
SHORT = (("1 KiB, no failover", "p50_to_direct", KIB, "f0", 1),
         ("each further attempt, 1 KiB", "further_to_direct", KIB, None, 1),
         ("64 KiB, no failover", "p50_to_direct", 64 * KIB, "f0", 1),
         ("each further attempt, 64 KiB", "further_to_direct", 64 * KIB, None, 1),
         ("1 MiB, no failover", "p50_to_direct", MIB, "f0", 1),
         ("each further attempt, 1 MiB", "further_to_direct", MIB, None, 1),
         ("requests/s, 1 KiB, 16 connections", "requests_per_second", KIB, "f0", 16))


def short_lines(result):
    """The table that is shown in the README."""
    measured = bars.Measured(result)
    names = [gateway["name"] for gateway in result["gateways"] if not gateway["missing"]]
    body = []
    for name in names:
        line = [name]
        for _, figure_name, size, walk, connections in SHORT:
            value = (measured.median(figure_name, name, size, walk, connections) if walk
                     else measured.further(name, size, connections))
            line.append("-" if value is None else number(value) if value >= 100 else f"{value:.2f}")
        body.append(line)
    return ["## In short", "",
            "In requests without a gateway, one connection; the last column is absolute.", "",
            *table(["", *(title for title, *_ in SHORT)], body)]


def markdown(result):
    table_of = Table(result)
    lines = ["# What a failover costs", "", environment_text(result), ""]
    lines += table(["", "version", "configuration"],
                   [[gateway["name"], gateway["version"] or "-",
                     gateway["how"] if not gateway["missing"] else
                     f"not measured: {gateway['missing']}"] for gateway in result["gateways"]])
    lines += short_lines(result)
    lines += further_tables(table_of)
    lines += figure_tables(table_of, "p50_us", "Median time of a request, microseconds")
    lines += figure_tables(table_of, "requests_per_second", "Requests per second")
    lines += figure_tables(table_of, "cpu_us", "Processor time of the gateway, us a request")
    lines += upload_lines(result)
    lines += ["## Bars", "", *("- " + bars.line(bar) for bar in result["bars"]), ""]
    found = troubles(result)
    if found:
        lines += ["## Worthless and left out", "", *("- " + text for text in found)]
    return "\n".join(lines) + "\n"
