"""What a gateway counts, records and logs."""

import re

from bug import bug
from good import pool, records
from good.gateway import Exchange
from good.records import Records

REFUSED = (401, 403, 429)


@bug(Records, "count")
def counts_no_failovers(good, book, series):
    """Failovers are not counted."""
    if not series.startswith("failovers_"):
        good(book, series)


@bug(Records, "count")
def failovers_are_rate_limits(good, book, series):
    """Every failover is counted as one because of a rate limit."""
    good(book, "failovers_rate_limited" if series.startswith("failovers_") else series)


@bug(Records, "count")
def exhaustions_are_rate_limits(good, book, series):
    """Every exhaustion is counted as a rate limit."""
    good(book, "exhausted_rate_limited" if series.startswith("exhausted_") else series)


@bug(Records, "count")
def counts_no_exhaustions(good, book, series):
    """Exhausted requests are not counted."""
    if not series.startswith("exhausted_"):
        good(book, series)


@bug(Records, "count")
def cooling_is_permanent(good, book, series):
    """A pool whose keys cool after a 401 is counted as out for good."""
    good(book, "exhausted_permanent" if series == "exhausted_unauthorized" else series)


@bug(Records, "count")
def attempts_are_requests(good, book, series):
    """Requests are counted by their attempts."""
    good(book, series)
    if series == "attempts":
        book.counts["requests"] = book.counts["attempts"]


@bug(Records, "count")
def counts_what_served_only(good, book, series):
    """Attempts that were refused are not counted."""
    good(book, series)
    if series.startswith("failovers_"):
        book.counts["attempts"] -= 1


@bug(Exchange, "forward")
async def errors_are_failovers(good, exchange, response, key):
    """An error that is passed on is counted as a failover."""
    if response.status >= 400:
        exchange.route.records.count("failovers_rate_limited")
    return await good(exchange, response, key)


@bug(Records, "page")
def states_of_the_beginning(good, book, its_pool, now):
    """The page shows the states that the keys had at the start."""
    return good(book, pool.Pool(its_pool.keys), now)


@bug(Records, "page")
def cooling_keys_are_permanent(good, book, its_pool, now):
    """The page knows two states: valid, and out."""
    page = good(book, its_pool, now)
    counts = dict(line.rsplit(" ", 1) for line in page.splitlines())
    names = book.series()
    out = int(counts[names["keys_temporary"]]) + int(counts[names["keys_permanent"]])
    counts.update({names["keys_temporary"]: 0, names["keys_permanent"]: out})
    return "".join(f"{name} {count}\n" for name, count in counts.items())


@bug(Records, "page")
def labels_are_keys(good, book, its_pool, now):
    """Each key is a label on the metrics page, in clear."""
    lines = [f'key_state{{key="{key}"}} 1\n' for key in its_pool.keys]
    return good(book, its_pool, now) + "".join(lines)


@bug(Exchange, "run")
async def labels_are_targets(good, exchange):
    """Each target is a label on the metrics page, query and all."""
    book, page = exchange.route.records, exchange.route.records.page
    line = f'target{{target="{exchange.path}"}} 1\n'
    book.page = lambda its_pool, now: page(its_pool, now) + line
    return await good(exchange)


@bug(Records, "attempt")
def records_no_refusals(good, book, exchange, key, response):
    """Only the attempt whose answer the client gets is recorded."""
    if response is None or response.status not in REFUSED:
        good(book, exchange, key, response)


@bug(Records, "attempt")
def records_answers_only(good, book, exchange, key, response):
    """An attempt without an answer is not recorded."""
    if response is not None:
        good(book, exchange, key, response)


@bug(Records, "attempt")
def records_the_client(good, book, exchange, key, response):
    """What is recorded is the client's request: the attempt's own key is not in it."""
    good(book, exchange, None, response)


@bug(records, "text_of")
def records_heads_only(good, data):
    """Bodies are not recorded."""
    return ""


@bug(records, "mask")
def masks_nothing(good, text, secrets):
    """Records hold the keys in clear."""
    return text


@bug(records, "mask")
def masks_fields_only(good, text, secrets):
    """Keys are masked in header fields, and nowhere else."""
    lines = text.split("\n")
    is_field = re.compile(r"[A-Za-z-]+: ")
    return "\n".join(good(line, secrets) if is_field.match(line) else line for line in lines)


@bug(records, "mask")
def masks_auth_fields_only(good, text, secrets):
    """Keys are masked in the auth header, and nowhere else."""
    lines = text.split("\n")
    is_auth = re.compile("(authorization|x-api-key): ", re.IGNORECASE)
    return "\n".join(good(line, secrets) if is_auth.match(line) else line for line in lines)


@bug(Records, "secrets")
def masks_the_pools_keys_only(good, book, exchange):
    """A client's own key is recorded in clear."""
    return book.keys


@bug(Records, "access")
def logs_the_first_key(good, book, exchange, status):
    """The access record names the key that was tried first."""
    tried = exchange.tried
    exchange.tried = tried[:1]
    good(book, exchange, status)
    exchange.tried = tried


@bug(Records, "access")
def logs_no_key(good, book, exchange, status):
    """The access record names no key."""
    tried = exchange.tried
    exchange.tried = []
    good(book, exchange, status)
    exchange.tried = tried


@bug(Records, "access")
def logs_no_failures(good, book, exchange, status):
    """A request that fails leaves no access record."""
    if status < 500:
        good(book, exchange, status)


@bug(Records, "access")
def logs_targets_as_they_are(good, book, exchange, status):
    """The access record has the target in clear, keys in its query and all."""
    good(book, exchange, status)
    if book.folder:
        with (book.folder / "access.log").open("a", encoding="utf-8") as log:
            log.write(f"{exchange.path}\n")
