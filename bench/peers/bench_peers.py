#!/usr/bin/env python3
"""What a failover costs, beside other gateways: `make bench-peers`.

One upstream that refuses by key; nginx, haproxy, Portkey's gateway and keywalk-proxy before it,
each told to walk the same keys; and the client without any of them. Upstream, gateway and load
share one core. Each gateway is loaded in turn (A B C A B C ...), so that what disturbs the machine
disturbs all; medians are the result, and ratios of them the claim. The upstream's own count of
attempts has to agree with what each request should have walked, else the cell is worthless and
says so.

Writes bench-peers.json and .md in the report folder. Exit status: 0; 1 if a check failed; 2 for
wrong use.
"""

import argparse
import datetime
import os
import platform
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import matrix
import measure
import report
import summary
from common import terminal
from common.install import Unavailable
from common.machine import processor
from common.server import Failed, request_body
from upstream import WALKS, Upstream

FULL = {"bodies": list(matrix.BODIES), "walks": [walk.name for walk in WALKS],
        "connections": list(matrix.CONNECTIONS), "seconds": 0.2, "repeats": 4}
QUICK = {"bodies": ["1k", "64k", "1m"], "walks": ["f0", "f1", "f4"], "connections": [1, 16],
         "seconds": 0.1, "repeats": 2}


def say(text):
    terminal.say("bench-peers", text)


class Run:
    def __init__(self, arguments, core):
        self.arguments, self.core = arguments, core
        self.upstream = Upstream(arguments.work, arguments.mock)
        self.gateways = [gateway for gateway in
                         matrix.gateways(arguments.work, self.upstream, arguments.proxy)
                         if wanted(gateway.name, arguments.servers)]
        self.missing = {}  # gateway -> why it cannot be measured at all
        self.left_out = []  # (gateway, cell, why)
        self.samples = {}  # (gateway, cell) -> samples
        self.idle_bytes = {}  # (gateway, body) -> memory before any request

    def all(self):
        try:
            self.upstream.start(self.core)
            bodies = self.write_bodies()
            self.bench = measure.Bench(self.arguments.load, self.upstream, bodies, self.core,
                                       self.arguments.seconds)
            for body_bytes in bodies:
                self.of_one_body(body_bytes)
        finally:
            self.stop()

    def stop(self):
        for server in (*self.gateways, self.upstream):
            server.stop()

    def write_bodies(self):
        files = {}
        for name in self.arguments.bodies:
            size = matrix.BODIES[name]
            files[size] = os.path.join(self.arguments.work, f"body-{name}.json")
            with open(files[size], "wb") as file:
                file.write(request_body(size))
        return files

    def of_one_body(self, body_bytes):
        running = [gateway for gateway in self.gateways if self.starts(gateway, body_bytes)]
        turns = []
        for cell in matrix.cells(body_bytes, self.arguments.walks, self.arguments.connections):
            for gateway in running:
                reason = gateway.cannot(cell.walk, cell.connections)
                if reason:
                    self.left_out.append((gateway.name, cell, reason))
                else:
                    turns.append((gateway, cell))
        progress = terminal.Progress(len(turns) * (self.arguments.repeats + 1))
        for repeat in range(self.arguments.repeats + 1):  # the first one warms up
            for gateway, cell in turns:
                self.turn(gateway, cell, repeat == 0, progress)
        progress.end()
        for gateway in running:
            gateway.stop()

    def starts(self, gateway, body_bytes):
        if gateway.name in self.missing:
            return False
        try:
            gateway.start_for(body_bytes, self.core)
        except Unavailable as error:
            say(f"{gateway.name}: not available: {error}")
            self.missing[gateway.name] = str(error)
            gateway.stop()
            return False
        self.idle_bytes[gateway.name, body_bytes] = measure.memory(gateway, "VmRSS")
        return True

    def turn(self, gateway, cell, is_warmup, progress):
        samples = self.samples.setdefault((gateway.name, cell), [])
        if any(sample["problems"] for sample in samples):
            progress.step(f"{gateway.name}, {cell}: skipped, see above")
            return
        seconds = self.arguments.seconds / 2 if is_warmup else None
        sample = self.bench.turn(gateway, cell, seconds)
        # A warm-up that went wrong is the measurement: more of the same tells nothing more.
        if not is_warmup or sample["problems"]:
            samples.append(sample)
        text = "; ".join(sample["problems"]) or (
            f"p50 {sample['p50_us']:,.1f} us, {sample['requests_per_second']:,.0f} requests/s")
        progress.step(f"{'warm-up: ' if is_warmup else ''}{gateway.name}, {cell}: {text}")
        if sample["problems"]:
            progress.end()
            say(f"{gateway.name}, {cell}: WORTHLESS: {text}")

    def result(self):
        return {
            "schema_version": "1.0",
            "environment": {
                "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="minutes"),
                "processor": processor(), "cores": os.cpu_count(), "core": self.core,
                "system": platform.platform(), "load_average_at_end": os.getloadavg(),
                "turn_seconds": self.arguments.seconds, "repeats": self.arguments.repeats,
                "upstream": f"keywalk-mock {self.upstream.version} "
                            + " ".join(self.upstream.options)},
            "gateways": [{"name": gateway.name, "version": gateway.version, "how": gateway.how,
                          "peer": gateway.peer, "missing": self.missing.get(gateway.name)}
                         for gateway in self.gateways],
            "cells": summary.rows(self.samples, self.idle_bytes),
            "left_out": [{"gateway": name, "body_bytes": cell.body_bytes, "walk": cell.walk_name,
                          "connections": cell.connections, "why": why}
                         for name, cell, why in self.left_out],
        }


def wanted(name, chosen):
    return not chosen or any(name == word or name.startswith(word + " ") for word in chosen)


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
                        help="failovers f0,f1,f2,f4, or sse for event streams")
    parser.add_argument("--connections", type=words(matrix.CONNECTIONS, int),
                        help="1,16,256")
    parser.add_argument("--seconds", type=float, help="of each turn")
    parser.add_argument("--repeats", type=int, help="turns of each cell")
    parser.add_argument("--quick", action="store_true",
                        help="a minute: short turns, the cells that the bars look at")
    arguments = parser.parse_args()
    for option, value in (QUICK if arguments.quick else FULL).items():
        if getattr(arguments, option) is None:
            setattr(arguments, option, value)
    return arguments


def main():
    arguments = parse_arguments()
    for folder in (arguments.work, arguments.report):
        os.makedirs(folder, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    core = max(os.sched_getaffinity(0))
    run = Run(arguments, core)
    try:
        run.all()
    except Failed as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("stopped")
        return 130
    print(report.write(run.result(), arguments.report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
