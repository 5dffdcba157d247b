"""Goal: an adapter that dies, hangs or talks nonsense gives errors for its cases, in bounded time.
Method: the program from outside, with adapters written here."""

import os
import select
import signal
import subprocess
import time
import unittest

from conform import BINARY, ConformTest, Run


class HostileAdapterTest(ConformTest):
    """Adapters that die, hang or talk nonsense give errors in bounded time, never a hang."""

    CASE = ("--select", "walk-no-budget")

    def run_adapter(self, body, *more):
        start = time.monotonic()
        select = more or self.CASE
        run = Run("--adapter", self.write_adapter(body), "--timeout-ms", 400, *select)
        self.assertLess(time.monotonic() - start, 30, run)
        return run

    def assert_error(self, body, reason, *more):
        run = self.run_adapter("if command['cmd'] == 'hello': say(command, **HELLO); continue\n" +
                               body, *more)
        self.assertEqual(run.status, 1, run)
        errors = [result["reason"] for result in run.results("error")]
        self.assertTrue(errors, run)
        self.assertRegex(errors[0], reason)
        return run

    def test_dies(self):
        self.assert_error("sys.exit(3)", "exit status 3")

    def test_dies_with_last_words(self):
        self.assert_error("raise RuntimeError('no room')", "no room")

    def test_is_killed(self):
        self.assert_error("os.kill(os.getpid(), 9)", "ended before it answered")

    def test_hangs(self):
        self.assert_error("time.sleep(3600)", "time limit")

    def test_hangs_and_ignores_everything(self):
        body = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(3600)"
        self.assert_error(body, "time limit")

    def test_closes_its_output_but_lives_on(self):
        self.assert_error("os.close(1)\ntime.sleep(3600)", "ended before it answered")

    def test_prints_garbage(self):
        self.assert_error("print('hello, world', flush=True)", "not a JSON object")

    def test_prints_bytes(self):
        body = "os.write(1, bytes(range(128, 256)) + b'\\n')"
        self.assert_error(body, "not a JSON object")

    def test_prints_no_newline(self):
        self.assert_error("sys.stdout.write('{'); sys.stdout.flush()", "time limit")

    def test_prints_without_end(self):
        body = "while True: sys.stdout.write('x' * 65536)"
        self.assert_error(body, "time limit|line without end")

    def test_answers_another_seq(self):
        self.assert_error("print(json.dumps({'seq': 99}), flush=True)", "seq")

    def test_answers_without_trace(self):
        self.assert_error("say(command)", "without a trace")

    def test_answers_a_wrong_trace(self):
        self.assert_error("say(command, trace=[{'request': 'r0'}])", "/trace/0/attempts")

    def test_answers_more_than_a_trace_has(self):
        trace = {"request": "r0", "attempts": [], "outcome": {"forward": 200}, "surprise": 1}
        self.assert_error(f"say(command, trace=[{trace}])", "/trace/0/surprise")

    def test_reports_an_error(self):
        body = "say(command, error={'message': 'not today'})"
        self.assert_error(body, "not today")

    def test_reports_what_would_steer_a_terminal(self):
        body = "say(command, error={'message': '\\x1b[2Jgone\\x07'})"
        run = self.assert_error(body, "gone")
        self.assertIn("[2Jgone", run.output)
        self.assertNotRegex(run.output, r"[\x1b\x07]")

    def test_one_crash_spares_the_next_case(self):
        body = (
            "if 'budget' in command.get('case', {}).get('id', ''): sys.exit(1)\n"
            "say(command, skipped={'reason': 'is well', 'url': 'https://example.org/1'})"
        )
        run = self.assert_error(body, "exit status 1", "--select", "walk-no*")
        self.assertIn("is well", {result.get("reason") for result in run.results("skipped")})

    def test_one_that_dies_each_time_is_given_up(self):
        deaths = self.folder / "deaths"
        body = f"open({str(deaths)!r}, 'a').write('x')\nsys.exit(3)"
        self.assert_error(body, "exit status 3", "--select", "walk/walk-*")
        self.assertEqual(deaths.read_text(), "xxxx", "once, and three times anew")

    def test_never_says_hello(self):
        run = self.run_adapter("time.sleep(3600)")
        self.assertEqual(run.status, 2, run)
        self.assertIn("cannot start the adapter", run.errors)

    def test_does_not_exist(self):
        run = Run("--adapter", "/nonexistent/adapter")
        self.assertEqual(run.status, 2, run)
        self.assertIn("exit status 127", run.errors)

    def test_floods_its_standard_error(self):
        body = (
            "sys.stderr.write('x' * 1000000 + '\\n')\n"
            "say(command, **HELLO) if command['cmd'] == 'hello' else say(command, skipped={})"
        )
        run = self.run_adapter(body)
        self.assertEqual(run.status, 2, run)
        self.assertIn("everything was skipped", run.errors)

    def test_prints_100_mib_without_newline(self):
        body = (
            "if command['cmd'] == 'hello': say(command, **HELLO); continue\n"
            "for _ in range(1600): sys.stdout.write('x' * 65536)"
        )
        run = Run("--adapter", self.write_adapter(body), *self.CASE)
        self.assertEqual(run.status, 1, run)
        error = run.results("error")[0]
        self.assertIn("line without end", error["reason"], run)
        self.assertLess(len(run.output), 10_000)

    def test_answers_before_it_is_asked(self):
        body = "say({'seq': command['seq'] + 1}, trace=[]); say(command, trace=[])"
        self.assert_error(body, "seq")

    def test_answers_twice(self):
        body = "say(command, skipped={'reason': 'x'}); say(command, trace=[])"
        self.assert_error(body, "seq|time limit", "--select", "walk-no*")

    def test_newer_protocol_members_are_ignored_in_hello(self):
        run = self.run_adapter(
            "if command['cmd'] == 'hello': say(command, **HELLO, mood='good'); continue\n"
            "say(command, skipped={'reason': 'is well'})"
        )
        self.assertIn("everything was skipped", run.errors)

    def test_interrupt_leaves_no_child(self):
        # The adapter holds the only writing end of a pipe, which ends with it.
        fifo = self.folder / "alive"
        os.mkfifo(fifo)
        body = f"alive = open({str(fifo)!r}, 'w'); print('up', file=alive, flush=True)\nhang()"
        runner = subprocess.Popen(
            [BINARY, "--adapter", self.write_adapter("from signal import pause as hang\n" + body)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with open(fifo, encoding="utf-8") as alive:
            self.assertEqual(alive.readline(), "up\n")
            runner.send_signal(signal.SIGINT)
            self.assertEqual(runner.wait(timeout=30), 128 + signal.SIGINT)
            ended, _, _ = select.select([alive], [], [], 30)
            self.assertTrue(ended, "the adapter lives on")
            self.assertEqual(alive.read(), "")


class HostileGatewayTest(ConformTest):
    """The same once it holds pools: over sockets."""

    CASES = ("--select", "walk-no*")
    HELLO = (
        "if command['cmd'] == 'hello':\n"
        "    HELLO['capabilities'] = ['clock', 'key_states']; say(command, **HELLO); continue\n"
    )
    def assert_errors(self, body, reason, *more):
        start = time.monotonic()
        adapter = self.write_adapter(self.HELLO + body)
        run = Run("--adapter", adapter, "--timeout-ms", 300, *self.CASES, *more)
        self.assertLess(time.monotonic() - start, 60, run)
        self.assertEqual(run.status, 1, run)
        errors = [result["reason"] for result in run.results("error")]
        self.assertGreater(len(errors), 1, run)
        for error in errors:
            self.assertRegex(error, reason)
        return run

    def test_dies_in_setup(self):
        self.assert_errors("sys.exit(3)", "exit status 3")

    def test_hangs_in_setup(self):
        self.assert_errors("time.sleep(3600)", "time limit")

    def test_prints_garbage_in_setup(self):
        self.assert_errors("print('Traceback', flush=True)", "not a JSON object")

    def test_garbage_with_a_key_is_shown_without_it(self):
        body = "print(command['pools'][0]['keys'][0], flush=True)"
        run = self.assert_errors(body, r"not a JSON object: sk-k\.\.\.")
        self.assertNotIn("sk-kw", run.output)

    def test_a_key_in_an_answer_is_shown_without_it(self):
        body = "say(command, pools={command['pools'][0]['keys'][0]: 5})"
        run = self.assert_errors(body, r"/pools/sk-k\.\.\..*: expected an object")
        self.assertNotIn("sk-kw", run.output)

    def test_setup_without_pools(self):
        self.assert_errors("say(command, pools={})", "did not answer for this pool")

    def test_setup_with_a_wrong_pool(self):
        body = "say(command, pools={p['id']: {'base_uri': ''} for p in command['pools']})"
        self.assert_errors(body, "base_url: is required")

    def test_setup_without_a_url(self):
        body = "say(command, pools={p['id']: {'base_url': 'ftp://x'} for p in command['pools']})"
        self.assert_errors(body, "no http base_url")

    def test_gateway_that_never_answers(self):
        body = (
            "if command['cmd'] != 'setup': say(command, states=[]); continue\n"
            "import socket; server = socket.create_server(('127.0.0.1', 0))\n"
            "port = server.getsockname()[1]\n"
            "say(command, pools={p['id']: {'base_url': f'http://127.0.0.1:{port}/x'}\n"
            "                    for p in command['pools']})\n"
        )
        start = time.monotonic()
        run = Run("--adapter", self.write_adapter(self.HELLO + body), *self.CASES,
                  "--request-timeout-ms", 300)  # fmt: skip
        self.assertLess(time.monotonic() - start, 60, run)
        self.assertEqual(run.status, 1, run)
        actual = {m["actual"] for result in run.results("fail") for m in result["mismatches"]}
        self.assertIn("no answer (no complete answer within the time limit)", actual, run)

    def test_nothing_listens(self):
        body = (
            "import socket; free = socket.create_server(('127.0.0.1', 0))\n"
            "port = free.getsockname()[1]; free.close()\n"
            "say(command, pools={p['id']: {'base_url': f'http://127.0.0.1:{port}'}\n"
            "                    for p in command['pools']})"
        )
        self.assert_errors(body, "cannot connect")


if __name__ == "__main__":
    unittest.main(verbosity=2)
