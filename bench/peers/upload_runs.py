"""The measurements of uploads.py, for every gateway that can be had."""

import os
import tempfile

import matrix
import measure
import uploads
from common.install import Unavailable
from common.server import Failed

HELD_MEMORY = 64 << 20  # --body-memory for the held uploads


class UploadRuns:
    def __init__(self, run, quick):
        self.run = run
        self.repeats = 10 if quick else 50
        self.slow_repeats = 2 if quick else 5
        self.held = 32 if quick else 256

    def all(self):
        sizes = [matrix.BODIES[name] for name in self.run.arguments.bodies]
        result = {"first_byte": [], "slow": [], "held": [], "failed": []}
        large = [size for size in sizes if size >= 64 * matrix.KIB]
        parts = [("first bytes", lambda: result["first_byte"].extend(self.first_bytes(large)))]
        if matrix.BODIES["16m"] in sizes:
            parts += [("slow uploads", lambda: result["slow"].extend(self.slow())),
                      ("held uploads", lambda: result["held"].extend(self.held_uploads()))]
        for what, part in parts:
            self.run.progress.now(what)
            try:
                part()
            except (Failed, OSError) as error:
                self.run.complain(f"{what}: {error}")
                result["failed"].append(f"{what}: {error}")
            finally:
                self.run.stop()
        return result

    def start(self, gateways, body_bytes):
        return [gateway for gateway in gateways if self.run.starts(gateway, body_bytes)]

    def first_bytes(self, sizes):
        if not sizes:
            return []
        upstream = uploads.RawUpstream()
        folder = os.path.join(self.run.arguments.work, "raw")
        gateways = [gateway for gateway in
                    matrix.gateways(folder, upstream, self.run.arguments.proxy)
                    if matrix.is_chosen(gateway.name, self.run.arguments.servers)]
        try:
            return uploads.first_bytes(self.start(gateways, max(sizes)), upstream, sizes,
                                       self.repeats)
        finally:
            for gateway in gateways:
                gateway.stop()
            upstream.close()

    def slow(self):
        size = matrix.BODIES["16m"]
        self.run.upstream.start(self.run.core)
        return uploads.slow_uploads(self.start(self.run.gateways, size), size, self.slow_repeats)

    def held_uploads(self):
        """Of keywalk-proxy with a bound on its memory: the others have none, and would take the
        bodies' four gigabytes."""
        size = matrix.BODIES["16m"]
        rows = []
        # Those that only differ in what they send hold no more and no less.
        for variant in (variant for variant in matrix.VARIANTS if not variant.least_body):
            gateway = matrix.bounded(variant, HELD_MEMORY, self.run.arguments.work,
                                     self.run.upstream, self.run.arguments.proxy)
            if not matrix.is_chosen(gateway.name, self.run.arguments.servers):
                continue
            if uploads.free_bytes(tempfile.gettempdir()) < 2 * size * self.held:
                raise Failed(f"too little space in {tempfile.gettempdir()}")
            self.run.upstream.start(self.run.core)
            try:
                gateway.start_for(size, self.run.gateway_core)
                measure.settle([gateway])
                rows.append(uploads.held_uploads(gateway, self.run.upstream, size, self.held))
            except Unavailable as error:
                self.run.complain(f"{gateway.name}: held uploads: {error}")
            finally:
                gateway.stop()
                self.run.upstream.stop()
        return rows
