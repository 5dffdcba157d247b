#!/usr/bin/env python3
"""hardening.py BUILD_DIR: installs, and looks in each binary for what cmake/Hardening.cmake adds.

hardening.py --binary FILE...: looks at these alone.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path


def readelf(option, binary):
    return subprocess.run(["readelf", "-W", option, str(binary)], check=True, text=True,
                          capture_output=True).stdout


def missing(binary):
    """What that binary lacks."""
    header = readelf("--file-header", binary)
    segments = readelf("--program-headers", binary)
    dynamic = readelf("--dynamic", binary)
    called = set(re.findall(r"\bUND (\w+)", readelf("--dyn-syms", binary)))
    stack = re.search(r"GNU_STACK.* (\w+) +0x\w+$", segments, re.MULTILINE)
    writable_code = re.search(r"^ +LOAD .* RWE ", segments, re.MULTILINE)
    checks = {
        "position independence (-fPIE -pie)":
            re.search(r"Type: +DYN", header) and re.search(r"FLAGS_1.*\bPIE\b", dynamic),
        "read-only relocations (-z relro)": "GNU_RELRO" in segments,
        "binding at the start (-z now)": re.search(r"FLAGS_1.*\bNOW\b", dynamic),
        "a stack without code (-z noexecstack)": stack and "E" not in stack.group(1),
        "memory that is writable or code": not writable_code,
        "stack protection (-fstack-protector-strong)": "__stack_chk_fail" in called,
        "checked calls (_FORTIFY_SOURCE)":
            any(re.fullmatch(r"__\w+_chk", name) for name in called),
    }
    return [name for name, found in checks.items() if not found]


def main():
    with tempfile.TemporaryDirectory() as prefix:
        if sys.argv[1] == "--binary":
            binaries = [Path(name) for name in sys.argv[2:]]
        else:
            subprocess.run(["cmake", "--install", sys.argv[1], "--prefix", prefix], check=True,
                           stdout=subprocess.DEVNULL)
            binaries = sorted((Path(prefix) / "bin").iterdir())
        lacking = {binary.name: missing(binary) for binary in binaries}
    for name, what in lacking.items():
        print(f"{name}: {'lacks ' + '; '.join(what) if what else 'hardened'}")
    if not binaries:
        print("nothing was installed")
    return 1 if not binaries or any(lacking.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
