"""Goal: the HTML report works in a browser, for mouse and keyboard, and asks nobody for anything.
Method: a page of two implementations, one of them broken and one that sends markup, in headless
Chromium. Without a Chromium the test is skipped: exit status 77."""

import json
import pathlib
import sys
import tempfile
import unittest

import browser
import conform
from conform import ConformTest, Run, good_case

SKIPPED = 77
EVIL = "</script><script>document.title='owned'</script><!-- <img src=x onerror=alert(1)>"


class HtmlTest(ConformTest):
    @classmethod
    def setUpClass(cls):
        cls.reports = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.reports.cleanup)
        folder = pathlib.Path(cls.reports.name)
        helper = ConformTest()
        helper.setUp()
        cls.addClassCleanup(helper.doCleanups)
        cases = [
            good_case(),
            good_case(id="other-case", title="Another", clauses=["state/1"],
                      provenance={"issue": "owner/repo#123", "note": EVIL}),
        ]
        fixtures = helper.write_fixtures(cases)
        unrun = {"schema_version": "1.0", "area": "unrun", "cases": [
            good_case(id="unrun-case", requires=["recovery.half-open"])]}  # fmt: skip
        (fixtures / "decisions" / "unrun.json").write_text(json.dumps(unrun))
        broken = helper.write_adapter(
            "if command['cmd'] == 'hello':\n"
            "    say(command, **{**HELLO, 'name': 'broken ' + %r})\n"
            "elif command['cmd'] == 'decide' and command['case']['id'] == 'own-case':\n"
            "    say(command, trace=[{'request': 'r0', 'attempts': ['k0', 'k0'],\n"
            "                         'outcome': {'forward': 429}}])\n"
            "else: say(command, skipped={'reason': %r})" % (EVIL, EVIL))
        reports = []
        for name, more in (("good", ()), ("broken", ("--adapter", broken))):
            reports.append(folder / f"{name}.json")
            Run("--fixtures", fixtures, *more, "--json", reports[-1])
        text = reports[0].read_text()
        held = '"differs": ["differs from coder-v1: r0 attempts k1 instead of k0"],'
        reports[0].write_text(text.replace('"id": "other-case",', '"id": "other-case",' + held))
        cls.page = folder / "page.html"
        cls.made = conform.run_command("html", *reports, "--output", cls.page)
        cls.browser = browser.Browser(browser.find())
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        super().setUp()
        self.assertEqual(self.made.returncode, 0, self.made)
        self.browser.complaints.clear()
        self.browser.requests.clear()
        self.browser.use()
        self.browser.open("about:blank")
        self.browser.open(self.page.as_uri())

    def tearDown(self):
        self.assertEqual(self.browser.complaints, [])
        pages = {url.split("#")[0] for url in self.browser.requests}
        self.assertLessEqual(pages, {"about:blank", self.page.as_uri()})
        super().tearDown()

    def count(self, selector):
        return self.browser.run(f"document.querySelectorAll({json.dumps(selector)}).length")

    def text(self, selector):
        return self.browser.run(f"document.querySelector({json.dumps(selector)}).innerText")

    def shown(self):
        return self.browser.run("[...document.querySelectorAll('tr.case')]"
                                ".filter((row) => row.offsetParent)"
                                ".map((row) => row.querySelector('.case-id').textContent)")

    def fill(self, name, value):
        self.browser.run(f"(() => {{ const field = document.getElementById('filter-{name}');"
                         f"field.value = {json.dumps(value)};"
                         "field.dispatchEvent(new Event('input', {bubbles: true})); })()")

    def click(self, selector):
        self.browser.run(f"document.querySelector({json.dumps(selector)}).click()")

    def test_matrix_has_a_cell_for_each_case_and_policy(self):
        self.assertEqual(self.shown(), ["own-case", "other-case"])
        self.assertEqual(self.count(".cell.v-pass"), 2)
        self.assertEqual(self.count(".cell.v-fail"), 1)
        self.assertEqual(self.count(".cell.v-skipped"), 3)
        self.assertEqual(self.count("#summary .card"), 2)

    def test_an_area_that_nobody_ran_is_folded_at_first(self):
        self.click("tbody[data-area=unrun] .area-name")
        self.assertEqual(self.shown(), ["own-case", "other-case", "unrun-case"])

    def test_markup_of_others_stays_text(self):
        self.assertIn("</script>", self.text("thead .implementation:last-child"))
        self.assertIn("Key failover conformance", self.browser.run("document.title"))
        self.assertNotEqual(self.browser.run("document.title"), "owned")
        self.assertEqual(self.count("img"), 0)

    def test_filters(self):
        self.fill("text", "another")
        self.assertEqual(self.shown(), ["other-case"])
        self.fill("text", "owner/repo#123")
        self.assertEqual(self.shown(), ["other-case"])
        self.fill("text", "")
        self.fill("clause", "walk/2")
        self.assertEqual(self.shown(), ["own-case"])
        self.assertIn("walk/2: ", self.text("#clause-text"))
        self.fill("clause", "")
        self.click("#filter-verdicts input[value=fail]")
        self.assertEqual(self.shown(), ["own-case"])
        self.click("#filter-verdicts input[value=fail]")
        self.assertEqual(len(self.shown()), 2)
        self.assertIn("3 of 3 cases", self.text("#shown"))

    def test_address_holds_the_filters(self):
        self.fill("clause", "state/1")
        address = self.browser.run("location.href")
        self.browser.open("about:blank")
        self.browser.open(address)
        self.assertEqual(self.shown(), ["other-case"])

    def test_click_opens_what_stands_behind_a_cell(self):
        self.click(".cell.v-fail")
        self.assertTrue(self.browser.run("document.getElementById('detail').open"))
        detail = self.text("#detail")
        for part in ("A 429 moves on to the next key", "walk/2", "r0", "--select own-case"):
            self.assertIn(part, detail)
        self.assertEqual(self.count("#detail .sides .key-differs"), 1)
        self.assertGreaterEqual(self.count("#detail svg.timeline circle"), 2)
        self.click("#detail-close")
        self.assertFalse(self.browser.run("document.getElementById('detail').open"))

    def test_a_pass_under_a_policy_that_differs_is_marked(self):
        self.assertEqual(self.count(".cell.v-pass sup"), 1)
        self.click("tr.case:nth-of-type(3) .cell")
        self.assertIn("Its own policy differs from coder-v1: r0 attempts k1", self.text("#detail"))

    def test_issue_is_a_link(self):
        self.click("tr.case:nth-of-type(3) .cell")
        link = self.browser.run("document.querySelector('#detail .issue a').href")
        self.assertEqual(link, "https://github.com/owner/repo/issues/123")

    def test_keyboard(self):
        self.browser.press("/", "/")
        self.assertEqual(self.browser.run("document.activeElement.id"), "filter-text")
        self.browser.run("document.querySelector('.cell').focus()")
        focused = "document.activeElement.getAttribute('aria-label')"
        self.assertIn("own-case", self.browser.run(focused))
        self.browser.press("ArrowDown")
        self.assertIn("other-case", self.browser.run(focused))
        self.browser.press("End")
        self.assertIn("broken", self.browser.run(focused))
        self.browser.press("Enter")
        self.assertTrue(self.browser.run("document.getElementById('detail').open"))
        self.click("#detail-previous")
        self.assertIn("A 429 moves on", self.text("#detail-title"))
        self.browser.press("Escape")
        self.browser.wait_for(f"({focused} || '').startsWith('own-case')")
        self.assertFalse(self.browser.run("document.getElementById('detail').open"))

    def test_light_dark_and_narrow(self):
        colour = "getComputedStyle(document.body).backgroundColor"
        light = self.browser.run(colour)
        self.browser.use(scheme="dark", width=420)
        self.assertNotEqual(self.browser.run(colour), light)
        # Wide tables scroll in their own frames: the page itself does not.
        self.assertLessEqual(self.browser.run("document.documentElement.scrollWidth"), 420)
        self.click(".cell.v-fail")
        self.assertLessEqual(self.browser.run("document.documentElement.scrollWidth"), 420)

    def test_print_shows_the_table_whole_and_no_controls(self):
        self.browser.use(media="print")
        self.assertEqual(self.browser.run("document.getElementById('filters').offsetParent"), None)
        frame = "getComputedStyle(document.getElementById('matrix')).maxHeight"
        self.assertEqual(self.browser.run(frame), "none")

    def test_policy_forbids_other_scripts(self):
        self.browser.run("document.body.append(Object.assign(document.createElement('script'),"
                         "{textContent: 'window.owned = 1'}))")
        self.assertIsNone(self.browser.run("window.owned"))
        self.assertTrue(self.browser.complaints)
        self.browser.complaints.clear()


if __name__ == "__main__":
    if not browser.find():
        print("HTML test NOT RUN: no Chromium (Debian: chromium-headless-shell)", file=sys.stderr)
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
