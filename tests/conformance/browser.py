"""A headless Chromium for the tests of HTML reports, spoken to over two pipes in the DevTools
protocol: JSON messages that end in a zero byte. Needs nothing but the browser."""

import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
LIMIT_SECONDS = 60


def find():
    """The browser's path: of KEYWALK_CHROMIUM, else the first on the PATH; None without one."""
    named = os.environ.get("KEYWALK_CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page. What it says wrong and what it asks the network for is kept."""

    def __init__(self, path, width=1200, height=900):
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_child, self._out = os.pipe()
        self._in, from_child = os.pipe()
        options = ["--headless", "--remote-debugging-pipe", f"--window-size={width},{height}",
                   f"--user-data-dir={self._folder.name}", "--no-first-run", "--disable-gpu",
                   "--disable-dev-shm-usage"]
        if os.geteuid() == 0:
            options.append("--no-sandbox")  # it refuses to run as root otherwise
        # The protocol stands on file descriptors 3 and 4.
        command = f'exec "$0" "$@" 3<&{to_child} 4>&{from_child}'
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", command, path, *options, "about:blank"],
            pass_fds=(to_child, from_child), stderr=subprocess.DEVNULL)
        os.close(to_child)
        os.close(from_child)
        self._buffer = b""
        self._next_id = 0
        self._session = None
        self.complaints = []  # exceptions, errors on the console, violations of the policy
        self.requests = []  # addresses that the page asked for
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=page["targetId"],
                                  flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def close(self):
        self._process.kill()
        self._process.wait()
        os.close(self._in)
        os.close(self._out)
        self._folder.cleanup()

    def _read(self):
        """The next message, whose news is kept."""
        deadline = time.monotonic() + LIMIT_SECONDS
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._in], [], [], max(0, deadline - time.monotonic()))
            piece = os.read(self._in, 1 << 16) if ready else b""
            if not piece:
                raise RuntimeError("the browser does not answer")
            self._buffer += piece
        text, self._buffer = self._buffer.split(b"\0", 1)
        message = json.loads(text)
        what = message.get("params", {})
        method = message.get("method")
        if method == "Runtime.exceptionThrown":
            self.complaints.append(what["exceptionDetails"])
        elif method == "Runtime.consoleAPICalled" and what["type"] in ("error", "warning"):
            self.complaints.append(what["args"])
        elif method == "Log.entryAdded" and what["entry"]["level"] in ("error", "warning"):
            self.complaints.append(what["entry"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(what["request"]["url"])
        return message

    def call(self, method, **parameters):
        self._next_id += 1
        message = {"id": self._next_id, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while (answer := self._read()).get("id") != self._next_id:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def open(self, url):
        """Opens the page and waits until it has been loaded."""
        self.call("Page.navigate", url=url)
        while self._read().get("method") != "Page.loadEventFired":
            pass

    def run(self, script):
        """The value of an expression of JavaScript in the page."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait_for(self, condition):
        """Returns once the expression is true in the page; fails at the time limit."""
        self.run("new Promise((done) => { const look = () => "
                 f"({condition}) ? done() : setTimeout(look, 5); look(); }})")

    def press(self, key, text=None, shift=False):
        """A key as a person presses it."""
        more = {"text": text} if text else {}
        if key == "Enter":
            more = {"text": "\r", "windowsVirtualKeyCode": 13}
        if key == "Escape":
            more = {"windowsVirtualKeyCode": 27}
        more["modifiers"] = 8 if shift else 0
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **more)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def mouse(self, what, x, y, **more):
        """A mouse event: "mouseMoved", "mousePressed", "mouseReleased" or "mouseWheel"."""
        if what in ("mousePressed", "mouseReleased"):
            more = {"button": "left", "clickCount": 1, **more}
        self.call("Input.dispatchMouseEvent", type=what, x=x, y=y, **more)

    def use(self, scheme="light", media="", width=1200, height=900):
        """The page as a reader with this colour scheme, medium and window sees it."""
        self.call("Emulation.setEmulatedMedia", media=media,
                  features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)
