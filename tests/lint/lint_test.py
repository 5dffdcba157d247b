"""Each check sees a planted violation and lets the project's own idioms pass.

A check that cannot fail is worth nothing: every rule is tried on small bad and good samples, in a
temporary tree where the rule is about files.
"""

import json
import tempfile
import textwrap
import unittest
from pathlib import Path

import architecture
import coroutine_trap
import documented_limits
import fixture_schemas
import house_rules
import security_proofs


class Tree:
    """A temporary source tree: {path: text}."""

    def __init__(self, files):
        self._folder = tempfile.TemporaryDirectory()
        self.root = Path(self._folder.name)
        for path, text in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text, encoding="utf-8")

    def __enter__(self):
        return self.root

    def __exit__(self, *_):
        self._folder.cleanup()


def run(check, files):
    with Tree(files) as root:
        return [str(finding) for finding in check(root)]


class CoroutineTrapTest(unittest.TestCase):
    CLASSES = """
        struct Options { int retries = 0; std::string name; };
        struct Pair { int first; int second; };
        class Config { public: Config() = default; explicit Config(int); std::string name; };
    """

    def findings(self, body):
        code = textwrap.dedent(self.CLASSES) + "Awaitable<void> F() {\n" + body + "\n}\n"
        return run(coroutine_trap.check, {"lib/io/sample.cc": code})

    def assert_bad(self, body, *parts):
        found = self.findings(body)
        self.assertEqual(len(found), 1, f"{body}\n{found}")
        for part in parts:
            self.assertIn(part, found[0])

    def assert_good(self, body):
        self.assertEqual(self.findings(body), [], body)

    def test_reports_the_closure_of_a_capturing_lambda(self):
        self.assert_bad("co_await Run([x] { return x; });", "lambda with captures", "sample.cc:6:")
        self.assert_bad("auto r = co_await Run(a, [&, this](int y) -> int { return y; }, b);")
        self.assert_bad("co_await co_spawn(ex, [this]() -> Awaitable<void> { co_await G(); }, t);")

    def test_reports_aggregate_temporaries(self):
        self.assert_bad("co_await Send(Options{3, name});", "`Options{...}`", "aggregate type")
        self.assert_bad("co_return co_await Send(io::Options{.retries = 3});")
        self.assert_bad("co_await Send(Options());", "`Options(...)`")
        self.assert_bad("Use(Pair{1, 2}, co_await G());")
        self.assert_bad("for (auto& x : co_await List(Options{})) { H(x); }")

    def test_reports_what_may_be_an_aggregate(self):
        self.assert_bad("co_await Send({1, 2});", "bare")
        self.assert_bad("co_await Send(a, {});", "bare")
        self.assert_bad("co_await Send(SomethingElse{1});", "may be")
        self.assert_bad("co_await Send(std::array<int, 2>{1, 2});", "array")
        self.assert_bad("x = {co_await G(), 1};", "assigned")

    def test_reports_co_await_in_a_condition(self):
        self.assert_bad("if (!co_await G()) { H(); }", "condition of `if`")
        self.assert_bad("if (int x = 1; co_await G(x)) H();")
        self.assert_bad("while (a && co_await G()) { H(); }", "`while`")
        self.assert_bad("do { H(); } while (co_await G());")
        self.assert_bad("switch (co_await G()) { default: H(); }", "`switch`")
        self.assert_bad("for (int i = 0; co_await G(i); ++i) { H(); }", "`for`")
        self.assert_bad("if (a) { H(); } else if (co_await G()) { H(); }")

    def test_passes_conditions_on_named_results(self):
        self.assert_good("const bool ok = co_await G(); if (ok) co_await H();")
        self.assert_good("if (const int n = co_await G(); n > 1) H();")
        self.assert_good("if (ok) co_return co_await G();")
        self.assert_good("for (const int x : co_await List()) { co_await H(x); }")
        self.assert_good("if (Spawn([]() -> Awaitable<void> { co_await G(); })) H();")

    def test_a_function_may_be_called_like_an_aggregate(self):
        found = run(coroutine_trap.check, {
            "a.h": "struct Answer { int status; };",
            "b.cc": "Awaitable<void> Page::Answer(int x) { co_await Write(x); }\n"
                    "Awaitable<void> Page::Serve() { co_await Answer(404); }\n"})
        self.assertEqual(found, [])

    def test_reports_each_full_expression_of_its_own(self):
        found = self.findings("H(Options{}); co_await G(); co_await Send(Options{});")
        self.assertEqual(len(found), 1)

    def test_passes_named_values(self):
        self.assert_good("Options options{3, name}; co_await Send(std::move(options));")
        self.assert_good("Options options = {co_await G(), name};")
        self.assert_good("Options options{co_await G(), name};")
        self.assert_good("const std::array<asio::const_buffer, 2> parts{a, b}; co_await W(parts);")
        self.assert_good("auto closure = [x] { return x; }; co_await Run(closure);")

    def test_passes_types_with_a_constructor(self):
        self.assert_good("co_await Send(Config{1});")
        self.assert_good("co_await Send(Config());")
        self.assert_good("co_await Send(std::string{text}, std::chrono::milliseconds{5});")

    def test_passes_lambdas_without_captures_and_bodies_of_others(self):
        self.assert_good("co_await Run([](int y) { return y; });")
        self.assert_good("co_spawn(ex, [this]() -> Awaitable<void> { co_await G(); }, Handle);")
        self.assert_good("asio::post(ex, [this] { Use(Options{}); }); co_await G();")

    def test_passes_blocks_subscripts_and_bindings(self):
        self.assert_good("if (ok) { co_await G(); } else { co_await H(); }")
        self.assert_good("auto [code, size] = co_await Read(parts[i], table[k]);")
        self.assert_good("const auto& [code, size] = co_await Read(buffer);")
        self.assert_good("for (std::size_t i = 0; i < 3; ++i) { co_await G(); }")
        self.assert_good("try { co_await G(); } catch (const Problem& p) { Use(Options{}); }")
        self.assert_good("switch (kind) { case Kind::kA: { co_await G(); break; } }")

    def test_ignores_comments_and_literals(self):
        self.assert_good("// co_await Send(Options{});\nH(\"co_await f(Options{})\", '{', 10'000);")
        self.assert_good('H(R"(co_await Send(Options{});)");')


