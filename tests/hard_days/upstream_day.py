#!/usr/bin/env python3
"""Hard days: an upstream that is gone, comes and goes, hangs up, hangs, or is not who it says it
is. What is asked for: each client hears of it within the limits, no key is marked for it, nobody
else waits, and all is well as soon as the upstream is."""

import socket
import threading
import unittest

import certificates
from day import KEYS, Day, script
from programs import wait_until

LIMITS = {"connect_ms": 400, "response_head_ms": 400, "idle_ms": 400}
FINE = script(k0=[{"text": "fine"}])
VALID = ["valid", "valid"]


class Bad:
    """An upstream that treats each connection with `treat`, on a thread of its own."""

    def __init__(self, test, treat):
        self._treat, self._listener = treat, socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"
        test.addCleanup(self._listener.close)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(peer,), daemon=True).start()

    def _one(self, peer):
        with peer:
            try:
                self._treat(peer)
            except OSError:
                pass


def _half_closes_at_once(peer):
    peer.shutdown(socket.SHUT_WR)
    while peer.recv(1 << 16):
        pass


def _half_closes_in_the_head(peer):
    peer.recv(1 << 16)
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")
    peer.shutdown(socket.SHUT_WR)
    while peer.recv(1 << 16):
        pass


def _swallows(peer):
    while peer.recv(1 << 16):
        pass


