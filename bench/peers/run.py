"""The whole run: in each round every server is started anew, warmed up and loaded in turn.

Rounds, because a process stays as it began: where its memory lies and what its allocator has learnt
can make a request with a large body half as fast again, and only another process tells that from
what the program costs."""

import datetime
import os
import platform
import time

import bars
import matrix
import measure
import summary
from common import terminal
from common.install import Unavailable
from common.machine import processor
from common.server import request_body
from upload_runs import UploadRuns
from upstream import Upstream


def say(text):
    terminal.say("bench-peers", text)


class Run:
    def __init__(self, arguments, core, gateway_core):
        self.arguments, self.core, self.gateway_core = arguments, core, gateway_core
        self.began = time.monotonic()
        self.upstream = Upstream(arguments.work, arguments.mock)
        self.gateways = [gateway for gateway in
                         matrix.gateways(arguments.work, self.upstream, arguments.proxy)
                         if matrix.is_chosen(gateway.name, arguments.servers)]
        self.missing = {}  # gateway -> why it cannot be measured at all
        self.left_out = []  # (gateway, cell, why)
        self.samples = {}  # (gateway, cell) -> samples
        self.bodies = self.write_bodies()
        self.plan = {size: self.turns_of(size) for size in self.bodies}
        self.bench = measure.Bench(arguments.load, self.upstream, self.bodies, core)
        per_round = sum(len(turns) * arguments.repeats + len(matrix.warm_ups(turns))
                        for turns in self.plan.values())
        self.progress = terminal.Progress(per_round * arguments.rounds)
        self.uploads = None

    def write_bodies(self):
        files = {}
        for name in self.arguments.bodies:
            size = matrix.BODIES[name]
            files[size] = os.path.join(self.arguments.work, f"body-{name}.json")
            with open(files[size], "wb") as file:
                file.write(request_body(size))
        return files

    def turns_of(self, body_bytes):
        turns = []
        for cell in matrix.cells(body_bytes, self.arguments.walks, self.arguments.connections):
            for gateway in self.gateways:
                reason = gateway.cannot(cell)
                if reason is None:
                    turns.append((gateway, cell))
                elif reason:
                    self.left_out.append((gateway.name, cell, reason))
        return turns

    def all(self):
        try:
            for number in range(self.arguments.rounds if "matrix" in self.arguments.parts else 0):
                for body_bytes in self.bodies:
                    self.round(number, body_bytes)
            if "uploads" in self.arguments.parts:
                self.uploads = UploadRuns(self, self.arguments.quick).all()
        finally:
            self.progress.end()
            self.stop()

    def stop(self):
        for server in (*self.gateways, self.upstream):
            server.stop()

    def round(self, number, body_bytes):
        self.upstream.start(self.core)
        turns = self.plan[body_bytes]
        running = [gateway for gateway in self.gateways
                   if any(gateway is other for other, _ in turns)
                   and self.starts(gateway, body_bytes)]
        for gateway in running:
            if gateway.compiles_seconds:
                self.progress.now(f"warming up {gateway.name}")
                self.bench.load(gateway, matrix.Cell(body_bytes, "f1", 1),
                                gateway.compiles_seconds)
        idle_bytes = {gateway: measure.memory(gateway, "VmRSS") for gateway in running}
        for repeat in range(self.arguments.repeats + 1):
            for gateway, cell in turns if repeat else matrix.warm_ups(turns):
                if gateway in running:
                    self.turn(gateway, cell, repeat == 0,
                              {"round": number, "idle_bytes": idle_bytes[gateway]})
                else:
                    self.progress.step(f"{gateway.name}: not available")
        self.stop()

    def starts(self, gateway, body_bytes):
        if gateway.name in self.missing:
            return False
        self.progress.now(f"starting {gateway.name}")
        try:
            gateway.start_for(body_bytes, self.gateway_core)
        except Unavailable as error:
            self.complain(f"{gateway.name}: not available: {error}")
            self.missing[gateway.name] = str(error)
            gateway.stop()
            return False
        return True

    def turn(self, gateway, cell, is_warmup, about):
        samples = self.samples.setdefault((gateway.name, cell), [])
        if any(sample["problems"] for sample in samples):
            self.progress.step(f"{gateway.name}, {cell}: left out, it went wrong before")
            return
        self.progress.now(f"{gateway.name}, {cell}")
        seconds = self.arguments.seconds / (2 if is_warmup else 1)
        sample = self.bench.turn(gateway, cell, seconds)
        # A warm-up that went wrong is the measurement: more of the same tells nothing more.
        if not is_warmup or sample["problems"]:
            samples.append({**sample, **about})
        what = f"{'warm-up: ' if is_warmup else ''}{gateway.name}, {cell}"
        if sample["problems"]:
            self.complain(f"{what}: WORTHLESS: {'; '.join(sample['problems'])}")
        self.progress.step(f"{what}: p50 {sample['p50_us']:,.1f} us, "
                           f"{sample['requests_per_second']:,.0f} requests/s")

    def complain(self, text):
        self.progress.end()
        say(text)

    def result(self):
        result = {
            "schema_version": "1.0",
            "environment": {
                "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="minutes"),
                "processor": processor(), "cores": os.cpu_count(), "core": self.core,
                "gateway_core": self.gateway_core,
                "system": platform.platform(), "load_average_at_end": os.getloadavg(),
                "turn_seconds": self.arguments.seconds, "repeats": self.arguments.repeats,
                "rounds": self.arguments.rounds,
                "took_seconds": round(time.monotonic() - self.began),
                "upstream": f"keywalk-mock {self.upstream.version} "
                            + " ".join(self.upstream.options)},
            "gateways": [{"name": gateway.name, "version": gateway.version, "how": gateway.how,
                          "peer": gateway.peer, "missing": self.missing.get(gateway.name)}
                         for gateway in self.gateways],
            "cells": summary.rows(self.samples),
            "uploads": self.uploads,
            "left_out": [{"gateway": name, "body_bytes": cell.body_bytes, "walk": cell.walk_name,
                          "connections": cell.connections, "why": why}
                         for name, cell, why in self.left_out],
        }
        return {**result, "bars": bars.judge(result)}