class ArchitectureTest(unittest.TestCase):
    GOOD = {
        "lib/core/CMakeLists.txt": "keywalk_library(keywalk_core pool.cc)\n",
        "lib/core/pool.cc": '#include "keywalk/pool.h"\n#include <vector>\n',
        "lib/include/keywalk/pool.h": "#include <atomic>\n// steady_clock::now() is not for us\n",
        "lib/include/keywalk/wire.h": "#include <boost/asio/awaitable.hpp>\n",
        "lib/io/CMakeLists.txt":
            "keywalk_library(keywalk_io wire.cc)\n"
            "target_link_libraries(keywalk_io PUBLIC keywalk_core PRIVATE Boost::headers)\n",
        "lib/io/wire.cc": '#include "io/wire.h"\n#include <boost/beast/core.hpp>\n',
        "lib/io/wire.h": '#include "keywalk/wire.h"\n',
        "sim/CMakeLists.txt":
            "keywalk_library(keywalk_sim engine.cc)\n"
            "target_link_libraries(keywalk_sim PUBLIC keywalk_core)\n"
            "add_executable(keywalk-sim main.cc)\n"
            "target_link_libraries(keywalk-sim PRIVATE keywalk_sim keywalk_io)\n",
        "sim/engine.cc": '#include "keywalk/pool.h"\n',
        "sim/main.cc": '#include <CLI/CLI.hpp>\n#include "io/wire.h"\n',
    }

    def assert_bad(self, changes, part):
        found = run(architecture.check, {**self.GOOD, **changes})
        self.assertEqual(len(found), 1, found)
        self.assertIn(part, found[0])

    def test_passes_a_sound_tree(self):
        self.assertEqual(run(architecture.check, self.GOOD), [])

    def test_the_core_links_nothing(self):
        self.assert_bad({"lib/core/CMakeLists.txt": self.GOOD["lib/core/CMakeLists.txt"] +
                         "target_link_libraries(keywalk_core PUBLIC Threads::Threads)\n"},
                        "keywalk_core links Threads::Threads")

    def test_the_core_includes_std_only(self):
        self.assert_bad({"lib/core/pool.cc": "#include <boost/url.hpp>\n"}, "<boost/url.hpp>")
        self.assert_bad({"lib/core/pool.cc": "#include <mutex>\n"}, "reaches <mutex>")
        self.assert_bad({"lib/core/pool.cc": '#include "io/wire.h"\n',
                         "lib/io/CMakeLists.txt": ""}, 'includes "io/wire.h"')

    def test_the_core_reaches_no_other_header_of_ours(self):
        self.assert_bad({"lib/core/pool.cc": '#include "keywalk/wire.h"\n',
                         "lib/io/CMakeLists.txt": ""},
                        "lib/include/keywalk/wire.h:1: [architecture] the core reaches <boost/asio")

    def test_the_core_reads_no_clock(self):
        self.assert_bad({"lib/core/pool.cc": "auto t = std::chrono::steady_clock::now();\n"},
                        "reads a clock")

    def test_beast_stays_in_its_rooms(self):
        self.assert_bad({"lib/proxy/x.cc": "#include <boost/beast/http.hpp>\n"}, "Beast unit")
        self.assert_bad({"mockupstream/x.h": "#include <boost/beast/http.hpp>\n"}, "Beast unit")

    def test_public_headers_show_no_json_body(self):
        found = run(architecture.check, {**self.GOOD, "lib/include/keywalk/wire.h":
                                         "#include <nlohmann/json.hpp>\n"})
        self.assertEqual(len(found), 2, found)

    def test_the_library_does_not_log(self):
        self.assert_bad({"lib/io/wire.cc": "#include <spdlog/spdlog.h>\n"}, "takes an observer")

    def test_command_lines_are_for_main(self):
        self.assert_bad({"sim/engine.cc": "#include <CLI/CLI.hpp>\n"}, "command_line.cc only")

    def test_includes_need_a_link(self):
        self.assert_bad({"sim/engine.cc": '#include "io/wire.h"\n'}, "does not link keywalk_io")

    def test_a_header_belongs_to_the_library_with_its_source(self):
        two_libraries = {
            "run/CMakeLists.txt":
                "keywalk_library(keywalk_decision plan.cc)\n"
                "target_link_libraries(keywalk_decision PUBLIC keywalk_core)\n"
                "keywalk_library(keywalk_run wire_run.cc)\n"
                "target_link_libraries(keywalk_run PUBLIC keywalk_decision keywalk_io)\n",
            "run/plan.h": "", "run/plan.cc": '#include "run/plan.h"\n', "run/wire_run.h": "",
            "run/wire_run.cc": '#include "run/plan.h"\n#include "run/wire_run.h"\n',
        }
        self.assertEqual(run(architecture.check, {**self.GOOD, **two_libraries}), [])
        self.assert_bad({**two_libraries, "run/plan.cc": '#include "run/wire_run.h"\n'},
                        "keywalk_decision includes")

    def test_the_simulators_engine_never_reaches_io(self):
        self.assert_bad({"sim/CMakeLists.txt": self.GOOD["sim/CMakeLists.txt"] +
                         "keywalk_library(keywalk_sim_more)\n"
                         "target_link_libraries(keywalk_sim_more PUBLIC keywalk_io)\n"},
                        "keywalk_sim_more reaches keywalk_io")


