"""Goal: the report's page works in a browser, for mouse and keyboard, and asks nobody for anything.
Method: a page of two policies and two seeds in headless Chromium. Without a Chromium the test is
skipped: exit status 77."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "conformance"))
import browser  # noqa: E402: the folder has to be known first

SKIPPED = 77
EVIL = "</script><script>document.title='owned'</script><!-- <img src=x onerror=alert(1)>"
HOUR_MS = 3600000
WORLD = {
    "schema_version": "1.0",
    "name": "world " + EVIL,
    "description": EVIL,
    "duration_ms": HOUR_MS,
    "clients": [{"name": "app", "arrivals": {"kind": "poisson", "per_second": 1}}],
    "keys": [{"name": "key", "count": 2, "model": {"provider": "openai", "outages": [
        {"from_ms": 900000, "to_ms": 1200000, "status": 401}]}}],
    "network": {"service_ms": 100},
}


class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        reports = tempfile.TemporaryDirectory()
        cls.addClassCleanup(reports.cleanup)
        folder = pathlib.Path(reports.name)
        (folder / "world.json").write_text(json.dumps(WORLD))
        cls.page = folder / "page.html"
        cls.made = subprocess.run(
            [os.environ["KEYWALK_SIM"], "compare", folder / "world.json", "--seeds", "1..3",
             "--timelines", "2", "--html", cls.page], capture_output=True, text=True)
        cls.browser = browser.Browser(browser.find())
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.assertEqual(self.made.returncode, 0, self.made.stderr)
        self.browser.complaints.clear()
        self.browser.requests.clear()
        self.browser.use(height=2400)
        self.browser.open("about:blank")
        self.browser.open(self.page.as_uri())
        self.settle()

    def tearDown(self):
        # Pixels are read by this test alone.
        self.assertEqual([complaint for complaint in self.browser.complaints
                          if "getImageData" not in str(complaint)], [])
        pages = {url.split("#")[0] for url in self.browser.requests}
        self.assertLessEqual(pages, {"about:blank", self.page.as_uri()})

    def settle(self):
        """Waits until the charts have been drawn."""
        self.browser.run("new Promise((done) => requestAnimationFrame(() => "
                         "requestAnimationFrame(done)))")

    def count(self, selector):
        return self.browser.run(f"document.querySelectorAll({json.dumps(selector)}).length")

    def text(self, selector):
        return self.browser.run(f"document.querySelector({json.dumps(selector)}).innerText")

    def click(self, selector):
        self.browser.run(f"document.querySelector({json.dumps(selector)}).click()")
        self.settle()

    def range(self):
        self.settle()
        return self.browser.run("[view.from, view.to]")

    def chart(self, share, height=0.8):
        """A point in the first chart, at that share of the time that it shows."""
        return self.browser.run(f"""(() => {{
            const box = panels[0].canvas.getBoundingClientRect();
            const {{left, right}} = panels[0].edges();
            return [box.left + left + {share} * (right - left), box.top + {height} * box.height];
        }})()""")

    def pixel(self, policy, ms, key):
        """The colour of a key's lane at that moment, as the canvas has it."""
        return self.browser.run(f"""(() => {{
            const panel = panels[{policy}];
            const y = panel.lanesTop() + {key} * laneHeight(panel.keys.length) + 5;
            return [...panel.canvas.getContext("2d")
                .getImageData(Math.round(panel.xOf({ms})), y, 1, 1).data];
        }})()""")

    def test_table_shows_the_figures_of_each_policy(self):
        self.assertEqual(self.count("#policies thead th"), 2)
        row = self.browser.run("[...document.querySelectorAll('#policies [data-metric=success_rate]"
                               " .value')].map((cell) => cell.innerText)")
        rates = [float(value.split()[0]) for value in row]
        self.assertLess(rates[0], 30)
        self.assertGreater(rates[1], 85)
        self.assertEqual(self.count("#policies [data-metric=success_rate] .best"), 1)
        self.assertIn("±", self.text("#policies [data-metric=success_rate]"))
        # What none has is left out.
        self.assertEqual(self.count("#policies [data-metric=restarted]"), 0)
        self.assertEqual(self.count("#keys details"), 2)

    def test_markup_of_others_stays_text(self):
        self.assertIn("</script>", self.text("#title"))
        self.assertNotEqual(self.browser.run("document.title"), "owned")
        self.assertEqual(self.count("img"), 0)

    def test_lanes_show_the_state_of_each_key(self):
        colour = "coloursOf()"
        valid = self.pixel(1, 600000, 0)
        self.assertEqual(self.pixel(1, 3000000, 1), valid)
        cooling = self.pixel(1, 1000000, 0)
        self.assertNotEqual(cooling, valid)
        # coder-v1 takes both out for good.
        self.assertNotIn(self.pixel(0, 3000000, 0), (valid, cooling))
        self.assertTrue(self.browser.run(f"{colour}.valid !== {colour}.cooling"))

    def test_wheel_zooms_where_it_points(self):
        x, y = self.chart(0.25)
        self.browser.mouse("mouseWheel", x, y, deltaX=0, deltaY=-300)
        start, end = self.range()
        self.assertLess(end - start, HOUR_MS / 2)
        self.assertAlmostEqual(start + 0.25 * (end - start), HOUR_MS / 4, delta=HOUR_MS / 200)
        self.browser.mouse("mouseWheel", x, y, deltaX=0, deltaY=600)
        self.assertEqual(self.range(), [0, HOUR_MS])

    def test_drag_moves_all_charts(self):
        self.click("#zoom-in")
        before = self.range()
        for what, share in (("mousePressed", 0.5), ("mouseMoved", 0.4), ("mouseMoved", 0.3),
                            ("mouseReleased", 0.3)):
            self.browser.mouse(what, *self.chart(share), buttons=1)
        after = self.range()
        moved = 0.2 * (before[1] - before[0])
        self.assertAlmostEqual(after[0] - before[0], min(moved, HOUR_MS - before[1]),
                               delta=HOUR_MS / 100)
        self.assertEqual(after[1] - after[0], before[1] - before[0])

    def test_keyboard(self):
        self.browser.run("panels[0].canvas.focus()")
        self.browser.press("+", "+")
        start, end = self.range()
        self.assertAlmostEqual(end - start, HOUR_MS / 1.5, delta=1)
        self.browser.press("ArrowRight")
        self.assertGreater(self.range()[0], start)
        self.browser.press("ArrowLeft")
        self.browser.press("-", "-")
        self.assertEqual(self.range(), [0, HOUR_MS])
        self.browser.press("ArrowRight", shift=True)
        reading = self.text("#reading")
        for part in ("coder-v1", "requests", "key-0", "out for good"):
            self.assertIn(part, reading)
        self.browser.press("ArrowRight", shift=True)
        self.assertNotEqual(self.text("#reading"), reading)
        self.browser.press("Escape")
        self.assertEqual(self.text("#reading"), "")

    def test_buttons_zoom_and_reset(self):
        self.assertTrue(self.browser.run("document.getElementById('zoom-reset').disabled"))
        self.click("#zoom-in")
        self.click("#zoom-in")
        self.assertIn("from", self.text("#range"))
        self.click("#zoom-out")
        self.click("#zoom-reset")
        self.assertEqual(self.range(), [0, HOUR_MS])
        self.assertEqual(self.text("#range"), "all 1 h")

    def test_zoom_ends_at_a_few_parts(self):
        for _ in range(60):
            self.browser.run("view.zoomMiddle(0.5)")
        start, end = self.range()
        self.assertAlmostEqual(end - start, 4 * HOUR_MS / 2000, delta=1)

    def test_tooltip_tells_the_part_and_the_key_below_the_mouse(self):
        self.browser.mouse("mouseMoved", *self.chart(0.3, height=0.8))
        self.settle()
        tooltip = self.text("#tooltip")
        self.assertIn("key-0", tooltip)
        self.assertNotIn("key-1", tooltip)
        for part in ("00:1", "requests", "out for good"):
            self.assertIn(part, tooltip)
        self.browser.mouse("mouseMoved", 5, 5)
        self.settle()
        self.assertTrue(self.browser.run("document.getElementById('tooltip').hidden"))

    def test_a_policy_can_be_hidden_and_a_seed_chosen(self):
        self.assertEqual(self.count(".panel:not([hidden])"), 2)
        self.click("#shown input[value=coder-v1]")
        self.assertEqual(self.count(".panel:not([hidden])"), 1)
        self.assertEqual(self.browser.run("[...document.getElementById('seed').options]"
                                          ".map((option) => option.value)"), ["1", "2"])
        self.browser.run("(() => { const seed = document.getElementById('seed'); seed.value = '2';"
                         "seed.dispatchEvent(new Event('change', {bubbles: true})); })()")
        self.settle()
        self.assertTrue(self.browser.run(
            "panels[1].timeline === panels[1].policy.timelines.get(2)"))

    def test_address_holds_the_view(self):
        self.click("#shown input[value=coder-v1]")
        self.click("#zoom-in")
        shown = self.range()
        address = self.browser.run("location.href")
        self.browser.open("about:blank")
        self.browser.open(address)
        self.assertEqual([round(ms) for ms in self.range()], [round(ms) for ms in shown])
        self.assertEqual(self.count(".panel:not([hidden])"), 1)

    def test_light_dark_and_narrow(self):
        colours = "getComputedStyle(document.body).backgroundColor"
        light, lane = self.browser.run(colours), self.pixel(1, 600000, 0)
        self.browser.use(scheme="dark", width=420, height=2400)
        self.settle()
        self.assertNotEqual(self.browser.run(colours), light)
        self.assertNotEqual(self.pixel(1, 600000, 0), lane)
        # Wide tables scroll in their own frames: the page itself does not.
        self.assertLessEqual(self.browser.run("document.documentElement.scrollWidth"), 420)

    def test_policy_forbids_other_scripts(self):
        self.browser.run("document.body.append(Object.assign(document.createElement('script'),"
                         "{textContent: 'window.owned = 1'}))")
        self.assertIsNone(self.browser.run("window.owned"))
        self.assertTrue(self.browser.complaints)
        self.browser.complaints.clear()


if __name__ == "__main__":
    if not browser.find():
        print("page test NOT RUN: no Chromium (Debian: chromium-headless-shell)", file=sys.stderr)
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
