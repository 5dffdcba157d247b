"""The upstream behind every proxy: it keeps the exact bytes of each connection, and answers what a
strict server would answer. Each answer names the request that it is for."""

import socket
import threading

import strict_reader

WAIT_SECONDS = 5
FAREWELL_SECONDS = 0.3  # for a proxy to close a connection that the upstream has closed
LONG = 1 << 17
LAST_TARGET = b"/last"  # the answer to it closes the connection


def seen(method, target):
    """The body of the answer to a request."""
    return b"seen " + method + b" " + target


class _Connection:
    def __init__(self, peer):
        self.peer, self.data, self.ended = peer, b"", threading.Event()
        self._answered, self._refused = 0, False

    def start(self):
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        try:
            while received := self.peer.recv(1 << 16):
                self.data += received
                # A long body is read again only when it may have ended: that takes its time.
                if not self._refused and (len(self.data) < LONG or
                                          self.data.endswith(b"\r\n\r\n")):
                    self._answer()
        except OSError:
            pass
        self.ended.set()
        self.peer.close()

    def _answer(self):
        reading = strict_reader.read(self.data)
        for request in reading.requests[self._answered:]:
            self._answered += 1
            self.peer.sendall(_response(request))
        waiting = reading.unfinished
        if waiting and (b"expect", b"100-continue") in waiting.fields:
            self.peer.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if reading.refused:
            self._refused = True
            self.peer.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"
                              b"Content-Length: 0\r\n\r\n")
            self.peer.shutdown(socket.SHUT_WR)

    def end(self):
        try:
            self.peer.shutdown(socket.SHUT_WR)
        except OSError:
            return
        if not self.ended.wait(FAREWELL_SECONDS):
            try:
                self.peer.shutdown(socket.SHUT_RD)
            except OSError:
                pass
            self.ended.wait(WAIT_SECONDS)


def _response(request):
    body = seen(request.method, request.target)
    status = b"200 OK"
    if request.method == b"TRACE":  # RFC 9110 section 9.3.8: everything, a credential too
        body = b"\r\n".join(name + b": " + value for name, value in request.fields)
    elif request.method == b"CONNECT":
        status = b"405 Method Not Allowed"
    last = b"Connection: close\r\n" if request.target.endswith(LAST_TARGET) else b""
    head = b"HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n%s\r\n" % (
        status, len(body), last)
    return head if request.method == b"HEAD" else head + body


class Upstream:
    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self._lock, self._connections = threading.Lock(), []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            connection = _Connection(peer)
            with self._lock:  # before it answers, after which a case may end
                self._connections.append(connection)
            connection.start()

    def begin(self):
        """Forgets what came before: its connections are closed by now."""
        with self._lock:
            self._connections = []

    def end(self):
        """Closes all connections, and gives the bytes of each on which some came."""
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            connection.end()
        return [connection.data for connection in connections if connection.data]

    def close(self):
        self._listener.close()
