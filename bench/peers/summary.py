"""Medians and spreads of the samples, and what follows from them: what a further attempt costs.

Ratios are taken within a round, between processes that were up at the same time, and the median of
the rounds' ratios is the result."""

import statistics

FIGURES = ("p50_us", "p90_us", "p99_us", "requests_per_second", "cpu_us", "peak_bytes")


def spread(values):
    """Median, least, greatest and quartiles."""
    values = sorted(values)
    low, _, high = (statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1
                    else values * 3)
    return {"median": statistics.median(values), "min": values[0], "max": values[-1],
            "quartiles": [low, high]}


def rows(samples):
    """One for each gateway and cell."""
    result = []
    for (name, cell), turns in samples.items():
        row = {"gateway": name, "body_bytes": cell.body_bytes, "walk": cell.walk_name,
               "failovers": cell.walk.failovers, "connections": cell.connections,
               "problems": sorted({text for turn in turns for text in turn["problems"]}),
               "turns": turns}
        if not row["problems"]:
            for figure in FIGURES:
                row[figure] = spread([turn[figure] for turn in turns])
            row["bytes_per_request"] = spread(
                [(turn["peak_bytes"] - turn["idle_bytes"]) / cell.connections for turn in turns])
        result.append(row)
    add_ratios(result)
    return result


def by_round(row):
    """round -> median of p50."""
    rounds = {}
    for turn in row["turns"]:
        rounds.setdefault(turn["round"], []).append(turn["p50_us"])
    return {number: statistics.median(values) for number, values in rounds.items()}


def add_ratios(result):
    """`p50_to_direct`: the request in requests without a gateway; `further_us`: what each further
    attempt costs; `further_to_direct`: that in requests without a gateway."""
    sound = {(row["gateway"], row["body_bytes"], row["walk"], row["connections"]): row
             for row in result if not row["problems"]}
    for row in sound.values():
        size, connections = row["body_bytes"], row["connections"]
        without = "sse" if row["walk"] == "sse" else "f0"
        direct = sound.get(("direct", size, without, connections))
        first = sound.get((row["gateway"], size, "f0", connections)) if row["failovers"] else None
        own = by_round(row)
        of_direct = by_round(direct) if direct else {}
        if direct:
            row["p50_to_direct"] = spread([own[n] / of_direct[n] for n in own if n in of_direct])
        if first:
            of_first = by_round(first)
            further = {n: (own[n] - of_first[n]) / row["failovers"] for n in own if n in of_first}
            row["further_us"] = spread(further.values())
            if direct:
                row["further_to_direct"] = spread([further[n] / of_direct[n] for n in further
                                                   if n in of_direct])
