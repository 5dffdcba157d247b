"""A stub that passes HTTP messages on and lies now and then: before the proxy, or between it and
the upstream. For the self test, which has every lie found."""

import socket
import threading

EVERY = 40  # messages, one lie


class _Broken(Exception):
    """A message that ends too soon; `args[0]` is what came of it."""


def _read_message(file, is_answer):
    """The bytes of one message; b"" at the connection's end. Interim answers come with it."""
    head, length, chunked = b"", 0, False
    while True:
        line = file.readline()
        head += line
        if not line:
            if head:
                raise _Broken(head)
            return b""
        if line == b"\r\n":
            if is_answer and head.startswith(b"HTTP/1.1 1"):
                head = b""
                continue
            break
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        if name.lower() == b"transfer-encoding":
            chunked = True
    if not chunked:
        body = file.read(length)
        if len(body) < length:
            raise _Broken(head + body)
        return head + body
    body = b""
    while True:
        line = file.readline()
        size = int(line or b"0", 16)
        piece = line + file.read(size + 2)
        body += piece
        if len(piece) < len(line) + size + 2:
            raise _Broken(head + body)
        if size == 0:
            return head + body


def _flipped(message):
    """Another last byte of the body; a chunk's end is no part of it."""
    head, _, body = message.partition(b"\r\n\r\n")
    at = body.rfind(b"}")
    if at < 0:
        return message
    return head + b"\r\n\r\n" + body[:at] + b")" + body[at + 1:]


class Liar:
    """Listens at `port`, passes on to `to`. `lie`: its name, below."""

    def __init__(self, to, lie):
        self._to, self._lie, self._count = to, lie, 0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def end(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _turn(self):
        """The lie, each so many messages; "" otherwise."""
        with self._lock:
            self._count += 1
            return self._lie if self._count % EVERY == 0 else ""

    def _serve(self, peer):
        try:
            with peer, peer.makefile("rb") as asked, \
                    socket.create_connection(("127.0.0.1", self._to)) as other, \
                    other.makefile("rb") as answered:
                while message := _read_message(asked, False):
                    self._pass_on(peer, message, other, answered, self._turn())
        except (_Broken, OSError, ValueError):
            pass

    def _pass_on(self, peer, message, other, answered, lie):
        if lie == "invents an answer":
            peer.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"ok"')
            return
        if lie == "changes a request's byte":
            message = _flipped(message)
        other.sendall(message)
        try:
            answer = _read_message(answered, True)
        except _Broken as broken:
            peer.sendall(broken.args[0])
            raise
        if not answer:
            raise _Broken(b"")
        if lie == "asks twice":
            other.sendall(message)
            answer = _read_message(answered, True)
        if lie == "changes an answer's byte":
            answer = _flipped(answer)
        if lie == "changes a status":
            answer = answer.replace(b"HTTP/1.1 200 OK", b"HTTP/1.1 201 OK", 1)
        peer.sendall(answer * (2 if lie == "answers twice" else 1))


class Lies:
    """What is wrong on purpose in a setting (setting.py)."""

    def __init__(self, before_proxy="", before_upstream="", reverse_keys=False, policies=None):
        self._before_proxy, self._before_upstream = before_proxy, before_upstream
        self._reverse_keys, self._policies = reverse_keys, policies or {}
        self._liars = []

    def _liar(self, port, lie):
        if not lie:
            return port
        self._liars.append(Liar(port, lie))
        return self._liars[-1].port

    def proxy(self, port):
        return self._liar(port, self._before_proxy)

    def upstream(self, port):
        return self._liar(port, self._before_upstream)

    def order(self, keys):
        if self._reverse_keys:
            keys.reverse()

    def policy(self, route):
        return {**route.policy, **self._policies.get(route.name, {})}

    def end(self):
        for liar in self._liars:
            liar.end()
