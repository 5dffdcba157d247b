"""Requests as RFC 9112 defines them, and nothing else: every deviation is refused. Written apart
from the C++ parser, in regular expressions, so that the two do not share a mistake."""

import re

from reading import Reading, Request, fields_named

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
# RFC 9112 section 3: method SP request-target SP HTTP-version CRLF
_LINE = re.compile(rb"(%s) ([\x21\x22\x24-\x7e]+) HTTP/1\.([01])\r\n" % _TOKEN)
# RFC 9112 section 5: field-name ":" OWS field-value OWS; RFC 9110 section 5.5: field-vchar
_FIELD = re.compile(rb"(%s):[ \t]*((?:[\x21-\x7e\x80-\xff][ \t]*)*)\r\n" % _TOKEN)
_LENGTH = re.compile(rb"[0-9]{1,19}")
# RFC 9112 section 7.1; no extension has a meaning here, so that none needs to be passed on.
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,16})\r\n")


class Refused(Exception):
    """Why a strict server answers 400."""


def _fields(data, at):
    """The fields up to the empty line, and what follows it; None if that has not come yet."""
    fields = []
    while not data.startswith(b"\r\n", at):
        match = _FIELD.match(data, at)
        if match is None:
            if b"\n" in data[at:]:
                raise Refused(f"field line {data[at:at + 60]!r}")
            return None
        fields.append((match[1].lower(), match[2].rstrip(b" \t")))
        at = match.end()
    return fields, at + 2


def _chunks(data, at):
    """(body, trailers, what follows), or None while it is unfinished."""
    body = bytearray()
    while True:
        match = _CHUNK.match(data, at)
        if match is None:
            if b"\n" in data[at:] or len(data) - at > 18:
                raise Refused(f"chunk size {data[at:at + 30]!r}")
            return None
        size, at = int(match[1], 16), match.end()
        if size == 0:
            rest = _fields(data, at)
            return rest and (bytes(body), *rest)
        if len(data) < at + size + 2:
            return None
        body += data[at:at + size]
        at += size
        if data[at:at + 2] != b"\r\n":
            raise Refused(f"after a chunk's data {data[at:at + 2]!r}")
        at += 2


def _body(data, at, version, fields):
    """(body, trailers, what follows), or None while it is unfinished (RFC 9112 section 6.3)."""
    lengths = fields_named(fields, b"content-length")
    codings = fields_named(fields, b"transfer-encoding")
    if codings:
        if lengths or version == b"0" or [coding.lower() for coding in codings] != [b"chunked"]:
            raise Refused(f"Transfer-Encoding {codings} with Content-Length {lengths}")
        return _chunks(data, at)
    if len(lengths) > 1 or (lengths and not _LENGTH.fullmatch(lengths[0])):
        raise Refused(f"Content-Length {lengths}")
    length = int(lengths[0]) if lengths else 0
    if len(data) - at < length:
        return None
    return data[at:at + length], [], at + length


def read(data):
    """All requests of a connection, from its first byte on."""
    reading, at = Reading(), 0
    try:
        while at < len(data):
            line = _LINE.match(data, at)
            if line is None:
                if b"\n" in data[at:]:
                    raise Refused(f"request line {data[at:at + 60]!r}")
                break
            head = _fields(data, line.end())
            if head is None:
                break
            fields, body_at = head
            if len(fields_named(fields, b"host")) != 1:
                raise Refused("not exactly one Host")
            request = Request(line[1], line[2], fields)
            body = _body(data, body_at, line[3], fields)
            if body is None:
                reading.unfinished = request
                break
            request.body, request.trailers, at = body
            reading.requests.append(request)
            reading.ends.append(at)
    except Refused as refused:
        reading.refused = str(refused)
    return reading
