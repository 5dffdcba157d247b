"""A client that sends exactly the bytes it is given, and keeps every byte that comes back."""

import dataclasses
import http.client
import io
import itertools
import selectors
import socket
import time

WAIT_SECONDS = 20
_PIECE = 1 << 16
_SMALL = 4096
_SIZES = (1, 2, 1, 7, 3, 1, 1, 5)  # of pieces, again and again


@dataclasses.dataclass
class Answer:
    status: int
    body: bytes


@dataclasses.dataclass
class Conversation:
    raw: bytes = b""
    answers: list = dataclasses.field(default_factory=list)
    leftover: bytes = b""  # what is no complete answer
    ended: str = ""  # "closed" or "reset" by the server; "open": it did neither; or "refused"
    sent: int = 0
    whole: bool = False  # everything was sent, what is endless up to its bound, before any answer

    def statuses(self):
        return [answer.status for answer in self.answers]


class _Bytes(io.BytesIO):
    """A socket as http.client wants one, over bytes that are already there."""

    def makefile(self, _mode):
        return self

    def close(self):  # http.client closes at the end of a body; more may follow
        pass


def parse_answers(raw, methods):
    """(answers, leftover): the complete final answers in `raw`, by Python's own HTTP client."""
    answers, source = [], _Bytes(raw)
    while True:
        at = source.tell()
        if b"\r\n\r\n" not in raw[at:]:
            return answers, raw[at:]
        method = methods[min(len(answers), len(methods) - 1)] if methods else "GET"
        response = http.client.HTTPResponse(source, method=method)
        try:
            response.begin()
            if response.length is None and not response.chunked:
                return answers, raw[at:]  # it ends with the connection; the caller knows when
            answers.append(Answer(response.status, response.read()))
        except (http.client.HTTPException, OSError):
            return answers, raw[at:]


class _Talk:
    def __init__(self, address, pieces, methods, in_pieces):
        self.connection = socket.create_connection(address, timeout=WAIT_SECONDS)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection.setblocking(False)
        self.sizes = itertools.cycle(_SIZES) if in_pieces else None
        self.selector = selectors.DefaultSelector()
        self.pieces, self.methods = pieces, methods
        self.waiting = b""
        self.endless = 0  # bytes still to come of the piece that is repeated
        self.unit = b""
        self.done = Conversation()
        self.half_closed = False

    def next_bytes(self):
        """The next bytes to send; b"" at the end."""
        while not self.waiting:
            if self.endless > 0:
                if self.done.answers:  # that was the last word
                    self.pieces, self.endless = iter(()), 0
                    return b""
                self.waiting = self.unit * max(1, min(self.endless, _PIECE) // len(self.unit))
                self.endless -= len(self.waiting)
                break
            piece = next(self.pieces, None)
            if piece is None:
                self.done.whole = not self.done.answers
                break
            self.unit, self.endless = piece
            if self.endless == 0:
                self.waiting = self.unit
        return self.waiting

    def end_half(self):
        if not self.half_closed:
            self.half_closed = True
            try:
                self.connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass

    def receive(self):
        """False at the end of the connection."""
        try:
            received = self.connection.recv(_PIECE)
        except BlockingIOError:
            return True
        except OSError:
            self.done.ended = "reset"
            return False
        self.done.raw += received
        self.done.answers, self.done.leftover = parse_answers(self.done.raw, self.methods)
        if not received:
            self.done.ended = "closed"
        return bool(received)

    def send(self):
        # What is large, or endless, would take too long.
        small = self.sizes and self.endless == 0 and len(self.waiting) < _SMALL
        try:
            count = self.connection.send(self.waiting[:next(self.sizes)] if small else self.waiting)
        except BlockingIOError:
            return
        except OSError:  # the server is gone; what it said before can still be read
            self.pieces, self.waiting, self.endless = iter(()), b"", 0
            return
        self.done.sent += count
        self.waiting = self.waiting[count:]

    def run(self, wanted, half_close, settle):
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            sending = bool(self.next_bytes()) and not self.half_closed
            if not sending and (half_close or (wanted and len(self.done.answers) >= wanted)):
                self.end_half()
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if sending else 0)
            key = self.selector.register(self.connection, events)
            ready = self.selector.select(settle)
            self.selector.unregister(key.fileobj)
            mask = ready[0][1] if ready else 0
            if not mask:
                if self.half_closed:
                    break
                self.end_half()
            if mask & selectors.EVENT_READ and not self.receive():
                break
            if mask & selectors.EVENT_WRITE and sending:
                self.send()
        self.done.ended = self.done.ended or "open"
        self.connection.close()
        self.selector.close()
        return self.done


def talk(address, pieces, wanted=1, half_close=False, methods=(), settle=WAIT_SECONDS / 2,
         in_pieces=False):
    """Sends, reads until `wanted` answers are there or nothing comes for `settle` seconds, ends its
    half and reads to the end. The `methods` of the requests tell which answers have no body.
    `in_pieces`: what is sent comes in segments of a few bytes."""
    try:
        talking = _Talk(address, iter(pieces), list(methods), in_pieces)
    except OSError:
        return Conversation(ended="refused")
    return talking.run(wanted, half_close, settle)


def ask(address, target, host):
    """One plain request on a connection of its own, as another client would send it."""
    request = f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    return talk(address, [(request, 0)], methods=["GET"])
