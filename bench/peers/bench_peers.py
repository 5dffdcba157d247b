#!/usr/bin/env python3
"""What a failover costs, beside other gateways: `make bench-peers`.

One upstream that refuses by key; nginx, haproxy, Portkey's gateway and keywalk-proxy before it,
each told to walk the same keys; and the client without any of them. Upstream, gateway and load
share one core. Each gateway is loaded in turn (A B C A B C ...), so that what disturbs the machine
disturbs all; medians are the result, and ratios of them the claim. The upstream's own count of
attempts has to agree with what each request should have walked, else the cell is worthless and
says so.

Writes bench-peers.json, .md and .html in the report folder. Exit status: 0; with --check 1 if a
bar was missed or a cell is worthless; 2 for wrong use.
"""

import argparse
import json
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import matrix
import page
import report
from common.server import Failed
from run import Run, say
from upstream import WALKS

PARTS = ("matrix", "uploads")
FULL = {"bodies": list(matrix.BODIES), "walks": [walk.name for walk in WALKS],
        "connections": list(matrix.CONNECTIONS), "seconds": 0.15, "repeats": 1,
        "rounds": 3}
QUICK = {"bodies": ["1k", "64k", "1m"], "walks": ["f0", "f1", "f4", "e1"], "connections": [1, 16],
         "seconds": 0.1, "repeats": 2, "rounds": 1}


def words(known, convert=str):
    def parse(text):
        chosen = [convert(word) for word in text.split(",")]
        for word in chosen:
            if word not in known:
                raise argparse.ArgumentTypeError(f"{word}: not one of {', '.join(map(str, known))}")
        return chosen
    return parse


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    for binary in ("mock", "proxy", "load"):
        parser.add_argument(f"--{binary}", required=True, type=os.path.abspath,
                            help=f"the keywalk-{binary} binary, a release build")
    parser.add_argument("--work", required=True, type=os.path.abspath,
                        help="folder for what is installed and written")
    parser.add_argument("--report", required=True, help="folder for the results")
    parser.add_argument("--servers", type=lambda text: text.split(","), default=[],
                        help="names, such as direct,nginx,keywalk (with its variants); all")
    parser.add_argument("--bodies", type=words(matrix.BODIES),
                        help="sizes: " + ",".join(matrix.BODIES))
    parser.add_argument("--walks", type=words(FULL["walks"]),
                        help="failovers f0,f1,f2,f4, e1: an early refusal, sse: event streams")
    parser.add_argument("--connections", type=words(matrix.CONNECTIONS, int),
                        help="1,16,256")
    parser.add_argument("--seconds", type=float, help="of each turn")
    parser.add_argument("--repeats", type=int, help="turns of each cell in a round")
    parser.add_argument("--rounds", type=int, help="each with all servers started anew")
    parser.add_argument("--parts", type=words(PARTS), default=list(PARTS),
                        help="matrix: all cells; uploads: paced, slow and held ones")
    parser.add_argument("--quick", action="store_true",
                        help="a minute: short turns, the cells that the bars look at")
    parser.add_argument("--spread", action="store_true",
                        help="the gateway on a core of its own, beside upstream and load")
    parser.add_argument("--check", action="store_true",
                        help="exit 1 if a bar is missed or a cell is worthless")
    arguments = parser.parse_args()
    for option, value in (QUICK if arguments.quick else FULL).items():
        if getattr(arguments, option) is None:
            setattr(arguments, option, value)
    return arguments


def write(result, folder):
    for name, content in (("bench-peers.json", json.dumps(result, indent=1) + "\n"),
                          ("bench-peers.md", report.markdown(result)),
                          ("bench-peers.html", page.page(result))):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(content)


def exit_status(result, check):
    missed = [bar for bar in result["bars"] if not bar["met"]]
    worthless = [row for row in result["cells"] if row["problems"]]
    return 1 if check and (missed or worthless) else 0


def main():
    arguments = parse_arguments()
    for folder in (arguments.work, arguments.report):
        os.makedirs(folder, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    cores = sorted(os.sched_getaffinity(0))
    try:
        run = Run(arguments, cores[-1], cores[0] if arguments.spread else cores[-1])
        run.all()
    except Failed as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("stopped")
        return 130
    result = run.result()
    write(result, arguments.report)
    print(report.markdown(result))
    return exit_status(result, arguments.check)


if __name__ == "__main__":
    sys.exit(main())