class HouseRulesTest(unittest.TestCase):
    def assert_bad(self, path, text, part):
        found = run(house_rules.check, {path: text})
        self.assertEqual(len(found), 1, found)
        self.assertIn(part, found[0])

    def test_sizes(self):
        self.assert_bad("lib/a.cc", "int a;\n" * 501, "501 lines")
        self.assert_bad("tests/a.mjs", "x" * 101 + "\n", "101 columns")
        self.assertEqual(run(house_rules.check, {"lib/a.cc": "x" * 100 + "\n" * 500}), [])
        self.assertEqual(run(house_rules.check, {"fixtures/a.json": "1" * 1000}), [])

    def test_unfinished_work(self):
        self.assert_bad("lib/a.cc", "// TODO: later\n", "finish it")
        self.assert_bad("scripts/a.sh", "# FIXME\n", "a.sh:1")

    def test_globbed_sources(self):
        self.assert_bad("lib/CMakeLists.txt", "file(GLOB_RECURSE sources *.cc)\n", "list them")
        good = "# file(GLOB x *)\nfile(READ a b)\n"
        self.assertEqual(run(house_rules.check, {"a.cmake": good}), [])

    def test_sleeps_in_tests(self):
        self.assert_bad("tests/io/a.cc", "std::this_thread::sleep_for(1ms);\n", "for a condition")
        self.assert_bad("tests/a.py", "import time\ntime.sleep(1)\n", "tests/a.py:2")
        self.assertEqual(run(house_rules.check, {"lib/a.cc": "sleep_for(1ms);\n"}), [])
        polling = "def f():\n    while not done():\n        check()\n        time.sleep(0.01)\n"
        self.assertEqual(run(house_rules.check, {"tests/a.py": polling}), [])
        self.assert_bad("tests/a.py", "while not x:\n    y()\ntime.sleep(1)\n", "tests/a.py:3")
        # What a test gives to another program to hang in is no sleep of its own.
        self.assertEqual(run(house_rules.check, {"tests/a.py": "run('time.sleep(9)')\n"}), [])
        self.assertEqual(run(house_rules.check, {"tests/a.cc": "// never sleep_for(x)\n"}), [])


