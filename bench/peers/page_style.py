"""How the pages with plots look: colours for light and dark, and figures of few digits."""

import math


def nice(step):
    """The next of 1, 2, 5 times a power of ten."""
    power = 10 ** math.floor(math.log10(step))
    return next(n * power for n in (1, 2, 5, 10) if n * power >= step * 0.999)


def short(value):
    """Three digits: 0.85, 12.3, 27.5k."""
    for factor, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= factor * 0.9995:
            return f"{value / factor:.3g}{letter}"
    return f"{value:.3g}"


STYLE = """
:root { color-scheme: light dark; --ink: #1d2530; --soft: #5a6675; --paper: #fff; --grid: #e3e7ec;
  --own: #1769aa; --peer: #7b8794; --direct: #1d2530; --on: #fff; --good: #1b7f4b; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #9aa6b4; --paper: #14181d;
  --grid: #2a313a; --own: #5aa9e6; --peer: #8b97a5; --direct: #e6e9ee; --on: #14181d;
  --good: #6fcf97; --bad: #f28b82; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 980px; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: .3em; } h2 { margin: 2.2em 0 .2em; } h3 { font-size: 15px; margin: 1.2em 0 0; }
p { color: var(--soft); margin: .3em 0; } table { border-collapse: collapse; margin: 1em 0; }
th, td { text-align: left; vertical-align: top; padding: .25em 1em .25em 0; }
th { white-space: nowrap; } .figures td, .figures tr:first-child th { text-align: right; }
.figures tr:first-child th { white-space: normal; vertical-align: bottom; }
.figures { display: block; overflow-x: auto; }
@media (max-width: 600px) { th { white-space: normal; } }
svg { width: 100%; height: auto; display: block; } svg text { fill: var(--ink); font-size: 13px; }
svg .name { text-anchor: end; } svg .body { font-weight: 600; }
svg .tick { text-anchor: middle; fill: var(--soft); font-size: 11px; }
svg .none { text-anchor: middle; fill: var(--soft); }
svg .grid { stroke: var(--grid); } svg .one { stroke: var(--ink); }
svg .limit { stroke: var(--own); stroke-dasharray: 4 3; stroke-width: 1.5; }
svg g text { fill: var(--on); font-size: 10px; font-weight: 600; text-anchor: middle; }
svg g .value { fill: var(--soft); text-anchor: start; font-weight: 400; }
svg g path { stroke-width: 2; }
.own circle { fill: var(--own); } .peer circle { fill: var(--peer); }
.direct circle { fill: var(--direct); } .own path { stroke: var(--own); }
.peer path { stroke: var(--peer); } .direct path { stroke: var(--direct); }
.met { color: var(--good); } .missed { color: var(--bad); }
"""
