"""Goal: keywalk-mock keeps what DESIGN promises of every command: lines, exit codes, signals.

Method: the binary itself, started on a free port; no time is waited for, only lines and exits.
Usage: command_test.py BINARY SOURCE_DIR
"""

import contextlib
import http.client
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

LIMIT_S = 20
BINARY, SOURCE_DIR = sys.argv[1], pathlib.Path(sys.argv[2])
EXAMPLE = SOURCE_DIR / "mockupstream/examples/failover.json"
KEY = "sk-example-0-aaaaaaaaaaaaaaaaaaaa"


def run(*arguments):
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True,
                          timeout=LIMIT_S, check=False)


class Server:
    """keywalk-mock on a free port; `ended` has its exit code and what it logged."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [BINARY, *map(str, arguments), "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("listening on 127.0.0.1:"), line
        self.port = int(line.rsplit(":", 1)[1])

    def ask(self, method="POST", path="/v1/chat/completions", body="{}"):
        address = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_S)
        with contextlib.closing(address) as connection:
            connection.request(method, path, body, {"Authorization": f"Bearer {KEY}"})
            response = connection.getresponse()
            return response.status, response.read().decode()

    def stop(self, number):
        self.process.send_signal(number)
        output, log = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, output, log


class CommandTest(unittest.TestCase):
    def test_serves_its_script_until_a_signal(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server = Server("--script", EXAMPLE)
            self.assertEqual(server.ask()[0], 429)
            self.assertEqual(server.ask()[0], 200)
            code, output, log = server.stop(number)
            self.assertEqual((code, output), (0, ""))
            self.assertIn("429", log)
            self.assertIn("sk-e...aaaa", log)
            self.assertNotIn(KEY, log)

    def test_the_log_shows_no_key_wherever_it_stands(self):
        server = Server("--script", EXAMPLE)
        server.ask("GET", f"/v1/{KEY}?b={KEY}", None)
        server.ask("GET", "/v1/x?api_key=another-secret-value", None)
        log = server.stop(signal.SIGTERM)[2]
        self.assertIn("/v1/sk-e...aaaa?b=sk-e...aaaa", log)
        self.assertIn("api_key=an", log)
        self.assertNotIn(KEY, log)
        self.assertNotIn("another-secret", log)

    def test_validate_reads_standard_input_and_refuses_an_empty_name(self):
        result = subprocess.run([BINARY, "validate", "-", "--log-level", "warn"],
                                input=EXAMPLE.read_text(), capture_output=True, text=True,
                                timeout=LIMIT_S, check=False)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("-: ok, ", result.stdout)
        one = subprocess.run([BINARY, "validate", "-"], capture_output=True, text=True,
                             input='{"schema_version": "1.0", "lanes": {"sk-1": [{}]}}',
                             timeout=LIMIT_S, check=False)
        self.assertEqual(one.stdout, "-: ok, 1 lane\n")
        for arguments in (["validate", ""], ["--script", ""]):
            result = run(*arguments)
            self.assertEqual((result.returncode, result.stdout), (2, ""))
            self.assertIn("the name of the script is empty", result.stderr)

    def test_the_servers_options_do_not_vanish_before_a_command(self):
        record = ["record", "--upstream", "http://127.0.0.1:1", "--output", "x.json"]
        result = run("--listen", "127.0.0.1:0", *record)
        self.assertEqual(result.returncode, 2)
        self.assertIn('--listen before "record" is the server\'s', result.stderr)
        result = run("--script", EXAMPLE, "validate", EXAMPLE)
        self.assertEqual(result.returncode, 2)
        self.assertIn('--script is an option of the server, not of "validate"', result.stderr)

    def test_what_cannot_be_written_is_1(self):
        for arguments in (["new", "openai"], ["answers"], ["validate", EXAMPLE]):
            with open("/dev/full", "wb") as full:
                result = subprocess.run([BINARY, *arguments], stdout=full, stderr=subprocess.PIPE,
                                        text=True, timeout=LIMIT_S, check=False)
            self.assertEqual(result.returncode, 1, arguments)
            self.assertIn("keywalk-mock: standard output: ", result.stderr)

    def test_answers_everything_without_a_script(self):
        server = Server("--log-level", "error")
        self.assertEqual(server.ask(), (200, '{"ok":true,"from":"keywalk-mock"}'))
        self.assertEqual(server.ask("GET", "/__mock/healthz", None)[0], 200)
        self.assertEqual(server.stop(signal.SIGTERM), (0, "", ""))

    def test_the_journals_options(self):
        server = Server("--log-level", "error", "--journal-bodies", "3", "--journal-entries", "2",
                        "--no-body-digests")
        for body in ("first", "second", "third"):
            server.ask(body=body)
        entries = json.loads(server.ask("GET", "/__mock/journal", None)[1])
        self.assertEqual([entry["body"] for entry in entries], ["sec", "thi"])
        self.assertEqual([entry["body_truncated"] for entry in entries], [True, True])
        self.assertEqual([entry["body_sha256"] for entry in entries], [None, None])
        self.assertEqual(server.stop(signal.SIGTERM), (0, "", ""))

    def test_wrong_input_is_2_with_file_place_and_reason(self):
        with tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder) / "script.json"
            script.write_text('{"schema_version": "1.0", "lanes": {"%s": [{"status": 1}]}}' % KEY)
            for arguments in (["--script", script], ["validate", script]):
                result = run(*arguments)
                self.assertEqual((result.returncode, result.stdout), (2, ""))
                self.assertIn(f"{script}: /lanes/sk-e...aaaa/0/status: must be", result.stderr)
                self.assertNotIn(KEY, result.stderr)
            script.write_text('{"schema_version": "1.0", ')
            self.assertIn(f"{script}: line 1, column", run("--script", script).stderr)
            missing = run("--script", script.with_name("missing.json"))
            self.assertEqual(missing.returncode, 2)
            self.assertIn("missing.json: cannot be read", missing.stderr)

    def test_starting_scripts_are_valid_and_serve(self):
        providers = run("new").stdout.split()
        self.assertEqual(len(providers), 8)
        for provider in providers:
            with tempfile.TemporaryDirectory() as folder:
                script = pathlib.Path(folder) / "script.json"
                script.write_text(run("new", provider).stdout)
                result = run("validate", script)
                self.assertEqual((result.returncode, result.stderr), (0, ""), provider)
                self.assertIn("2 lanes and a default lane", result.stdout)
                server = Server("--script", script, "--log-level", "error")
                self.assertIn(server.ask()[0], (200, 429, 400, 401, 403))
                server.stop(signal.SIGTERM)
        result = run("new", "nobody")
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("openai, anthropic", result.stderr)

    def test_lists_and_shows_the_answers(self):
        names = [line.split()[0] for line in run("answers").stdout.splitlines()]
        self.assertIn("bedrock.rate_limited", names)
        only = [line.split()[0] for line in run("answers", "groq").stdout.splitlines()]
        self.assertEqual(only, [name for name in names if name.startswith("groq.")])
        for name in names:
            shown = run("answers", name)
            self.assertEqual((shown.returncode, shown.stderr), (0, ""), name)
            self.assertIn("# seen in: ", shown.stdout)
        shown = run("answers", "openai.rate_limited").stdout
        self.assertIn("HTTP 429\n", shown)
        self.assertIn("retry-after-ms: 20000\n", shown)
        self.assertIn('"code": "rate_limit_exceeded"', shown)
        wrong = run("answers", "openai.rate_limit")
        self.assertEqual((wrong.returncode, wrong.stdout), (2, ""))
        self.assertIn("openai.rate_limited", wrong.stderr)

    def test_wrong_use_is_2(self):
        for arguments in (["--no-such-option"], ["--listen", "nowhere"], ["--tls-cert", "x.pem"],
                          ["--log-level", "loud"], ["--journal-entries", "0"],
                          ["--journal-bodies", "-1"], ["validate"], ["record"],
                          ["record", "--output", "x.json"],
                          ["record", "--upstream", "http://127.0.0.1:1"],
                          ["record", "--upstream", "nowhere", "--output", "x.json"]):
            result = run(*arguments)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertTrue(result.stderr.startswith("keywalk-mock: "), result.stderr)

    def test_records_until_a_signal(self):
        upstream = Server("--script", EXAMPLE)
        with tempfile.TemporaryDirectory() as folder:
            output = pathlib.Path(folder) / "recorded.json"
            recorder = Server("record", "--upstream", f"http://127.0.0.1:{upstream.port}",
                              "--output", output)
            self.assertEqual(recorder.ask()[0], 429)
            code, _, log = recorder.stop(signal.SIGINT)
            self.assertEqual(code, 0, log)
            self.assertEqual(run("validate", output).stdout, f"{output}: ok, 1 lane\n")
            self.assertNotIn(KEY, output.read_text() + log)
            again = run("record", "--upstream", "http://127.0.0.1:1", "--output", output)
            self.assertEqual(again.returncode, 2)
            self.assertIn("recorded.json: exists already", again.stderr)
        upstream.stop(signal.SIGTERM)

    def test_tells_about_itself(self):
        self.assertEqual(run("--help").returncode, 0)
        self.assertIn("--script", run("--help").stdout)
        self.assertRegex(run("--version").stdout, r"^keywalk-mock \d+\.\d+\.\d+\n$")
        self.assertEqual(run("validate", EXAMPLE).stdout, f"{EXAMPLE}: ok, 2 lanes\n")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
