"""The results as one HTML page with plots: a column for each size of body, a row for each gateway,
a numbered dot for each number of failovers."""

import dataclasses
import html
import math

import bars
from matrix import KIB, MIB, size_text
from page_style import STYLE, nice, short
from report import (Table, connections_text, environment_text, number, troubles,
                    uploads_table)
from upstream import BY_NAME

LABEL, PANEL, GAP, RIGHT = 168, 188, 14, 4  # pixels
VALUE = 46  # of a panel, for the figure beside its last dot
LINE, DOT, TOP, AXIS = 15, 6.5, 30, 26


@dataclasses.dataclass(frozen=True)
class Section:
    title: str
    note: str
    figure: str
    walks: tuple
    unit: str
    limits: dict = dataclasses.field(default_factory=dict)  # (size, connections) -> bar
    direct_line: bool = False  # 1 is a request without a gateway
    most_only: bool = False  # the plot of the most connections alone


FURTHER_LIMITS = {(KIB, 1): 1.1, (64 * KIB, 1): 0.85, (MIB, 1): 1.0}
SECTIONS = (
    Section("Each further attempt", "What one more key costs, in requests without a gateway: 1 is "
            "the solid line. The dashed line is the bar.", "further_to_direct",
            ("f1", "f2", "f4", "e1"), "", FURTHER_LIMITS, True),
    Section("The whole request", "Median time, in requests without a gateway.",
            "p50_to_direct", ("f0", "f1"), "", {}, True),
    Section("Requests per second", "More is better.", "requests_per_second", ("f0", "f1"), "/s"),
    Section("Processor time of the gateway", "Microseconds a request.", "cpu_us", ("f0", "f1"),
            " us"),
    Section("Memory", "What each request adds to the gateway's memory at its peak, in bytes.",
            "bytes_per_request", ("f0", "f4"), " B", most_only=True),
    Section("An event stream", "500 events, median time in microseconds.", "p50_us", ("sse",),
            " us"),
)


