"""The project's files, copied with all switches built in."""

import hashlib
import subprocess

from switch import HEADER, patched, patched_files

HEADER_PATH = "lib/switched_off.h"  # where every target finds it


def _paths(root):
    """All that belong to the project, also those that are not added to git yet."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=root,
        check=True, text=True, stdout=subprocess.PIPE).stdout
    return sorted({path for path in listed.split("\0") if path and (root / path).is_file()})


def _write(path, text):
    """Leaves a file that is as it should be, with its time."""
    if not path.is_file() or path.read_bytes() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)


def copy(root, folder):
    """Makes the folder a copy, and gives a mark of its content. That is of every file: what a test
    depends on (itself, other sources, fixtures, the flags of the compiler) is not known here."""
    paths, patches, mark = _paths(root), patched_files(), hashlib.sha256()
    is_copy = (folder / HEADER_PATH).is_file()
    for path in paths:
        source = root / path
        text = patched(root, path).encode() if path in patches else source.read_bytes()
        mode = source.stat().st_mode
        _write(folder / path, text)
        (folder / path).chmod(mode)
        mark.update(f"{path}\0{mode}\0{len(text)}\0".encode() + text)
    _write(folder / HEADER_PATH, HEADER.encode())
    kept = {folder / path for path in (*paths, HEADER_PATH)}
    for path in folder.rglob("*") if is_copy else ():
        if path.is_file() and path not in kept:
            path.unlink()  # left of the earlier one
    return mark.hexdigest()[:16]
