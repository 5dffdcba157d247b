"""HTTP/1.1 messages on asyncio streams."""

import asyncio
import contextlib

from . import fields

PIECE_BYTES = 65536
HEAD_LIMIT = 2**18
CHUNKED, UNTIL_END = "chunked", "until the end"  # framings beside a length in bytes


class Broken(Exception):
    """The peer ended or broke off within a message, or never took the connection."""


@contextlib.contextmanager
def breaking():
    """What can go wrong on a connection, as one exception."""
    try:
        yield
    except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
        raise Broken(str(error)) from error


async def within(seconds, work):
    """Awaits `work` no longer than that. asyncio.wait_for may lose a cancellation."""
    async with asyncio.timeout(seconds):
        return await work


class Head:
    def __init__(self, start, headers):
        self.start, self.headers = start, headers

    def find(self, name):
        return fields.find(self.headers, name)

    def has_token(self, name, token):
        return any(
            token in [part.strip().lower() for part in value.split(",")]
            for field, value in self.headers
            if fields.same_name(field, name)
        )


def parse_fields(lines):
    pairs = [line.split(":", 1) for line in lines if line]
    return [(name, value.strip(" \t")) for name, value in pairs]


async def read_head(reader):
    with breaking():
        raw = await reader.readuntil(b"\r\n\r\n")
        start, *lines = raw.decode("latin-1").split("\r\n")
        return Head(start, parse_fields(lines))


def format_head(start, headers):
    lines = [start, *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def framing_of(head, without):
    """`without`: the framing of a message that names none."""
    if head.has_token("Transfer-Encoding", "chunked"):
        return CHUNKED
    length = head.find("Content-Length")
    return without if length is None else int(length)


async def pieces(reader, framing, trailers):
    """The body piece by piece; what follows the last chunk goes into the list `trailers`."""
    if framing == CHUNKED:
        async for piece in chunks(reader, trailers):
            yield piece
        return
    left = framing
    while left:
        most = PIECE_BYTES if left == UNTIL_END else min(left, PIECE_BYTES)
        with breaking():
            piece = await reader.read(most)
        if not piece:
            if left == UNTIL_END:
                return
            raise Broken("the body ended early")
        yield piece
        left = left if left == UNTIL_END else left - len(piece)


async def chunks(reader, trailers):
    while True:
        with breaking():
            left = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        if not left:
            break
        while left:
            with breaking():
                piece = await reader.read(min(left, PIECE_BYTES))
            if not piece:
                raise Broken("the body ended early")
            left -= len(piece)
            yield piece
        with breaking():
            await reader.readexactly(2)
    with breaking():
        while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
            trailers += parse_fields([line.decode("latin-1").rstrip("\r\n")])


def format_chunk(piece):
    return b"%x\r\n%s\r\n" % (len(piece), piece)


def format_last_chunk(trailers):
    return b"0\r\n" + "".join(f"{n}: {v}\r\n" for n, v in trailers).encode("latin-1") + b"\r\n"
