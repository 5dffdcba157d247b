#!/usr/bin/env python3
"""Makes a report small enough to be kept: shorten.py REPORT.json > SHORT.json. It stays a report of
the same schema; timelines and what passed in detail are left out."""

import json
import sys

LEFT_OUT = ("timeline", "requests", "attempts", "repeat", "behaves_like")

report = json.load(open(sys.argv[1], encoding="utf-8"))
for result in report["results"]:
    for member in LEFT_OUT:
        result.pop(member, None)
report["results"] = [r for r in report["results"] if r["way"] != "vector"]
for verdict in report["totals"]:
    report["totals"][verdict] = sum(r["verdict"] == verdict for r in report["results"])
text = ",\n".join(json.dumps(result, ensure_ascii=False) for result in report.pop("results"))
head = json.dumps(report, ensure_ascii=False)
print(f'{head[:-1]}, "results": [\n{text}\n]}}')
