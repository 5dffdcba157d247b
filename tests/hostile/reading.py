"""What a server makes of the bytes of a connection."""

import dataclasses


@dataclasses.dataclass
class Request:
    method: bytes
    target: bytes
    fields: list  # pairs of lower-case name and value
    body: bytes = b""
    trailers: list = dataclasses.field(default_factory=list)

    def all_named(self, name):
        """The values of a field, of trailers too: some servers do not tell them apart."""
        return fields_named(self.fields + self.trailers, name)

    def shape(self):
        """What decides whether two servers saw the same request."""
        return self.method, self.target, self.body


@dataclasses.dataclass
class Reading:
    requests: list = dataclasses.field(default_factory=list)
    ends: list = dataclasses.field(default_factory=list)  # of each request, in bytes
    unfinished: Request | None = None  # its head has been read, its body not to the end
    refused: str = ""  # why the server would have answered 400, and stopped reading

    def shape(self):
        begun = self.unfinished and (self.unfinished.method, self.unfinished.target)
        return [request.shape() for request in self.requests], begun

    def all_requests(self):
        return self.requests + ([self.unfinished] if self.unfinished else [])


def fields_named(fields, name):
    return [value for field, value in fields if field == name]


def show(shape):
    """A reading's shape for a person: long bodies by their length."""
    requests, begun = shape
    texts = []
    for method, target, body in requests:
        text = f"{method.decode('latin-1')} {target.decode('latin-1')[:80]}"
        shown = repr(bytes(body))[1:] if len(body) <= 40 else f"{len(body)} bytes"
        texts.append(f"{text} {shown}" if body else text)
    if begun:
        texts.append(f"{begun[0].decode('latin-1')} {begun[1].decode('latin-1')[:80]} (unfinished)")
    return "[" + ", ".join(texts) + "]"
