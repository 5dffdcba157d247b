#!/usr/bin/env python3
"""Hard days: the disk is full, under the records and under the bodies that memory has no room for.
What is asked for: requests that need no disk are served, the others are told, nothing half-written
stays, the log says why, and with the first free byte all is well.

The disk is a small file system in memory, in a name space of the proxy's own; where that cannot be
had, the test is not run."""

import os
import pathlib
import shutil
import subprocess
import sys
import unittest

from day import SKIPPED, Day, script
from programs import wait_until

SIZE = 256 << 10
NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]
FINE = script(k0=[{"text": "fine"}])


def have_name_spaces():
    if not shutil.which("unshare"):
        return False
    tried = subprocess.run([*NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
                           capture_output=True, check=False)
    return tried.returncode == 0


class DiskDay(Day):
    def setUp(self):
        super().setUp()
        self.disk = self.folder / "disk"
        self.disk.mkdir()

    def proxy_with_disk(self, more):
        """A proxy that alone sees the file system, and that one from here."""
        mock = self.mock(FINE)
        mount = f'mount -t tmpfs -o size={SIZE} tmpfs "$0" && exec "$@"'
        proxy = self.proxy({"day": f"http://127.0.0.1:{mock.port}/v1"}, more=more,
                           inside=[*NAMESPACE, "sh", "-c", mount, str(self.disk)])
        inside = pathlib.Path(f"/proc/{proxy.pid}/root{self.disk}")
        self.assertEqual(list(inside.iterdir()), [])
        return mock, proxy, inside

    @staticmethod
    def fill(inside):
        """No byte is left."""
        with open(inside / "filler", "wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"x" * 4096)
            except OSError:
                pass

    def test_full_under_the_records_costs_the_records_alone(self):
        _, proxy, inside = self.proxy_with_disk({"dump_dir": str(self.disk)})
        self.fill(inside)
        for _ in range(20):
            self.assertEqual(self.ask(proxy), (200, b"fine"))
        wait_until(lambda: proxy.log().count("cannot be written") == 20, 20, "20 warnings")
        self.assertIn("No space left on device", proxy.log())
        self.assertEqual([path.name for path in inside.iterdir()], ["filler"])
        (inside / "filler").unlink()
        self.assertEqual(self.ask(proxy), (200, b"fine"))
        wait_until(lambda: [path.suffix for path in inside.iterdir()] == [".json"], 20,
                   "the next one is recorded")

    def test_full_under_the_bodies_is_503_for_those_that_need_it(self):
        for mode in ("buffer", "stream"):
            with self.subTest(mode):
                self.full_under_the_bodies(mode)

    def full_under_the_bodies(self, mode):
        memory = 64 << 10
        mock, proxy, inside = self.proxy_with_disk({"body": {
            "mode": mode, "memory_bytes": memory, "spill_dir": str(self.disk)}})
        before = proxy.descriptors()
        large = b"y" * (SIZE * 3)
        for body in (large, large, large):
            self.assertEqual(self.ask(proxy, body=body)[0], 503)
        self.fill(inside)
        self.assertEqual(self.ask(proxy, body=b"y" * (2 * memory))[0], 503)
        self.assertEqual(self.ask(proxy, body=b"y" * (memory // 4)), (200, b"fine"))
        self.assertIn("No space left on device", proxy.log())
        # Nobody got half a body for a whole one.
        whole = [entry["body_bytes"] for entry in self.journal(mock) if entry["body_complete"]]
        self.assertEqual(whole, [memory // 4])
        (inside / "filler").unlink()
        # What the files without a name took up is free again.
        self.assertEqual(self.ask(proxy, body=b"y" * (SIZE * 3 // 4)), (200, b"fine"))
        self.assertEqual(list(inside.iterdir()), [])
        self.assertEqual(self.states(proxy), ["valid", "valid"])
        wait_until(lambda: proxy.descriptors() <= before + 1, 20, "no file stays open")


if __name__ == "__main__":
    if not have_name_spaces():
        print(f"hard_days: NOT RUN: no mount in a name space for uid {os.getuid()}",
              file=sys.stderr)
        sys.exit(SKIPPED)
    unittest.main()
