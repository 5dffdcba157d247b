"""What is measured: no gateway at all, and gateways, each told to walk the same keys.

A gateway has one pool for each of upstream.WALKS and is asked by path which one to use. It is
started anew for each size of body, since some have to be told how much to keep in memory."""

import json
import os
import re
import subprocess

from common.install import Unavailable, npm_packages, tool
from common.server import KeywalkServer, Server, free_port
from upstream import STATUS, WALKS

HERE = os.path.dirname(os.path.abspath(__file__))
MIB = 1 << 20


def shown_version(command):
    shown = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True)
    return re.search(r"\d+\.\d+[.\d]*", shown.stdout.decode()).group(0)


class Gateway(Server):
    peer = True
    how = ""  # one line on its configuration, for the report
    compiles_seconds = 0  # under load, until its compiler is done with what is used most

    def __init__(self, folder, upstream, **more):
        super().__init__(folder, **more)
        self.upstream = upstream
        self.body_bytes = 0

    def start_for(self, body_bytes, core):
        self.body_bytes = body_bytes
        self.start(core)

    def request(self, walk):
        """(path, header lines) of a request that is to walk these keys."""
        return f"/{walk.name}/chat/completions", ["Content-Type: application/json"]

    def cannot(self, cell):
        """Why this cannot be measured; None if it can; empty if there is nothing to measure."""
        return None


class Direct(Gateway):
    """The upstream itself, without anything between: what the others are compared with."""

    name = "direct"
    peer = False
    how = "the client itself, with the right key"

    def command(self):
        raise NotImplementedError

    def start(self, core):
        self.port, self.version = self.upstream.port, self.upstream.version

    def request(self, walk):
        path, headers = super().request(walk)
        return path, [*headers, f"Authorization: Bearer {walk.keys[-1].value}"]

    def cannot(self, cell):
        return "" if cell.walk.failovers else None

    def processes(self):
        return []


class Nginx(Gateway):
    """A location a key, and error_page from each to the next."""

    name = "nginx"
    how = ("error_page 403 = the next key's location; body buffered in memory; keep-alive upstream "
           "(which it does not use for a further attempt)")

    def command(self):
        binary = tool("nginx", "nginx-light")
        self.version = shown_version([binary, "-v"])
        self.port = free_port()
        config = os.path.join(self.folder, "nginx.conf")
        pools = "\n".join(self.pool(walk) for walk in WALKS)
        with open(config, "w") as file:
            file.write(f"""user root;
worker_processes 1;
daemon off;
pid {self.folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  keepalive_time 24h;
  client_body_temp_path {self.folder}/body;
  proxy_temp_path {self.folder}/proxy;
  fastcgi_temp_path {self.folder}/fastcgi;
  uwsgi_temp_path {self.folder}/uwsgi;
  scgi_temp_path {self.folder}/scgi;
  upstream mock {{
    server 127.0.0.1:{self.upstream.port};
    keepalive 512;
    keepalive_requests 1000000000;
    keepalive_time 24h;
  }}
  server {{
    listen 127.0.0.1:{self.port} backlog=4096;
    client_max_body_size 0;
    client_body_buffer_size {max(self.body_bytes, 16384)};
    proxy_http_version 1.1;
    proxy_next_upstream off;
    proxy_intercept_errors on;
    recursive_error_pages on;
{pools}
  }}
}}
""")
        return [binary, "-c", config, "-p", self.folder, "-e", "stderr"]

    @staticmethod
    def pool(walk):
        locations = []
        for index, key in enumerate(walk.keys):
            name = f"^~ /{walk.name}/" if index == 0 else f"@{walk.name}-{index}"
            # A location that sets a field inherits none of those set around it.
            lines = ['proxy_set_header Connection "";',
                     f'proxy_set_header Authorization "Bearer {key.value}";',
                     "proxy_pass http://mock;"]
            if walk.name == "sse":
                lines.append("proxy_buffering off;")  # events are passed on as they come
            if index < walk.failovers:
                lines.append(f"error_page {STATUS} = @{walk.name}-{index + 1};")
            locations.append(f"    location {name} {{ {' '.join(lines)} }}")
        return "\n".join(locations)


