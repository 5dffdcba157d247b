"""Medians and spreads of the samples, and what follows from them: what a further attempt costs."""

import statistics

FIGURES = ("p50_us", "p90_us", "p99_us", "requests_per_second", "cpu_us", "peak_bytes")


def spread(values):
    """Median, least and greatest; quartiles where there are enough values."""
    values = sorted(values)
    low, _, high = (statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1
                    else values * 3)
    return {"median": statistics.median(values), "min": values[0], "max": values[-1],
            "quartiles": [low, high]}


def rows(samples, idle_bytes):
    """One for each gateway and cell."""
    result = []
    for (name, cell), turns in samples.items():
        row = {"gateway": name, "body_bytes": cell.body_bytes, "walk": cell.walk_name,
               "failovers": cell.walk.failovers, "connections": cell.connections,
               "problems": sorted({text for turn in turns for text in turn["problems"]}),
               "idle_bytes": idle_bytes[name, cell.body_bytes], "turns": turns}
        if not row["problems"]:
            for figure in FIGURES:
                row[figure] = spread([turn[figure] for turn in turns])
        result.append(row)
    add_ratios(result)
    return result


def add_ratios(result):
    """`further_us`: what each further attempt costs, by the medians of p50; `further_to_direct`: of
    a direct request in the same run; `p50_to_direct`: the whole request."""
    sound = {(row["gateway"], row["body_bytes"], row["walk"], row["connections"]): row
             for row in result if not row["problems"]}
    for row in sound.values():
        size, connections = row["body_bytes"], row["connections"]
        without = "sse" if row["walk"] == "sse" else "f0"
        direct = sound.get(("direct", size, without, connections))
        first = sound.get((row["gateway"], size, "f0", connections))
        p50 = row["p50_us"]["median"]
        if direct:
            row["p50_to_direct"] = p50 / direct["p50_us"]["median"]
        if first and row["failovers"]:
            row["further_us"] = (p50 - first["p50_us"]["median"]) / row["failovers"]
            if direct:
                row["further_to_direct"] = row["further_us"] / direct["p50_us"]["median"]
