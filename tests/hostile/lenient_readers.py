"""Servers as they are found in the field: each forgives what others refuse, and each in its way.
Where two of them read one connection differently, a request can be smuggled past the proxy in
front (RFC 9112 section 11.2). h11 is among them: strict in framing, it forgives bare LF and
folds."""

import dataclasses
import re

import h11

from reading import Reading, Request, fields_named

_LARGEST_HEAD = 1 << 20


@dataclasses.dataclass(frozen=True)
class Dialect:
    name: str
    length_goes_first: bool = False  # Content-Length decides, even beside Transfer-Encoding
    last_length: bool = False  # of several Content-Length; else the first
    coding: str = "contains"  # "chunked" anywhere in any Transfer-Encoding; or "equals" the first
    line_end: bytes = rb"\r?\n"
    folds: str = "join"  # a folded line continues the value; or "field": it is a line of its own
    cut_at_nul: bool = False  # names and values are C strings
    size_bits: int = 64  # of a chunk


DIALECTS = (
    Dialect("chunked anywhere goes first"),
    Dialect("Content-Length goes first", length_goes_first=True),
    Dialect("only a plain chunked counts, the last length", coding="equals", last_length=True),
    Dialect("CR ends a line", line_end=rb"\r\n|\n|\r"),
    Dialect("folded lines are fields", folds="field", coding="equals"),
    Dialect("text ends at NUL", cut_at_nul=True, length_goes_first=True),
    Dialect("32 bits for a chunk", size_bits=32),
)


class _Unfinished(Exception):
    """More bytes are needed."""


class _Reader:
    def __init__(self, dialect, data):
        self.dialect, self.data, self.at = dialect, data, 0
        self.end_of_line = re.compile(dialect.line_end)

    def line(self):
        match = self.end_of_line.search(self.data, self.at)
        if match is None:
            raise _Unfinished
        line, self.at = self.data[self.at:match.start()], match.end()
        return line

    def take(self, size):
        if len(self.data) - self.at < size:
            raise _Unfinished
        self.at += size
        return self.data[self.at - size:self.at]

    def fields(self):
        fields = []
        while line := self.line():
            if line[:1] in b" \t" and self.dialect.folds == "join" and fields:
                name, value = fields.pop()
                fields.append((name, value + b" " + line.strip()))
                continue
            name, _, value = line.partition(b":")
            if self.dialect.cut_at_nul:
                name, value = name.split(b"\0")[0], value.split(b"\0")[0]
            fields.append((name.strip().lower(), value.strip()))
        return fields

    def chunked(self, codings):
        if self.dialect.coding == "equals":
            return bool(codings) and codings[0].lower() == b"chunked"
        return any(b"chunked" in coding.lower() for coding in codings)

    def body(self, request):
        lengths = fields_named(request.fields, b"content-length")
        codings = fields_named(request.fields, b"transfer-encoding")
        chunked = self.chunked(codings)
        if chunked and not (lengths and self.dialect.length_goes_first):
            return self.chunks(request)
        if not lengths:
            return b""
        # As strtoul() reads it: leading white space, and as far as there are digits.
        digits = re.match(rb"\s*\+?(\d*)", lengths[-1 if self.dialect.last_length else 0])[1]
        return self.take(int(digits or 0))

    def chunks(self, request):
        body = b""
        while True:
            digits = re.match(rb"\s*(?:0[xX])?([0-9A-Fa-f]*)", self.line())[1]
            size = int(digits or b"0", 16) % (1 << self.dialect.size_bits)
            if size == 0:
                request.trailers = self.fields()
                return body
            body += self.take(size)
            self.line()

    def request(self):
        while not (line := self.line()):
            pass
        parts = line.split()
        request = Request(parts[0] if parts else b"", parts[1] if len(parts) > 1 else b"", [])
        request.fields = self.fields()
        return request


def _read_dialect(dialect, data):
    reader, reading = _Reader(dialect, data), Reading()
    try:
        while reader.at < len(data):
            reading.unfinished = None
            request = reader.request()
            reading.unfinished = request
            request.body = reader.body(request)
            reading.unfinished = None
            reading.requests.append(request)
    except _Unfinished:
        pass
    return reading


def read_one(dialect, data):
    """The first request and its end, as bad_proxy.py needs it; None while it is unfinished."""
    reader = _Reader(dialect, data)
    try:
        request = reader.request()
        request.body = reader.body(request)
    except _Unfinished:
        return None
    return request, reader.at


def _read_h11(data):
    reading = Reading()
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=_LARGEST_HEAD)
    connection.receive_data(data)
    try:
        while True:
            event = connection.next_event()
            if event in (h11.NEED_DATA, h11.PAUSED):
                return reading
            if isinstance(event, h11.Request):
                reading.unfinished = Request(event.method, event.target, list(event.headers))
            elif isinstance(event, h11.Data):
                reading.unfinished.body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                request, reading.unfinished = reading.unfinished, None
                request.trailers = list(event.headers)
                reading.requests.append(request)
                connection.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
                connection.send(h11.EndOfMessage())
                if connection.our_state is not h11.DONE:  # the client announced the end
                    return reading
                connection.start_next_cycle()
    except h11.RemoteProtocolError as error:
        reading.refused = str(error)
        return reading


def readings(data):
    """Pairs of a reader's name and its Reading of the connection."""
    yield f"h11 {h11.__version__}", _read_h11(data)
    for dialect in DIALECTS:
        yield dialect.name, _read_dialect(dialect, data)
