"""Configurations that would put bytes into messages where they do not belong: refused at start."""

import dataclasses
import os
import pathlib
import subprocess
import tempfile

import table
from servers import KEY

LIMIT_SECONDS = 20


@dataclasses.dataclass
class Outcome:
    case: object
    broken: list


def _one(binary, case):
    with tempfile.TemporaryDirectory() as folder:
        for name, content in case.files.items():
            path = pathlib.Path(folder, name)
            path.write_bytes(content)
            path.chmod(0o600)
        arguments = [argument.replace("{{folder}}", folder) for argument in case.arguments]
        with subprocess.Popen([binary, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env={**os.environ, **case.environment}) as process:
            started = process.stdout.readline()  # its first line, or nothing: it has ended
            if started:
                process.terminate()
            _, errors = process.communicate(timeout=LIMIT_SECONDS)
    said = errors.decode("utf-8", "replace")
    broken = []
    if process.returncode != 2 or started:
        broken.append(("refused", f"exit code {process.returncode}, {started!r} {said!r}"))
    if case.says not in said:
        broken.append(("reason", f"{case.says!r} is not in {said!r}"))
    if KEY in said:
        broken.append(("leak", said))
    if any(ord(c) < 32 and c != "\n" or ord(c) == 127 for c in said):
        broken.append(("reason", f"control characters reach the terminal: {said!r}"))
    return broken


def run(binary, select):
    return [Outcome(case, _one(binary, case)) for case in table.load_configurations()
            if table.selected(case, select)]
