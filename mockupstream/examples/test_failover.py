"""keywalk-mock from Python: a pytest fixture, and a client that turns to its next key.

    KEYWALK_MOCK=build/bin/keywalk-mock pytest mockupstream/examples/test_failover.py

Without pytest: python3 test_failover.py. With the openai package installed its client is used too.
"""

import contextlib
import json
import os
import subprocess
import tempfile
import urllib.error
import urllib.request

try:
    import pytest
except ImportError:
    pytest = None
try:
    import openai
except ImportError:
    openai = None

KEYS = ["sk-example-0-aaaaaaaaaaaaaaaaaaaa", "sk-example-1-bbbbbbbbbbbbbbbbbbbb"]
SCRIPT = {
    "schema_version": "1.0",
    "lanes": {
        KEYS[0]: {"name": "k0", "steps": [{"respond": "openai.rate_limited"}]},
        KEYS[1]: {"name": "k1", "steps": [{"respond": {"answer": "openai.success",
                                                       "text": "Hello."}}]},
    },
}


@contextlib.contextmanager
def keywalk_mock(script):
    """A mock upstream on a free port; gives its URL."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(script, file)
        file.flush()
        command = [os.environ.get("KEYWALK_MOCK", "keywalk-mock"), "--listen", "127.0.0.1:0",
                   "--script", file.name, "--log-level", "warn"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                line = process.stdout.readline()  # "listening on 127.0.0.1:PORT"
                assert line.startswith("listening on "), "keywalk-mock did not start"
                yield "http://" + line.split()[-1]
            finally:
                process.terminate()


def admin(url, page, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(f"{url}/__mock/{page}", data, timeout=10) as answer:
        return json.load(answer)


def ask_with_urllib(url, key):
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}
    request = urllib.request.Request(f"{url}/v1/chat/completions", json.dumps(body).encode(), {
        "Authorization": f"Bearer {key}", "Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)["choices"][0]["message"]["content"]
    except urllib.error.HTTPError as error:
        if error.code != 429:
            raise
        return None


def ask_with_openai(url, key):
    client = openai.OpenAI(api_key=key, base_url=f"{url}/v1", max_retries=0)
    try:
        completion = client.chat.completions.create(
            model="gpt-4o", messages=[{"role": "user", "content": "Hi"}])
    except openai.RateLimitError:
        return None
    return completion.choices[0].message.content


def first_answer(ask, url):
    """What is tested here: the first key that is not rate limited answers."""
    return next(text for text in (ask(url, key) for key in KEYS) if text is not None)


def check_failover(ask, url):
    assert first_answer(ask, url) == "Hello."
    assert [entry["lane"] for entry in admin(url, "journal")] == ["k0", "k1"]
    assert admin(url, "verify", {"sequence": ["k0", "k1"]}) == {"ok": True}


if pytest is not None:
    @pytest.fixture
    def upstream():
        with keywalk_mock(SCRIPT) as url:
            yield url

    def test_failover_with_urllib(upstream):
        check_failover(ask_with_urllib, upstream)

    @pytest.mark.skipif(openai is None, reason="needs the openai package")
    def test_failover_with_openai(upstream):
        check_failover(ask_with_openai, upstream)


if __name__ == "__main__":
    for each in [ask_with_urllib] + ([ask_with_openai] if openai else []):
        with keywalk_mock(SCRIPT) as address:
            check_failover(each, address)
        print(f"{each.__name__}: ok")
