"""Finds secrets in files, whole or in part, as they are or encoded."""

import base64
import subprocess
import tempfile
from pathlib import Path

# What the masked hint shows at each end of a key of 20 characters and more.
HINT = 4
# So many bytes of a secret in a row are a leak.
RUN = 12


def runs(secret):
    """Every stretch of RUN bytes beyond the hint."""
    inner = secret[HINT:-HINT]
    return [inner[at:at + RUN] for at in range(len(inner) - RUN + 1)]


def encodings(run):
    """A stretch as Base64 (at each of its three alignments), percent-encoded, as escapes of JSON,
    and in hexadecimal digits."""
    raw = run.encode()
    for before in range(3):
        text = base64.b64encode(b"\0" * before + raw).decode()
        first = (8 * before + 5) // 6  # characters that hold only bits of the stretch
        last = (8 * (before + len(raw))) // 6
        yield text[first:last]
    for form in ("%{:02x}", "%{:02X}", "\\u{:04x}", "\\u{:04X}", "\\x{:02x}", "{:02x}", "{:02X}"):
        yield "".join(form.format(byte) for byte in raw)


def patterns(secrets):
    found = set()
    for secret in secrets:
        for at, run in enumerate(runs(secret)):
            found.add(run)
            if at % 3 == 0:  # a longer stretch holds one of these
                found.update(encodings(run))
    return found


def leaks(folder, secrets):
    """"file: stretch" of everything under `folder` that holds a part of a secret."""
    with tempfile.NamedTemporaryFile("w", suffix=".patterns") as file:
        file.write("".join(pattern + "\n" for pattern in sorted(patterns(secrets))))
        file.flush()
        done = subprocess.run(
            ["grep", "-raoF", "-f", file.name, str(folder)], capture_output=True, text=True,
            errors="replace", env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}, check=False)
    if done.returncode > 1:
        raise RuntimeError(done.stderr)
    return sorted({line.removeprefix(str(Path(folder)) + "/") for line in done.stdout.splitlines()})
