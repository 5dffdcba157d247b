"""A gateway on the good pool, for the suite: HTTP/1.1 in and out on asyncio."""

import asyncio
import contextlib
import copy
import functools
import json
import os
import re
import sys
import tempfile
import threading
import time
import traceback
import urllib.parse

import keypool

from . import fields, http1, provider, records, upload, upstream
from .pool import Pool

STREAMS_BODIES = os.environ.get("KEYWALK_MUTANT_BODY") == "stream"
CAPABILITIES = ["body.streamed" if STREAMS_BODIES else "body.buffered", "clock", "key_states",
                "body.verbatim", "stream.any", "trailers", "body.abort", "drain.bounded",
                "headers.hop", "upstream.early", "upstream.own", "upstream.reuse", "client.abort",
                "websocket.refuse", "target.confine", "body.limit", "time.limits",
                "client-tokens", "metrics", "dump", "copilot"]  # fmt: skip
HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade",
              "proxy-authenticate"}  # fmt: skip
REPLACED = {"host", "content-length", "expect", "x-forwarded-for", "x-forwarded-host",
            "x-forwarded-proto"}  # fmt: skip
BODY_TO_CLASSIFY_BYTES = 65536
BODY_TO_CLASSIFY_SECONDS = 1
DEFAULT_LIMITS = {"max_body_bytes": 128 * 2**20, "response_head_ms": 30_000, "idle_ms": 30_000,
                  "client_header_ms": 30_000}  # fmt: skip


class Clock:
    """Real time that can be moved forward, in milliseconds."""

    ahead = 0

    def now(self):
        return time.monotonic() * 1000 + self.ahead

    def civil(self):
        return time.time() * 1000 + self.ahead


CLOCK = Clock()


class Route:
    """One pool and the upstream behind it."""

    def __init__(self, setup, policy):
        self.provider, self.policy = setup["provider"], policy
        self.base = urllib.parse.urlsplit(setup["base_url"])
        self.connections = upstream.Connections(self.base)
        self.limits = {**DEFAULT_LIMITS, **setup.get("limits", {})}
        self.tokens, self.takes_byok = setup.get("client_tokens", []), setup.get("byok", True)
        self.observe = setup.get("observe", [])
        folder = tempfile.mkdtemp() if "dump" in self.observe else None
        self.records = records.Records(setup["id"], setup["keys"], folder)
        self.pool = Pool(setup["keys"]) if setup["keys"] else None
        if self.pool:
            self.pool.policy = policy


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


class TooLarge(Exception):
    """The client's body is over the limit."""


