"""Goal: what a case asks for beyond attempts and answers is really looked at. Method: the example
gateway with capabilities that it has not, or with a bug; faults that cannot fire; wrong members."""

import shutil
import unittest

from conform import EXAMPLES, ConformTest, Run, good_case, python

# What the example gateway cannot do, and a case that shows it.
OVERCLAIMED = {
    "body.streamed": "upload-begins-at-once",
    "client.abort": "client-leaves-upload",
    "websocket.refuse": "websocket-refused",
    "target.confine": "target-dot-dot",
    "body.limit": "body-limit-exceeded",
    "client-tokens": "token-missing",
    "upstream.reuse": "reuse-next-request",
    "metrics": "metrics-failovers",
    "dump": "dump-every-attempt",
}


class BadGatewayTest(ConformTest):
    def run_patched(self, name, old, new, select):
        """The verdicts of a case on the example gateway with one text replaced in one file."""
        copy = self.folder / "examples"
        shutil.copytree(EXAMPLES, copy, dirs_exist_ok=True)
        good = (EXAMPLES / name).read_text()
        self.assertIn(old, good)
        (copy / name).write_text(good.replace(old, new))
        return Run("--adapter", python(copy / "wire_adapter.py"), "--select", select)

    def test_capabilities_that_it_has_not(self):
        for capability, case in OVERCLAIMED.items():
            with self.subTest(capability=capability):
                claim = f'"capabilities": ["{capability}", '
                run = self.run_patched("wire_adapter.py", '"capabilities": [', claim, case)
                self.assertEqual(run.status, 1, run)
                self.assertEqual([result["id"] for result in run.results("fail")], [case], run)

    def test_what_it_has_not_is_not_asked_of_it(self):
        fixtures = self.write_fixtures([good_case(requires=["copilot"])], "scenarios")
        adapter = python(EXAMPLES / "wire_adapter.py")
        run = Run("--fixtures", fixtures, "--adapter", adapter)
        self.assertEqual(run.status, 2, run)
        (skipped,) = run.results("skipped")
        self.assertEqual(skipped["reason"], "needs the capability copilot", run)

    def test_a_key_in_its_own_error(self):
        run = self.run_patched(
            "gateway.py",
            'b"upstream proxy error")',
            'b"no answer for " + key.encode())',
            "upstream-reset-names-no-key",
        )
        self.assertEqual(run.status, 1, run)
        self.assertIn("more of k1", run.output)


    def assert_differs(self, old, new, select, where):
        run = self.run_patched("gateway.py", old, new, select)
        self.assertEqual(run.status, 1, run)
        self.assertIn(where, [m["where"] for m in run.results("fail")[0]["mismatches"]], run)

    def test_another_method(self):
        self.assert_differs("self.command, route.base", '"POST", route.base',
                            "method-get-kept", "r0 attempt 0 method")  # fmt: skip

    def test_the_clients_host(self):
        self.assert_differs('("Host", route.base.netloc)', '("Host", self.headers["Host"])',
                            "host-of-the-upstream", "r0 attempt 0 header Host")  # fmt: skip

    def test_a_connection_that_is_tried_again(self):
        attempt = 'connection, response = self.attempt(route, "/" + path, body, key)'
        self.assert_differs(
            f"                {attempt}\n",
            "                try:\n"
            f"                    {attempt}\n"
            "                except (OSError, http.client.HTTPException):\n"
            f"                    {attempt}\n",
            "connection-reset-at-accept",
            "r0 attempts",
        )


class FaultThatCannotFireTest(ConformTest):
    """A scripted fault that did not fire has shown nothing, at whatever place it was."""

    def assert_inconclusive(self, step, **request):
        request["expect"] = {"attempts": ["k0"], "outcome": {"forward": 200}}
        case = good_case(lanes={"k0": {"steps": [step]}}, requests=[request], keys=["k0"])
        run = Run("--fixtures", self.write_fixtures([case], "scenarios"), "--policy", "coder-v1")
        self.assertEqual(run.status, 1, run)
        self.assertEqual(len(run.results("inconclusive")), 1, run)
        self.assertIn("k0 did not fire", run.output)

    def test_in_a_shorter_request(self):
        self.assert_inconclusive(
            {"text": "x", "fault": {"at": "request_body", "body_bytes": 1000, "kind": "reset"}},
            body={"bytes": 10},
        )

    def test_in_a_body_that_nobody_asked_for(self):
        self.assert_inconclusive(
            {"text": "short", "fault": {"at": "body", "body_bytes": 2, "kind": "bad_chunk"}},
            method="HEAD",
        )

    def test_at_an_event_that_nobody_asked_for(self):
        self.assert_inconclusive(
            {"sse": [{"data": "x"}], "fault": {"at": "sse_event", "event": 0, "kind": "close"}},
            method="HEAD",
        )


    def test_at_a_connection_that_nobody_makes(self):
        case = good_case(
            connections=[{}, {"fault": {"kind": "reset"}}], requires=["upstream.own"]
        )
        run = Run("--fixtures", self.write_fixtures([case], "scenarios"), "--policy", "coder-v1")
        self.assertEqual(run.status, 1, run)
        self.assertIn("connections in step 1 never fired", run.output)