class Scale:
    """From nothing to the most that is still of the others' order. A gateway beyond that stands at
    the right end, with an arrow: a scale that reaches to it would show no difference between the
    others."""

    OUTLIER = 4  # times the middle one of the gateways' greatest medians

    def __init__(self, values_of, fixed, left, width):
        greatest = sorted(max(values) for values in values_of if values)
        middle = max(greatest[len(greatest) // 2], 1e-9)
        near = [value for value in greatest if value <= self.OUTLIER * middle]
        self.step = nice(max([near[-1], *fixed]) / 3)
        self.top = math.ceil(max([near[-1], *fixed]) * 1.02 / self.step) * self.step
        self.left, self.width = left, width

    def holds(self, value):
        return value <= self.top

    def x(self, value):
        return self.left + min(max(value, 0), self.top) / self.top * self.width

    def ticks(self):
        return [self.step * n for n in range(round(self.top / self.step) + 1)]


def kind(name):
    return "direct" if name == "direct" else "own" if name.startswith("keywalk") else "peer"


def dots(section, rows, scale, y):
    """One gateway's dots in one panel, each number of failovers on a line of its own."""
    parts = []
    for index, (walk, row) in enumerate(rows):
        if not row or section.figure not in row:
            continue
        values, line_y = row[section.figure], y + index * LINE
        x, low, high = (scale.x(values[what]) for what in ("median", "min", "max"))
        inside = scale.holds(values["median"])
        title = (f"{row['gateway']}, {size_text(row['body_bytes'])}, "
                 f"{BY_NAME[walk].text}, "
                 f"{connections_text(row['connections'])}: "
                 f"{number(values['median'])}{section.unit} "
                 f"({number(values['min'])} to {number(values['max'])})")
        end = max(high, x + DOT) + 4
        value = ("" if inside else "\u25b8 ") + short(values["median"])
        parts.append(
            f'<g class="{kind(row["gateway"])}"><title>{html.escape(title)}</title>'
            f'<path d="M{low:.1f} {line_y}H{high:.1f}"/><circle cx="{x:.1f}" cy="{line_y}" '
            f'r="{DOT}"/><text x="{x:.1f}" y="{line_y + 3.5}">{BY_NAME[walk].mark}</text>'
            f'<text class="value" x="{end:.1f}" y="{line_y + 3.5}">{value}</text></g>')
    return "".join(parts)


def panel(section, table, names, size, connections, left, height):
    rows = {name: [(walk, table.row(name, size, walk, connections)) for walk in section.walks]
            for name in names}
    values_of = [[row[section.figure]["median"] for _, row in pairs
                  if row and section.figure in row] for pairs in rows.values()]
    if not any(values_of):
        return f'<text class="none" x="{left + PANEL / 2}" y="{TOP + 20}">not measured</text>'
    limit = section.limits.get((size, connections))
    fixed = ([1] if section.direct_line else []) + ([limit] if limit else [])
    scale = Scale(values_of, fixed, left, PANEL - VALUE)
    parts = [f'<text class="body" x="{left}" y="{TOP - 12}">{size_text(size)}</text>']
    for tick in scale.ticks():
        x = scale.x(tick)
        parts.append(f'<path class="grid" d="M{x:.1f} {TOP}V{height - AXIS}"/>'
                     f'<text class="tick" x="{x:.1f}" y="{height - AXIS + 16}">'
                     f"{short(tick)}</text>")
    for value, style in ((1 if section.direct_line else None, "one"), (limit, "limit")):
        if value:
            x = scale.x(value)
            parts.append(f'<path class="{style}" d="M{x:.1f} {TOP}V{height - AXIS}"/>')
    for index, name in enumerate(names):
        y = TOP + 10 + index * row_height(section)
        parts.append(dots(section, rows[name], scale, y))
    return "".join(parts)


def row_height(section):
    return max(len(section.walks) * LINE + 8, 26)


def plot(section, table, connections):
    """All sizes beside each other; empty if there is nothing."""
    def has(row):
        return row and section.figure in row
    sizes = [size for size in table.bodies
             if any(has(table.row(name, size, walk, connections))
                    for name in table.names for walk in section.walks)]
    names = [name for name in table.names
             if any(has(table.row(name, size, walk, connections))
                    for size in sizes for walk in section.walks)]
    if section.figure in ("cpu_us", "bytes_per_request"):
        names = [name for name in names if name != "direct"]
    if not names:
        return ""
    height = TOP + row_height(section) * len(names) + AXIS
    width = LABEL + len(sizes) * (PANEL + GAP) + RIGHT
    parts = []
    for index, name in enumerate(names):
        middle = TOP + 10 + index * row_height(section) + (len(section.walks) - 1) * LINE / 2 + 4.5
        parts.append(f'<text class="name" x="{LABEL - 16}" y="{middle:.1f}">{html.escape(name)}'
                     "</text>")
    for index, size in enumerate(sizes):
        left = LABEL + index * (PANEL + GAP)
        parts.append(panel(section, table, names, size, connections, left, height))
    title = f"{section.title}, {connections_text(connections)}"
    return (f"<h3>{connections_text(connections)}</h3>"
            f'<svg viewBox="0 0 {width} {height}" style="max-width:{width}px" role="img" '
            f'aria-label="{html.escape(title)}">{"".join(parts)}</svg>')


def section_html(section, table):
    chosen = table.connections[-1:] if section.most_only else table.connections
    plots = [plot(section, table, connections) for connections in chosen]
    if not any(plots):
        return ""
    return (f"<h2>{html.escape(section.title)}</h2><p>{html.escape(section.note)}</p>"
            + "".join(plots))


def gateways_html(result):
    rows = "".join(
        f"<tr><th>{html.escape(gateway['name'])}</th><td>{html.escape(gateway['version'] or '-')}"
        f"</td><td>{html.escape(gateway['how'])}"
        + (f"<br>not measured: {html.escape(gateway['missing'])}" if gateway["missing"] else "")
        + "</td></tr>" for gateway in result["gateways"])
    return f"<table>{rows}</table>"


def uploads_html(result):
    if not result["uploads"]:
        return ""
    what, header, body = uploads_table(result)
    def cells(line, tag):
        return "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in line)
    rows = "".join(f"<tr><th>{html.escape(line[0])}</th>{cells(line[1:], 'td')}</tr>"
                   for line in body)
    return (f'<h2>Uploads</h2><p>{html.escape(what)}</p><table class="figures">'
            f"<tr>{cells(header, 'th')}</tr>{rows}</table>")


def bars_html(result):
    items = "".join(f'<li class="{"met" if bar["met"] else "missed"}">'
                    f"{html.escape(bars.line(bar))}</li>" for bar in result["bars"])
    return f"<h2>Bars</h2><ul>{items}</ul>"


def troubles_html(result):
    found = troubles(result)
    items = "".join(f"<li>{html.escape(text)}</li>" for text in found)
    return f"<h2>Worthless and left out</h2><ul>{items}</ul>" if found else ""


def page(result):
    table = Table(result)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>What a failover costs</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>{STYLE}</style></head><body>
<h1>What a failover costs</h1>
<p>{html.escape(environment_text(result))}</p>
<p>The number in a dot is how many keys are refused before the one that works; e: one, as soon as
the request's head is there, instead of when its body has been read. Dots are medians,
lines go from the least to the greatest turn. An arrow: far beyond the scale.</p>
{gateways_html(result)}
{"".join(section_html(section, table) for section in SECTIONS)}
{uploads_html(result)}
{bars_html(result)}
{troubles_html(result)}
</body></html>
"""