class Client:
    """A client's connection."""

    def __init__(self, reader, writer):
        self.reader, self.writer, self.gone = reader, writer, asyncio.Event()
        self.peer = writer.get_extra_info("peername")[0]
        end, fail = reader.feed_eof, reader.set_exception
        reader.feed_eof = lambda: (self.gone.set(), end())
        reader.set_exception = lambda error: (self.gone.set(), fail(error))

    async def while_there(self, work):
        """Awaits `work` as long as the client is there."""
        task, gone = asyncio.ensure_future(work), asyncio.ensure_future(self.gone.wait())
        try:
            await asyncio.wait([task, gone], return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise ClientGone
            return task.result()
        finally:
            task.cancel()
            gone.cancel()

    async def write(self, data):
        self.writer.write(data)
        try:
            await self.writer.drain()
        except OSError as error:
            raise ClientGone from error


def end_to_end(headers):
    """The fields that are not of one hop alone."""
    named = {
        token.strip().lower()
        for name, value in headers
        if name.lower() == "connection"
        for token in value.split(",")
    }
    return [field for field in headers if field[0].lower() not in HOP_BY_HOP | named]


def forwarded_for(headers, peer):
    chain = [value for name, value in headers if fields.same_name(name, "X-Forwarded-For")]
    return ", ".join([*chain, peer])


def escapes(target):
    """Would the target leave the base URL?"""
    path = target.partition("?")[0]
    for _ in range(3):
        if ".." in re.split(r"[/\\]", path):
            return True
        path = urllib.parse.unquote(path)
    return not target.startswith("/")


def leads_elsewhere(origin, host):
    """Does the origin of an absolute target name anybody else?"""
    return origin not in ("", f"http://{host}")


def error_text(error, route, key):
    """What a client reads when the upstream cannot be reached."""
    return "upstream proxy error"


def needs_body(policy, status):
    """Does the verdict on a response hang on its body?"""
    parts = ("error_codes", "error_types", "error_reasons", "message_contains")
    for rule in policy["rules"]:
        if status in rule["status"]:
            reads_delay = "google-retry-info" in policy["cooldown"]["sources"]
            return any(part in rule for part in parts) or reads_delay
    return False


async def broken():
    """A body that breaks off at once."""
    raise http1.Broken("the body broke off")
    yield b""


class Exchange:
    """One request of a client."""

    def __init__(self, route, target, head, client):
        self.route, self.head, self.client = route, head, client
        self.origin, _, self.path = target
        self.method = head.start.split(" ")[0]
        self.body, self.upload = b"", None  # the one or the other
        self.tried, self.refusals = [], []  # the keys, and the responses that blamed one, in order

    async def run(self):
        """True if the client's connection can serve another request."""
        if problem := self.refusal():
            await self.answer(*problem)
            return False  # its body has not been read
        try:
            if STREAMS_BODIES:
                return await self.run_streamed()
            self.body = await self.read_body()
        except TooLarge:
            await self.answer(413, {}, b"the body is too large")
            return False
        return await self.begin_walk()

    async def run_streamed(self):
        framing = http1.framing_of(self.head, 0)
        self.upload = upload.Upload(self.client_pieces(), framing)
        try:
            await self.begin_upload()
            return await self.begin_walk() and self.upload.whole
        except upload.UploadFailed as failed:
            return await self.end_broken_upload(failed.reason)
        finally:
            self.upload.close()

    async def begin_upload(self):
        await self.upload.begin()

    async def end_broken_upload(self, reason):
        raise reason

    async def begin_walk(self):
        byok = provider.is_byok(self.route.provider, self.head.headers)
        walk = None if byok or not self.route.pool else self.route.pool.walk()
        if walk:
            self.route.records.count("requests")
        return await self.walk_on(walk)

    async def walk_on(self, walk):
        while True:
            try:
                key = walk.next_key(CLOCK.now()) if walk else None
            except keypool.Exhausted as end:
                self.route.records.count("exhausted_" + end.kind)
                return await self.answer_exhausted(end)
            self.tried.append(key)
            if walk:
                self.route.records.count("attempts")
            try:
                response = await self.client.while_there(self.attempt(key))
            except (OSError, http1.Broken) as error:
                self.route.records.attempt(self, key, None)
                return await self.answer_failed(error, key)
            try:
                if walk is None or not await self.is_refused(response, key):
                    return await self.client.while_there(self.forward(response, key))
                await self.discard(response, key)
            except BaseException:
                response.close()
                raise
            finally:
                self.route.records.attempt(self, key, response)

    async def discard(self, response, key):
        self.refusals.append(copy.copy(response))  # its connection may be asked again
        why = self.route.pool.why[key] or "rate_limited"  # a bug may mark nothing
        self.route.records.count("failovers_" + why)
        await self.route.connections.discard(response)

    def refusal(self):
        """Status, headers and body where the request itself is refused."""
        if self.head.has_token("Upgrade", "websocket"):
            return 501, {}, b"no WebSocket here"
        if leads_elsewhere(self.origin, self.head.find("Host")) or escapes(self.path):
            return 400, {}, b"the target leaves the base URL"
        if not self.admit():
            return 401, {}, b"who are you?"
        return None

    def admit(self):
        """May the client ask? Takes its token off, which the upstream need not know."""
        headers, route = self.head.headers, self.route
        if records.token_of(headers, route.tokens) is not None:
            self.head.headers = [f for f in headers if f[0].lower() not in provider.CREDENTIALS]
            return True
        if provider.is_byok(route.provider, headers):
            return route.takes_byok
        return not route.tokens

    async def read_body(self):
        return b"".join([piece async for piece in self.client_pieces()])

    async def client_pieces(self):
        if fields.same_name(self.head.find("Expect") or "", "100-continue"):
            await self.client.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        framing = http1.framing_of(self.head, 0)
        most, read = self.route.limits["max_body_bytes"], 0
        idle_seconds = self.route.limits["idle_ms"] / 1000
        if isinstance(framing, int) and framing > most:
            raise TooLarge
        pieces = http1.pieces(self.client.reader, framing, [])
        while piece := await http1.within(idle_seconds, anext(pieces, b"")):
            read += len(piece)
            if read > most:
                raise TooLarge
            yield piece

    async def attempt(self, key):
        """One upstream call, as far as the answer's head; with the client's own key if none."""
        connection = await self.route.connections.take()
        try:
            target = self.route.base.path + self.path
            connection.head_seconds = self.route.limits["response_head_ms"] / 1000
            connection.idle_seconds = self.route.limits["idle_ms"] / 1000
            body = self.upload.on_the_wire() if self.upload else upload.recorded(self.body)
            await connection.ask(self.method, target, self.upstream_headers(key), body)
        except BaseException as error:
            connection.close()
            if connection.upload_failed and isinstance(error, http1.Broken):
                raise connection.upload_failed from error
            raise
        return connection

    def upstream_headers(self, key):
        kept = [f for f in end_to_end(self.head.headers) if f[0].lower() not in REPLACED]
        if key:
            kept = provider.inject(self.route.provider, kept, key)
        kept += [
            ("Host", self.route.base.netloc),
            ("X-Forwarded-For", forwarded_for(self.head.headers, self.client.peer)),
            ("X-Forwarded-Host", self.head.find("Host") or ""),
            ("X-Forwarded-Proto", "http"),
        ]
        if self.head.find("User-Agent") is None:
            kept.append(("User-Agent", "good-gateway"))
        length = self.upload.framing if self.upload else len(self.body)
        if not isinstance(length, int):
            kept.append(("Transfer-Encoding", "chunked"))
        elif length or self.method in ("POST", "PUT", "PATCH"):
            kept.append(("Content-Length", str(length)))
        return kept

    async def is_refused(self, response, key):
        text = ""
        if needs_body(self.route.policy, response.status):
            text = await self.look_at_body(response)
        answer = {"status": response.status, "headers": response.head.headers, "body": text}
        return self.route.pool.refused(key, answer, CLOCK.now(), CLOCK.civil())

    async def look_at_body(self, response):
        seen = []

        async def collect():
            async for piece in response.body():
                seen.append(piece)
                if sum(map(len, seen)) >= BODY_TO_CLASSIFY_BYTES:
                    return

        try:
            await http1.within(BODY_TO_CLASSIFY_SECONDS, collect())
        except (TimeoutError, http1.Broken):
            response.rest = broken()  # what is there must do; a client sees the end
        response.read_ahead = seen
        return b"".join(seen).decode(errors="replace")

    def response_headers(self, response):
        return end_to_end(response.head.headers)

    async def forward(self, response, key):
        """Passes the answer on piece by piece; one that breaks off breaks off for the client."""
        headers = self.response_headers(response)
        framing = response.framing
        if not isinstance(framing, int):
            headers.append(("Transfer-Encoding", "chunked"))
        self.route.records.access(self, response.status)
        start = "HTTP/1.1 " + response.head.start.split(" ", 1)[1]
        await self.client.write(http1.format_head(start, headers))
        try:
            async for piece in response.body():
                is_chunk = not isinstance(framing, int)
                await self.client.write(http1.format_chunk(piece) if is_chunk else piece)
        except http1.Broken:
            return await self.break_off(response)
        if not isinstance(framing, int):
            await self.client.write(http1.format_last_chunk(self.trailers(response)))
        self.route.connections.give_back(response)
        return True

    def trailers(self, response):
        return response.trailers

    async def break_off(self, response):
        response.close()
        self.client.writer.close()  # what was sent arrives, and then an end too early
        return False

    async def answer_exhausted(self, end):
        answer = provider.exhausted_answer(
            self.route.provider, self.route.policy, end.kind, end.retry_after_ms
        )
        body = json.dumps(answer["json"]).encode()
        return await self.answer(answer["status"], answer["headers"], body)

    async def answer_failed(self, error, key):
        return await self.answer(502, {}, error_text(error, self.route, key).encode())

    async def answer(self, status, headers, body):
        self.route.records.access(self, status)
        fields_of_answer = [*headers.items(), ("Content-Length", str(len(body)))]
        await self.client.write(
            http1.format_head(f"HTTP/1.1 {status} Answer", fields_of_answer) + body
        )
        return True


CRASH = "crash of the gateway:"


def split(target):
    """A target's origin, which is empty in origin form, its first part, the pool's name, and the
    rest."""
    found = re.fullmatch(r"([a-z]+://[^/]*)?/([^/?]*)(.*)", target)
    return (found[1] or "", found[2], found[3] or "/") if found else ("", "", target)


class Gateway:
    """Routes by the first part of the path. `within(name)` is a context manager in which everything
    that concerns a route is done."""

    def __init__(self, within):
        self.within, self.routes = within, {}

    def add(self, setup, policy):
        with self.within(setup["id"]):
            self.routes[setup["id"]] = Route(setup, policy)

    def states(self, name):
        pool, now = self.routes[name].pool, CLOCK.now()
        with self.within(name):
            return [pool.state(key, now) for key in pool.keys] if pool else []

    async def serve(self, only, reader, writer):
        """A client's connection, request by request. `only`: the pool of a port of its own."""
        client = Client(reader, writer)
        try:
            with self.within(only) if only else contextlib.nullcontext():
                while await self.serve_one(client, only):
                    pass
        except (http1.Broken, ClientGone, TimeoutError):
            pass
        except Exception as error:  # a bug's own bug, which must not pass for what it shows
            print(CRASH, repr(error), file=sys.stderr, flush=True)
            traceback.print_exc()
        finally:
            writer.close()

    async def read_head(self, client, limits):
        limit_seconds = limits["client_header_ms"] / 1000
        return await http1.within(limit_seconds, http1.read_head(client.reader))

    async def serve_one(self, client, only):
        limits = self.routes[only].limits if only else DEFAULT_LIMITS
        head = await self.read_head(client, limits)
        target = split(head.start.split(" ")[1])
        name = target[1]
        if name == "metrics":
            return await self.show(client, target[2][1:])
        if name not in self.routes:
            await client.write(b"HTTP/1.1 400 No such pool\r\nContent-Length: 0\r\n\r\n")
            return False
        with self.within(name):
            return await Exchange(self.routes[name], target, head, client).run()

    async def show(self, client, name):
        """The metrics page of a pool."""
        with self.within(name):
            route = self.routes[name]
            page = route.records.page(route.pool, CLOCK.now()).encode()
        headers = [("Content-Type", "text/plain"), ("Content-Length", len(page))]
        await client.write(http1.format_head("HTTP/1.1 200 OK", headers) + page)
        return True

    def answer_to_setup(self):
        """Where each pool is, and what it shows of itself. Who a client's head is for is not known
        before it is there: a pool with a limit of its own for heads has a port of its own."""
        answer, port = {}, self.listen()
        for name, route in self.routes.items():
            has_own = route.limits["client_header_ms"] != DEFAULT_LIMITS["client_header_ms"]
            base = f"http://127.0.0.1:{self.listen(name) if has_own else port}/"
            answer[name] = {"base_url": base + name}
            if "metrics" in route.observe:
                series = route.records.series()
                answer[name]["metrics"] = {"url": f"{base}metrics/{name}", "series": series}
            if route.records.folder:
                answer[name]["dump_dir"] = str(route.records.folder)
        return answer

    def listen(self, only=None):
        """Serves on a free port of the loopback, in a thread of its own: the port."""
        loop, port = asyncio.new_event_loop(), []

        async def start():
            server = await asyncio.start_server(
                functools.partial(self.serve, only),
                "127.0.0.1",
                0,
                limit=http1.HEAD_LIMIT,
                backlog=512,
            )
            port.append(server.sockets[0].getsockname()[1])

        loop.run_until_complete(start())
        threading.Thread(target=loop.run_forever, daemon=True).start()
        return port[0]
