"""Gets what a measurement needs: commands by apt, packages by npm. What cannot be had is an
Unavailable with the reason, which the report shows in its place."""

import os
import shutil
import subprocess

INSTALL_SECONDS = 600


class Unavailable(Exception):
    """Why a server cannot be measured here."""


def run_quietly(command, what, cwd=None):
    """Runs an installation step; its last line of output is the reason if it fails."""
    try:
        done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=INSTALL_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{what}: {error}") from error
    if done.returncode != 0:
        lines = done.stdout.decode(errors="replace").strip().splitlines() or ["no output"]
        raise Unavailable(f"{what}: {lines[-1]}")


def tool(command, package):
    """The path of a command, after apt has installed its package if it was missing."""
    path = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"  # nginx, haproxy
    if not shutil.which(command, path=path):
        apt = [] if os.geteuid() == 0 else ["sudo", "-n"]
        apt += ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]
        try:
            run_quietly(apt + ["install", "--no-install-recommends", package], f"apt {package}")
        except Unavailable:  # the package lists may be old, or not there yet
            run_quietly(apt + ["update"], "apt-get update")
            run_quietly(apt + ["install", "--no-install-recommends", package], f"apt {package}")
    found = shutil.which(command, path=path)
    if not found:
        raise Unavailable(f"{command} is not on the PATH after installing {package}")
    return found


def npm_packages(source, folder):
    """Installs what source/package.json names (as package-lock.json there locks it, if there is
    one) into folder/node_modules, once."""
    tool("node", "nodejs")
    tool("npm", "npm")
    names = [name for name in ("package.json", "package-lock.json")
             if os.path.exists(os.path.join(source, name))]
    wanted = b"".join(_bytes_of(os.path.join(source, name)) for name in names)
    marker = os.path.join(folder, "installed")
    if os.path.exists(marker) and _bytes_of(marker) == wanted:
        return
    os.makedirs(folder, exist_ok=True)
    for name in names:
        shutil.copy(os.path.join(source, name), folder)
    command = "ci" if "package-lock.json" in names else "install"
    run_quietly(["npm", command, "--ignore-scripts", "--no-audit", "--no-fund",
                 "--loglevel=error"], f"npm {command}", cwd=folder)
    with open(marker, "wb") as file:
        file.write(wanted)


def _bytes_of(path):
    with open(path, "rb") as file:
        return file.read()
