"""Debian's packages are for Debian's Python, not for another one that is before it on PATH."""

import os
import sys

DEBIAN_PYTHON = "/usr/bin/python3"
SKIPPED = 77  # what ctest takes for "not run"


def need_h11():
    """Goes on only with a Python that has h11: changes to Debian's, or ends with SKIPPED."""
    try:
        import h11  # noqa: F401
    except ImportError:
        other = os.path.realpath(sys.executable) != os.path.realpath(DEBIAN_PYTHON)
        if other and os.access(DEBIAN_PYTHON, os.X_OK):
            os.execv(DEBIAN_PYTHON, [DEBIAN_PYTHON, "-B", *sys.argv])
        print("hostile: NOT RUN: python3-h11 is not installed", file=sys.stderr)
        sys.exit(SKIPPED)
