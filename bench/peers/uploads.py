"""What the matrix cannot show, since its clients send as fast as they can: when a slow upload's
first byte reaches the upstream, what a slow client pays, and the memory that held uploads take.

Here the client is this process, which is slower than keywalk-load but has all the time it needs."""

import os
import selectors
import socket
import statistics
import time

import measure
from common.server import Failed, request_body
from summary import spread
from upstream import ANSWER, BY_NAME, check_attempts

LIMIT_SECONDS = 120
UPLOAD_SECONDS = 0.02  # that a paced upload takes, whatever its size
PIECES = 16
FIRST_PIECE = 1024
SLOW_BYTES_PER_SECOND = 64 << 20
SLOW_PIECE = 256 << 10


def head(gateway, walk, size):
    path, headers = gateway.request(walk)
    lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{gateway.port}",
             f"Content-Length: {size}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def connect(port):
    connection = socket.create_connection(("127.0.0.1", port), timeout=LIMIT_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def read_answer(connection):
    """The status of an answer, which has been read whole."""
    reader = connection.makefile("rb")
    line, fields = reader.readline(), {}
    while (field := reader.readline().strip()):
        name, _, value = field.partition(b":")
        fields[name.strip().lower()] = value.strip()
    if not line:
        raise Failed("an answer broke off")
    if fields.get(b"transfer-encoding") == b"chunked":
        while (size := int(reader.readline().split(b";")[0], 16)):
            reader.read(size + 2)
        reader.readline()
    else:
        reader.read(int(fields.get(b"content-length", b"0")))
    return int(line.split()[1])


class RawUpstream:
    """A listening socket that notes when the first byte of a request's body came in."""

    version = ""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.begin()

    def close(self):
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()

    def begin(self):
        """Of a new request."""
        self.first_byte = None
        self.done = False
        self.buffer = b""
        self.body_bytes = 0
        self.length = None

    def serve_until(self, deadline):
        """Whatever comes in up to then, or up to the end of the request."""
        while not self.done and (left := deadline - time.perf_counter()) > 0:
            for key, _ in self.selector.select(left):
                if key.fileobj is self.listener:
                    connection, _ = self.listener.accept()
                    self.selector.register(connection, selectors.EVENT_READ)
                else:
                    self.receive(key.fileobj)

    def receive(self, connection):
        piece = connection.recv(1 << 20)
        if not piece:
            self.selector.unregister(connection)
            connection.close()
            return
        now = time.perf_counter()
        if self.length is None:
            self.buffer += piece
            top, found, piece = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            self.read_head(connection, top.lower())
        if piece and self.first_byte is None:
            self.first_byte = now
        self.body_bytes += len(piece)
        self.buffer = (self.buffer + piece)[-5:]
        if self.buffer == b"0\r\n\r\n" if self.length < 0 else self.body_bytes >= self.length:
            self.done = True
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                               b"Content-Length: %d\r\n\r\n%s" % (len(ANSWER), ANSWER.encode()))

    def read_head(self, connection, top):
        self.buffer = b""
        fields = dict(line.split(b": ", 1) for line in top.split(b"\r\n")[1:])
        self.length = int(fields.get(b"content-length", b"-1"))
        if fields.get(b"expect") == b"100-continue":
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


def first_byte_us(gateway, upstream, connection, body):
    """One paced upload: from the client's first byte of the body to the upstream's."""
    upstream.begin()
    first = head(gateway, BY_NAME["f0"], len(body)) + body[:FIRST_PIECE]
    rest = memoryview(body)[FIRST_PIECE:]
    begun = time.perf_counter()
    connection.sendall(first)
    connection.setblocking(False)
    for number in range(1, PIECES + 1):  # at the pace, as far as the gateway takes it
        upstream.serve_until(begun + number * UPLOAD_SECONDS / PIECES)
        left = len(body) * (PIECES - number) // PIECES
        rest = send_some(connection, rest, len(rest) - left)
    while len(rest) > 0:
        upstream.serve_until(time.perf_counter() + 0.001)
        rest = send_some(connection, rest, len(rest))
    upstream.serve_until(time.perf_counter() + LIMIT_SECONDS)
    connection.settimeout(LIMIT_SECONDS)
    if not upstream.done or read_answer(connection) != 200:
        raise Failed(f"{gateway.name}: a paced upload of {len(body)} bytes came to nothing")
    return (upstream.first_byte - begun) * 1e6


