"""Upstream connections: kept while they can be used again, closed else."""

import asyncio

from . import http1, upload

CONNECT_SECONDS = 10
DRAIN_BYTES = 256 * 1024
DRAIN_SECONDS = 0.2


class Connection:
    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.sending = None  # the task that sends the request
        self.upload_failed = None  # what ended it
        self.head, self.status, self.framing, self.trailers = None, 0, 0, []
        self.rest, self.seen, self.read = None, [], 0  # the body, its first pieces, bytes read
        self.head_seconds = self.idle_seconds = 30
        self.read_ahead = []  # pieces of the body that classification looked at

    async def is_quiet(self):
        """Nothing has come unasked, neither bytes nor an end: it can be asked again."""
        reading = asyncio.ensure_future(self.reader.read(1))
        for _ in range(3):
            await asyncio.sleep(0)  # lets what is there be read
        quiet = not reading.done()
        reading.cancel()
        await asyncio.wait([reading])
        return quiet

    async def ask(self, method, target, headers, body):
        """Sends the request and waits for the answer's head, whichever ends first."""
        self.sending = asyncio.create_task(self.send(method, target, headers, body))
        self.head = await http1.within(self.head_seconds, self.read_final_head())
        self.status = int(self.head.start.split(" ")[1])
        self.trailers, self.seen, self.read = [], [], 0
        self.framing = http1.framing_of(self.head, http1.UNTIL_END)
        if method == "HEAD" or self.status in (204, 304):
            self.framing = 0
        self.rest = self.lively(http1.pieces(self.reader, self.framing, self.trailers))

    async def lively(self, pieces):
        """The pieces of a body, which breaks off when it falls silent."""
        while True:
            try:
                piece = await http1.within(self.idle_seconds, anext(pieces))
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                raise http1.Broken("the upstream has fallen silent") from error
            self.read += len(piece)
            if self.read <= DRAIN_BYTES:
                self.seen.append(piece)
            yield piece

    async def read_final_head(self):
        while True:
            head = await http1.read_head(self.reader)
            if not head.start.startswith("HTTP/1."):
                raise http1.Broken("not an answer")
            if not head.start.split(" ")[1].startswith("1"):
                return head

    async def send(self, method, target, headers, body):
        try:
            self.writer.write(http1.format_head(f"{method} {target} HTTP/1.1", headers))
            async for piece in body:
                self.writer.write(piece)
                await self.writer.drain()
        except upload.UploadFailed as failed:
            self.upload_failed = failed
            self.writer.transport.abort()  # a request that can never be whole
        except OSError:
            pass  # an answer may have come all the same: reading tells

    async def body(self):
        ahead, self.read_ahead = self.read_ahead, []
        for piece in ahead:
            yield piece
        async for piece in self.rest:
            yield piece

    def can_be_kept(self):
        """Once the body has been read to its end."""
        return (
            self.sending.done()
            and self.framing != http1.UNTIL_END
            and not self.head.has_token("Connection", "close")
        )

    def close(self):
        if self.sending:
            self.sending.cancel()
        self.writer.transport.abort()


class Connections:
    """Those to one upstream."""

    def __init__(self, base):
        self.base, self.idle = base, []

    async def take(self):
        while self.idle:
            connection = self.idle.pop()
            if await connection.is_quiet():
                return connection
            connection.close()
        opening = asyncio.open_connection(
            self.base.hostname, self.base.port, limit=http1.HEAD_LIMIT
        )
        return Connection(*await http1.within(CONNECT_SECONDS, opening))

    def give_back(self, connection):
        if connection.can_be_kept():
            self.idle.append(connection)
        else:
            connection.close()

    async def discard(self, connection):
        """Reads a body that nobody wants, within bounds, so that the connection can be kept."""
        try:
            await http1.within(DRAIN_SECONDS, self.drain(connection))
        except (TimeoutError, http1.Broken):
            connection.close()

    async def drain(self, connection):
        async for _ in connection.body():
            if connection.read > DRAIN_BYTES:
                return connection.close()
        return self.give_back(connection)
