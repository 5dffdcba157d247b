"""A client's body that is sent on while it comes, and kept for the next attempt."""

import asyncio

from . import http1


class UploadFailed(Exception):
    """The client's body has not come whole; `reason` is what was met."""

    def __init__(self, reason):
        super().__init__(str(reason))
        self.reason = reason


class Upload:
    """`pieces` are the client's, read once, each when somebody asks for it; `framing` is as in
    http1.framing_of."""

    def __init__(self, pieces, framing):
        self.pieces, self.framing = pieces, framing
        self.kept, self.whole, self.failure, self.reading = bytearray(), False, None, None

    async def read_on(self):
        """Waits for the next piece, which comes also if who waits for it is cancelled."""
        if not self.reading:
            self.reading = asyncio.ensure_future(self.read())
        await asyncio.wait([self.reading])

    async def read(self):
        try:
            piece = await anext(self.pieces, b"")
            self.keep(piece)
            self.whole = not piece
        except Exception as error:  # whatever it is, it ends the body
            self.failure = UploadFailed(error)
        finally:
            self.reading = None

    def keep(self, piece):
        self.kept += piece

    async def begin(self):
        """Waits for the first piece."""
        await self.read_on()
        if self.failure:
            raise self.failure

    async def from_start(self):
        """The body for an attempt."""
        at = self.first_byte()
        while True:
            if at < len(self.kept):
                piece = bytes(self.kept[at : at + http1.PIECE_BYTES])
                at += len(piece)
                yield piece
            elif self.failure:
                raise self.failure
            elif self.whole:
                return
            else:
                await self.read_on()

    def first_byte(self):
        return 0

    async def on_the_wire(self):
        """The same as an HTTP message's body."""
        is_chunked = not isinstance(self.framing, int)
        async for piece in self.from_start():
            yield http1.format_chunk(piece) if is_chunked else piece
        if is_chunked:
            yield http1.format_last_chunk([])

    def close(self):
        """Nobody wants the rest."""
        if self.reading:
            self.reading.cancel()


async def recorded(body):
    """A body that is there, as on_the_wire gives one that comes."""
    for at in range(0, len(body), http1.PIECE_BYTES):
        yield body[at : at + http1.PIECE_BYTES]