def send_some(connection, rest, size):
    while size > 0:
        try:
            sent = connection.send(rest[:min(size, 1 << 18)])
        except BlockingIOError:
            break
        rest, size = rest[sent:], size - sent
    return rest


def first_bytes(gateways, upstream, sizes, repeats):
    """For gateways that have been started before the raw upstream."""
    samples = {}
    connections = {gateway.name: connect(gateway.port) for gateway in gateways}
    for size in sizes:
        body = request_body(size)
        for repeat in range(repeats + 2):  # the first two warm up
            for gateway in gateways:
                spent = first_byte_us(gateway, upstream, connections[gateway.name], body)
                if repeat >= 2:
                    samples.setdefault((gateway.name, size), []).append(spent)
    for connection in connections.values():
        connection.close()
    return [{"gateway": name, "body_bytes": size, "us": spread(values)}
            for (name, size), values in samples.items()]


def slow_upload_ms(gateway, size):
    """An upload at 64 MiB/s: from its first byte to the end of the answer."""
    body = memoryview(request_body(size))
    with connect(gateway.port) as connection:
        begun = time.perf_counter()
        connection.sendall(head(gateway, BY_NAME["f0"], size))
        for at in range(0, size, SLOW_PIECE):
            time.sleep(max(0, begun + at / SLOW_BYTES_PER_SECOND - time.perf_counter()))
            connection.sendall(body[at:at + SLOW_PIECE])
        status = read_answer(connection)
        spent = time.perf_counter() - begun
    if status != 200:
        raise Failed(f"{gateway.name}: a slow upload was answered {status}")
    return spent * 1e3


def slow_uploads(gateways, size, repeats):
    samples = {gateway.name: [] for gateway in gateways}
    for repeat in range(repeats + 1):  # the first one warms up
        for gateway in gateways:
            spent = slow_upload_ms(gateway, size)
            if repeat:
                samples[gateway.name].append(spent)
    direct = samples.get("direct")
    return [{"gateway": name, "body_bytes": size, "ms": spread(values),
             "to_direct": statistics.median(values) / statistics.median(direct) if direct else None}
            for name, values in samples.items()]


class HeldUpload:
    def __init__(self, gateway, walk, body):
        self.connection = connect(gateway.port)
        self.connection.setblocking(False)
        self.rest = memoryview(head(gateway, walk, len(body)) + body[:1])
        self.body = memoryview(body)[1:-1]

    def send(self):
        """As far as it goes; true once only the last byte is left."""
        while True:
            if not self.rest:
                self.rest, self.body = self.body, self.body[:0]
            if not self.rest:
                return True
            before = len(self.rest)
            self.rest = send_some(self.connection, self.rest, before)
            if self.rest:
                return False


def held_uploads(gateway, upstream, size, count):
    """So many uploads at once, whose last bytes are sent when all the others have been: the memory
    at the peak, and whether each of them then walked its keys."""
    walk, body = BY_NAME["f1"], request_body(size)
    before = upstream.counts()
    idle_bytes = measure.memory(gateway, "VmRSS")
    measure.reset_peak(gateway)
    uploads = [HeldUpload(gateway, walk, body) for _ in range(count)]
    deadline = time.monotonic() + LIMIT_SECONDS
    with selectors.DefaultSelector() as selector:
        for upload in uploads:
            selector.register(upload.connection, selectors.EVENT_WRITE, upload)
        while selector.get_map():
            if time.monotonic() > deadline:
                raise Failed(f"{gateway.name}: {count} uploads of {size} bytes do not come to an "
                             "end")
            for key, _ in selector.select(1):
                if key.data.send():
                    selector.unregister(key.fileobj)
    measure.settle([gateway, upstream], 10)  # it has then read what the kernel still held
    statuses = []
    for upload in uploads:
        upload.connection.settimeout(LIMIT_SECONDS)
        upload.connection.sendall(body[-1:])
    for upload in uploads:
        statuses.append(read_answer(upload.connection))
        upload.connection.close()
    after = upstream.counts_once_quiet(sum(before.values()) + count * len(walk.keys))
    problems = check_attempts(walk, count, before, after)
    wrong = [status for status in statuses if status != 200]
    if wrong:
        problems.append(f"{len(wrong)} answers {wrong[0]}")
    return {"gateway": gateway.name, "body_bytes": size, "connections": count,
            "idle_bytes": idle_bytes, "peak_bytes": measure.memory(gateway, "VmHWM"),
            "problems": problems}


def free_bytes(folder):
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
