"""The results of bench_mock.py as JSON, as a Markdown table, and as a plot in one HTML file."""

import html
import json
import os

WIDTH, LABEL, ROW = 900, 270, 34  # of the plot, in pixels


def number(value):
    return f"{value:,.0f}"


def ratio(value):
    return "-" if value is None else f"{value:.2f}"


def bar_line(bar):
    if bar["ratio"] is None:
        return f"NOT MEASURED: {bar['what']}: at least {bar['least']} of {bar['against']}"
    return (f"{'met' if bar['met'] else 'MISSED'}: {bar['what']}: {bar['ratio']:.2f} of "
            f"{bar['against']}, at least {bar['least']}")


def method_text(result):
    return (f"One core for the server, one for wrk; {result['connections']} connections; every "
            f"server gives the same answer of {result['answer_bytes']} bytes; "
            f"{result['repeats']} turns of {result['duration_s']} s for each, interleaved; "
            f"POST has a body of {result['body_bytes']} bytes. {result['processor']}, "
            f"{result['system']}, load average {result['load_average'][0]:.1f} at the end.")


def markdown(result):
    lines = ["# keywalk-mock beside other servers", "", method_text(result), ""]
    for method, rows in result["tables"].items():
        lines += [f"## {method}", "",
                  "| server | version | journal | requests/s (median) | min | max | of nginx "
                  "| of the fastest peer | CPU us a request | p50 us | p99 us |",
                  "|---|---|---|---|---|---|---|---|---|---|---|"]
        for row in sorted(rows, key=lambda row: -row["median"]):
            cells = [row["server"], row["version"], row["journal"], number(row["median"]),
                     number(row["min"]), number(row["max"]), ratio(row["to_nginx"]),
                     ratio(row["to_fastest_peer"]), f"{row['cpu_us']:.1f}",
                     number(row["p50_us"]), number(row["p99_us"])]
            lines.append("| " + " | ".join(cells) + " |")
        for server, reason in result["not_available"].items():
            lines.append(f"| {server} | not available: {reason} |" + " |" * 9)
        lines.append("")
    lines += ["## Bars (on POST)", ""]
    lines += ["- " + bar_line(bar) for bar in result["bars"]]
    return "\n".join(lines) + "\n"


def plot_rows(rows, scale, top):
    """SVG for one method: a bar to the median, a whisker from the least to the greatest turn."""
    parts = []
    for index, row in enumerate(sorted(rows, key=lambda row: -row["median"])):
        y = top + index * ROW
        middle = y + ROW / 2 - 3
        end = LABEL + row["median"] * scale
        low, high = LABEL + row["min"] * scale, LABEL + row["max"] * scale
        kind = "own" if row["server"].startswith("keywalk") else "other"
        parts.append(
            f'<text x="{LABEL - 10}" y="{middle + 5}" text-anchor="end">'
            f'{html.escape(row["server"])}</text>'
            f'<rect class="{kind}" x="{LABEL}" y="{y + 2}" width="{end - LABEL:.1f}" '
            f'height="{ROW - 10}"/>'
            f'<path class="whisker" d="M{low:.1f} {middle}H{high:.1f}M{low:.1f} {middle - 5}v10'
            f'M{high:.1f} {middle - 5}v10"/>'
            f'<text x="{max(end, high) + 8:.1f}" y="{middle + 5}">{number(row["median"])}</text>')
    return "".join(parts)


def page(result):
    tables = result["tables"]
    highest = max((row["max"] for rows in tables.values() for row in rows), default=1)
    scale = (WIDTH - LABEL - 90) / highest
    body, top = [], 30
    for method, rows in tables.items():
        body.append(f'<text class="head" x="{LABEL}" y="{top}">{method}, requests per second'
                    "</text>")
        body.append(plot_rows(rows, scale, top + 10))
        top += 10 + ROW * len(rows) + 40
    missing = "".join(f"<li>{html.escape(name)}: not available: {html.escape(reason)}</li>"
                      for name, reason in result["not_available"].items())
    bars = "".join(f"<li>{html.escape(bar_line(bar))}</li>" for bar in result["bars"])
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>keywalk-mock beside other servers</title>
<style>
:root {{ color-scheme: light dark; --ink: #1d2530; --paper: #fff;
  --own: #1769aa; --other: #a9b4c0; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ink: #e6e9ee; --paper: #14181d; --own: #5aa9e6; --other: #55606d; }} }}
body {{ font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: {WIDTH}px; margin: 2rem auto; padding: 0 1rem; }}
svg {{ width: 100%; height: auto; }} svg text {{ fill: var(--ink); font-size: 14px; }}
svg .head {{ font-weight: 600; }} .own {{ fill: var(--own); }} .other {{ fill: var(--other); }}
.whisker {{ stroke: var(--ink); fill: none; }}
</style>
<h1>keywalk-mock beside other servers</h1>
<p>{html.escape(method_text(result))} Bars are medians, whiskers the least and greatest turn.</p>
<svg viewBox="0 0 {WIDTH} {top - 20}" role="img" aria-label="requests per second by server">
{"".join(body)}
</svg>
<ul>{missing}{bars}</ul>
</html>
"""


def write(result, folder):
    """Writes all three and returns the Markdown."""
    text = markdown(result)
    for name, content in (("bench-mock.json", json.dumps(result, indent=1) + "\n"),
                          ("bench-mock.md", text), ("bench-mock.html", page(result))):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(content)
    return text
