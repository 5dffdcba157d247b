#!/usr/bin/env python3
"""Makes the corpora of the fuzz targets out of the fixtures and the hostile requests.

    seeds.py FOLDER     writes FOLDER/TARGET/NAME, and removes what an earlier run left there

What a fuzzer found, and what no fixture has, stands in corpus/TARGET and is read beside it.
"""

import json
import pathlib
import re
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FIXTURES = ROOT / "fixtures"
FIRST_KEY = "sk-fuzz-Zq8vT3nLw0Rk5YbH2mXc7DpJ"  # as in expect.h
SECOND_KEY = "sk-fuzz-Pd4hS9uKe6Wt1GxN8jVa3FrC"
MAX_BYTES = 8 * 1024  # longer inputs teach a fuzzer little and cost it much



def documents(*folders):
    """(name, document) of every JSON file below some folders of the fixtures."""
    for folder in folders:
        for path in sorted((FIXTURES / folder).rglob("*.json")):
            yield path.stem, json.loads(path.read_text("utf-8"))


def texts(*folders):
    """(name, text) of every file there, also of those that are no JSON."""
    for folder in folders:
        for path in sorted((FIXTURES / folder).rglob("*.json")):
            yield path.stem, path.read_text("utf-8", "surrogateescape")


def retry_after():
    for _, document in documents("vectors"):
        for vector in document.get("vectors", []):
            headers = vector.get("input", {}).get("headers", {})
            for name, value in headers.items():
                for one in value if isinstance(value, list) else [value]:
                    yield f"{vector['id']}-{name}", str(one)
            lines = [f"{name}: {value}" for name, value in headers.items()]
            if lines:
                yield vector["id"], "\n".join(lines)


def policy():
    yield from texts("policies", "invalid/policy")
    for path in sorted((ROOT / "conformance" / "implementations").rglob("*.json")):
        if "rules" in (text := path.read_text("utf-8")):
            yield path.stem, text
    # A maximum that what the target's upstream asks for exceeds, of each source.
    for name, document in documents("policies"):
        for source in document["cooldown"]["sources"]:
            cooldown = {"default_ms": 800, "max_ms": 900, "sources": [source]}
            yield f"{name}-{source}", json.dumps({**document, "cooldown": cooldown})


def proxy_config():
    yield "two", (ROOT / "lib" / "proxy" / "examples" / "two_providers.json").read_text("utf-8")
    for case in json.loads((HERE.parent / "hostile/cases/configuration.json").read_text("utf-8")):
        for name, content in case.get("files", {}).items():
            if name.endswith(".json"):
                text = content if isinstance(content, str) else json.dumps(content)
                yield case["id"].replace("/", "-"), text
    # Each file that the target lays out, wherever a file may be named.
    for name in ("keys.txt", "twice.txt", "control.txt", "none.txt", "policy.json", "missing.txt"):
        provider = {"provider": "openai", "base_url": "http://127.0.0.1:1", "keys_file": name}
        document = {"schema_version": "1.0", "listen": "127.0.0.1:0", "providers": [provider]}
        yield f"keys-{name}", json.dumps(document)
        provider["keys_file"] = "keys.txt"
        for member in ("client_token_file", "admin_token_file"):
            yield f"{member}-{name}", json.dumps({**document, member: name})
        provider["policy"] = "./" + name
        yield f"policy-{name}", json.dumps(document)


def mock_script():
    for path in sorted((ROOT / "mockupstream" / "examples").glob("*.json")):
        yield path.stem, path.read_text("utf-8")
    yield from texts("invalid/mock_script")
    for name, document in documents("decisions", "scenarios"):
        for case in document.get("cases", []):
            if lanes := list((case.get("lanes") or {}).values())[:2]:
                keyed = dict(zip((FIRST_KEY, SECOND_KEY), lanes))
                script = {"schema_version": "1.0", "lanes": keyed}
                yield f"{name}-{case['id']}", json.dumps(script)


def is_slow(entry):
    """True for cases of large bodies, or of many requests: each run of them takes its time."""
    numbers = re.findall(r'"(?:bytes|times|count|repeat)": (\d+)', json.dumps(entry))
    return any(int(number) > 10_000 for number in numbers) or len(entry.get("requests", [])) > 50


def fixture():
    yield from texts("invalid/cases")
    for name, document in documents("decisions", "scenarios", "vectors"):
        for kind in ("cases", "vectors"):
            entries = [entry for entry in document.get(kind, []) if not is_slow(entry)]
            for entry in entries[::3]:  # neighbours are much alike
                alone = {key: value for key, value in document.items() if key != "cases"}
                yield f"{name}-{entry['id']}", json.dumps({**alone, kind: [entry]})