class UpstreamDay(Day):
    def assert_answer(self, proxy, status, route="day", text=None):
        got, body = self.ask(proxy, route)
        self.assertEqual(got, status, body)
        if text is not None:
            self.assertEqual(body.decode(), text)

    def test_one_that_comes_and_goes_is_used_as_soon_as_it_is_there(self):
        mock = self.mock(FINE)
        port = mock.port
        proxy = self.proxy({"day": f"http://127.0.0.1:{port}/v1"}, LIMITS)
        for _ in range(5):
            self.assert_answer(proxy, 200, text="fine")
            self.assertEqual(mock.stop(), 0)
            self.assert_answer(proxy, 502)  # the connection that was kept
            self.assert_answer(proxy, 502)  # a new one
            mock = self.mock(FINE, port=port)
        self.assert_answer(proxy, 200, text="fine")
        self.assertEqual(self.states(proxy), VALID)

    def test_connections_that_are_reset_now_and_then_fail_their_own_request_only(self):
        mock = self.mock({**FINE, "connections": {
            "steps": [{"fault": {"kind": "reset"}, "times": 2}, {}], "at_end": "loop"}})
        proxy = self.proxy({"day": f"http://127.0.0.1:{mock.port}/v1"}, LIMITS)
        statuses = [self.ask(proxy)[0] for _ in range(40)]
        self.assertEqual(set(statuses), {200, 502})
        # A connection that serves is kept: a reset one is not taken again.
        self.assertEqual(statuses, [502, 502] + [200] * 38)
        self.assertEqual(self.states(proxy), VALID)

    def test_one_that_half_closes_is_noticed_at_once(self):
        for treat in (_half_closes_at_once, _half_closes_in_the_head):
            with self.subTest(treat.__name__):
                # Limits that nobody would wait for here.
                proxy = self.proxy({"day": Bad(self, treat).url}, {"response_head_ms": 600_000})
                self.assert_answer(proxy, 502)
                self.assertEqual(self.states(proxy), VALID)
                self.assertIn("(reset)", proxy.log())

    def test_one_that_refuses_costs_no_key_and_no_time(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        proxy = self.proxy({"day": f"http://127.0.0.1:{port}/v1"}, {"connect_ms": 600_000})
        for _ in range(20):
            self.assert_answer(proxy, 502)
        self.assertEqual(self.states(proxy), VALID)
        self.assertEqual(self.metric(proxy, "keywalk_upstream_errors_total"), 20)

    def _black_hole(self):
        """A listening socket whose backlog is full: a further SYN is never answered."""
        hole = socket.socket()
        self.addCleanup(hole.close)
        hole.bind(("127.0.0.1", 0))
        hole.listen(0)
        for _ in range(8):
            filler = socket.socket()
            self.addCleanup(filler.close)
            filler.setblocking(False)
            filler.connect_ex(hole.getsockname())
        return f"http://127.0.0.1:{hole.getsockname()[1]}/v1"

    def test_black_holes_hold_up_nobody_else(self):
        mock = self.mock(FINE)
        holes = {"connect": self._black_hole(), "head": Bad(self, _swallows).url}
        proxy = self.proxy({"day": f"http://127.0.0.1:{mock.port}/v1", **holes},
                           {"connect_ms": 3000, "response_head_ms": 3000})
        stuck = []
        for route in holes:
            for _ in range(50):
                connection = self.connect(proxy)
                connection.sendall(b"POST /%s/x HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\n\r\n{}"
                                   % route.encode())
                stuck.append(connection)
        for _ in range(50):
            self.assert_answer(proxy, 200, text="fine")
        stuck[0].setblocking(False)  # nobody of those has been answered meanwhile
        with self.assertRaises(BlockingIOError):
            stuck[0].recv(1)
        stuck[0].settimeout(20)
        for connection in stuck:
            self.assertTrue(connection.recv(1 << 16).startswith(b"HTTP/1.1 502 "))
        self.assertIn("(timeout)", proxy.log())
        for route in ("day", *holes):
            self.assertEqual(self.states(proxy, route), VALID)

    def test_no_key_goes_to_a_server_that_is_not_the_upstream(self):
        good, good_key = certificates.make(self.folder / "good")
        cases = {
            "expired": certificates.make(self.folder / "expired", expired=True),
            "another-host": certificates.make(self.folder / "host", names="DNS:other.test"),
            "untrusted": certificates.make(self.folder / "untrusted")}
        mocks, routes = {}, {}
        for name, (certificate, key) in cases.items():
            mocks[name] = self.mock(FINE, "--tls-cert", str(certificate), "--tls-key", str(key))
            trusted = good if name == "untrusted" else certificate
            routes[name] = {"base_url": f"https://localhost:{mocks[name].port}/v1",
                            "ca_file": str(trusted)}
        true = self.mock(FINE, "--tls-cert", str(good), "--tls-key", str(good_key))
        routes["good"] = {"base_url": f"https://localhost:{true.port}/v1", "ca_file": str(good)}
        proxy = self.proxy(routes, LIMITS)
        for name in cases:
            with self.subTest(name):
                self.assert_answer(proxy, 502, route=name)
                self.assertEqual(self.states(proxy, name), VALID)
        self.assertEqual(proxy.log().count("(tls)"), 3, proxy.log())
        self.assert_answer(proxy, 200, route="good", text="fine")
        # They may have shaken hands, and have heard nothing: the journal counts what came.
        log = "".join(mocks[name].log() for name in cases)
        self.assertNotIn("POST", log)
        for key in KEYS:
            self.assertNotIn(key[-8:], log)

    def test_flapping_under_load_loses_no_answer(self):
        mock = self.mock(FINE)
        port, answers, stop = mock.port, [], threading.Event()
        proxy = self.proxy({"day": f"http://127.0.0.1:{port}/v1"}, LIMITS)

        def client():
            while not stop.is_set():
                answers.append(self.ask(proxy)[0])
        threads = [threading.Thread(target=client) for _ in range(8)]
        for thread in threads:
            thread.start()
        for _ in range(4):
            before = len(answers)
            wait_until(lambda: 200 in answers[before:], 20, "the upstream is used again")
            mock.stop()
            before = len(answers)
            wait_until(lambda: 502 in answers[before:], 20, "it is missed")
            mock = self.mock(FINE, port=port)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(set(answers), {200, 502})
        self.assertEqual(self.states(proxy), VALID)


if __name__ == "__main__":
    unittest.main()
