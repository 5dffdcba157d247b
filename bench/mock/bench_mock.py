#!/usr/bin/env python3
"""Throughput of keywalk-mock beside nginx and the scriptable mock servers: `make bench-mock`.

All servers are up at once, on one core; wrk is on another, with 16 connections, and loads one
server at a time, in turn (A B C A B C ...), so that what disturbs the machine disturbs all of
them. Every server gives the same answer, checked before and after each turn, and wrk must have
seen no error. The medians are the result: bench-mock.json, .md and .html in the report folder.

Exit status: 0; 1 if a check failed, or with --check if a bar was missed; 2 for wrong use.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import install
import report
import servers
from common import terminal
from common.install import Unavailable, tool
from common.machine import processor
from common.server import Failed, request_body

BODY_BYTES = 1024
# (what, which server, against whom, at least)
BARS = (("journal on", servers.Keywalk, "nginx", 0.8),
        ("journal on, body digests off", servers.KeywalkNoDigests, "nginx", 0.9),
        ("journal on", servers.Keywalk, "peer", 2.5))


def say(text):
    terminal.say("bench-mock", text)


class Bench:
    def __init__(self, arguments, cores):
        self.arguments = arguments
        self.server_core, self.client_core = cores
        self.wrk = tool("wrk", "wrk")
        self.body_file = os.path.join(arguments.work, "request.json")
        with open(self.body_file, "wb") as file:
            file.write(request_body(BODY_BYTES))

    def load(self, server, method, seconds):
        """wrk's counts for one turn."""
        target = servers.POST if method == "POST" else servers.GET
        command = [self.wrk, "-t", "1", "-c", str(servers.CONNECTIONS), "-d", f"{seconds}s", "-s",
                   os.path.join(install.HERE, "load.lua"),
                   f"http://127.0.0.1:{server.port}{target}", "--", method, servers.KEY,
                   self.body_file if method == "POST" else "-"]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=seconds + 60, check=False,
            preexec_fn=lambda: os.sched_setaffinity(0, {self.client_core}))
        output = done.stdout.decode(errors="replace")
        for line in output.splitlines():
            if line.startswith("RESULT "):
                return json.loads(line[len("RESULT "):])
        raise Failed(f"{server.name}: wrk gave no result: {output.strip()[-300:]}")

    def check_answer(self, server, method):
        body = request_body(BODY_BYTES) if method == "POST" else None
        target = servers.POST if method == "POST" else servers.GET
        status, answer = server.ask(method, target, body)
        if (status, answer.decode(errors="replace")) != (200, servers.ANSWER):
            raise Failed(f"{server.name} answers {method} with {status} {answer[:200]!r}")

    def turn(self, server, method, seconds):
        """One measurement with its checks."""
        self.check_answer(server, method)
        server.journaled()  # from here on it counts what wrk sends
        before = server.cpu_seconds()
        counts = self.load(server, method, seconds)
        cpu_seconds = server.cpu_seconds() - before
        journaled = server.journaled()
        self.check_answer(server, method)
        errors = {name: n for name, n in counts.items() if name.endswith(("_errors", "timeouts"))}
        if counts["requests"] == 0 or any(errors.values()):
            raise Failed(f"{server.name}, {method}: {counts['requests']} answers, {errors}")
        self.check_journal(server, counts["requests"], journaled)
        return {"requests_per_second": counts["requests"] / counts["duration_us"] * 1e6,
                "requests": counts["requests"], "journaled": journaled,
                "bytes_per_answer": counts["bytes"] / counts["requests"],
                "cpu_us": cpu_seconds / max(counts["requests"], 1) * 1e6,
                "p50_us": counts["p50_us"], "p99_us": counts["p99_us"]}

    @staticmethod
    def check_journal(server, sent, journaled):
        if server.journal != "on":
            return
        if not server.peer:
            # At wrk's end every connection may have one request on its way.
            if not sent <= journaled <= sent + servers.CONNECTIONS:
                raise Failed(f"{server.name}: wrk had {sent} answers, the journal {journaled}")
        elif journaled == 0:
            raise Failed(f"{server.name}: its journal is empty, so it was not on")

    def run(self, running):
        turns = [(server, method) for method in ("POST", "GET") for server in running
                 if method in server.methods]
        samples = {turn: [] for turn in turns}
        progress = terminal.Progress(len(turns) * (self.arguments.repeats + 1))
        for server, method in turns:  # compilers just in time, caches, pools
            self.turn(server, method, self.arguments.warmup * server.warmups)
            progress.step(f"warm-up: {server.name}, {method}")
        for _ in range(self.arguments.repeats):
            for server, method in turns:
                sample = self.turn(server, method, self.arguments.duration)
                samples[server, method].append(sample)
                rate = sample["requests_per_second"]
                progress.step(f"{server.name}, {method}: {rate:,.0f} requests/s")
        progress.end()
        return samples


