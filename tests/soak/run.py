#!/usr/bin/env python3
"""A soak: many clients, two proxies, an upstream with faults drawn from a seed. Every answer has to
be explained by the upstream's journal. README.md says how."""

import argparse
import json
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from explain import TOO_SLOW  # noqa: E402
from ledger import PATIENCE_MS, Ledger  # noqa: E402
from page import page  # noqa: E402
from pipes import Lines, Pipes  # noqa: E402
from programs import Trouble, wait_until  # noqa: E402
from samples import Sampler  # noqa: E402
from setting import Setting, have, sanitized  # noqa: E402
import sheet  # noqa: E402
from world import World  # noqa: E402


QUIET_MS = 700
RELOAD_SECONDS = 2  # between two SIGHUP, to each proxy


class Progress:
    """A line on a terminal, nothing elsewhere."""

    def __init__(self):
        self.live = sys.stderr.isatty()

    def show(self, ledger, sample, seconds):
        if self.live:
            rss = max(sample.rss.values(), default=0) / 2**20
            sys.stderr.write(f"\r\033[K{sample.at:.0f}/{seconds:.0f} s, {ledger.requests:,} "
                             f"requests, {ledger.unexplained} unexplained, {rss:.0f} MiB at most")
            sys.stderr.flush()

    def end(self):
        if self.live:
            sys.stderr.write("\r\033[K")


class Soak:
    def __init__(self, options, lies=None):
        self.options = options
        self.world = World(options.seed, faults=lies is None)
        self.ledger = Ledger(self.world, options.patience_ms)
        self.setting = Setting(options, self.world, lies)
        self.pipes, self.progress = Pipes(), Progress()
        self.troubles, self.sampler = [], None
        self._next_reload = time.monotonic() + RELOAD_SECONDS
        self.leaks = {"keys": 0, "connections": 0, "descriptors": 0, "memory": 0,
                      "sanitizer reports": 0}

    def run(self):
        """The sheet's dictionary."""
        try:
            self.setting.start(self.pipes, self.ledger, Lines)
            programs = {proxy.program.name: proxy.program for proxy in self.setting.proxies}
            self.sampler = Sampler({**programs, "keywalk-mock": self.setting.mock.program})
            begin = time.monotonic()
            self._load()
            seconds = time.monotonic() - begin
            self._settle()
            self._end()
        finally:
            self.progress.end()
            self.setting.remove()
            self.pipes.close()
        return sheet.balance(self.options, seconds, self.ledger, self.sampler, self.leaks,
                             self.troubles,
                             sum(proxy.reloads_asked for proxy in self.setting.proxies))

    def _turn(self):
        self.pipes.poll(0.05)
        self.ledger.tick()
        if time.monotonic() >= self._next_reload and not self.setting.lies:
            self._next_reload = time.monotonic() + RELOAD_SECONDS
            for proxy in self.setting.proxies:
                if proxy.has_reloaded():  # two signals that both wait are one
                    proxy.reload()
        if self.sampler.take(self.ledger):
            self.progress.show(self.ledger, self.sampler.samples[-1], self.options.seconds)

    def _load(self):
        readers = self.setting.start_clients(self.pipes, self.ledger, Lines)
        try:
            while not all(reader.ended for reader in readers):
                self._turn()
        except KeyboardInterrupt:
            for clients in self.setting.clients:
                clients.stop()
            while not all(reader.ended for reader in readers):
                self._turn()

    def _settle(self):
        """What was begun ends: the proxies' last lines, the journal's last entries."""
        def told():
            self.pipes.poll(0.05)
            if not all(proxy.has_reloaded() for proxy in self.setting.proxies):
                return False
            if self.ledger.open() == 0:
                return True
            # What is still under way there is not counted yet: its end would be heard.
            return self.ledger.silent_for(QUIET_MS) and \
                self.setting.mock.requests() == self.ledger.attempts
        try:
            wait_until(told, 60, "every request and reload told of")
        except Trouble as error:
            self.troubles.append(str(error))
        self.ledger.tick(at_end=True)

    def _end(self):
        mock, proxies = self.setting.mock, self.setting.proxies
        if not self.setting.lies:
            self.leaks["connections"] = self.setting.settle_connections()
        self.leaks["descriptors"] = self.setting.further_files()
        self.troubles += sheet.metrics_balance(proxies, self.ledger)
        fired = sum(fault["fired"] for fault in mock.connection_faults())
        if self.ledger.refused_connections > fired:
            self.troubles.append(f"{self.ledger.refused_connections} connections were refused, the "
                                 f"upstream knows of {fired}")
        late, timeouts = self.ledger.kinds[TOO_SLOW], sum(proxy.timeouts for proxy in proxies)
        if late > timeouts:
            self.troubles.append(f"{late} answers were too late, the proxies know of {timeouts}")
        self.leaks["memory"] = len(self.sampler.memory_that_grows())
        for proxy in proxies:
            self._stop(proxy)
        self.leaks["keys"] = sum(proxy.secrets for proxy in proxies)
        self.setting.mock.end_tail()
        self.pipes.remove(self.setting.tail)
        code = mock.program.stop()
        if code != 0:
            self.troubles.append(f"keywalk-mock ended with {code}: {mock.program.log()[-2000:]}")

    def _stop(self, proxy):
        proxy.program.signal(15)
        wait_until(lambda: self.pipes.poll(0.05) or not proxy.program.running(), 60,
                   f"{proxy.program.name} ended")
        self.pipes.poll(0)
        code = proxy.program.wait()
        if not proxy.has_reloaded():
            self.troubles.append(f"{proxy.program.name}: {proxy.reloads_asked} SIGHUP, "
                                 f"{proxy.reloads_told} reloads")
        self.leaks["sanitizer reports"] += len(proxy.reports)
        if code != 0 or proxy.reports:
            self.troubles.append(f"{proxy.program.name} ended with {code}: {proxy.reports[:3]}")


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mock", required=True, type=have)
    parser.add_argument("--proxy", required=True, type=have)
    parser.add_argument("--load", required=True, type=have, help="keywalk-soak-clients")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clients", type=int, default=48, help="of each proxy")
    parser.add_argument("--kinds", nargs="*", default=[], help="of requests: all")
    parser.add_argument("--patience-ms", type=int, default=PATIENCE_MS, help=argparse.SUPPRESS)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--html", type=pathlib.Path)
    return parser.parse_args(arguments)


def main():
    options = parse(sys.argv[1:])
    try:
        result = Soak(options).run()
    except Trouble as error:
        print(f"soak: {error}", file=sys.stderr)
        sys.exit(2)
    result["sanitized"] = sanitized(options.proxy)
    for path in filter(None, (options.json, options.html)):
        path.parent.mkdir(parents=True, exist_ok=True)
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")
    if options.html:
        options.html.write_text(page(result))
    print(sheet.text(result), end="")
    sys.exit(0 if sheet.passed(result) else 1)


if __name__ == "__main__":
    main()