def adapter_reply():
    yield "hello", json.dumps({
        "seq": 1, "name": "my-gateway", "version": "1.2", "language": "go",
        "policies": ["coder-v1"], "capabilities": ["clock", "key_states"]})
    yield "setup", json.dumps({"seq": 1, "pools": {"p0": {
        "base_url": "http://127.0.0.1:8000/p0/v1", "headers": {"X-A": ["1", "2"]},
        "body": {"model": "m"}, "dump_dir": "/tmp/d",
        "metrics": {"url": "http://127.0.0.1:1/metrics", "series": {"keys_valid": "k{a=\"b\"}"}}}}})
    for number, (name, value) in enumerate((("X-A", "1\r\nX-B: 2"), ("X A", "1"), ("X-A", "\0"))):
        pool = {"base_url": "http://127.0.0.1:1", "headers": {name: value}}
        yield f"field-{number}", json.dumps({"seq": 1, "pools": {"p0": pool}})
    yield "states", json.dumps({"seq": 1, "states": ["temporary", "valid"]})
    yield "skipped", json.dumps({"seq": 1, "skipped": {"reason": "no", "url": "http://x"}})
    yield "error", json.dumps({"seq": 1, "error": {"message": "cannot"}})
    yield "deep", '{"seq":1,"pools":{"p":{"base_url":"","body":' + "[" * 2000 + "]" * 2000 + "}}}"
    for name, document in documents("decisions"):
        for case in document.get("cases", []):
            trace = []
            for request in case.get("requests", []):
                expect = request.get("expect", {})
                trace.append({"request": request.get("id", "r"),
                              "attempts": expect.get("attempts", []),
                              "outcome": expect.get("outcome", {"forward": 200})})
            for index, check in enumerate(case.get("checks", [])):
                trace.append({"check": index, "states": check.get("states", [])})
            trace += [operation.get("expect", {}) for operation in case.get("operations", [])]
            yield f"{name}-{case['id']}", json.dumps({"seq": 1, "trace": trace})


def hostile():
    """Raw requests of tests/hostile, addressed to the proxy of the target."""
    for path in sorted((HERE.parent / "hostile" / "cases").glob("*.json")):
        for case in json.loads(path.read_text("utf-8")):
            if "send" in case:
                yield case["id"].replace("/", "-"), raw(case["send"])


def raw(parts):
    text = b""
    for part in parts:
        if isinstance(part, dict) and "repeat" in part:
            text += (part["repeat"] * part["times"]).encode("latin-1")
        elif isinstance(part, str):
            text += part.encode("latin-1")
    return text


def request(target, method="POST", body="hello", *fields):
    head = [f"{method} {target} HTTP/1.1", "Host: proxy.test", *fields]
    if body:
        head.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()


def proxy_client():
    yield from hostile()
    # Each way of the upstream to answer (answering_upstream.h), alone and behind another.
    for way in "0123456789a":
        yield f"way-{way}", request(f"/x/{way}")
        yield f"pair-{way}", request(f"/x/{way}", "GET", "") + request("/next?q=1")
        yield f"head-{way}", request(f"/x/{way}", "HEAD", "") + request("/next")
        yield f"old-{way}", request(f"/x/{way}").replace(b"HTTP/1.1", b"HTTP/1.0")
    for field in ("Authorization: Bearer ", "X-Api-Key: ", "Api-Key: ", "X-Goog-Api-Key: ",
                  "Proxy-Authorization: Bearer Bearer ", "X-Debug: "):
        token = request("/x/3?t=token-of-a-client", "POST", "hello", field + "token-of-a-client")
        yield "token-" + field[:5], token * 2
    yield "own-key", request("/x", "POST", "hello", "Authorization: Bearer sk-of-the-client")
    yield "expect", request("/x", "POST", "hello", "Expect: 100-continue")
    yield "upgrade", request("/x", "GET", "", "Connection: Upgrade", "Upgrade: websocket")


