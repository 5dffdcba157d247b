"""The servers that are measured: each is installed, started on a core of its own, asked for the
same answer, and stopped."""

import json
import os
import re
import shutil
import subprocess

import install
from common.answer import ANSWER
from common.install import Unavailable, tool
from common.server import Failed, KeywalkServer, Server, free_port

KEY = "sk-bench-0-aaaaaaaaaaaaaaaaaaaa"
POST, GET = "/v1/chat/completions", "/v1/models"
CONNECTIONS = 16


class MeasuredServer(Server):
    """One that answers by a script. `peer` is true for scriptable competitors."""

    peer = False
    methods = ("POST", "GET")
    journal = "none"
    warmups = 1  # how many times the usual warm-up it needs

    def ask(self, method, target, body=None, headers=None):
        return super().ask(method, target, body,
                           {"Authorization": "Bearer " + KEY, "Content-Type": "application/json",
                            **(headers or {})})

    def journaled(self):
        """How many requests the journal counted since the last call; None: it cannot tell."""
        return None


class Keywalk(KeywalkServer, MeasuredServer):
    name = "keywalk-mock, journal and body digests"
    journal = "on"
    options = ()

    def __init__(self, folder, binary):
        super().__init__(folder, binary)
        self.counted = 0

    def command(self):
        usage = self.usage()
        for option in self.options:
            if option not in usage:
                raise Unavailable(f"this keywalk-mock has no {option}")
        self.read_version()
        script = os.path.join(self.folder, "script.json")
        step = {"text": ANSWER, "headers": {"Content-Type": "application/json"}}
        with open(script, "w") as file:
            json.dump({"schema_version": "1.0", "lanes": {KEY: {"name": "k0", "steps": [step]}}},
                      file)
        return [self.binary, "--listen", "127.0.0.1:0", "--script", script, "--log-level", "warn",
                *self.options]

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


class Nginx(MeasuredServer):
    name = "nginx return 200"

    def command(self):
        binary = tool("nginx", "nginx-light")
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


class WireMock(MeasuredServer):
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


class NodePeer(MeasuredServer):
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
            raise Unavailable("did not come up: " + self.last_error())

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