def start_all(wanted, core):
    """Those that run, and the reasons of those that do not."""
    running, missing = [], {}
    for server in wanted:
        say(f"starting {server.name}")
        try:
            server.start(core)
            running.append(server)
        except Unavailable as error:
            say(f"{server.name}: not available: {error}")
            missing[server.name] = str(error)
            server.stop()
    return running, missing


def summarize(samples):
    """method -> rows; the ratios are of medians."""
    tables = {}
    for (server, method), turns in samples.items():
        rates = [turn["requests_per_second"] for turn in turns]
        tables.setdefault(method, []).append({
            "server": server.name, "version": server.version, "peer": server.peer,
            "journal": server.journal, "median": statistics.median(rates), "min": min(rates),
            "max": max(rates), "cpu_us": statistics.median(t["cpu_us"] for t in turns),
            "p50_us": statistics.median(t["p50_us"] for t in turns),
            "p99_us": statistics.median(t["p99_us"] for t in turns), "turns": turns})
    for rows in tables.values():
        nginx = [row["median"] for row in rows if row["server"] == servers.Nginx.name]
        peers = [row["median"] for row in rows if row["peer"]]
        for row in rows:
            row["to_nginx"] = row["median"] / nginx[0] if nginx else None
            row["to_fastest_peer"] = row["median"] / max(peers) if peers else None
    return tables


def judge(tables):
    """The bars, on POST: a request of a chat client, with a body to digest."""
    verdicts = []
    for what, kind, against, least in BARS:
        rows = [row for row in tables.get("POST", []) if row["server"] == kind.name]
        ratio = rows[0]["to_nginx" if against == "nginx" else "to_fastest_peer"] if rows else None
        verdicts.append({"what": what, "against": "nginx return 200" if against == "nginx" else
                         "the fastest scriptable peer", "least": least, "ratio": ratio,
                         "met": ratio is not None and ratio >= least})
    return verdicts


def parse_arguments():
    def positive(text):
        number = int(text)
        if number < 1:
            raise argparse.ArgumentTypeError("must be at least 1")
        return number
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--mock", required=True, help="the keywalk-mock binary, a release build")
    parser.add_argument("--work", required=True, help="folder for what is installed and written")
    parser.add_argument("--report", required=True, help="folder for the results")
    parser.add_argument("--duration", type=positive, default=4, help="seconds a turn")
    parser.add_argument("--repeats", type=positive, default=5, help="turns a server and method")
    parser.add_argument("--warmup", type=positive, default=4,
                        help="seconds of load before the first turn; for WireMock five times that")
    parser.add_argument("--check", action="store_true", help="exit 1 if a bar is missed")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    for folder in (arguments.work, arguments.report):
        os.makedirs(folder, exist_ok=True)
    arguments.work = os.path.abspath(arguments.work)
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        say("needs two cores: one for the server, one for wrk")
        return 1
    wanted = servers.all_servers(arguments.work, os.path.abspath(arguments.mock))
    try:
        bench = Bench(arguments, cores)
        running, missing = start_all(wanted, cores[0])
        tables = summarize(bench.run(running))
    except (Failed, Unavailable) as error:
        say(str(error))
        return 1
    finally:
        for server in wanted:
            server.stop()
    result = {
        "schema_version": "1.0", "processor": processor(), "system": platform.platform(),
        "load_average": os.getloadavg(), "connections": servers.CONNECTIONS,
        "body_bytes": BODY_BYTES, "answer_bytes": len(servers.ANSWER),
        "duration_s": arguments.duration, "repeats": arguments.repeats, "tables": tables,
        "not_available": missing,
        "bars": judge(tables)}
    print(report.write(result, arguments.report))
    missed = [bar for bar in result["bars"] if not bar["met"]]
    return 1 if arguments.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
