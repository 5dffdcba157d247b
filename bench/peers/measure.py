"""One turn: a gateway under load for a moment, what it cost, and whether every request really
walked the keys that it should have."""

import json
import subprocess
import time

from common.server import Failed, on_core
from upstream import check_attempts

QUIET_SECONDS = 0.005
SETTLE_SECONDS = 10


class Bench:
    def __init__(self, load_binary, upstream, bodies, core):
        self.load_binary, self.upstream, self.bodies = load_binary, upstream, bodies
        self.core = core

    def turn(self, gateway, cell, seconds):
        """A sample: figures, and under "problems" what makes them worthless."""
        settle([gateway, self.upstream])
        before = self.upstream.counts()
        reset_peak(gateway)
        cpu_before = gateway.cpu_seconds()
        counts = self.load(gateway, cell, seconds)
        cpu = gateway.cpu_seconds() - cpu_before
        answered = counts["requests"]
        after = self.upstream.counts_once_quiet(
            sum(before.values()) + answered * len(cell.walk.keys))
        least, most = counts["body_bytes"]
        problems = [f"{count} x {what}" for what, count in counts["errors"].items()]
        problems += check_attempts(cell.walk, answered, before, after)
        if least != most:
            problems.append(f"answers of {least} to {most} bytes")
        return {**{name: counts[name] for name in ("requests", "measured", "requests_per_second",
                                                   "p50_us", "p90_us", "p99_us", "statuses")},
                "attempts": sum(after.values()) - sum(before.values()), "answer_bytes": most,
                "cpu_us": cpu / max(answered, 1) * 1e6, "peak_bytes": memory(gateway, "VmHWM"),
                "problems": problems}

    def load(self, gateway, cell, seconds):
        path, headers = gateway.request(cell.walk)
        command = [self.load_binary, "--port", str(gateway.port), "--path", path,
                   "--body", self.bodies[cell.body_bytes], "--connections", str(cell.connections),
                   "--warmup", str(seconds / 4), "--seconds", str(seconds),
                   "--min-requests", str(max(3, cell.connections))]
        for header in headers:
            command += ["--header", header]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False, preexec_fn=on_core(self.core))
        if done.returncode != 0:
            raise Failed(f"keywalk-load: {done.stderr.decode(errors='replace').strip()[-300:]}")
        return json.loads(done.stdout)


def settle(servers, times=1):
    """Waits until the servers are idle, so many times in a row: what a turn leaves to be done is no
    part of the next one."""
    deadline = time.monotonic() + SETTLE_SECONDS
    quiet, spent = 0, sum(server.cpu_seconds() for server in servers)
    while quiet < times and time.monotonic() < deadline:
        time.sleep(QUIET_SECONDS)
        now = sum(server.cpu_seconds() for server in servers)
        quiet = quiet + 1 if now - spent < QUIET_SECONDS / 20 else 0
        spent = now


def memory(server, field):
    """Bytes of all its processes by /proc/PID/status: VmHWM is the peak, VmRSS what it is now."""
    total = 0
    for pid in server.processes():
        with open(f"/proc/{pid}/status") as file:
            for line in file:
                if line.startswith(field + ":"):
                    total += int(line.split()[1]) * 1024
    return total


def reset_peak(server):
    for pid in server.processes():
        with open(f"/proc/{pid}/clear_refs", "w") as file:
            file.write("5")  # proc(5): the peak begins anew with what is resident now
