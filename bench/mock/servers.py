"""The servers that are measured: each is installed, started on a core of its own, asked for the
same answer, and stopped."""

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import time

import install

KEY = "sk-bench-0-aaaaaaaaaaaaaaaaaaaa"
POST, GET = "/v1/chat/completions", "/v1/models"
START_SECONDS = 60
CONNECTIONS = 16

# What everyone answers: small, and of a form that aimock, which knows no other, can give as well.
ANSWER = json.dumps({
    "id": "chatcmpl-bench", "object": "chat.completion", "created": 1767225600,
    "model": "gpt-4o-mini",
    "choices": [{"index": 0,
                 "message": {"role": "assistant", "content": "Yes.", "refusal": None},
                 "logprobs": None, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}, separators=(",", ":"))


class Failed(Exception):
    """A check that makes the whole measurement worthless."""


def request_body(size=1024):
    """A chat request of exactly that many bytes."""
    def text(filling):
        return json.dumps({"model": "gpt-4o-mini",
                           "messages": [{"role": "user", "content": filling}]})
    words = ("The quick brown fox jumps over the lazy dog. " * size)[:size - len(text(""))]
    return text(words).encode()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """One server. `name` is for the report, `peer` true for scriptable competitors."""

    name = ""
    peer = False
    methods = ("POST", "GET")
    journal = "none"
    speaks = False  # on its standard output, to us
    warmups = 1  # how many times the usual warm-up it needs

    def __init__(self, folder):
        self.folder = os.path.join(folder, re.sub(r"\W+", "-", self.name))
        os.makedirs(self.folder, exist_ok=True)
        self.port = 0
        self.version = ""
        self.process = None

    def command(self):
        """Installs, writes configuration, and gives the command line. Raises Unavailable."""
        raise NotImplementedError

    def start(self, core):
        command = self.command()
        # Errors go to a file, whose end is the reason if the server does not come up.
        with open(os.path.join(self.folder, "stderr.log"), "wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stderr=log,
                stdout=subprocess.PIPE if self.speaks else log,
                preexec_fn=lambda: os.sched_setaffinity(0, {core}))
        self.await_port()

    def await_port(self):
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise install.Unavailable("did not come up: " + self.last_error())
            time.sleep(0.05)

    def answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    def last_error(self):
        with open(os.path.join(self.folder, "stderr.log"), errors="replace") as log:
            lines = log.read().strip().splitlines()
        return lines[-1] if lines else "no reason given"

    def ask(self, method, target, body=None):
        """One request: (status, body)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, target, body, {"Authorization": "Bearer " + KEY,
                                                      "Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def journaled(self):
        """How many requests the journal counted since the last call; None: it cannot tell."""
        return None

    def cpu_seconds(self):
        """Processor time of the server and its children so far."""
        ticks, pids = 0, [str(self.process.pid)]
        for pid in pids:
            with open(f"/proc/{pid}/stat") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])  # utime, stime: proc(5)
            with open(f"/proc/{pid}/task/{pid}/children") as file:
                pids += file.read().split()
        return ticks / os.sysconf("SC_CLK_TCK")

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Keywalk(Server):
    name = "keywalk-mock, journal and body digests"
    journal = "on"
    speaks = True
    options = ()

    def __init__(self, folder, binary):
        super().__init__(folder)
        self.binary = binary
        self.counted = 0

    def command(self):
        usage = subprocess.run([self.binary, "--help"], stdout=subprocess.PIPE, check=True).stdout
        for option in self.options:
            if option not in usage.decode():
                raise install.Unavailable(f"this keywalk-mock has no {option}")
        version = subprocess.run([self.binary, "--version"], stdout=subprocess.PIPE, check=True)
        self.version = version.stdout.decode().split()[-1]
        script = os.path.join(self.folder, "script.json")
        step = {"text": ANSWER, "headers": {"Content-Type": "application/json"}}
        with open(script, "w") as file:
            json.dump({"schema_version": "1.0", "lanes": {KEY: {"name": "k0", "steps": [step]}}},
                      file)
        return [self.binary, "--listen", "127.0.0.1:0", "--script", script, "--log-level", "warn",
                *self.options]

    def await_port(self):
        line = self.process.stdout.readline().decode()
        if not line.startswith("listening on "):
            self.process.wait()
            raise install.Unavailable("did not come up: " + self.last_error())
        self.port = int(line.rsplit(":", 1)[1])

    def journaled(self):
        _, page = self.ask("GET", "/__mock/metrics")
        counts = re.findall(rb"^keywalk_mock_requests_total\{.*\} (\d+)$", page, re.MULTILINE)
        total = sum(map(int, counts))
        # The journal numbers requests from 0, so that its last entry tells how many there were. The
        # counter says the same, but for requests that wrk broke off and whose end comes just now.
        _, tail = self.ask("GET", f"/__mock/journal?from={max(total - CONNECTIONS, 0)}")
        entries = json.loads(tail)
        written = entries[-1]["sequence"] + 1 if entries else 0
        if abs(written - total) > CONNECTIONS:
            raise Failed(f"the journal has {written} entries, the counter says {total}")
        counted, self.counted = written - self.counted, written
        return counted


class KeywalkNoDigests(Keywalk):
    name = "keywalk-mock, journal without digests"
    options = ("--no-body-digests",)


class Nginx(Server):
    name = "nginx return 200"

    def command(self):
        binary = install.tool("nginx", "nginx-light")
        shown = subprocess.run([binary, "-v"], stderr=subprocess.PIPE, check=True).stderr.decode()
        self.version = shown.strip().rsplit("/", 1)[-1]
        self.port = free_port()
        config = os.path.join(self.folder, "nginx.conf")
        with open(config, "w") as file:
            file.write(f"""worker_processes 1;
daemon off;
pid "{self.folder}/nginx.pid";
error_log "{self.folder}/error.log";
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path "{self.folder}/body";
  server {{
    listen 127.0.0.1:{self.port};
    location / {{ default_type application/json; return 200 '{ANSWER}'; }}
  }}
}}
""")
        return [binary, "-c", config, "-p", self.folder, "-e", os.path.join(self.folder,
                                                                            "error.log")]


class WireMock(Server):
    name = "WireMock"
    peer = True
    journal = "on"
    warmups = 5  # its compiler shares the one core with what it compiles

    def command(self):
        jar = install.wiremock_jar(self.folder)
        self.version = install.WIREMOCK.rsplit(":", 1)[1]
        self.port = free_port()
        mappings = os.path.join(self.folder, "mappings")
        shutil.rmtree(mappings, ignore_errors=True)
        os.makedirs(mappings)
        for method, path in (("POST", POST), ("GET", GET)):
            with open(os.path.join(mappings, method + ".json"), "w") as file:
                json.dump({"request": {"method": method, "url": path,
                                       "headers": {"Authorization": {"equalTo": "Bearer " + KEY}}},
                           "response": {"status": 200, "body": ANSWER,
                                        "headers": {"Content-Type": "application/json"}}}, file)
        return ["java", "-jar", jar, "--port", str(self.port), "--bind-address", "127.0.0.1",
                "--root-dir", self.folder, "--disable-banner",
                "--max-request-journal-entries", "100000"]

    def journaled(self):
        _, text = self.ask("POST", "/__admin/requests/count", b'{"method":"ANY"}')
        self.ask("DELETE", "/__admin/requests")
        return json.loads(text)["count"]


class NodePeer(Server):
    peer = True
    journal = "on"
    speaks = True
    script = ""
    package = ""

    def command(self):
        folder = install.node_peers(os.path.dirname(self.folder))
        with open(os.path.join(folder, "package.json")) as file:
            self.version = json.load(file)["dependencies"][self.package]
        self.port = free_port()
        return ["node", os.path.join(folder, self.script), str(self.port), ANSWER]

    def await_port(self):
        if self.process.stdout.readline() != b"ready\n":
            self.process.wait()
            raise install.Unavailable("did not come up: " + self.last_error())

    def journaled(self):
        self.process.stdin.write(b"count\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline().split()[-1])


class Mockttp(NodePeer):
    name = "mockttp"
    package = "mockttp"
    script = "mockttp.mjs"


class Aimock(NodePeer):
    name = "aimock"
    package = "@copilotkit/aimock"
    script = "aimock.mjs"
    methods = ("POST",)  # it answers GET by pages of its own, not by a script


def all_servers(folder, binary):
    return [Keywalk(folder, binary), KeywalkNoDigests(folder, binary), Nginx(folder),
            WireMock(folder), Mockttp(folder), Aimock(folder)]