def mock_client():
    yield from hostile()
    for name in ("script", "journal", "journal?wait=1&from=0", "verify", "clock", "reset",
                 "metrics", "scopes", "health", "journal/tail"):
        path = "/__mock/" + name
        file_name = name.replace("/", "-").replace("?", "-").replace("&", "-")
        for method in ("GET", "DELETE"):
            yield f"{method}-{file_name}", request(path, method, "") + request("/v1/x")
        yield f"post-{file_name}", request(path, "POST", '{"ms": 5}')
    script = json.dumps({"schema_version": "1.0", "default_lane": {"steps": [{"status": 201}]}})
    yield "put-script", request("/__mock/script", "PUT", script) + request("/v1/x")
    expect = json.dumps({"requests": [{"count": 1}]})
    yield "verify-body", request("/v1/x") + request("/__mock/verify", "POST", expect)
    yield "scope", request("/__scope/a/v1/x") + request("/v1/x", "GET", "", "X-Keywalk-Scope: b")
    for number, key in enumerate((FIRST_KEY, SECOND_KEY)):
        for where in ("Authorization: Bearer " + key, "X-Debug: " + key, key + ": x"):
            yield f"key-{number}-{where[:7]}", (
                request("/v1/chat/completions?key=" + key, "POST", '{"stream":true}', where) * 2
                + request("/__mock/journal", "GET", "") + request("/__mock/metrics", "GET", ""))
    yield "chat", request("/v1/chat/completions", "POST", '{"model":"m","stream":true}')


def upstream():
    status = "HTTP/1.1 200 OK\r\n"
    chunked = "Transfer-Encoding: chunked\r\n"
    bodies = {
        "length": "Content-Length: 5\r\n\r\nhello",
        "surplus": "Content-Length: 5\r\n\r\nhello" + status + "Content-Length: 0\r\n\r\n",
        "short": "Content-Length: 50\r\n\r\nhello",
        "two-lengths": "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "signed": "Content-Length: +5\r\n\r\nhello",
        "length-and-chunks": "Content-Length: 5\r\n" + chunked + "\r\n0\r\n\r\n",
        "chunks": chunked + "\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nX-T: 1\r\n\r\n",
        "cut-chunks": chunked + "\r\n5\r\nhel",
        "wrong-chunks": chunked + "\r\nzz\r\nhel",
        "gzip": "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "close": "Connection: close\r\n\r\nhello",
        "until-close": "\r\nhello",
        "hops": "Connection: X-Hop, close\r\nX-Hop: 1\r\nContent-Length: 0\r\n\r\n",
        "folded": "X-A: b\r\n c\r\nContent-Length: 0\r\n\r\n",
        "bare-lf": "X-A: b\nContent-Length: 0\n\n",
        "events": "Content-Type: text/event-stream\r\n" + chunked
                  + "\r\n9\r\ndata: 1\n\n\r\n0\r\n\r\n",
    }
    for name, rest in bodies.items():
        yield name, status + rest
        yield f"429-{name}", "HTTP/1.1 429 Too Many\r\nRetry-After: 5\r\n" + rest
    interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 X\r\nA: b\r\n\r\n"
    yield "interim", interim + status + bodies["length"]
    yield "switching", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nbytes"
    yield "old", "HTTP/1.0 200 OK\r\n\r\nhello"
    yield "none", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello"
    yield "unchanged", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"
    yield "no-reason", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"
    yield "no-http", "SSH-2.0-OpenSSH\r\n"
    for code in (401, 403, 400, 402, 500, 529, 999):
        yield f"status-{code}", f"HTTP/1.1 {code} X\r\nContent-Length: 2\r\n\r\n" + "{}"
    for number, case in enumerate(json.loads(
            (FIXTURES / "vectors" / "classify.json").read_text("utf-8")).get("vectors", [])):
        given = case.get("input", {})
        body = json.dumps(given["json"]) if "json" in given else str(given.get("text", ""))
        fields = [f"{name}: {value}" for name, value in given.get("headers", {}).items()
                  if isinstance(value, str)]
        head = [f"HTTP/1.1 {given.get('status', 200)} X", *fields, f"Content-Length: {len(body)}"]
        yield f"classify-{number}", "\r\n".join(head) + "\r\n\r\n" + body


MAKERS = (retry_after, policy, proxy_config, mock_script, fixture, adapter_reply, proxy_client,
          mock_client, upstream)


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    for make in MAKERS:
        folder = pathlib.Path(sys.argv[1]) / make.__name__
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        seen = set()
        for name, content in make():
            data = content
            if isinstance(content, str):
                data = content.encode("utf-8", "surrogateescape")
            if len(data) > MAX_BYTES or data in seen:
                continue
            seen.add(data)
            safe = "".join(c if c.isalnum() or c in "-_." else "-" for c in name)[:80]
            path = folder / safe
            number = 2
            while path.exists():
                path = folder / f"{safe}.{number}"
                number += 1
            path.write_bytes(data)
        if not seen:
            print(f"seeds.py: no seed for {make.__name__}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
