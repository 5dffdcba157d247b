"""Goal: a program that nobody has patched is configured, started, waited for and ended; what goes
wrong with it is an error that says why, in bounded time, and shows no key.
Method: launch files and small programs written here, and the example's gateway."""

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
import unittest

from conform import BINARY, EXAMPLES, FIXTURES, ConformTest, Run, good_case

CASE = good_case(requests=[{"expect": {"attempts": ["k0", "k1"], "outcome": {"forward": 200}}}])


class LaunchTest(ConformTest):
    def setUp(self):
        super().setUp()
        self.fixtures = self.write_fixtures([CASE, good_case(id="second-case")])

    def write_launch(self, script="", **changes):
        """A launch file for `script`, or for the example's gateway; None takes a member out."""
        (self.folder / "program.py").write_text(
            f"import os, signal, sys, time\nsys.path.insert(0, {str(EXAMPLES)!r})\n{script}"
        )
        document = {
            "schema_version": "1.0",
            "name": "own",
            "policies": ["coder-v1"],
            "config": {
                "path": "own.json",
                "template_file": str(EXAMPLES / "gateway.json.tmpl"),
            },
            "command": [sys.executable, "-B", "program.py", "{{config}}"],
            "health_url": "http://127.0.0.1:{{port}}/healthz",
            "base_url": "http://127.0.0.1:{{port}}/{{pool}}",
            **changes,
        }
        document = {name: value for name, value in document.items() if value is not None}
        path = self.folder / "own.launch.json"
        path.write_text(json.dumps(document))
        return path

    GATEWAY = (
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})\n"
        "import gateway_server\ngateway_server.main()"
    )

    def run_launch(self, path, *more):
        start = time.monotonic()
        run = Run("--fixtures", self.fixtures, "--launch", path, *more)
        self.assertLess(time.monotonic() - start, 60, run)
        return run

    def test_program_is_started_once_for_all_pools(self):
        starts = self.folder / "starts"
        script = f"open({str(starts)!r}, 'a').write('x')\n{self.GATEWAY}"
        run = self.run_launch(self.write_launch(script, version_command=["echo", "own v3.14 x"]))
        self.assertEqual(run.status, 0, run)
        self.assertEqual(len(run.results("pass")), 2, run)
        self.assertEqual(starts.read_text(), "x")
        self.assertEqual(run.report["implementation"]["version"], "3.14")

    def test_a_bug_in_it_is_caught_and_can_be_repeated(self):
        script = "import keypool\nkeypool.KeyPool.refused = lambda *_: False\n" + self.GATEWAY
        path = self.write_launch(script)
        run = self.run_launch(path)
        self.assertEqual(run.status, 1, run)
        self.assertEqual(len(run.results("fail")), 2, run)
        self.assertRegex(run.output, f"repeat    keywalk-conform --launch .*{re.escape(path.name)}")

    def test_listen_port_of_each_pool(self):
        template = (
            "{{#pools}}\n"
            "{{pool}} {{listen_port}} {{upstream_url}} {{#keys}}{{key}} {{/keys}}\n"
            "{{/pools}}\n"
        )
        script = (
            "import threading, gateway\n"
            "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})\n"
            "routes = {}\n"
            "for line in open(sys.argv[1]):\n"
            "    pool, port, url, *keys = line.split()\n"
            "    routes[pool] = gateway.Route('openai', keys, url)\n"
            "    gateway.start(routes, gateway.Clock(), int(port))\n"
            "gateway.start(routes, gateway.Clock(), int(sys.argv[2]))\n"
            "signal.sigwait({signal.SIGTERM})\n"
        )
        path = self.write_launch(
            script,
            config={"path": "own.conf", "template": template},
            command=[sys.executable, "-B", "program.py", "{{config}}", "{{port}}"],
            base_url="http://127.0.0.1:{{listen_port}}/{{pool}}",
        )
        run = self.run_launch(path)
        self.assertEqual(run.status, 0, run)

    def test_headers_body_and_environment_are_templates(self):
        script = (
            "import gateway\n"
            "assert os.environ['POOLS'] == 'own-case--coder-v1,second-case--coder-v1,'\n"
            "good = gateway.Handler.attempt\n"
            "def attempt(self, route, path, body, key):\n"
            "    name = self.path.split('/')[1]\n"
            "    assert self.headers['X-Pool'] == name + '!'\n"
            "    assert name.encode() in body\n"
            "    return good(self, route, path, body, key)\n"
            "gateway.Handler.attempt = attempt\n" + self.GATEWAY
        )
        path = self.write_launch(
            script,
            environment={"POOLS": "{{#pools}}{{pool}},{{/pools}}"},
            headers={"X-Pool": "{{pool}}!"},
            body={"metadata": {"pool": ["{{pool}}"]}},
        )
        run = self.run_launch(path)
        self.assertEqual(run.status, 0, run)

    def test_its_own_policy_and_the_suites_in_one_run(self):
        own = json.loads((FIXTURES / "policies" / "coder-v1.json").read_text())
        own.update(name="own", rules=[{"status": [401, 403, 429], "action": "next"}])
        policy = self.folder / "policy.json"
        policy.write_text(json.dumps(own))
        self.write_fixtures([CASE])
        path = self.write_launch(self.GATEWAY, policy="policy.json", policies=None)
        for name in (policy, "own"):
            run = self.run_launch(path, "--policy", name, "--policy", "coder-v1")
            verdicts = {result["policy"]: result["verdict"] for result in run.report["results"]}
            self.assertEqual(verdicts, {"own": "pass", "coder-v1": "pass"}, run)

    def test_a_stateless_program_has_a_clock(self):
        expect = {"attempts": ["k0"], "outcome": {"forward": 200}}
        self.write_fixtures([good_case(lanes={"k0": {"steps": [{"times": 2}]}}, requests=[
            {"at_ms": 0, "expect": expect}, {"at_ms": 3600000, "expect": expect}])])  # fmt: skip
        run = self.run_launch(self.write_launch(self.GATEWAY))
        self.assertIn("clock", run.results("skipped")[0]["reason"])
        run = self.run_launch(self.write_launch(self.GATEWAY, stateless=True))
        self.assertEqual(len(run.results("pass")), 1, run)

    def test_a_look_at_the_models_is_no_attempt(self):
        script = (
            "import json, urllib.request, gateway\n"
            "def look(url, key):\n"
            "    headers = {'Authorization': 'Bearer ' + key}\n"
            "    urllib.request.urlopen(urllib.request.Request(url + '/models', headers=headers))\n"
            "for route in json.load(open(sys.argv[1]))['routes'].values():\n"
            "    for key in route['keys']: look(route['base_url'], key)\n"
            "good = gateway.Handler.attempt\n"
            "def attempt(self, route, path, body, key):\n"
            "    look(route.base.geturl(), key)\n"
            "    return good(self, route, path, body, key)\n"
            "gateway.Handler.attempt = attempt\n" + self.GATEWAY
        )
        run = self.run_launch(self.write_launch(script))
        self.assertEqual(len(run.results("pass")), 2, run)
        self.assertNotIn("models", json.dumps(run.results("pass")))

    def test_a_connection_of_an_earlier_case_is_not_reused_by_this_one(self):
        script = (
            "import http.client, json, urllib.parse\n"
            "warm = []\n"
            "for route in json.load(open(sys.argv[1]))['routes'].values():\n"
            "    for key in route['keys']:\n"
            "        base = urllib.parse.urlsplit(route['base_url'])\n"
            "        warm.append(http.client.HTTPConnection(base.netloc))\n"
            "        headers = {'Authorization': 'Bearer ' + key}\n"
            "        warm[-1].request('GET', base.path + '/models', headers=headers)\n"
            "        warm[-1].getresponse().read()\n"
            "http.client.HTTPConnection = lambda *_, **__: warm.pop()\n" + self.GATEWAY
        )
        expect = {"attempts": ["k0", "k1"], "outcome": {"forward": 200},
                  "upstream": [{}, {"connection": "reused"}]}  # fmt: skip
        self.write_fixtures([])
        self.write_fixtures([good_case(id="wire-case", requires=["upstream.reuse"],
                                       requests=[{"expect": expect}])], "scenarios")  # fmt: skip
        run = self.run_launch(self.write_launch(script, capabilities=["upstream.reuse"]))
        self.assertEqual([found["where"] for found in run.results("fail")[0]["mismatches"]],
                         ["r0 attempt 1 connection"])  # fmt: skip

    def test_a_discarded_answer_may_be_given_up_before_its_fault(self):
        lanes = good_case()["lanes"]
        lanes["k0"]["steps"] = [{
            "status": 429, "sse": [{"data": "1"}, {"data": "2", "delay_ms": 5000}],
            "fault": {"at": "sse_event", "event": 1, "kind": "reset"},
        }]  # fmt: skip
        self.write_fixtures([])
        self.write_fixtures([good_case(id="wire-case", lanes=lanes)], "scenarios")
        run = self.run_launch(self.write_launch(self.GATEWAY))
        self.assertIn("given up", run.results("pass")[0]["notes"][0])

    def assert_error(self, path, *parts):
        run = self.run_launch(path)
        self.assertEqual(run.status, 1, run)
        reasons = {result["reason"] for result in run.results("error")}
        self.assertEqual(len(reasons), 1, run)
        for part in parts:
            self.assertRegex(reasons.copy().pop(), part)
        return run

    def test_program_that_ends_early(self):
        script = (
            "config = open(sys.argv[1]).read()\n"
            "print('standard output')\n"
            "print('no ' + config[config.index('sk-kw'):], file=sys.stderr)\n"
            "sys.exit(3)"
        )
        run = self.assert_error(self.write_launch(script), "exit status 3", "no sk-k", "standard")
        self.assertNotRegex(json.dumps(run.report) + run.output, "sk-kw[0-9a-f]{8}")

    def test_program_that_does_not_exist(self):
        self.assert_error(self.write_launch(command=["./no-such-program"]), "exit status 127")

    def test_program_that_never_answers(self):
        command = ["sh", "-c", "echo still busy; exec sleep 3600"]
        path = self.write_launch(command=command, start_timeout_ms=2000)
        self.assert_error(path, "not healthy within 2000 ms", "still busy")

    def test_program_that_is_never_healthy(self):
        script = "import gateway\ngateway.Handler.answer = lambda self, *_: self.send_error(503)\n"
        path = self.write_launch(script + self.GATEWAY, start_timeout_ms=6000)
        self.assert_error(path, "gave 503")

    def test_program_that_ends_midway(self):
        script = (
            "import gateway\n"
            "def crash(*_): print('no more', file=sys.stderr, flush=True); os._exit(4)\n"
            "gateway.Handler.attempt = crash\n" + self.GATEWAY
        )
        cases = [good_case(id=f"case-{number}") for number in range(6)]
        document = {"schema_version": "1.0", "area": "own", "cases": cases}
        (self.fixtures / "decisions" / "own.json").write_text(json.dumps(document))
        run = self.run_launch(self.write_launch(script), "--jobs", 1)
        fail, error = run.results("fail")[0], run.results("error")[-1]
        self.assertIn("no answer", fail["mismatches"][-1]["actual"], run)
        self.assertRegex(error["reason"], r"cannot connect: .*; own has ended \(exit status 4\)")
        self.assertIn("no more", error["reason"])

    def test_unknown_name_in_a_template(self):
        config = {"path": "own.conf", "template": "a\n{{#pools}}\n{{kees}}\n{{/pools}}\n"}
        self.assert_error(self.write_launch(config=config), "line 3: unknown name {{kees}}")

    def test_header_that_would_be_two(self):
        self.assert_error(self.write_launch(self.GATEWAY, headers={"X-Pool": "{{pool}}\nX: y"}),
                          "/headers/X-Pool: not a header field")  # fmt: skip

    def test_section_that_is_not_closed(self):
        config = {"path": "own.conf", "template": "{{#pools}}{{pool}}"}
        self.assert_error(self.write_launch(config=config), "{{#pools}} is not closed")

    def alive_script(self):
        """A script whose process, and nobody else, holds the writing end of the returned FIFO."""
        fifo = self.folder / "alive"
        os.mkfifo(fifo)
        return fifo, f"alive = open({str(fifo)!r}, 'w'); print('up', file=alive, flush=True)\n"

    def start_runner(self, path):
        """The runner in a process, with a folder of its own for temporary files."""
        self.temporary = self.folder / "temporary"
        self.temporary.mkdir()
        return subprocess.Popen(
            [BINARY, "--fixtures", self.fixtures, "--launch", path],
            env={**os.environ, "TMPDIR": str(self.temporary)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def assert_ended(self, alive):
        ended, _, _ = select.select([alive], [], [], 30)
        self.assertTrue(ended, "the program lives on")
        self.assertEqual(alive.read(), "")
        self.assertEqual(list(self.temporary.iterdir()), [])

    def test_states_that_nobody_can_look_at_prove_nothing(self):
        checks = [{"at_ms": 0, "states": ["temporary", "valid"]}]
        self.fixtures = self.write_fixtures([good_case(checks=checks)])
        run = self.run_launch(self.write_launch(self.GATEWAY))
        (result,) = run.results("pass")
        self.assertEqual(result["notes"], ["key states at 0 ms were not looked at"], run)
        status = {clause["id"]: clause["status"] for clause in run.report["clauses"]}
        self.assertEqual(status["walk/2"], "not shown", run)

    def test_what_takes_long_is_skipped_without_a_clock(self):
        requests = [{**request, "at_ms": 3000} for request in CASE["requests"]]
        self.fixtures = self.write_fixtures([CASE, good_case(id="later-case", requests=requests)])
        run = self.run_launch(self.write_launch(self.GATEWAY))
        (skipped,) = run.results("skipped")
        self.assertEqual(skipped["id"], "later-case", run)
        self.assertEqual(skipped["reason"], "needs the capability clock", run)

    def test_program_is_asked_to_end_before_it_is_killed(self):
        ended = self.folder / "ended"
        script = f"{self.GATEWAY}\nopen({str(ended)!r}, 'w').write('by itself')"
        self.assertEqual(self.run_launch(self.write_launch(script)).status, 0)
        self.assertEqual(ended.read_text(), "by itself")

    def test_program_that_ignores_its_stop_signal_is_killed(self):
        fifo, script = self.alive_script()
        script += "import gateway_server\n"
        script += "signal.sigwait = lambda _: [signal.pause() for _ in [1]]\n"
        script += "signal.signal(signal.SIGTERM, lambda *_: signal.pause())\ngateway_server.main()"
        runner = self.start_runner(self.write_launch(script))
        with open(fifo, encoding="utf-8") as alive:
            self.assertEqual(alive.readline(), "up\n")
            self.assertEqual(runner.wait(timeout=60), 0)
            self.assert_ended(alive)

    def test_interrupt_leaves_no_program(self):
        fifo, script = self.alive_script()
        path = self.write_launch(script + "signal.pause()", start_timeout_ms=60000)
        runner = self.start_runner(path)
        with open(fifo, encoding="utf-8") as alive:
            self.assertEqual(alive.readline(), "up\n")
            self.assertEqual(len(list(self.temporary.iterdir())), 1)
            runner.send_signal(signal.SIGINT)
            self.assertEqual(runner.wait(timeout=30), 128 + signal.SIGINT)
            self.assert_ended(alive)

    def assert_refused(self, pointer, reason, **changes):
        run = self.run_launch(self.write_launch(**changes))
        self.assertEqual(run.status, 2, run)
        for part in ("own.launch.json", pointer, reason):
            self.assertIn(part, run.errors)

    def test_wrong_files_are_refused(self):
        self.assert_refused("/comand", "unknown key", comand=[])
        self.assert_refused("/name", "empty", name="")
        self.assert_refused("/command", "required", command=None)
        self.assert_refused("/command", "must name a program", command=[])
        self.assert_refused("/policies", "not both", policy="x.json")
        self.assert_refused("/policies", "not both", policies=None)
        self.assert_refused("/capabilities", "needs an adapter", capabilities=["clock"])
        self.assert_refused("/capabilities", "unknown", capabilities=["clocks"])
        self.assert_refused("/config/path", "without a folder",
                            config={"path": "../x", "template": ""})  # fmt: skip
        self.assert_refused("/config", "exactly one", config={"path": "x"})
        self.assert_refused("/config/template_file", "none.tmpl",
                            config={"path": "x", "template_file": "none.tmpl"})  # fmt: skip
        self.assert_refused("/stop_signal", "must be one of", stop_signal="KILL")
        self.assert_refused("/start_timeout_ms", "", start_timeout_ms=0)
        self.assert_refused("/schema_version", "", schema_version="2.0")
        self.assert_refused("/policy", "none.json", policy="none.json", policies=None)

    def test_adapter_and_launch_exclude_each_other(self):
        run = self.run_launch(self.write_launch(), "--adapter", "true")
        self.assertEqual(run.status, 2, run)

    def test_example_follows_the_schema(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("python3-jsonschema is not installed")
        schema = json.loads((FIXTURES / "schema" / "launch.schema.json").read_text())
        example = json.loads((EXAMPLES / "gateway.launch.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(example)


if __name__ == "__main__":
    unittest.main(verbosity=2)
