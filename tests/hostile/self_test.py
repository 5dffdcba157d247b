"""Goal: the table is whole, and its runner catches proxies that are wrong, and no others.

Method: a proxy in miniature with one flaw at a time (bad_proxy.py), judged by the same rules.
Usage: self_test.py; 77 without python3-h11.
"""

import sys
import unittest

import debian_python

debian_python.need_h11()

import bad_proxy
import lenient_readers
import proxies
import servers
import strict_reader
import table

# For each flaw: cases that show it, with the rule that must be seen broken.
CAUGHT = {
    "raw, length first": {
        "framing/length-then-coding": "reading", "framing/coding-then-length": "smuggled",
        "framing/length-twice-unequal": "reading",
        "framing/coding-chunked-twice": "reading", "framing/length-nul": "form",
        "lines/bare-line-feed-in-value": "credential", "lines/fold": "form",
        "lines/carriage-return-hides-field": "reading", "lines/nul-in-name": "form",
        "chunks/size-hex-prefix": "form", "hosts/twice": "host"},
    "raw, chunked first": {
        "framing/length-shorter-than-chunks": "reading", "framing/coding-unknown": "reading",
        "framing/coding-space-before-colon": "reading", "chunks/size-17-digits": "form",
        "chunks/extension-bare-line-feed": "form", "chunks/trailer-authorization": "credential"},
    "escapes": {"targets/dots": "confined", "targets/dots-encoded-three-times": "confined",
                "targets/dots-backslash": "confined", "targets/dots-parameter": "confined"},
    "trace": {"methods/trace": "leak"},
    "own host": {"hosts/other": "host"},
    "own credential": {"hops/credential-twice": "credential"},
    "leaks": {"framing/length": "leak"},
    "endless": {"limits/endless-value": "bound"},
    "shares": {"pipelines/behind-close": "next", "pipelines/two": "next"},
    "dies": {"lines/nul-in-value": "next"},
}
SAMPLE = ("framing/", "chunks/", "lines/", "targets/", "hosts/", "hops/", "pipelines/")


def _broken(flaw, wanted):
    """The rules that a stub with the flaw breaks, by case."""
    result = proxies.run(servers.Stub(flaw), wanted)
    assert not result.reason, result.reason
    return {outcome.case.id: outcome.broken for outcome in result.outcomes}


class TableTest(unittest.TestCase):
    def test_is_as_large_as_it_says(self):
        self.assertGreaterEqual(len(table.load()), 300)
        self.assertGreaterEqual(len(table.load_configurations()), 60)

    def test_what_passes_is_told_by_what_the_upstream_sees(self):
        for case in table.load():
            for method, target, _ in case.requests:
                self.assertTrue(target.startswith("/v1"), case.id)
                self.assertRegex(method, r"^\S+$", case.id)

    def test_a_mistake_in_a_case_is_named(self):
        good = {"id": "x/y", "what": "x", "send": ["GET / HTTP/1.1\r\n"], "refused": 400}
        table.Case(good, {})
        for wrong in ({"refuses": 400}, {"closed": True}, {"send": ["\u20ac"]}):
            with self.assertRaises(table.BadTable):
                list(table.Case({**good, **wrong}, {}).pieces())


class ReaderTest(unittest.TestCase):
    def test_readers_agree_on_what_is_well_formed(self):
        data = (b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
                b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n"
                b"PUT /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                b"3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\nDELETE /d HTTP/1.1\r\nHost: x\r\n"
                b"Content-Length: 9\r\n\r\nhalf")
        strict = strict_reader.read(data)
        self.assertEqual(strict.refused, "")
        self.assertEqual(strict.shape(), ([(b"POST", b"/a", b"hi"), (b"GET", b"/b", b""),
                                           (b"PUT", b"/c", b"abc")], (b"DELETE", b"/d")))
        for name, reading in lenient_readers.readings(data):
            self.assertEqual(reading.shape(), strict.shape(), name)

    def test_strict_reader_refuses_what_lenient_ones_forgive(self):
        head = b"POST /a HTTP/1.1\r\nHost: x\r\n"
        for rest in (b"Content-Length: +2\r\n\r\nhi", b"A: b\n\r\n", b"A: b\r\n c\r\n\r\n",
                     b"A : b\r\n\r\n", b"A: \0\r\n\r\n", b"Host: y\r\n\r\n",
                     b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
                     b"Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n"):
            self.assertTrue(strict_reader.read(head + rest).refused, rest)


class FlawTest(unittest.TestCase):
    def test_every_flaw_is_caught(self):
        self.assertEqual(set(CAUGHT) | {"none"}, set(bad_proxy.FLAWS))
        for flaw, caught in CAUGHT.items():
            broken = _broken(flaw, caught)
            for case, rule in caught.items():
                with self.subTest(flaw=flaw, case=case):
                    self.assertIn(rule, [name for name, _ in broken[case]], broken[case])

    def test_a_careful_proxy_breaks_no_rule(self):
        for case, broken in _broken("none", SAMPLE).items():
            self.assertEqual(broken, [], case)

    def test_a_required_answer_that_does_not_come_is_a_failure(self):
        stub = servers.Stub("none")
        stub.required = True
        result = proxies.run(stub, ["hosts/bracket", "framing/length"])
        broken = {outcome.case.id: [rule for rule, _ in outcome.broken]
                  for outcome in result.outcomes}
        self.assertEqual(broken["framing/length"], [])
        self.assertIn("answer", broken["hosts/bracket"])
        self.assertIn("requests", broken["hosts/bracket"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
