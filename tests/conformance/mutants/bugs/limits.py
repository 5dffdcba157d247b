"""Bounds of bodies and of time that a gateway misses, or sets where there should be none."""

from bug import bug
from good import fields, http1
from good.gateway import CLOCK, ClientGone, Exchange, Gateway, TooLarge
from good.upstream import Connection, Connections

FOR_EVER_MS = 30_000
NO_BOUND = 2**40


async def read_with(good, exchange, **changed):
    """Reads the body under other limits."""
    limits = exchange.route.limits
    exchange.route.limits = {**limits, **changed}
    try:
        return await good(exchange)
    finally:
        exchange.route.limits = limits


@bug(Exchange, "read_body")
async def no_body_limit(good, exchange):
    """Bodies of any size are read."""
    return await read_with(good, exchange, max_body_bytes=NO_BOUND)


@bug(Exchange, "read_body")
async def body_limit_by_length_only(good, exchange):
    """The limit of bodies is held to Content-Length: chunks have none."""
    if exchange.head.find("Content-Length") is None:
        return await read_with(good, exchange, max_body_bytes=NO_BOUND)
    return await good(exchange)


@bug(Exchange, "read_body")
async def body_limit_for_the_pool_only(good, exchange):
    """Clients with their own keys send bodies of any size."""
    if fields.find(exchange.head.headers, "Authorization"):
        return await read_with(good, exchange, max_body_bytes=NO_BOUND)
    return await good(exchange)


@bug(Exchange, "read_body")
async def body_limit_one_too_low(good, exchange):
    """A body of exactly the limit is refused."""
    return await read_with(
        good, exchange, max_body_bytes=exchange.route.limits["max_body_bytes"] - 1
    )


@bug(Exchange, "read_body")
async def cuts_bodies_at_the_limit(good, exchange):
    """Of a body over the limit the rest is left out."""
    try:
        return await good(exchange)
    except TooLarge:
        return b"cut"


@bug(Exchange, "read_body")
async def looks_at_the_pool_before_the_body(good, exchange):
    """An exhausted pool answers before anybody has looked at the request."""
    pool = exchange.route.pool
    if pool and all(pool.state(key, CLOCK.now()) != "valid" for key in pool.keys):
        return b""
    return await good(exchange)


@bug(Exchange, "read_body")
async def sends_broken_uploads_on(good, exchange):
    """What has come of a body counts as the body when the client goes away."""
    try:
        return await good(exchange)
    except http1.Broken:
        exchange.client.gone.clear()
        return b"what has come"


@bug(Exchange, "attempt")
async def waits_for_ever_for_heads(good, exchange, key):
    """There is no limit of time for an answer to begin."""
    return await read_with(
        lambda _: good(exchange, key), exchange, response_head_ms=FOR_EVER_MS
    )


@bug(Exchange, "attempt")
async def limits_the_first_attempt_only(good, exchange, key):
    """Only the first attempt's answer must begin in time."""
    if len(exchange.tried) == 1:
        return await good(exchange, key)
    return await waits_for_ever_for_heads(good, exchange, key)


@bug(Exchange, "attempt")
async def waits_for_ever_for_streams(good, exchange, key):
    """A stream may fall silent for ever."""
    return await read_with(lambda _: good(exchange, key), exchange, idle_ms=FOR_EVER_MS)


@bug(Exchange, "forward")
async def half_a_second_for_the_whole_answer(good, exchange, response, key):
    """Answers that take longer than half a second in all are cut off."""
    try:
        return await http1.within(0.5, good(exchange, response, key))
    except TimeoutError:
        return await exchange.break_off(response)


@bug(Gateway, "read_head")
async def waits_for_ever_for_clients(good, gateway, client, limits):
    """A client may take for ever to say what it wants."""
    return await good(gateway, client, {**limits, "client_header_ms": FOR_EVER_MS})


@bug(Gateway, "read_head")
async def waits_once_a_client_has_begun(good, gateway, client, limits):
    """A client that has said anything has all the time to go on."""
    with http1.breaking():
        first = await http1.within(limits["client_header_ms"] / 1000, client.reader.readexactly(1))
    head = await waits_for_ever_for_clients(good, gateway, client, limits)
    head.start = first.decode("latin-1") + head.start
    return head


@bug(Exchange, "read_body")
async def waits_for_ever_for_bodies(good, exchange):
    """A client may take for ever to send its body."""
    return await read_with(good, exchange, idle_ms=FOR_EVER_MS)


@bug(Connections, "discard")
async def big_refusals_fail_the_request(good, connections, connection):
    """A refusal with more than 16 KiB of body fails the request in place of the attempt."""
    async for _ in connection.body():
        if connection.read > 16 * 1024:
            connection.close()
            raise http1.Broken("the refusal is too large")
    connections.give_back(connection)


async def read_http_head(connection):
    head = await http1.read_head(connection.reader)
    if not head.start.startswith("HTTP/1."):
        raise http1.Broken("not an answer")
    return head


@bug(Connection, "read_final_head")
async def interim_is_the_answer(good, connection):
    """An interim response is taken for the answer."""
    return await read_http_head(connection)


@bug(Connection, "read_final_head")
async def one_interim_at_most(good, connection):
    """A second interim response is taken for the answer."""
    head = await read_http_head(connection)
    is_interim = head.start.split(" ")[1].startswith("1")
    return await read_http_head(connection) if is_interim else head


@bug(Exchange, "walk_on")
async def clients_leave_together(good, exchange, walk):
    """When a client goes away all requests of its pool end."""
    here = vars(exchange.route).setdefault("here", set())
    here.add(exchange.client)
    try:
        return await good(exchange, walk)
    except ClientGone:
        for other in here:
            other.gone.set()
        raise
    finally:
        here.discard(exchange.client)


@bug(Exchange, "attempt")
async def busy_pools_answer_502(good, exchange, key):
    """While one attempt waits for its answer all others of its pool fail."""
    if getattr(exchange.route, "busy", False):
        raise http1.Broken("busy")
    exchange.route.busy = True
    try:
        return await good(exchange, key)
    finally:
        exchange.route.busy = False
