"""The programs that get the requests: each is started for one upstream, and stopped."""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

KEY = "sk-hostile-0-aaaaaaaaaaaaaaaaaaaaaaaaaaaa"
BASE_PATH = "/v1"
MAX_BODY = 1 << 16
START_SECONDS = 20
_POLL_SECONDS = 0.02


class NotThere(Exception):
    """Why a server cannot be compared here."""


def _free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    name = ""
    own_keys = True  # it leaves a client its own credential
    required = False  # the table's answers are asked for, and not only what is safe
    in_pieces = False  # requests come in segments of a few bytes
    streams = False  # a request's body goes on while it comes, so that a broken one has begun

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="keywalk-hostile-")
        self.folder = pathlib.Path(self._folder.name)
        self.port, self.version, self.process = 0, "", None

    @property
    def address(self):
        return ("127.0.0.1", self.port)

    def command(self, upstream):
        """Writes configuration and gives the command line. Raises NotThere."""
        raise NotImplementedError

    def start(self, upstream=None):
        command = self.command(upstream)
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log,
                                            stdout=subprocess.PIPE if self.port == 0 else log)
        self._await()
        return self

    def _await(self):
        if self.port == 0:  # it says where it listens
            line = self.process.stdout.readline().decode()
            if not line.startswith("listening on "):
                raise NotThere(f"did not come up: {self.log().decode(errors='replace').strip()}")
            self.port = int(line.rsplit(":", 1)[1])
        deadline = time.monotonic() + START_SECONDS
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise NotThere(f"did not come up: {self.log().decode(errors='replace').strip()}")
            time.sleep(_POLL_SECONDS)

    def _listens(self):
        try:
            with socket.create_connection(self.address, timeout=1):
                return True
        except OSError:
            return False

    def log(self):
        return (self.folder / "log").read_bytes()

    def stop(self):
        """The exit code, after an orderly end was asked for. The log stays until remove()."""
        if self.process is None:
            return 0
        self.process.terminate()
        try:
            self.process.wait(timeout=START_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        return self.process.returncode

    def remove(self):
        self._folder.cleanup()


def _version(command, pattern):
    shown = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    found = re.search(pattern, shown.stdout.decode())
    return found[1] if found else ""


class Keywalk(Server):
    name = "keywalk"
    required = True
    options = ()

    def __init__(self, binary):
        super().__init__()
        self.binary = binary

    def command(self, upstream):
        self.version = _version([self.binary, "--version"], r"(\d[\d.]*)")
        keys = self.folder / "keys.txt"
        keys.write_text(KEY + "\n")
        keys.chmod(0o600)
        return [self.binary, "--listen", "127.0.0.1:0", "--provider", "openai", "--base-url",
                f"http://{upstream.address}{BASE_PATH}", "--keys-file", str(keys), "--max-body",
                str(MAX_BODY), "--log-level", "trace", *self.options]


class KeywalkStreaming(Keywalk):
    name = "keywalk, streaming"
    streams = True
    options = ("--body-mode", "stream")


class KeywalkInPieces(Keywalk):
    name = "keywalk, in pieces"
    in_pieces = True


class Mock(Server):
    name = "keywalk-mock"

    def __init__(self, binary):
        super().__init__()
        self.binary = binary

    def command(self, upstream):
        script = self.folder / "script.json"
        script.write_text('{"schema_version": "1.0", "default_lane": [{"text": "seen"}]}')
        return [self.binary, "--listen", "127.0.0.1:0", "--script", str(script),
                "--journal-bodies", str(MAX_BODY), "--log-level", "warn"]


class Nginx(Server):
    name = "nginx"
    own_keys = False

    def command(self, upstream):
        binary = shutil.which("nginx")
        if not binary:
            raise NotThere("not installed")
        self.version = _version([binary, "-v"], r"nginx/([\d.]+)")
        self.port = _free_port()
        user = "user root;" if os.geteuid() == 0 else ""
        paths = "".join(f"    {kind}_temp_path {self.folder}/{kind};\n" for kind in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = self.folder / "nginx.conf"
        config.write_text(f"""{user}
worker_processes 1;
daemon off;
pid {self.folder}/pid;
error_log stderr warn;
events {{ worker_connections 256; }}
http {{
    access_log off;
{paths}
    client_max_body_size {MAX_BODY};
    upstream api {{ server {upstream.address}; keepalive 4; }}
    server {{
        listen 127.0.0.1:{self.port};
        location / {{
            proxy_pass http://api{BASE_PATH}/;
            proxy_http_version 1.1;
            proxy_set_header Host {upstream.address};
            proxy_set_header Connection "";
            proxy_set_header Authorization "Bearer {KEY}";
        }}
    }}
}}
""")
        return [binary, "-e", "stderr", "-p", str(self.folder), "-c", str(config)]


class Haproxy(Server):
    name = "haproxy"
    own_keys = False

    def command(self, upstream):
        binary = shutil.which("haproxy")
        if not binary:
            raise NotThere("not installed")
        self.version = _version([binary, "-v"], r"[Vv]ersion ([\d.]+)")
        self.port = _free_port()
        config = self.folder / "haproxy.cfg"
        config.write_text(f"""global
    maxconn 256
defaults
    mode http
    timeout connect 5s
    timeout client 10s
    timeout server 10s
    timeout http-request 10s
    http-reuse always
frontend clients
    bind 127.0.0.1:{self.port}
    http-request set-path {BASE_PATH}%[path]
    http-request set-header Host {upstream.address}
    http-request set-header Authorization "Bearer {KEY}"
    default_backend api
backend api
    server api {upstream.address}
""")
        return [binary, "-db", "-f", str(config)]


class Stub(Server):
    """bad_proxy.py with one flaw, or none."""

    def __init__(self, flaw):
        super().__init__()
        self.name = f"stub ({flaw})"
        self.flaw = flaw

    def command(self, upstream):
        script = pathlib.Path(__file__).resolve().parent / "bad_proxy.py"
        return [sys.executable, "-B", str(script), str(upstream.port), self.flaw]
