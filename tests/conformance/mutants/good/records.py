"""What a gateway writes down: metrics, a record of every attempt, an access log; keys masked."""

import collections
import pathlib

from . import fields, hint, provider

BODY_BYTES = 65536
SERIES = ("requests", "attempts", "failovers_rate_limited", "failovers_unauthorized",
          "exhausted_rate_limited", "exhausted_unauthorized", "exhausted_permanent")  # fmt: skip
STATES = ("valid", "temporary", "permanent")


def mask(text, secrets):
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, hint.mask(secret))
    return text


def text_of(data):
    return data[:BODY_BYTES].decode("latin-1")


class Records:
    """Those of one pool. `folder`: where attempts and the access log go; None: nowhere."""

    def __init__(self, name, keys, folder):
        self.name, self.keys = name, keys
        self.folder = pathlib.Path(folder) if folder else None
        self.counts, self.written = collections.Counter(), 0

    def count(self, series):
        self.counts[series] += 1

    def series(self):
        """The names of the samples, as the page has them."""
        names = [*SERIES, *(f"keys_{state}" for state in STATES)]
        return {name: f'{name}{{pool="{self.name}"}}' for name in names}

    def page(self, pool, now):
        """Prometheus text."""
        states = collections.Counter(pool.state(key, now) for key in pool.keys) if pool else {}
        values = {name: self.counts[name] for name in SERIES}
        values.update({f"keys_{state}": states.get(state, 0) for state in STATES})
        names = self.series()
        return "".join(f"{names[name]} {value}\n" for name, value in values.items())

    def secrets(self, exchange):
        """Every key that an exchange may show: the pool's, and what the client brought."""
        brought = [
            part
            for name, value in exchange.head.headers
            if name.lower() in provider.CREDENTIALS
            for part in value.split(" ")
            if part.lower() not in ("bearer", "basic")
        ]
        return [*self.keys, *exchange.route.tokens, *brought]

    def attempt(self, exchange, key, response):
        """One attempt; `response` None: it got no answer."""
        if not self.folder:
            return
        head = "".join(f"{name}: {value}\n" for name, value in exchange.upstream_headers(key))
        sent = exchange.upload.kept if exchange.upload else exchange.body
        text = f"{exchange.method} {exchange.path}\n{head}\n{text_of(sent)}\n\n"
        if response:
            fields_of_answer = "".join(f"{n}: {v}\n" for n, v in response.head.headers)
            body = text_of(b"".join(response.seen))
            text += f"{response.head.start}\n{fields_of_answer}\n{body}\n"
        else:
            text += "no answer\n"
        self.written += 1
        file = self.folder / f"{self.written:04}.txt"
        file.write_text(mask(text, self.secrets(exchange)), encoding="utf-8")

    def access(self, exchange, status):
        """The request as it ended, with the hint of the key that was used last."""
        if not self.folder:
            return
        used = exchange.tried[-1] if exchange.tried else None
        own = provider.client_key(exchange.route.provider, exchange.head.headers)
        key = hint.mask(used or own or "") if exchange.tried else "-"
        line = f"{exchange.method} {exchange.path} {status} key={key}\n"
        with (self.folder / "access.log").open("a", encoding="utf-8") as log:
            log.write(mask(line, self.secrets(exchange)))


def same_secret(a, b):
    """Compared in a time that does not tell where they differ."""
    import hmac

    return hmac.compare_digest(a.encode("latin-1"), b.encode("latin-1"))


def token_of(headers, tokens):
    """The client token that the request brings; None if it brings none."""
    for name in ("Authorization", "X-Api-Key"):
        value = fields.trimmed(fields.find(headers, name) or "")
        value = value[7:] if value[:7].lower() == "bearer " else value
        if any(same_secret(value, token) for token in tokens):
            return value
    return None
