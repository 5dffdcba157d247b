#!/usr/bin/env python3
"""Sends the table of hostile requests to keywalk-proxy, and beside it to nginx and haproxy.

    run.py --proxy BINARY [--mock BINARY] [--peers] [--select TEXT] [--json FILE] [--markdown FILE]

Exit code: 0 if keywalk took every case as required, 1 if not, 2 for wrong use, 77 (ctest: skipped)
without python3-h11.
"""

import argparse
import concurrent.futures
import sys

import debian_python

debian_python.need_h11()

import configurations
import mock_cases
import proxies
import report
import servers
import table


def _run_all(arguments):
    tried = [kind(arguments.proxy) for kind in
             (servers.Keywalk, servers.KeywalkStreaming, servers.KeywalkInPieces)]
    if arguments.peers:
        tried += [servers.Nginx(), servers.Haproxy()]
    with concurrent.futures.ThreadPoolExecutor() as pool:  # each has an upstream of its own
        results = list(pool.map(lambda server: proxies.run(server, arguments.select), tried))
    configured = configurations.run(arguments.proxy, arguments.select)
    mocked = mock_cases.run(arguments.mock, arguments.select) if arguments.mock else []
    return results, configured, mocked


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--proxy", required=True, help="keywalk-proxy")
    parser.add_argument("--mock", help="keywalk-mock, for the cases that it can take")
    parser.add_argument("--peers", action="store_true", help="nginx and haproxy beside it")
    parser.add_argument("--select", nargs="+", metavar="ID|GROUP/", help="only these cases")
    parser.add_argument("--json", help="write what was found there")
    parser.add_argument("--markdown", help="write the table there")
    arguments = parser.parse_args()
    try:
        results, configured, mocked = _run_all(arguments)
    except table.BadTable as error:
        parser.error(str(error))
    text = report.markdown(results, configured, mocked)
    print(text)
    for path, content in ((arguments.markdown, text),
                          (arguments.json, report.as_json(results, configured, mocked))):
        if path:
            with open(path, "w", encoding="utf-8") as file:
                file.write(content)
    failures = report.failures(results, configured, mocked)
    print("\n".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
