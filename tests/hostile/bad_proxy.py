"""A proxy in miniature, careful or with one flaw: what the table's runner has to catch.

    bad_proxy.py UPSTREAM_PORT FLAW

Says where it listens, as keywalk-proxy does. The flaws are those of FLAWS below.
"""

import os
import socket
import sys
import threading
import urllib.parse

import lenient_readers
import strict_reader
from servers import BASE_PATH, KEY

FLAWS = {
    "none": "it passes on what a strict server reads, written anew",
    "raw, length first": "it passes heads on as they came, and Content-Length decides",
    "raw, chunked first": "it passes heads on as they came, and \"chunked\" anywhere decides",
    "escapes": "it takes any target",
    "trace": "it knows no method that is not to be passed on",
    "own host": "it leaves the client's Host",
    "own credential": "it adds the key to a credential that is there",
    "leaks": "it tells the client which key it used",
    "endless": "it has no limit for a head",
    "shares": "it passes on all it got, and gives the next client what is left of the answers",
    "dies": "it ends at a NUL",
}
LARGEST_HEAD = 1 << 16
LARGEST = 1 << 18
WAIT_SECONDS = 10


class Refused(Exception):
    """Answered with 400."""


class Proxy:
    def __init__(self, upstream_port, flaw):
        self.upstream_port, self.flaw = upstream_port, flaw
        self.shared, self.left, self.lock = None, b"", threading.Lock()

    # --- what it got ---------------------------------------------------------------------------

    def parse(self, data):
        """(request, its bytes' end), or None while it is unfinished."""
        if self.flaw.startswith("raw"):
            dialect = lenient_readers.Dialect(self.flaw,
                                              length_goes_first=self.flaw.endswith("length first"))
            return lenient_readers.read_one(dialect, data)
        reading = strict_reader.read(data)
        if reading.requests:
            return reading.requests[0], reading.ends[0]
        if reading.refused:
            raise Refused
        return None

    def check(self, request):
        if request.method in (b"TRACE", b"CONNECT") and self.flaw != "trace":
            raise Refused
        path = request.target.decode("latin-1")
        while (decoded := urllib.parse.unquote(path, "latin-1")) != path:
            path = decoded
        escapes = ".." in path.replace("...", "") or not path.startswith("/")
        if escapes and self.flaw != "escapes":
            raise Refused

    # --- what it sends -------------------------------------------------------------------------

    def head(self, request, data):
        """The head for the upstream, without the empty line."""
        target = BASE_PATH.encode() + request.target
        if self.flaw.startswith("raw"):  # as it came, the key before the first field
            lines = data.split(b"\n", 1)[1].split(b"\r\n\r\n")[0]
            return (request.method + b" " + target + b" HTTP/1.1\r\nAuthorization: Bearer " +
                    KEY.encode() + b"\r\n" + lines)
        host = b"127.0.0.1:%d" % self.upstream_port
        credential = [b"Bearer " + KEY.encode()]
        of_hop = b"".join(value for name, value in request.fields if name == b"connection").lower()
        for name, value in request.fields:
            if name in of_hop:
                continue
            if name == b"host" and self.flaw == "own host":
                host = value
            elif name == b"authorization":
                credential = credential + [value] if self.flaw == "own credential" else [value]
        fields = [b"Host: " + host, b"Content-Length: %d" % len(request.body)]
        fields += [b"Authorization: " + value for value in credential]
        return b"\r\n".join([request.method + b" " + target + b" HTTP/1.1", *fields])

    def ask(self, request, data, end):
        """The upstream's answer."""
        head = self.head(request, data)
        if self.flaw == "shares":
            return self.ask_shared(head, request.body + data[end:])
        body = data[:end].split(b"\r\n\r\n", 1)[1] if self.flaw.startswith("raw") else request.body
        with socket.create_connection(("127.0.0.1", self.upstream_port), WAIT_SECONDS) as upstream:
            upstream.sendall(head + b"\r\n\r\n" + body)
            return read_answer(upstream, request.method)[0]

    def ask_shared(self, head, behind):
        with self.lock:
            while True:
                fresh = self.shared is None
                if fresh:
                    self.shared = socket.create_connection(("127.0.0.1", self.upstream_port),
                                                           WAIT_SECONDS)
                try:
                    self.shared.sendall(head + b"\r\n\r\n" + behind)
                    answer, self.left = read_answer(self.shared, b"GET", self.left)
                except OSError:
                    answer = b""
                if answer or fresh:
                    return answer
                self.shared, self.left = None, b""  # it had been closed

    # --- a client ------------------------------------------------------------------------------

    def serve(self, client):
        client.settimeout(WAIT_SECONDS)
        data = b""
        try:
            while received := client.recv(1 << 16):
                data += received
                if self.flaw == "dies" and b"\0" in data:
                    os._exit(1)
                data = self.answer(client, data)
        except (Refused, ValueError):
            client.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n"
                           b"Connection: close\r\n\r\n")
        except OSError:
            pass
        finish(client)

    def answer(self, client, data):
        """Answers the requests in `data`, and gives what is left of it."""
        while True:
            data = data.removeprefix(b"\r\n")
            head_ends = b"\r\n\r\n" in data
            limit = LARGEST if head_ends else LARGEST_HEAD
            if len(data) > limit and self.flaw != "endless":
                raise Refused
            parsed = self.parse(data) if head_ends else None
            if parsed is None:
                return data
            request, end = parsed
            self.check(request)
            answer = self.ask(request, data, end)
            if self.flaw == "leaks":
                answer = answer.replace(b"\r\n", b"\r\nX-Key: " + KEY.encode() + b"\r\n", 1)
            client.sendall(answer or b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            closes = any(name == b"connection" and b"close" in value.lower()
                         for name, value in request.fields)
            if closes or self.flaw == "shares":
                raise OSError("the answer was the last one")
            data = data[end:]


def finish(client):
    """Ends the connection so that what was sent arrives, whatever the client still sends."""
    try:
        client.shutdown(socket.SHUT_WR)
        while client.recv(1 << 16):
            pass
    except OSError:
        pass
    client.close()


def read_answer(upstream, method, answer=b""):
    """One answer, and what came behind it; two empty ones if there is none."""
    end = None
    while end is None or len(answer) < end:
        head, found, _ = answer.partition(b"\r\n\r\n")
        if found:
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            end = len(head) + 4 + (0 if method == b"HEAD" else length)
        if end is None or len(answer) < end:
            received = upstream.recv(1 << 16)
            if not received:
                return b"", b""
            answer += received
    return answer[:end], answer[end:]


def main():
    proxy = Proxy(int(sys.argv[1]), sys.argv[2])
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"listening on 127.0.0.1:{listener.getsockname()[1]}", flush=True)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=proxy.serve, args=[client], daemon=True).start()


if __name__ == "__main__":
    main()
