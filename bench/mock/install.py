"""Gets the scriptable mock servers that keywalk-mock is measured beside: by npm and by Maven."""

import os
import shutil

from common.install import npm_packages, run_quietly, tool

HERE = os.path.dirname(os.path.abspath(__file__))
WIREMOCK = "org.wiremock:wiremock-standalone:3.13.1"


def node_peers(folder):
    """A folder with the peers' scripts and node_modules; installs them there once."""
    peers = os.path.join(HERE, "peers")
    npm_packages(peers, folder)
    for name in os.listdir(peers):
        if name.endswith(".mjs"):
            shutil.copy(os.path.join(peers, name), folder)
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
