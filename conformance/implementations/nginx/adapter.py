#!/usr/bin/env python3
"""Lets keywalk-conform send requests through nginx, which changes keys by error_page: one location
a key. NGINX names the program (default: nginx)."""

import os
import pathlib
import string
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import program

NGINX = os.environ.get("NGINX", "nginx")
TEMPLATES = pathlib.Path(__file__).resolve().parent
OWN_HEADER = {"openai": "Authorization", "anthropic": "X-Api-Key"}
CREDENTIALS = ("Authorization", "X-Api-Key", "Api-Key", "X-Goog-Api-Key")

gateway = program.Program()


def credentials(provider, key):
    """Exactly one credential goes upstream, whatever the client sent."""
    value = f"Bearer {key}" if provider == "openai" else key
    return "\n".join(
        f'        proxy_set_header {name} "{value if name == OWN_HEADER[provider] else ""}";'
        for name in CREDENTIALS
    )


def location(pool, path, index, authority):
    """The location that sends with the key of that index, and on to the next if it is refused."""
    name = pool["id"]
    lines = [f"    location {f'^~ {path}/' if index == 0 else f'@{name}-{index}'} {{"]
    if index == 0:
        lines += [f"        error_page 418 = @{name}-byok;",
                  f'        if ($byok_{pool["provider"]}) {{ return 418; }}']  # fmt: skip
    if index + 1 < len(pool["keys"]):
        lines += ["        proxy_intercept_errors on;",
                  f"        error_page 401 403 429 = @{name}-{index + 1};"]  # fmt: skip
    lines += [credentials(pool["provider"], pool["keys"][index]), forward(authority), "    }"]
    return "\n".join(lines)


def forward(authority):
    return f"""        proxy_set_header Host {authority};
        proxy_set_header Connection "";
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Host $http_host;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_pass http://upstream;"""


def locations(pool):
    authority, path = program.split_base(pool["base_url"])
    made = [location(pool, path, index, authority) for index in range(len(pool["keys"]))]
    head = f"location @{pool['id']}-byok" if made else f"location ^~ {path}/"
    return [*made, f"    {head} {{\n{forward(authority)}\n    }}"]


def set_up(pools):
    port = program.free_port()
    template = string.Template((TEMPLATES / "nginx.conf.template").read_text())
    authority = program.split_base(pools[0]["base_url"])[0]
    text = template.substitute(
        port=port, upstream=authority, folder=gateway.folder,
        locations="\n".join(part for pool in pools for part in locations(pool)),
    )  # fmt: skip
    (gateway.folder / "nginx.conf").write_text(text)
    command = [NGINX, "-p", gateway.folder, "-e", "stderr", "-c", gateway.folder / "nginx.conf"]
    gateway.start(command, port)
    return {pool["id"]: program.endpoint_of_same_path(port, pool) for pool in pools}


HELLO = {
    "name": "nginx",
    "version": program.version([NGINX, "-v"]).rpartition("/")[2],
    "language": "c",
    "policies": [],
    # clock: it remembers nothing, so time that is moved changes nothing.
    "capabilities": ["clock", "body.verbatim", "stream.any", "body.abort", "drain.bounded",
                     "client.abort", "upstream.reuse"],
}  # fmt: skip

if __name__ == "__main__":
    program.serve(HELLO, set_up, gateway.stop)
