"""What a measurement says while it runs, on standard error."""

import sys


def say(program, text):
    print(f"{program}: {text}", file=sys.stderr, flush=True)


class Progress:
    """A line on a terminal, or one line a measurement where there is none."""

    def __init__(self, total):
        self.total, self.done = total, 0
        self.live = sys.stderr.isatty()

    def now(self, text):
        """What is being done, where it can be replaced afterwards."""
        if self.live:
            self.show(text)

    def show(self, text):
        line = f"[{self.done}/{self.total}] {text}"
        sys.stderr.write(f"\r\033[K{line}" if self.live else line + "\n")
        sys.stderr.flush()

    def step(self, text):
        self.done += 1
        self.show(text)

    def end(self):
        if self.live:
            sys.stderr.write("\r\033[K")