class SilentClientTest(ConformTest):
    def test_a_gateway_that_waits_for_ever(self):
        """The example gateway has no limit for heads: the connection stays open."""
        leaves = {"at": "request_head", "bytes": 20, "by": "silence"}
        expect = {"attempts": [], "outcome": {"dropped": True}, "within_ms": 200}
        case = good_case(requests=[{"leaves": leaves, "expect": expect}])
        adapter = python(EXAMPLES / "wire_adapter.py")
        run = Run("--fixtures", self.write_fixtures([case], "scenarios"), "--adapter", adapter)
        self.assertEqual(run.status, 1, run)
        self.assertIn("still open", run.output)


class WrongMembersTest(ConformTest):
    def assert_refused(self, case, *parts, room="scenarios"):
        run = Run("--fixtures", self.write_fixtures([case], room))
        self.assertEqual(run.status, 2, run)
        for part in parts:
            self.assertIn(part, run.errors)

    def test_a_client_that_leaves_has_no_answer(self):
        requests = [
            {"leaves": {"at": "head"}, "expect": {"attempts": ["k0"], "outcome": {"forward": 200}}}
        ]
        self.assert_refused(good_case(requests=requests), "/requests/0/leaves", "gone")

    def test_a_client_that_stays_is_not_gone(self):
        requests = [{"expect": {"attempts": ["k0"], "outcome": {"gone": True}}}]
        self.assert_refused(good_case(requests=requests), "/requests/0/leaves", "gone")

    def test_how_much_of_the_body(self):
        requests = [
            {"leaves": {"at": "upload"}, "expect": {"attempts": [], "outcome": {"gone": True}}}
        ]
        self.assert_refused(good_case(requests=requests), "/leaves/bytes", "required")

    def silent_case(self, outcome, **leaves):
        leaves = {"at": "upload", "bytes": 1, "by": "silence", **leaves}
        return good_case(
            requests=[{"leaves": leaves, "expect": {"attempts": [], "outcome": outcome}}]
        )

    def test_a_silent_client_is_dropped(self):
        case = self.silent_case({"gone": True})
        self.assert_refused(case, "/requests/0/leaves", "dropped")
        requests = [{"expect": {"attempts": ["k0"], "outcome": {"dropped": True}}}]
        self.assert_refused(good_case(requests=requests), "/requests/0/leaves", "dropped")

    def test_silence_is_for_those_who_speak(self):
        case = self.silent_case({"dropped": True}, at="body")
        self.assert_refused(case, "/requests/0/leaves/by", "silence")

    def test_an_entry_an_attempt(self):
        expect = {"attempts": ["k0"], "outcome": {"forward": 200}, "upstream": [{}, {}]}
        self.assert_refused(good_case(requests=[{"expect": expect}]), "/expect/upstream", "attempt")

    def test_connections_by_another_word(self):
        self.assert_refused(good_case(connections="closed"), "/connections", "refused")
        self.assert_refused(good_case(connections=[]), "/connections", "at least one step")
        self.assert_refused(good_case(connections="refused"), "/connections", "upstream.own")

    def test_a_decision_has_no_connections(self):
        self.assert_refused(
            good_case(connections="refused"), "/connections", "scenarios", room="decisions"
        )

    def test_a_series_that_nobody_knows(self):
        self.assert_refused(good_case(metrics={"keys_lost": 1}), "/metrics/keys_lost", "unknown")

    def test_a_limit_that_nobody_knows(self):
        setup = {"limits": {"max_patience_ms": 1}}
        self.assert_refused(good_case(setup=setup), "/setup/limits/max_patience_ms", "unknown")

    def test_a_decision_has_no_gateway_to_set_up(self):
        self.assert_refused(
            good_case(setup={"byok": False}), "/setup", "scenarios", room="decisions"
        )


if __name__ == "__main__":
    unittest.main(verbosity=2)
