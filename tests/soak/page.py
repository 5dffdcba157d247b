"""The sheet as one HTML page: requests/s, memory and descriptors over time, and the balance."""

import html
import pathlib
import sys

# The house's plots look alike.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench" / "peers"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))

from page_style import STYLE, nice, short  # noqa: E402

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 900, 200, 56, 24, 10, 26
SERIES = ("own", "peer", "direct")
DASHES = ("", "6 3", "2 3")
_LINES = """
svg polyline { fill: none; stroke-width: 1.8; } polyline.own { stroke: var(--own); }
polyline.peer { stroke: var(--peer); } polyline.direct { stroke: var(--direct); }
.sheet td { text-align: right; font-variant-numeric: tabular-nums; }
.key svg { display: inline; width: 34px; height: 8px; vertical-align: middle; }
.key span { margin-right: 1.5em; white-space: nowrap; }
"""


def rates(samples):
    """Requests a second between each sample and the one before: pairs of time and rate."""
    pairs = []
    for before, after in zip(samples, samples[1:]):
        span = after["at"] - before["at"]
        if span > 0:
            pairs.append((after["at"], (after["requests"] - before["requests"]) / span))
    return pairs


def line(points, x, y, index, title):
    path = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in points)
    return (f'<polyline class="{SERIES[index % 3]}" stroke-dasharray="{DASHES[index % 3]}" '
            f'points="{path}"><title>{html.escape(title)}</title></polyline>')


def key_of(index, name):
    sample = line([(0, 0), (34, 0)], lambda at: at, lambda _: 4, index, name)
    return f'<span><svg viewBox="0 0 34 8">{sample}</svg> {html.escape(name)}</span>'


def plot(title, unit, series):
    """`series`: name -> pairs of seconds and value."""
    series = {name: points for name, points in series.items() if points}
    if not series:
        return ""
    end = max(points[-1][0] for points in series.values()) or 1
    most = max(value for points in series.values() for _, value in points) or 1
    step = nice(most / 4)
    top = step * (int(most / step) + 1)

    def x(at):
        return LEFT + at / end * (WIDTH - LEFT - RIGHT)

    def y(value):
        return TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM)
    parts = []
    for number in range(int(top / step + 0.5) + 1):
        at = y(number * step)
        parts.append(f'<path class="grid" d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}"/>'
                     f'<text class="value" text-anchor="end" x="{LEFT - 8}" y="{at + 4:.1f}">'
                     f"{short(number * step)}</text>")
    span = nice(end / 6)
    for number in range(int(end / span) + 1):
        at = span * number
        parts.append(f'<text class="tick" x="{x(at):.1f}" y="{HEIGHT - 6}">{at:g} s</text>')
    names = list(series)
    parts += [line(series[name], x, y, index, name) for index, name in enumerate(names)]
    key = "".join(key_of(index, name) for index, name in enumerate(names) if len(names) > 1)
    return (f'<h2>{html.escape(title)}</h2><p class="key">{html.escape(unit)} {key}</p>'
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(title)}">'
            f'{"".join(parts)}</svg>')


def by_process(samples, what, divisor=1):
    names = {name for sample in samples for name in sample[what]}
    return {name: [(sample["at"], sample[what][name] / divisor) for sample in samples
                   if name in sample[what]] for name in sorted(names, reverse=True)}


def table(result):
    rows = [("requests", result["requests"]), ("attempts", result["attempts"]),
            *((f"answered: {kind}", count) for kind, count in result["answers"].items()
              if kind != "unexplained"),
            ("unexplained", result["unexplained"]),
            *((f"leaked: {kind}", count) for kind, count in result["leaked"].items())]
    return '<table class="sheet">' + "".join(
        f"<tr><th>{html.escape(name)}</th><td>{count:,}</td></tr>" for name, count in rows
    ) + "</table>"


def problems(result):
    items = [*result["troubles"],
             *(f"{problem['id']}: {problem['reason']}" for problem in result["problems"][:50])]
    if not items:
        return ""
    return "<h2>What is wrong</h2><ul>" + "".join(
        f'<li class="missed">{html.escape(item)}</li>' for item in items) + "</ul>"


def page(result):
    samples = result["samples"]
    sanitizer = ", under a sanitizer" if result.get("sanitized") else ""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Soak</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>{STYLE}{_LINES}</style></head><body>
<h1>Soak</h1>
<p>Seed {result["seed"]}, {result["clients"]} clients, {result["seconds"]:.0f} seconds{sanitizer}:
{result["requests"]:,} requests, {result["unexplained"]} of them unexplained.</p>
{problems(result)}
{plot("Requests per second", "", {"requests": rates(samples)})}
{plot("Memory", "MiB", by_process(samples, "rss", 2**20))}
{plot("Descriptors", "", by_process(samples, "descriptors"))}
<h2>Balance</h2>
{table(result)}
</body></html>
"""