class Haproxy(Gateway):
    """A server a key, whose name is the key, and retry-on."""

    name = "haproxy"
    how = ("retry-on 403, a server a key with http-send-name-header, tune.bufsize above the body "
           "(at its default a larger one is silently not retried)")

    def command(self):
        binary = tool("haproxy", "haproxy")
        self.version = shown_version([binary, "-v"])
        self.port = free_port()
        config = os.path.join(self.folder, "haproxy.cfg")
        with open(config, "w") as file:
            file.write(f"""global
    log stderr format raw local0 alert
    maxconn 4096
    nbthread 1
    tune.bufsize {max(16384, self.body_bytes + 16384)}

defaults
    mode http
    timeout connect 10s
    timeout client 600s
    timeout server 600s
    timeout http-request 30s
    timeout http-keep-alive 600s
    option http-no-delay
    option http-buffer-request
    http-reuse always

frontend clients
    bind 127.0.0.1:{self.port} backlog 4096
""" + "".join(f"    use_backend {walk.name} if {{ path_beg /{walk.name}/ }}\n" for walk in WALKS)
                + "\n".join(map(self.pool, WALKS)))
        return [binary, "-db", "-f", config]

    def pool(self, walk):
        # "first" begins every request with the first key, but a redispatch avoids only the server
        # just left: of three keys it tries k0, k1, k0. Round robin goes through them all; it does
        # so in order as long as there is one request at a time.
        lines = [f"\nbackend {walk.name}",
                 f"    balance {'first' if walk.failovers < 2 else 'roundrobin'}",
                 "    http-send-name-header x-api-key"]
        if walk.failovers:
            lines += [f"    retry-on {STATUS}", f"    retries {walk.failovers}",
                      "    option redispatch 1"]
        lines += [f"    server {key.value} 127.0.0.1:{self.upstream.port}" for key in walk.keys]
        return "\n".join(lines) + "\n"

    def cannot(self, cell):
        if cell.walk.failovers > 1 and cell.connections > 1:
            return "knows no order of more than two keys when requests run at once"
        return None


class Portkey(Gateway):
    """The client sends the keys with each request."""

    name = "Portkey"
    how = "x-portkey-config with the strategy fallback on 403; it parses and rewrites the body"
    compiles_seconds = 2
    in_flight_limit = 32 * MIB  # bytes; it takes 10 ms a MiB and attempt, one at a time

    def command(self):
        folder = os.path.join(os.path.dirname(self.folder), "npm")
        npm_packages(HERE, folder)
        package = os.path.join(folder, "node_modules", "@portkey-ai", "gateway")
        with open(os.path.join(package, "package.json")) as file:
            about = json.load(file)
        self.version = about["version"]
        self.port = free_port()
        programs = about["bin"]
        program = programs if isinstance(programs, str) else next(iter(programs.values()))
        return [tool("node", "nodejs"), os.path.join(package, program), f"--port={self.port}",
                "--headless"]

    def request(self, walk):
        targets = [{"provider": "openai", "api_key": key.value,
                    "custom_host": f"http://127.0.0.1:{self.upstream.port}/v1"}
                   for key in walk.keys]
        config = {"strategy": {"mode": "fallback", "on_status_codes": [STATUS]},
                  "targets": targets}
        return "/v1/chat/completions", ["Content-Type: application/json",
                                        "x-portkey-config: " + json.dumps(config)]

    def cannot(self, cell):
        if cell.connections * len(cell.walk.keys) * cell.body_bytes > self.in_flight_limit:
            return f"more than {self.in_flight_limit // MIB} MiB of attempts at once take too long"
        return None


class Keywalk(Gateway, KeywalkServer):
    """keywalk-proxy with a policy that marks no key: it remembers as little as the peers."""

    peer = False

    def __init__(self, folder, upstream, binary, variant):
        self.name = variant.name
        self.how = variant.how
        super().__init__(folder, upstream, binary=binary)
        self.variant = variant

    def cannot(self, cell):
        return "" if cell.body_bytes < self.variant.least_body else None

    def command(self):
        usage = self.usage()
        for option in self.variant.needs:
            if option not in usage:
                raise Unavailable(f"this keywalk-proxy has no {option}")
        self.read_version()
        providers = []
        for walk in WALKS:
            with open(os.path.join(self.folder, f"{walk.name}.keys"), "w") as file:
                file.writelines(key.value + "\n" for key in walk.keys)
            os.chmod(file.name, 0o600)
            providers.append({"prefix": f"/{walk.name}", "provider": "openai",
                              "base_url": f"http://127.0.0.1:{self.upstream.port}/v1",
                              "keys_file": f"{walk.name}.keys", "policy": "next.json"})
        with open(os.path.join(HERE, "next.json")) as source, \
                open(os.path.join(self.folder, "next.json"), "w") as file:
            file.write(source.read())
        config = os.path.join(self.folder, "proxy.json")
        with open(config, "w") as file:
            json.dump({"schema_version": "1.0", "listen": "127.0.0.1:0", "providers": providers},
                      file)
        known = [word for option in self.variant.if_known if option[0] in usage for word in option]
        return [self.binary, "--config", config, "--log-level", "error", *self.variant.options,
                *known]


