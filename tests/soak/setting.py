"""The processes of a soak: keywalk-mock with the world's script, two proxies before it (one that
buffers bodies, one that streams them), and the clients of each."""

import json
import os
import signal
import socket
import subprocess
import time

from programs import Program, Trouble, of_our_own, sanitizer_reports, wait_until
from records import Attempt, Logged, Seen
from world import LIMITS, MODES, OWN_KEY, ROUTES, SECRET

# A sanitizer keeps what was freed: bounded, or memory would grow for that.
SANITIZERS = {"ASAN_OPTIONS": "quarantine_size_mb=16:detect_leaks=1",
              "UBSAN_OPTIONS": "print_stacktrace=1", "TSAN_OPTIONS": "halt_on_error=0"}


class Mock:
    def __init__(self, binary, world):
        self.program = Program("keywalk-mock", [], environment=SANITIZERS)
        script = self.program.folder / "script.json"
        script.write_text(json.dumps(world.script()))
        self.program.command = [binary, "--listen", "127.0.0.1:0", "--script", str(script),
                                "--journal-entries", "50000", "--log-level", "error"]
        self.zero, self.zero_error = 0, 0  # of its clock, in milliseconds of ours
        self._tail = None

    def start(self):
        self.program.start()
        tries = []
        for _ in range(20):
            before = time.monotonic() * 1000
            now = json.loads(self.ask("/__mock/clock"))["now_ms"]
            after = time.monotonic() * 1000
            tries.append(((after - before) / 2, (before + after) / 2 - now))
        self.zero_error, self.zero = min(tries)

    def ask(self, target):
        """Accepted connections may be reset by the script: asked again."""
        for _ in range(20):
            try:
                status, body = self.program.ask(target)
            except (OSError, ValueError, Exception) as error:  # noqa: BLE001
                last = error
                continue
            if status == 200:
                return body
            last = f"{status} {body[:200]}"
        raise Trouble(f"keywalk-mock: {target}: {last}")

    def tail(self):
        """The journal as it grows, an event stream in chunks: its lines begin with "data: "."""
        self._tail = socket.create_connection(self.program.address, timeout=20)
        self._tail.sendall(b"GET /__mock/journal/tail HTTP/1.0\r\nHost: mock\r\n\r\n")
        return self._tail

    def end_tail(self):
        if self._tail is not None:
            self._tail.close()

    def open_connections(self):
        text = self.ask("/__mock/metrics").decode()
        return int(float(next(line.split()[-1] for line in text.splitlines()
                              if line.startswith("keywalk_mock_open_connections"))))

    def requests(self):
        """How many it has had."""
        text = self.ask("/__mock/metrics").decode()
        return sum(int(float(line.split()[-1])) for line in text.splitlines()
                   if line.startswith("keywalk_mock_requests_total"))

    def connection_faults(self):
        return json.loads(self.ask("/__mock/connections"))


class Proxy:
    def __init__(self, binary, letter, world, upstream_port, lies):
        self.letter, self.lines, self.reports, self.secrets = letter, 0, [], 0
        self.base_sockets, self.base_files, self._carried = 0, 0, b""
        self.reloads_asked, self.reloads_told, self.timeouts = 0, 0, 0
        self.program = Program(f"keywalk-proxy ({MODES[letter]})", [], SANITIZERS,
                               log_to_pipe=True)
        self._config = self._make_config(world, upstream_port, lies)
        self._config_file = self.program.folder / "proxy.json"
        self._write_config()
        self.program.command = [binary, "--config", str(self._config_file), "--log-level", "trace"]

    def _write_config(self):
        self._config_file.write_text(json.dumps(self._config))

    def _make_config(self, world, upstream_port, lies):
        folder, providers = self.program.folder, []
        for route in ROUTES.values():
            keys = list(world.keys[f"{self.letter}.{route.name}"])
            policy = lies.policy(route) if lies else route.policy
            if lies:
                lies.order(keys)
            keys_file = folder / f"{route.name}.keys"
            keys_file.write_text("\n".join(keys) + "\n")
            keys_file.chmod(0o600)
            (folder / f"{route.name}.json").write_text(json.dumps(policy))
            providers.append({"prefix": f"/{route.name}", "provider": "openai",
                              "base_url": f"http://127.0.0.1:{upstream_port}/v1",
                              "keys_file": keys_file.name, "policy": f"{route.name}.json"})
        return {"schema_version": "1.0", "listen": "127.0.0.1:0", "admin_listen": "127.0.0.1:0",
                "providers": providers, "limits": LIMITS, "threads": 2,
                "body": {"mode": MODES[self.letter], "memory_bytes": 16 << 20,
                         "spill_dir": str(folder)}}

    def start(self):
        self.program.start(listens=2)
        self.base_sockets, self.base_files = self.program.descriptors("socket:"), self.files()

    def files(self):
        return self.program.descriptors() - self.program.descriptors("socket:")

    def reload(self):
        """The configuration again, with a further provider or without it: what all others have must
        stay, the rest of their keys too."""
        further = {**self._config["providers"][0], "prefix": "/further"}
        if self._config["providers"][-1]["prefix"] == "/further":
            self._config["providers"].pop()
        else:
            self._config["providers"].append(further)
        self._write_config()
        self.reloads_asked += 1
        self.program.signal(signal.SIGHUP)

    def has_reloaded(self):
        return self.reloads_told == self.reloads_asked

    def on_bytes(self, data):
        data = self._carried + data
        self.secrets += data.count(SECRET.encode())
        self._carried = data[-(len(SECRET) - 1):]

    def log_reader(self, ledger):
        def on_line(line):
            self.lines += 1
            text = line.decode(errors="replace")
            logged = Logged.read(text)
            if logged is not None:
                ledger.on_logged(logged)
            elif "upstream proxy error (timeout)" in text:
                self.timeouts += 1
            elif " info configuration reloaded: " in text:
                self.reloads_told += 1
            elif len(self.reports) < 100:
                self.reports += sanitizer_reports(text)
        return on_line

    def admin_text(self):
        """All admin pages, which may hold no key either."""
        text = b"".join(self.program.ask(target, admin=True)[1]
                        for target in ("/metrics", "/pool", "/healthz"))
        self.on_bytes(text)
        return text.decode()


