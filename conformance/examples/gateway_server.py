#!/usr/bin/env python3
"""gateway.py as a program of its own, which nobody has taught the adapter protocol: it reads a
configuration, listens, and stops on SIGTERM."""

import json
import signal
import sys

import gateway


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        config = json.load(file)
    routes = {
        name: gateway.Route(route["provider"], route["keys"], route["base_url"])
        for name, route in config["routes"].items()
        if route["keys"]
    }
    gateway.start(routes, gateway.Clock(), config["port"])
    signal.sigwait({signal.SIGTERM})


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    main()
