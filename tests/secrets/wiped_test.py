#!/usr/bin/env python3
"""No memory that keywalk-proxy gives back holds a byte run of a pool's key.

wiped_test.py BIN_DIR FREED_BLOCKS_LIBRARY: a proxy with that library preloaded serves requests with
failover, buffered and streamed, recorded, kept back (Expect), on used and on fresh connections; it
reloads good and bad files and ends; heads grow. The library looks into every block that is freed.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

KEYS = ["sk-wipe-0-Zk3vQ9xT7wLmB2rH8nYc", "sk-wipe-1-Pq6sD4fG1hJ0kL9zXcVb",
        "sk-wipe-2-Mn8bV5cX2zA1sD4fG7hJ", "sk-wipe-3-Tr5eW2qY9uI6oP3lK0jH"]
# What is freed as it is, on purpose: a sign that the library looks.
CANARY = "canary-in-a-path-4d7f"
OPTIONS = {"buffered": [], "recorded": ["--dump-dir", "dump"],
           "streamed": ["--body-mode", "stream", "--expect-continue", "1"]}


def preloads(program, library):
    """The library, and the C and C++ ones after it: their malloc is used instead of another's."""
    needed = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    paths = [line.split("=>")[1].split()[0] for line in needed.splitlines()
             if line.strip().startswith(("libstdc++.so", "libc.so"))]
    return ":".join([str(library), *paths])


def ask(address, path="/x", body=b"{}", chunked=False, fields=None):
    connection = http.client.HTTPConnection(address, timeout=20)
    for _ in range(2):  # one connection, then a fresh one upstream as well
        connection.request("POST", f"{path}?{CANARY}", iter([body]) if chunked else body,
                           fields or {}, encode_chunked=chunked)
        connection.getresponse().read()


class Wiped:
    def __init__(self, binaries, library, folder):
        self.binaries, self.library = Path(binaries).resolve(), Path(library).resolve()
        self.folder = folder
        self.secrets, self.freed = folder / "secrets", folder / "freed"
        self.keys = folder / "keys.txt"
        # Twelve bytes from the middle: a part is as bad as the whole.
        self.runs = [key[9:21] for key in KEYS]
        self.secrets.write_text("\n".join([*self.runs, CANARY]) + "\n")

    def write_keys(self, *numbers):
        keys = "".join(KEYS[number] + "\n" for number in numbers)
        self.keys.write_text(keys + f"# {'more than is read at once ' * 2000}\n")
        self.keys.chmod(0o600)

    def start(self, program, *arguments, environment=None):
        log = open(self.folder / f"{program}.log", "wb")
        process = subprocess.Popen(
            [self.binaries / program, "--listen", "127.0.0.1:0", *arguments], stderr=log, text=True,
            stdout=subprocess.PIPE, cwd=self.folder, env={**os.environ, **(environment or {})})
        address = process.stdout.readline().removeprefix("listening on ").strip()
        if not address:
            sys.exit((self.folder / f"{program}.log").read_text())
        return process, address

    def reload(self, proxy):
        log = self.folder / "keywalk-proxy.log"
        before = log.read_bytes().count(b"reloaded")
        proxy.send_signal(signal.SIGHUP)
        while not log.read_bytes().count(b"reloaded") > before:
            time.sleep(0.01)

    def run(self, options):
        lanes = {KEYS[0]: [{"status": 429, "headers": {"Retry-After-Ms": "1"}}],
                 KEYS[1]: [{"status": 429, "headers": {"Retry-After-Ms": "1"}}, {"status": 401}],
                 KEYS[2]: [{}, {"fault": {"at": "before_head", "kind": "reset"}}, {"status": 500},
                           {}]}
        script = self.folder / "script.json"
        script.write_text(json.dumps({"schema_version": "1.0", "lanes": lanes,
                                      "default_lane": [{}]}))
        self.write_keys(0, 1, 2)
        self.freed.unlink(missing_ok=True)
        mock, upstream = self.start("keywalk-mock", "--script", script)
        proxy, address = self.start(
            "keywalk-proxy", "--provider", "openai", "--base-url", f"http://{upstream}",
            "--keys-file", self.keys, "--log-level", "debug", *options,
            environment={"LD_PRELOAD": preloads(self.binaries / "keywalk-proxy", self.library),
                         "KEYWALK_TEST_SECRETS": str(self.secrets),
                         "KEYWALK_TEST_FREED": str(self.freed)})
        ask(address)
        ask(address, fields={"X-Long": "x" * 10_000})  # what was kept for heads is too small
        ask(address, body=b"x" * 300_000)
        ask(address, body=b"x" * 100_000, chunked=True)
        self.write_keys(2, 3)
        self.reload(proxy)
        ask(address)
        self.write_keys(3, 3)
        self.reload(proxy)
        self.keys.write_text("".join(f"{key}\n" for key in KEYS) + "bad\x01\n")
        self.reload(proxy)
        self.write_keys(3)
        self.reload(proxy)
        ask(address)
        proxy.terminate()
        if proxy.wait(timeout=60) != 0:
            sys.exit("the proxy has not ended well")
        mock.terminate()
        mock.wait(timeout=30)
        return self.freed.read_text() if self.freed.exists() else ""


def main():
    binaries, library = sys.argv[1:3]
    failed = False
    for name, options in OPTIONS.items():
        with tempfile.TemporaryDirectory() as folder:
            wiped = Wiped(binaries, library, Path(folder))
            report = wiped.run(options)
        if f"freed {CANARY}" not in report:
            sys.exit(f"{name}: the library has found nothing, not even what it must find")
        # A block that holds a key may hold the canary too, so that reports are counted by key.
        found = [part for part in report.split("freed ")
                 if any(part.startswith(run) for run in wiped.runs)]
        print(f"{name}: {len(found)} blocks with a key were given back")
        for part in found[:8]:
            print("freed", part)
        failed = failed or bool(found)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