class Clients:
    def __init__(self, binary, letter, port, options):
        command = [binary, "--port", str(port), "--id-prefix", letter, "--own-key", OWN_KEY,
                   "--seed", str(options.seed), "--clients", str(options.clients),
                   "--seconds", str(options.seconds)]
        for route in ROUTES:
            command += ["--route", f"/{route}"]
        for kind in options.kinds:
            command += ["--kind", kind]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        **of_our_own())

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def remove(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Setting:
    """Everything of one soak. `lies`: for the self test, what is wrong on purpose."""

    def __init__(self, options, world, lies=None):
        self.options, self.world, self.lies = options, world, lies
        self.mock = Mock(options.mock, world)
        self.proxies, self.clients = [], []

    def start(self, pipes, ledger, lines):
        """`lines`: the class to read with."""
        self.mock.start()
        zero = self.mock.zero
        ledger.on_clock(self.mock.zero_error)

        def on_event(line):
            if line.startswith(b"data: "):
                if b'"target":' in line:
                    ledger.on_attempt(Attempt.read(line[6:], zero))
                else:
                    # Dropped: without them no answer can be judged.
                    raise Trouble("the journal forgot entries before they were read "
                                  f"({line[6:].decode(errors='replace').strip()}): there is too "
                                  "little processor time; take fewer --clients, or an idle machine")
        self.tail = pipes.add(lines(self.mock.tail(), on_event))
        for letter in MODES:
            port = self.mock.program.port
            if self.lies:
                port = self.lies.upstream(port)
            proxy = Proxy(self.options.proxy, letter, self.world, port, self.lies)
            self.proxies.append(proxy)
            proxy.start()
            pipes.add(lines(proxy.program.process.stderr, proxy.log_reader(ledger),
                            proxy.on_bytes))

    def start_clients(self, pipes, ledger, lines):
        readers = []
        for proxy in self.proxies:
            port = proxy.program.port
            if self.lies:
                port = self.lies.proxy(port)
            clients = Clients(self.options.load, proxy.letter, port, self.options)
            self.clients.append(clients)
            readers.append(pipes.add(lines(
                clients.process.stdout, lambda line: ledger.on_seen(Seen.read(line)))))
        return readers

    def settle_connections(self, seconds=10):
        """Waits until the proxies hold no connection but those that the upstream holds too; gives
        how many are too many after that time."""
        surplus = [0]

        def settled():
            ours = sum(proxy.program.descriptors("socket:") - proxy.base_sockets
                       for proxy in self.proxies)
            # The tail, and the connection that asks.
            surplus[0] = ours - (self.mock.open_connections() - 2)
            return surplus[0] == 0
        try:
            wait_until(settled, seconds, "as many connections as the upstream sees")
        except Trouble:
            pass
        return abs(surplus[0])

    def further_files(self):
        """Descriptors of the proxies that are no sockets and were not there at the start."""
        return sum(max(0, proxy.files() - proxy.base_files) for proxy in self.proxies)

    def remove(self):
        self.mock.end_tail()
        for clients in self.clients:
            clients.remove()
        for proxy in self.proxies:
            proxy.program.remove()
        self.mock.program.remove()
        if self.lies:
            self.lies.end()


def sanitized(binary):
    """True if a binary was built with a sanitizer, whose own memory is not the program's."""
    with open(binary, "rb") as file:
        data = file.read()
    return b"__asan_init" in data or b"__tsan_init" in data


def have(path):
    if not os.access(path, os.X_OK):
        raise Trouble(f"{path} is not there")
    return path
