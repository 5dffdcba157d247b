"""A small gateway on keypool.py: HTTP in, HTTP out, the standard library only. For study and for
the suite, not for the internet."""

import http.client
import http.server
import json
import math
import threading
import time
import urllib.parse

import keypool

HOP_BY_HOP = {
    "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    "proxy-authenticate",
}  # fmt: skip
CREDENTIALS = {
    "authorization", "x-api-key", "api-key", "x-goog-api-key", "proxy-authorization",
}  # fmt: skip
REPLACED = {"host", "content-length", "expect", "x-forwarded-for", "x-forwarded-host",
            "x-forwarded-proto"}  # fmt: skip
UPSTREAM_LIMIT_SECONDS = 60


class Clock:
    """Real time that can be moved forward, in milliseconds."""

    def __init__(self):
        self.ahead = 0

    def now(self):
        return time.monotonic() * 1000 + self.ahead


class Route:
    """One pool and the upstream behind it."""

    def __init__(self, provider, keys, base_url):
        self.provider, self.base = provider, urllib.parse.urlsplit(base_url)
        self.pool, self.lock = keypool.KeyPool(keys), threading.Lock()


def end_to_end(headers):
    """The fields that are not of one hop alone."""
    named = {token.strip().lower() for n, v in headers if n.lower() == "connection"
             for token in v.split(",")}  # fmt: skip
    return [(n, v) for n, v in headers if n.lower() not in HOP_BY_HOP | named]


def error_answer(provider, end):
    """What an exhausted pool answers: status, headers, body."""
    limited = end.kind == "rate_limited"
    wait = math.ceil(end.retry_after_ms / 1000)
    message = "all configured keys failed authentication"
    if limited:
        message = f"all configured keys are rate-limited (retry after {wait}s)"
    kind = "rate_limit_error" if limited else "api_error"
    if provider == "anthropic":
        body = {"type": "error", "error": {"type": kind, "message": message}}
    else:
        code = "rate_limit_exceeded" if limited else "server_error"
        body = {"error": {"message": message, "type": kind, "code": code}}
    headers = {"Content-Type": "application/json"}
    if limited and wait > 0:
        headers["Retry-After"] = str(wait)
    return (429 if limited else 502), headers, json.dumps(body).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    routes, clock = {}, None  # set by start()

    def handle_any(self):
        if self.path == "/healthz":
            return self.answer(200, {}, b"ok")
        _, name, path = self.path.split("/", 2)
        route, body = self.routes[name], self.read_body()
        own = keypool.client_key(route.provider, dict(self.headers.items()))
        walk = route.pool.walk()
        while True:
            try:
                with route.lock:
                    key = None if own else walk.next_key(self.clock.now())
            except keypool.Exhausted as end:
                return self.answer(*error_answer(route.provider, end))
            try:
                connection, response = self.attempt(route, "/" + path, body, key)
            except (OSError, http.client.HTTPException):
                return self.answer(502, {}, b"upstream proxy error")
            with route.lock:
                refused = not own and route.pool.refused(
                    key, response.status, dict(response.getheaders()), self.clock.now()
                )
            if not refused:
                self.forward(response)
            connection.close()  # a discarded body holds up nobody
            if not refused:
                return None

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = handle_any

    def read_body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(chunks)

    def attempt(self, route, path, body, key):
        """One upstream call; with the client's own credential if `key` is None."""
        connection = http.client.HTTPConnection(route.base.netloc, timeout=UPSTREAM_LIMIT_SECONDS)
        connection.putrequest(
            self.command, route.base.path + path, skip_host=True, skip_accept_encoding=True
        )
        for name, value in self.upstream_headers(route, key):
            connection.putheader(name, value)
        if body or self.command in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        return connection, connection.getresponse()

    def upstream_headers(self, route, key):
        drop = REPLACED | (CREDENTIALS if key else set())
        fields = [f for f in end_to_end(self.headers.items()) if f[0].lower() not in drop]
        chain = [*self.headers.get_all("X-Forwarded-For", []), self.client_address[0]]
        fields += [
            ("Host", route.base.netloc),
            ("X-Forwarded-For", ", ".join(chain)),
            ("X-Forwarded-Host", self.headers.get("Host", "")),
            ("X-Forwarded-Proto", "http"),
        ]
        if key and route.provider == "anthropic":
            fields.append(("X-Api-Key", key))
        elif key:
            fields.append(("Authorization", "Bearer " + key))
        return fields

    def forward(self, response):
        """Passes an answer on piece by piece; one that breaks off breaks off for the client too."""
        length = response.getheader("Content-Length")
        bodyless = self.command == "HEAD" or response.status in (204, 304)
        self.send_response_only(response.status, response.reason)
        for name, value in end_to_end(response.getheaders()):
            self.send_header(name, value)
        if length is None and not bodyless:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            while not bodyless and (piece := response.read1(65536)):
                self.wfile.write(piece if length else b"%x\r\n%s\r\n" % (len(piece), piece))
            if length is None and not bodyless:
                self.wfile.write(b"0\r\n\r\n")
            if length and response.length:  # fewer bytes than it said
                self.close_connection = True
        except (OSError, http.client.HTTPException):
            self.close_connection = True

    def answer(self, status, headers, body):
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads, request_queue_size = True, 128


def start(routes, clock, port=0):
    """Serves routes by the first part of the path, on a port of the loopback: its number."""
    Handler.routes, Handler.clock = routes, clock
    server = Server(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port
