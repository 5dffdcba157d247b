"""What is measured, as data: the gateways, the variants of keywalk-proxy, and the cells."""

import dataclasses
import os

import servers
from upstream import BY_NAME, WALKS

KIB, MIB = 1 << 10, 1 << 20
BODIES = {"1k": KIB, "64k": 64 * KIB, "1m": MIB, "16m": 16 * MIB}
CONNECTIONS = (1, 16, 256)
IN_FLIGHT_LIMIT = 1 << 30  # bytes of bodies at once: 256 of 16 MiB are a measurement of their own


@dataclasses.dataclass(frozen=True)
class Variant:
    """A way to run keywalk-proxy. One that the binary has no options for is left out."""
    name: str
    how: str
    options: tuple = ()
    needs: tuple = ()  # what --help must mention
    if_known: tuple = ()  # options that are given if --help mentions them, each (name, value)
    least_body: int = 0  # below it the variant makes no difference


# One more variant is one more entry. `buffer` is the way of the first release.
VARIANTS = (
    Variant("keywalk", "keeps the whole body, then sends it",
            if_known=(("--body-mode", "buffer"),)),
    Variant("keywalk stream", "sends the body while it is being recorded",
            options=("--body-mode", "stream"), needs=("--body-mode",)),
    Variant("keywalk expect", "buffer, bodies from 64 KiB with Expect: 100-continue",
            options=("--body-mode", "buffer", "--expect-continue", "65536"),
            needs=("--body-mode", "--expect-continue"), least_body=65536),
    Variant("keywalk stream expect", "stream, bodies from 64 KiB with Expect: 100-continue",
            options=("--body-mode", "stream", "--expect-continue", "65536"),
            needs=("--body-mode", "--expect-continue"), least_body=65536),
)
PEERS = (servers.Nginx, servers.Haproxy, servers.Portkey)


@dataclasses.dataclass(frozen=True)
class Cell:
    """One measurement but for the gateway."""
    body_bytes: int
    walk_name: str
    connections: int

    @property
    def walk(self):
        return BY_NAME[self.walk_name]

    def __str__(self):
        return (f"{size_text(self.body_bytes)}, {self.walk.text}, {self.connections} "
                f"connection{'s' if self.connections > 1 else ''}")


def size_text(size):
    return f"{size // MIB} MiB" if size >= MIB else f"{size // KIB} KiB"


def cells(body_bytes, walk_names, connections):
    """Those of one size of body."""
    return [Cell(body_bytes, walk.name, count) for count in connections for walk in WALKS
            if walk.name in walk_names and is_worth_it(body_bytes, walk, count)]


def is_worth_it(body_bytes, walk, connections):
    if walk.name == "sse":
        return body_bytes == KIB
    if walk.name == "e1":  # where an upload can be saved
        return body_bytes >= 64 * KIB and connections <= 16
    return connections * body_bytes <= IN_FLIGHT_LIMIT


def warm_ups(turns):
    """Those that warm a gateway up: for each number of connections the one with most attempts."""
    chosen = {}
    for gateway, cell in turns:
        key = gateway.name, cell.connections
        if key not in chosen or cell.walk.failovers > chosen[key][1].walk.failovers:
            chosen[key] = gateway, cell
    return list(chosen.values())


def is_chosen(name, words):
    """Of --servers: a name, or the first word of the names of variants."""
    return not words or any(name == word or name.startswith(word + " ") for word in words)


def gateways(folder, upstream, proxy):
    return [servers.Direct(folder, upstream), *(peer(folder, upstream) for peer in PEERS),
            *(servers.Keywalk(folder, upstream, proxy, variant) for variant in VARIANTS)]


def bounded(variant, memory, folder, upstream, proxy):
    """The same with a bound on the memory of all bodies; its name is the variant's."""
    options = (*variant.options, "--body-memory", str(memory))
    needs = (*variant.needs, "--body-memory")
    return servers.Keywalk(os.path.join(folder, "held"), upstream, proxy,
                           dataclasses.replace(variant, options=options, needs=needs))
