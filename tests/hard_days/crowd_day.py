#!/usr/bin/env python3
"""Hard days: 10,000 clients that are there and ask nothing, 1,000 that send their request byte by
byte, and the descriptors at an end. What is asked for: others are served all the while, nothing
spins, memory is bounded, and afterwards everything is as before."""

import contextlib
import resource
import selectors
import socket
import time
import unittest

from day import REQUEST, Day, cpu_ratio, most_descriptors, read_answer, script
from programs import Trouble, wait_until

IDLE, SLOW = 10_000, 1_000
OWN = 200  # descriptors for all else
FEW = 64
FINE = script(k0=[{"text": "fine"}])
MOST_BYTES_A_CONNECTION = 32 << 10


def opened(program, count):
    """So many connections, fast: without a wait for each."""
    connections = []
    for _ in range(count):
        connection = socket.socket()
        connection.setblocking(False)
        connection.connect_ex(program.address)
        connections.append(connection)
        if len(connections) % 500 == 0:  # as many as the listener's queue may hold
            wait_until(lambda: writable(connections[-1]), 20, "connected")
    return connections


def writable(connection):
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_WRITE)
        return selector.select(0)


def lower_soft_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 1024), hard))


class CrowdDay(Day):
    def crowd(self, proxy, count):
        connections = opened(proxy, count)

        def close():
            for connection in connections:
                connection.close()
        self.addCleanup(close)
        return connections, close

    def test_ten_thousand_idle_and_a_thousand_slow_clients_hold_up_nobody(self):
        idle, slow = IDLE, SLOW
        room = most_descriptors() - OWN
        if room < idle + slow:
            idle, slow = room * 10 // 11, room // 11
            print(f"this machine lets {room} descriptors: {idle} idle and {slow} slow clients")
        mock = self.mock(FINE)
        proxy = self.proxy({"day": f"http://127.0.0.1:{mock.port}/v1"},
                           {"max_connections": idle + slow + OWN, "client_header_ms": 60_000},
                           before=lower_soft_limit)  # which it raises itself
        before = proxy.descriptors()
        self.assertEqual(self.ask(proxy)[0], 200)
        memory = proxy.rss_bytes()
        _, close_idle = self.crowd(proxy, idle)
        slow_ones, close_slow = self.crowd(proxy, slow)
        wait_until(lambda: proxy.descriptors() >= before + idle + slow, 20, "all are accepted")
        request = REQUEST % b"day"
        answered = 0
        for at in range(len(request) // 2):
            for connection in slow_ones:
                connection.send(request[at:at + 1])
            if at % 5 == 0:
                status, body = self.ask(proxy)
                self.assertEqual((status, body), (200, b"fine"))
                answered += 1
        self.assertGreater(answered, 3)
        growth = (proxy.rss_bytes() - memory) / (idle + slow)
        self.assertLess(growth, MOST_BYTES_A_CONNECTION, "bytes for each connection")
        self.assertLess(cpu_ratio(proxy, 0.5), 0.5, "of a core, for clients that ask nothing")
        for connection in slow_ones:
            connection.setblocking(True)
            connection.settimeout(20)
            connection.sendall(request[len(request) // 2:])
        for connection in slow_ones:
            self.assertEqual(read_answer(connection), (200, b"fine"))
        close_idle()
        close_slow()
        # But for connections to the upstream, which are kept.
        kept = self.metric(mock, "keywalk_mock_open_connections", admin=False,
                           target="/__mock/metrics") - 1
        self.assertLessEqual(kept, 256)
        wait_until(lambda: proxy.descriptors() <= before + kept, 20, "all are gone")

    def test_slow_heads_are_ended_in_their_time_however_many(self):
        mock = self.mock(FINE)
        proxy = self.proxy({"day": f"http://127.0.0.1:{mock.port}/v1"},
                           {"client_header_ms": 300})
        before = proxy.descriptors()
        slow, _ = self.crowd(proxy, 300)
        wait_until(lambda: proxy.descriptors() >= before + 300, 20, "all are accepted")
        begun = REQUEST % b"day"
        at = 0

        def all_ended():
            nonlocal at
            for connection in slow:
                with contextlib.suppress(OSError):  # it may be over
                    connection.send(begun[at % 10:at % 10 + 1])
            at += 1
            return proxy.descriptors() == before
        wait_until(all_ended, 20, "no slow client is left")
        self.assertEqual(self.ask(proxy)[0], 200)

    def few_descriptors(self):
        mock = self.mock(FINE)
        proxy = self.proxy({"day": f"http://127.0.0.1:{mock.port}/v1"}, before=lambda:
                           resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, FEW)))
        self.assertIn(f"warning open files are limited to {FEW}", proxy.log())
        return mock, proxy

    def test_without_descriptors_accepting_pauses_and_goes_on(self):
        _, proxy = self.few_descriptors()
        served = self.connect(proxy)
        served.sendall(REQUEST % b"day")
        self.assertEqual(read_answer(served), (200, b"fine"))
        crowd, close = self.crowd(proxy, 2 * FEW)
        wait_until(lambda: proxy.descriptors() >= FEW - 1, 20, "all descriptors are taken")
        self.assertLess(cpu_ratio(proxy, 1), 0.2, "of a core, with nothing to accept with")
        # Who is there is served: the upstream's connection is kept.
        served.sendall(REQUEST % b"day")
        self.assertEqual(read_answer(served), (200, b"fine"))
        close()
        # Those that waited in the queue are accepted and found gone; then all is as before.
        self.assertEqual(self.ask(proxy), (200, b"fine"))
        wait_until(lambda: proxy.descriptors() < FEW // 2, 20, "descriptors are free")

    def test_without_a_descriptor_for_the_upstream_it_is_502_for_that_request(self):
        mock, proxy = self.few_descriptors()
        asking = self.connect(proxy)
        # The connection is accepted before the crowd comes.
        asking.sendall(b"POST /day/x HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\n\r\n")
        before = proxy.descriptors()
        crowd, close = self.crowd(proxy, 2 * FEW)
        wait_until(lambda: proxy.descriptors() >= FEW - 1, 20, "all descriptors are taken")
        self.assertLess(before, FEW // 2)
        asking.sendall(b"{}")
        status, _ = read_answer(asking)
        self.assertEqual(status, 502)
        self.assertEqual(self.journal(mock), [])
        close()
        begin = time.monotonic()
        while (answer := self.ask(proxy)) != (200, b"fine"):
            if time.monotonic() - begin > 20:
                raise Trouble(f"not served again: {answer}")
        self.assertEqual(self.states(proxy), ["valid", "valid"])


if __name__ == "__main__":
    unittest.main()
