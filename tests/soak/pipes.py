"""Reads several pipes and sockets at once, and hands on whole lines."""

import os
import selectors

_READ = 1 << 18


class Lines:
    """What comes on `source`, line by line to `on_line` (bytes without their end)."""

    def __init__(self, source, on_line, on_bytes=None):
        self.source, self.on_line, self.on_bytes = source, on_line, on_bytes
        self._rest = b""
        self.ended = False

    def read(self):
        data = os.read(self.source.fileno(), _READ)
        if not data:
            self.ended = True
            return
        if self.on_bytes:
            self.on_bytes(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self.on_line(line)


class Pipes:
    def __init__(self):
        self._selector = selectors.DefaultSelector()

    def add(self, lines):
        self._selector.register(lines.source, selectors.EVENT_READ, lines)
        return lines

    def poll(self, seconds):
        """Reads what is there, or comes within that time."""
        for key, _ in self._selector.select(seconds):
            key.data.read()
            if key.data.ended:
                self._selector.unregister(key.fileobj)

    def remove(self, lines):
        if not lines.ended:
            self._selector.unregister(lines.source)
            lines.ended = True

    def close(self):
        self._selector.close()
