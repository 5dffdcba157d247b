"""Gets what the measurement needs: wrk and nginx by apt, peers by npm and Maven. What cannot be had
is an Unavailable with the reason, which the report shows in its place."""

import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
WIREMOCK = "org.wiremock:wiremock-standalone:3.13.1"
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
    if not shutil.which(command):
        apt = [] if os.geteuid() == 0 else ["sudo", "-n"]
        apt += ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]
        try:
            run_quietly(apt + ["install", "--no-install-recommends", package], f"apt {package}")
        except Unavailable:  # the package lists may be old, or not there yet
            run_quietly(apt + ["update"], "apt-get update")
            run_quietly(apt + ["install", "--no-install-recommends", package], f"apt {package}")
    path = shutil.which(command)
    if not path:
        raise Unavailable(f"{command} is not on the PATH after installing {package}")
    return path


def node_peers(folder):
    """A folder with the peers' scripts and node_modules; installs them there once."""
    tool("node", "nodejs")
    tool("npm", "npm")
    wanted = os.path.join(HERE, "peers", "package.json")
    for name in os.listdir(os.path.join(HERE, "peers")):
        if name.endswith(".mjs"):
            shutil.copy(os.path.join(HERE, "peers", name), folder)
    marker = os.path.join(folder, "installed.json")
    with open(wanted, "rb") as file:
        wanted_bytes = file.read()
    if os.path.exists(marker):
        with open(marker, "rb") as file:
            if file.read() == wanted_bytes:
                return folder
    shutil.copy(wanted, folder)
    run_quietly(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund",
                 "--loglevel=error"], "npm install", cwd=folder)
    shutil.copy(wanted, marker)
    return folder


def wiremock_jar(folder):
    """The path of WireMock's standalone jar; Maven fetches it once."""
    tool("java", "default-jre-headless")
    _, artifact, version = WIREMOCK.split(":")
    jar = os.path.join(folder, f"{artifact}-{version}.jar")
    if not os.path.exists(jar):
        maven = tool("mvn", "maven")
        run_quietly([maven, "-q", "-B", "dependency:copy", f"-Dartifact={WIREMOCK}",
                     f"-DoutputDirectory={folder}"], "Maven: " + WIREMOCK)
    return jar