class SecurityProofsTest(unittest.TestCase):
    FILES = {"tests/a_test.cc": "TEST_F(KeyTest, IsSafe) {}\n",
             "tests/CMakeLists.txt": "add_test(NAME hostile.table COMMAND x)\n",
             "tests/hostile/cases/lines.json": '[{"id": "lines/fold"}]',
             "fixtures/scenarios/a.json": '{"cases": [{"id": "key-echoed"}]}'}
    HEAD = "| threat | protection | proof |\n|---|---|---|\n"

    def findings(self, rows):
        return run(security_proofs.check, {**self.FILES, "SECURITY.md": self.HEAD + rows})

    def test_passes_what_is_there(self):
        proofs = "`KeyTest.IsSafe`, `hostile.table`, `lines/fold`, `lines/`, `key-echoed`"
        self.assertEqual(self.findings(f"| a | `b` | {proofs} |\n"), [])

    def test_reports_what_is_not(self):
        for row, part in (("| a | b | `KeyTest.IsGone` |\n", "no test is called KeyTest.IsGone"),
                          ("| a | b | `frames/` |\n", "frames/"),
                          ("| a | b | by review |\n", "without a test"), ("", "no table")):
            found = self.findings(row)
            self.assertEqual(len(found), 1, found)
            self.assertIn(part, found[0])
        self.assertIn("missing", run(security_proofs.check, self.FILES)[0])


