#!/usr/bin/env python3
"""No secret in anything that the programs write, at their most talkative.

everything_test.py BIN_DIR [--whole]: runs the suite on keywalk-proxy processes (a slice of it
without --whole), the mock and its recorder, refused configurations and the simulator, keeps every
byte of logs, records, metrics, admin pages, error texts, answers of our own and reports, and looks
for the keys and tokens in it: whole, any 12 bytes in a row beyond the hint, and encoded. What an
upstream echoes is its own in a forwarded body, and ours everywhere else.
"""

import argparse
import http.client
import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import search

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
KEY = "sk-mock-Zk3vQ9xT7wLmB2rH8nYc-e5e5"
OTHER = "sk-other-Pq6sD4fG1hJ0kL9zXcVb-f6f6"
TOKEN = "token-Mn8bV5cX2zA1sD4fG7hJ-g7g7"
ECHO = {"status": 401, "headers": {"X-Echo": f"key {OTHER}"},
        "json": {"error": {"message": f"bad key {OTHER}", "code": OTHER}}}
# Without a part of the suite that adds only time.
SLICE = ["access-*", "dump-*", "metrics-*", "token-*", "headers-*", "seed-*", "retry-*", "target-*",
         "upload-*", "fault-*", "status-*"]


class Run:
    def __init__(self, binaries, folder):
        self.binaries, self.output, self.given = binaries, folder / "output", folder / "given"
        self.output.mkdir()
        self.given.mkdir()
        self.secrets = {KEY, OTHER, TOKEN}

    def write(self, name, text):
        path = self.given / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    def command(self, name, *arguments, ok=(0,), limit=300):
        """Runs a program to its end; what it prints is kept."""
        with open(self.output / f"{name}.printed", "wb") as printed:
            done = subprocess.run([str(argument) for argument in arguments], stdout=printed,
                                  stderr=subprocess.STDOUT, check=False, timeout=limit)
        if done.returncode not in ok:
            sys.exit(f"{name}: exit status {done.returncode}, expected {ok}:\n"
                     + (self.output / f"{name}.printed").read_text(errors="replace")[-2000:])

    def start(self, name, *arguments):
        """Starts a server; its log is kept. Gives the process and its address."""
        with open(self.output / f"{name}.log", "wb") as log:
            process = subprocess.Popen([str(argument) for argument in arguments], stderr=log,
                                       stdout=subprocess.PIPE, text=True)
        address = process.stdout.readline().removeprefix("listening on ").strip()
        if not address:
            sys.exit(f"{name} has not started: " + (self.output / f"{name}.log").read_text())
        return process, address

    def ask(self, name, address, method, target, headers=None, body=None):
        connection = http.client.HTTPConnection(address, timeout=20)
        connection.putrequest(method, target)
        for field in {"Content-Length": str(len(body or b"")), **(headers or {})}.items():
            connection.putheader(*field)
        connection.endheaders(body)
        answer = connection.getresponse()
        page = f"{answer.status} {answer.reason}\n{answer.headers}\n".encode() + answer.read()
        with open(self.output / f"{name}.answers", "ab") as file:
            file.write(page + b"\n")
        return answer.status

    def refused_reloads(self):
        return (self.output / "own.log").read_bytes().count(b"not reloaded")

    # What is run.

    def suite(self, whole):
        adapter = (f"exec {sys.executable} -B {HERE}/proxy_adapter.py"
                   f" {self.binaries}/keywalk-proxy {self.output} {self.given}")
        select = [] if whole else [word for glob in SLICE for word in ("--select", glob)]
        reports = [word for kind in ("json", "junit", "tap", "html", "badge")
                   for word in (f"--{kind}", self.output / f"report.{kind}")]
        # Not every case passes without a clock that can be moved; what is written counts here.
        self.command("conform", self.binaries / "keywalk-conform", "--adapter", adapter,
                     "--trace=all", "--log-level", "debug", *reports, *select, ok=(0, 1))
        counts = json.loads((self.output / "report.json").read_text())["totals"]
        print("suite:", counts)
        if counts["pass"] < (500 if whole else 150):
            sys.exit("the suite has hardly run")
        for file in self.given.glob("proxy-*.txt"):
            self.secrets.update(line for line in file.read_text().split() if len(line) >= 20)

    def own_answers(self):
        """Every answer that the proxy makes itself, with keys where a client can put them."""
        script = {"schema_version": "1.0", "lanes": {KEY: [{"status": 429}], OTHER: [ECHO]}}
        mock, upstream = self.start(
            "mock", self.binaries / "keywalk-mock", "--listen", "127.0.0.1:0", "--script",
            self.write("script.json", json.dumps(script)), "--log-level", "trace")
        config = {
            "schema_version": "1.0", "log_level": "trace", "listen": "127.0.0.1:0",
            "dump_dir": str(self.output / "own.dump"), "limits": {"max_body_bytes": 1000},
            "client_token_file": str(self.write("tokens.txt", TOKEN + "\n")),
            "providers": [
                {"prefix": "/up", "provider": "openai", "base_url": f"http://{upstream}",
                 "keys_file": str(self.write("keys.txt", f"{KEY}\n{OTHER}\n"))},
                {"prefix": "/gone", "provider": "anthropic", "base_url": "http://127.0.0.1:1",
                 "keys_file": str(self.write("keys.txt", f"{KEY}\n{OTHER}\n"))}],
        }  # fmt: skip
        path = self.write("own.json", json.dumps(config))
        proxy, address = self.start("own", self.binaries / "keywalk-proxy", "--config", path)
        token = {"Authorization": f"Bearer {TOKEN}"}
        expected = [
            (429, "POST", "/up/x", token, b"{}"), (502, "POST", "/gone/x", token, b"{}"),
            (401, "POST", f"/up/x?key={KEY}", {}, b"{}"), (404, "GET", f"/{KEY}", token, None),
            (400, "GET", f"/up/../{KEY}", token, None), (501, "TRACE", f"/up/{KEY}", token, None),
            (413, "POST", f"/up/x?q={OTHER}", token, KEY.encode() * 100),
            (501, "GET", "/up/x", {**token, "Upgrade": "websocket", "Connection": "upgrade",
                                   "X-Key": KEY}, None),
            (400, "GET", "/up/x", {**token, "Host": f"{KEY}/"}, None),
            (400, "GET", "/up/x", {**token, "Transfer-Encoding": KEY}, None),
        ]  # fmt: skip
        for status, *request in expected:
            got = self.ask("own", address, *request)
            if got != status:
                sys.exit(f"{request[:2]}: {got}, expected {status}")
        # A client's own key, to an upstream that is gone.
        self.ask("own", address, "GET", f"/gone/x?key={KEY}", {"X-Api-Key": KEY})
        for text in ('{"schema_version": "1.0", "providers": "' + KEY + '"}', KEY, "{" + KEY):
            before = self.refused_reloads()
            path.write_text(text)
            proxy.send_signal(signal.SIGHUP)
            while not self.refused_reloads() > before:
                time.sleep(0.01)
        for target in ("script", "journal", "journal?format=ndjson", "metrics", "scopes",
                       "connections", f"clock?{KEY}=1"):
            self.ask("mock", upstream, "GET", f"/__mock/{target}")
        wrong = [("verify", {"sequence": [KEY]}), ("verify", {"requests": [{"lane": OTHER}]}),
                 ("script", {"lanes": {KEY: [{"status": KEY}]}}), ("clock", {KEY: 1})]
        for target, text in wrong:
            method = "PUT" if target == "script" else "POST"
            self.ask("mock", upstream, method, f"/__mock/{target}", {}, json.dumps(text).encode())
        proxy.terminate()
        mock.terminate()
        proxy.wait(timeout=30), mock.wait(timeout=30)

    def recorder(self):
        script = {"schema_version": "1.0", "lanes": {KEY: [{"json": {"ok": KEY}}], OTHER: [ECHO]}}
        mock, upstream = self.start("recorded", self.binaries / "keywalk-mock", "--listen",
                                    "127.0.0.1:0", "--script",
                                    self.write("script.json", json.dumps(script)))
        record, address = self.start(
            "record", self.binaries / "keywalk-mock", "record", "--upstream", f"http://{upstream}",
            "--output", self.output / "recorded.json", "--listen", "127.0.0.1:0", "--log-level",
            "trace")
        for key in (KEY, OTHER):
            # Its answers are the upstream's, echoes and all: not kept.
            connection = http.client.HTTPConnection(address, timeout=20)
            connection.request("POST", f"/x?key={key}", b"{}", {"Authorization": f"Bearer {key}"})
            connection.getresponse().read()
        record.terminate()
        mock.terminate()
        record.wait(timeout=30), mock.wait(timeout=30)

    def refusals(self):
        """Files that cannot be used, with secrets where they are wrong."""
        minimal = ["--provider", "openai", "--base-url", "http://127.0.0.1:1"]
        proxy = self.binaries / "keywalk-proxy"
        wrong = {"twice": f"{KEY}\n{KEY}\n", "control": f"{KEY}\x01\n", "nul": f"{KEY}\0{OTHER}\n"}
        for name, text in wrong.items():
            file = self.write(f"wrong-{name}.txt", text)
            self.command(f"keys-{name}", proxy, *minimal, "--keys-file", file, ok=(2,))
        for option in ("--client-token-file", "--admin-token-file"):
            file = self.write("wrong-token.txt", f"{TOKEN} {KEY}\n")
            self.command(f"token{option}", proxy, *minimal, option, file, ok=(2,))
        scripts = {"member": json.dumps({"schema_version": "1.0", "lanes": {KEY: [{KEY: 1}]}}),
                   "broken": '{"lanes": {"' + KEY + '": [' + OTHER,
                   "type": json.dumps({"schema_version": "1.0", "lanes": {KEY: KEY}})}
        for name, text in scripts.items():
            self.command(f"script-{name}", self.binaries / "keywalk-mock", "validate",
                         self.write(f"wrong-{name}.json", text), ok=(2,))

    def simulator(self):
        self.command("sim", self.binaries / "keywalk-sim", "compare",
                     ROOT / "sim/worlds/simplest.json", "--seeds", "1..2", "--json",
                     self.output / "sim.json", "--html", self.output / "sim.html")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binaries", type=Path)
    parser.add_argument("--whole", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = Run(arguments.binaries.resolve(), Path(folder))
        run.refusals()
        run.own_answers()
        run.recorder()
        run.simulator()
        run.suite(arguments.whole)
        size = sum(file.stat().st_size for file in run.output.rglob("*") if file.is_file())
        # The search itself: what it must find.
        (run.given / "planted").write_text(KEY)
        if not search.leaks(run.given / "planted", run.secrets):
            sys.exit("the search finds nothing at all")
        found = search.leaks(run.output, run.secrets)
    print(f"{len(run.secrets)} secrets, {size >> 10} KiB in what was written, {len(found)} leaks")
    for leak in found[:40]:
        print("leak:", leak)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
