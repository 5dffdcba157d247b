#!/usr/bin/env python3
"""An adapter that runs keywalk-proxy as a process, talkative as it can be, and keeps what it says.

proxy_adapter.py PROXY OUTPUT SECRETS: into the folder OUTPUT goes everything that the proxies write
(logs, records, admin pages); into the folder SECRETS what they are given (keys, tokens).
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

HELLO = {
    "name": "keywalk-proxy",
    "version": "-",
    "language": "c++",
    "policies": ["coder-v1", "coder-v2", "every-clause"],
    "capabilities": [
        "body.verbatim", "body.buffered", "drain.bounded", "stream.any", "trailers", "body.abort",
        "client.abort", "upstream.early", "upstream.own", "upstream.reuse", "headers.hop",
        "websocket.refuse", "target.confine", "body.limit", "client-tokens", "metrics", "dump",
        "copilot", "time.limits", "key_states",
    ],
}  # fmt: skip


def series(provider):
    """Where the metrics page has what a case can ask for."""

    def sample(name, label="", value=""):
        return f'{name}{{provider="{provider}"' + (f',{label}="{value}"' if label else "") + "}"

    names = {f"keys_{state}": sample("keywalk_keys", "state", state)
             for state in ("valid", "temporary", "permanent")}
    names["requests"] = sample("keywalk_attempts_per_request_count")
    names["attempts"] = sample("keywalk_attempts_per_request_sum")
    for reason in ("rate_limited", "unauthorized"):
        names[f"failovers_{reason}"] = sample("keywalk_failovers_total", "reason", reason)
    for kind in ("rate_limited", "unauthorized", "permanent"):
        names[f"exhausted_{kind}"] = sample("keywalk_exhaustions_total", "kind", kind)
    return names


class Proxy:
    """One process for pools that can share one."""

    def __init__(self, program, output, secrets, number, pools):
        self.output, self.secrets, self.name = output, secrets, f"proxy-{number}"
        self.dump = output / f"{self.name}.dump"
        first = pools[0]
        config = {
            "schema_version": "1.0", "listen": "127.0.0.1:0", "admin_listen": "127.0.0.1:0",
            "dump_dir": str(self.dump), "log_level": "trace",
            "no_byok": not first.get("byok", True), "limits": first.get("limits", {}),
            "providers": [],
        }  # fmt: skip
        if first.get("client_tokens"):
            config["client_token_file"] = self.give("tokens", first["client_tokens"])
        for pool in pools:
            route = {"prefix": "/" + pool["id"], "provider": pool["provider"],
                     "base_url": pool["base_url"], "policy": pool["policy"]}
            if pool["keys"]:
                route["keys_file"] = self.give(pool["id"], pool["keys"])
            config["providers"].append(route)
        self.config = secrets / f"{self.name}.json"
        self.config.write_text(json.dumps(config))
        log = open(output / f"{self.name}.log", "wb")
        self.process = subprocess.Popen([program, "--config", self.config], stderr=log,
                                        stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().removeprefix("listening on ").strip()
        self.admin = self.process.stdout.readline().removeprefix("admin on ").strip()
        if not self.admin:
            log_text = (output / f"{self.name}.log").read_text(errors="replace")
            raise RuntimeError(log_text.strip().splitlines()[-1])

    def give(self, what, lines):
        path = self.secrets / f"{self.name}.{what}.txt"
        path.write_text("".join(line + "\n" for line in lines))
        path.chmod(0o600)
        return str(path)

    def page(self, path):
        connection = http.client.HTTPConnection(self.admin, timeout=20)
        connection.request("GET", path)
        return connection.getresponse().read()

    def reloads(self):
        return (self.output / f"{self.name}.log").read_bytes().count(b" reloaded")

    def reload(self, text):
        before = self.reloads()
        self.config.write_text(text)
        self.process.send_signal(signal.SIGHUP)
        while not self.reloads() > before:
            time.sleep(0.01)

    def stop(self):
        """Ends it after one good and one bad reload; its pages stay in the output."""
        text = self.config.read_text()
        self.reload(text)
        self.reload(text.replace('"no_byok"', '"no_byoks"'))
        for page in ("metrics", "pool", "healthz", "unknown"):
            (self.output / f"{self.name}.{page}").write_bytes(self.page("/" + page))
        self.process.terminate()
        self.process.wait(timeout=60)


class Adapter:
    def __init__(self, program, output, secrets):
        self.program, self.output, self.secrets = program, Path(output), Path(secrets)
        self.proxies, self.proxy_of = [], {}

    def setup(self, command):
        groups = {}
        for pool in command["pools"]:
            observed = pool["id"] if pool.get("observe") else ""
            share = json.dumps([pool.get("limits"), pool.get("client_tokens"), pool.get("byok"),
                                observed])
            groups.setdefault(share, []).append(pool)
        answer = {}
        for pools in groups.values():
            proxy = Proxy(self.program, self.output, self.secrets, len(self.proxies), pools)
            self.proxies.append(proxy)
            for pool in pools:
                self.proxy_of[pool["id"]] = proxy
                answer[pool["id"]] = {"base_url": f"http://{proxy.address}/{pool['id']}"}
                if "metrics" in pool.get("observe", ()):
                    answer[pool["id"]]["metrics"] = {"url": f"http://{proxy.admin}/metrics",
                                                     "series": series(pool["provider"])}
                if "dump" in pool.get("observe", ()):
                    os.symlink(self.output / f"{proxy.name}.log", proxy.dump / "access.log")
                    answer[pool["id"]]["dump_dir"] = str(proxy.dump)
        return {"pools": answer}

    def key_states(self, command):
        routes = json.loads(self.proxy_of[command["pool"]].page("/pool"))["routes"]
        keys = [route["keys"] for route in routes if route["prefix"] == "/" + command["pool"]][0]
        return {"states": [key["state"] for key in keys]}

    def stop(self, _command):
        for proxy in self.proxies:
            proxy.stop()
        return {}

    def hello(self, _command):
        return HELLO


def main():
    adapter = Adapter(*sys.argv[1:])
    for line in sys.stdin:
        command = json.loads(line)
        try:
            reply = getattr(adapter, command["cmd"])(command)
        except RuntimeError as error:
            reply = {"error": {"message": str(error)}}
        print(json.dumps({"seq": command["seq"], **reply}), flush=True)


if __name__ == "__main__":
    main()
