#!/usr/bin/env python3
"""Fuzzes every target with libFuzzer: `make fuzz`.

Each target runs on one processor for the given time, from the seeds (seeds.py), the committed
corpus (corpus/) and what earlier runs found, which is kept in the work folder. Ends with a table.

Exit status: 0; 1 if a target crashed, with the input's path and the command that repeats it; 2 for
wrong use.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
MAX_BYTES = 16 * 1024
SECONDS_FOR_ONE_INPUT = 10
TARGETS = {  # with the dictionary that helps each
    "retry_after": "http.dict", "policy": "json.dict", "proxy_config": "json.dict",
    "mock_script": "json.dict", "fixture": "json.dict", "adapter_reply": "json.dict",
    "proxy_client": "http.dict", "mock_client": "http.dict", "upstream": "http.dict",
}


class Finding:
    """What one target's run came to."""

    def __init__(self, target, log, status):
        self.target, self.status, self.log = target, status, log
        text = log.read_text("utf-8", "replace")
        # As libFuzzer says: the file has the input's hash for its name, and may be there already.
        self.crashes = sorted(set(re.findall(r"Test unit written to (.*)", text)))
        self.executions = self._last(r"stat::number_of_executed_units:\s+(\d+)", text)
        self.rate = self._last(r"stat::average_exec_per_sec:\s+(\d+)", text)
        self.corpus = self._last(r"corp: (\d+)/", text)
        self.covered = self._last(r"cov: (\d+)", text)
        reasons = re.findall(r"fuzz: broken: .*|SUMMARY: .*|ERROR: libFuzzer: .*", text)
        self.reason = reasons[0] if reasons else f"exit status {status}"

    @staticmethod
    def _last(pattern, text):
        found = re.findall(pattern, text)
        return int(found[-1]) if found else 0


class Fuzzing:
    def __init__(self, arguments):
        self.arguments = arguments
        self.work = pathlib.Path(arguments.work).resolve()
        self.program = pathlib.Path(arguments.program).resolve()
        self.lock = threading.Lock()
        self.running, self.done = {}, 0

    def folder(self, *names):
        path = self.work.joinpath(*names)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def command(self, target, *more):
        return [str(self.program), f"--target={target}", *more]

    def run(self, target):
        crashes = self.folder("crashes")
        inputs = [self.folder("corpus", target), self.work / "seeds" / target]
        committed = HERE / "corpus" / target
        inputs += [committed] if committed.is_dir() else []
        log = self.folder("logs") / f"{target}.log"
        with self.lock:
            self.running[target] = time.monotonic()
        with log.open("wb") as output:
            status = subprocess.run(self.command(
                target, f"-max_total_time={self.arguments.seconds}", f"-max_len={MAX_BYTES}",
                f"-timeout={SECONDS_FOR_ONE_INPUT}", "-print_final_stats=1", "-rss_limit_mb=2048",
                f"-dict={HERE / TARGETS[target]}", f"-artifact_prefix={crashes}/{target}-",
                *map(str, inputs)), stdout=output, stderr=subprocess.STDOUT, check=False).returncode
        with self.lock:
            del self.running[target]
            self.done += 1
        return Finding(target, log, status)

    def progress(self, total):
        with self.lock:
            parts = [f"{target} {time.monotonic() - since:.0f} s"
                     for target, since in self.running.items()]
        return f"[{self.done}/{total}] " + ", ".join(parts)

    def run_all(self, targets):
        subprocess.run([sys.executable, "-B", str(HERE / "seeds.py"), str(self.folder("seeds"))],
                       check=True)
        live = sys.stderr.isatty()
        with concurrent.futures.ThreadPoolExecutor(self.arguments.jobs) as pool:
            waiting = {pool.submit(self.run, target) for target in targets}
            findings = []
            while waiting:
                done, waiting = concurrent.futures.wait(waiting, timeout=1 if live else None)
                findings += [future.result() for future in done]
                if live:
                    sys.stderr.write("\r\033[K" + self.progress(len(targets)))
            if live:
                sys.stderr.write("\r\033[K")
        return sorted(findings, key=lambda finding: targets.index(finding.target))


def table(findings):
    lines = [f"{'target':<14} {'executions':>11} {'exec/s':>8} {'covered':>8} {'corpus':>7} "
             "crashes"]
    for finding in findings:
        crashes = "none" if finding.status == 0 else max(1, len(finding.crashes))
        lines.append(f"{finding.target:<14} {finding.executions:>11,} {finding.rate:>8,} "
                     f"{finding.covered:>8,} {finding.corpus:>7,} {crashes}")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True, help="keywalk-fuzz")
    parser.add_argument("--work", required=True, help="what is found is kept here")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--targets", default=",".join(TARGETS), help="of " + ", ".join(TARGETS))
    arguments = parser.parse_args()
    targets = arguments.targets.split(",")
    if unknown := set(targets) - set(TARGETS):
        parser.error(f"unknown targets: {', '.join(sorted(unknown))}")
    fuzzing = Fuzzing(arguments)
    findings = fuzzing.run_all(targets)
    print(table(findings))
    failed = [finding for finding in findings if finding.status != 0]
    for finding in failed:
        print(f"\n{finding.target}: {finding.reason}")
        if not finding.crashes:
            print(f"  log: {finding.log}")
        for path in finding.crashes:
            print(f"  input: {path}")
            print(f"  repeat: {' '.join(fuzzing.command(finding.target, path))}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