class DocumentedLimitsTest(unittest.TestCase):
    FILES = {
        "lib/proxy/proxy_config.h":
            "struct ProxyLimits {\n  std::uint64_t max_body_bytes = 128ull * 1024 * 1024;\n"
            "  std::chrono::milliseconds drain{30'000};  // after SIGTERM\n};\n",
        "lib/proxy/command_line.cc":
            'app.add_option("--max-body", x, "Largest (134217728)");\n{"--drain-ms", "x", y},\n',
        "lib/io/a.cc": "constexpr std::size_t kMaxFields = 512;\n",
        "lib/io/a.h": "struct Limits {\n  std::chrono::seconds time{2};\n};\n"}
    ROWS = ("| of | set by | default | beyond it |\n|---|---|---|---|\n"
            "| a | `--max-body` | 128 MiB | 413 |\n| b | `--drain-ms` | 30 s | cut |\n"
            "| c | `kMaxFields` | 512 | 431 |\n| d | `Limits::time` | 2 s | closed |\n")

    def findings(self, old="", new="", **files):
        page = "## Limits\n\n" + (self.ROWS.replace(old, new) if old else self.ROWS)
        return run(documented_limits.check, {**self.FILES, "README.md": page, **files})

    def assert_one(self, found, part):
        self.assertEqual(len(found), 1, found)
        self.assertIn(part, found[0])

    def test_passes_what_agrees(self):
        self.assertEqual(self.findings(), [])

    def test_reports_another_value(self):
        self.assert_one(self.findings("128 MiB", "64 MiB"), "--max-body")
        self.assert_one(self.findings("30 s", "31 s"), "the sources [30000]")
        self.assert_one(self.findings("512", "513"), "kMaxFields")
        self.assert_one(self.findings("2 s", "2 ms"), "Limits::time")
        self.assert_one(self.findings("`kMaxFields`", "`kMaxGone`"), "the sources []")

    def test_reports_what_is_missing(self):
        row = "| b | `--drain-ms` | 30 s | cut |\n"
        self.assert_one(self.findings(row, "\n"), "--drain-ms is not")
        self.assert_one(self.findings("| 512 |", "| many |"), "no number")
        changed = self.FILES["lib/proxy/command_line.cc"].replace("134217728", "1")
        self.assert_one(self.findings(**{"lib/proxy/command_line.cc": changed}), "not 1")


@unittest.skipIf(fixture_schemas.jsonschema is None, "python3-jsonschema is not installed")
class FixtureSchemasTest(unittest.TestCase):
    SCHEMA = {"$schema": fixture_schemas.DIALECT, "type": "object", "required": ["n"],
              "properties": {"$schema": {}, "n": {"type": "integer"}},
              "additionalProperties": False}
    GOOD = {"$schema": "../schema/kind.schema.json", "n": 1}

    def run_on(self, schema=None, **files):
        tree = {"fixtures/schema/kind.schema.json": json.dumps(schema or self.SCHEMA),
                "fixtures/vectors/good.json": json.dumps(self.GOOD)}
        for name, value in files.items():
            folder = "invalid" if name.startswith("invalid") else "vectors"
            text = value if isinstance(value, str) else json.dumps(value)
            tree[f"fixtures/{folder}/{name}.json"] = text
        return run(fixture_schemas.check, tree)

    def assert_one(self, found, part):
        self.assertEqual(len(found), 1, found)
        self.assertIn(part, found[0])

    def test_passes_valid_files(self):
        self.assertEqual(self.run_on(), [])

    def test_reports_pointer_and_reason(self):
        self.assert_one(self.run_on(bad={**self.GOOD, "n": "x"}), "/n: 'x' is not of type")
        self.assert_one(self.run_on(bad={**self.GOOD, "m": 1}), "'m' was unexpected")

    def test_reports_text_that_is_not_json(self):
        self.assert_one(self.run_on(bad="{"), "not JSON")
        self.assert_one(self.run_on(bad='{"n": 1, "n": 2}'), "repeated key 'n'")

    def test_reports_a_missing_schema(self):
        self.assert_one(self.run_on(bad={"n": 1}), "must name a schema")

    def test_reports_an_invalid_schema(self):
        found = self.run_on(schema={**self.SCHEMA, "type": "objekt"})
        self.assertIn("kind.schema.json:1:", found[0])
        self.assertIn("must be", self.run_on(schema={"type": "object"})[0])

    def test_files_wrong_on_purpose_must_be_refused(self):
        self.assertEqual(self.run_on(invalid_type={**self.GOOD, "n": "x"}), [])
        self.assert_one(self.run_on(invalid_not=self.GOOD), "wrong on purpose")

    def test_no_files_is_a_failure(self):
        found = run(fixture_schemas.check, {"fixtures/schema/k.json": json.dumps(self.SCHEMA)})
        self.assert_one(found, "no file to check")


if __name__ == "__main__":
    unittest.main()
