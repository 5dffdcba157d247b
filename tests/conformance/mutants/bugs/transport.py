"""What a gateway does with bodies, streams, broken connections and clients that leave."""

import asyncio
import json
import zlib

from bug import bug
from good import http1
from good.gateway import CLOCK, Client, ClientGone, Exchange
from good.upstream import Connection, Connections

FAILURES = (OSError, http1.Broken)


@bug(Exchange, "attempt", issue="spring-cloud-gateway#580")
async def body_gone_on_retry(good, exchange, key):
    """The body is a stream that the first attempt has read: the second one sends none."""
    if len(exchange.tried) > 1:
        exchange.body = b""
    return await good(exchange, key)


@bug(Exchange, "attempt")
async def body_gone_on_third_attempt(good, exchange, key):
    """The body is copied once: the third attempt sends none."""
    if len(exchange.tried) > 2:
        exchange.body = b""
    return await good(exchange, key)


@bug(Exchange, "attempt")
async def body_cut_at_64_kib_on_retry(good, exchange, key):
    """Only a buffer's worth of the body is kept for the next attempt."""
    if len(exchange.tried) > 1:
        exchange.body = exchange.body[:65535]
    return await good(exchange, key)


@bug(Exchange, "read_body")
async def body_cut_at_1_mib(good, exchange):
    """A body is read up to a limit, and the rest is left out without a word."""
    return (await good(exchange))[: 2**20]


@bug(Exchange, "read_body")
async def chunked_body_unread(good, exchange):
    """A body without Content-Length counts as none."""
    body = await good(exchange)
    return body if exchange.head.find("Content-Length") is not None else b""


@bug(Exchange, "read_body")
async def body_written_anew(good, exchange):
    """A JSON body is parsed and written anew: spaces and escapes change."""
    body = await good(exchange)
    try:
        return json.dumps(json.loads(body)).encode()
    except ValueError:
        return body


@bug(Exchange, "read_body")
async def body_is_text(good, exchange):
    """The body is handled as text: what is not UTF-8 is replaced."""
    return (await good(exchange)).decode(errors="replace").encode()


@bug(Exchange, "read_body")
async def empty_body_becomes_json(good, exchange):
    """An empty body becomes {}."""
    return await good(exchange) or b"{}"


@bug(Exchange, "upstream_headers")
def length_of_first_body(good, exchange, key):
    """Content-Length and Transfer-Encoding of the client are passed on with a body read whole."""
    headers = good(exchange, key)
    if exchange.head.has_token("Transfer-Encoding", "chunked"):
        headers = [field for field in headers if field[0] != "Content-Length"]
    return headers


@bug(Exchange, "answer_failed")
async def fails_over_on_transport_errors(good, exchange, error, key):
    """A broken connection is taken for the key's fault: the next key is tried."""
    later = [] if key is None else exchange.route.pool.keys
    for other in later[later.index(key) + 1 :] if later else []:
        exchange.tried.append(other)
        try:
            return await exchange.forward(await exchange.attempt(other), other)
        except FAILURES:
            continue
    return await good(exchange, error, key)


@bug(Exchange, "answer_failed")
async def cools_on_transport_errors(good, exchange, error, key):
    """A broken connection cools the key."""
    if key:
        exchange.route.pool.mark_temporary(key, None, CLOCK.now())
    return await good(exchange, error, key)


@bug(Exchange, "attempt")
async def retries_transport_errors(good, exchange, key):
    """A broken connection is tried again with the same key."""
    try:
        return await good(exchange, key)
    except FAILURES:
        return await good(exchange, key)


@bug(Exchange, "answer_failed")
async def drops_the_client_on_transport_errors(good, exchange, error, key):
    """When the upstream breaks the client gets no answer at all."""
    return False


@bug(Exchange, "answer_failed")
async def transport_errors_are_500(good, exchange, error, key):
    """A broken connection ends in an unhandled exception: 500."""
    return await exchange.answer(500, {}, b"internal error")


@bug(Exchange, "break_off")
async def fails_over_mid_stream(good, exchange, response):
    """A response that breaks off goes on with the next key's answer from its beginning."""
    keys = exchange.route.pool.keys if exchange.route.pool else []
    for key in keys[keys.index(exchange.tried[-1]) + 1 :]:
        other = await exchange.attempt(key)
        pieces = [piece async for piece in other.body()]
        other.close()
        if not isinstance(response.framing, int):
            pieces = [*map(http1.format_chunk, pieces), http1.format_last_chunk([])]
        await exchange.client.write(b"".join(pieces))
        break
    return await good(exchange, response)


@bug(Exchange, "break_off")
async def broken_body_looks_whole(good, exchange, response):
    """A response that breaks off is ended as if it were whole."""
    exchange.client.writer.write(b"0\r\n\r\n")
    return await good(exchange, response)


@bug(Exchange, "break_off")
async def fills_broken_bodies_up(good, exchange, response):
    """A response that breaks off is filled up to its length."""
    if isinstance(response.framing, int):
        exchange.client.writer.write(bytes(response.framing))
    return await good(exchange, response)


@bug(Exchange, "forward")
async def buffers_responses(good, exchange, response, key):
    """A response is read whole before its first byte is passed on."""
    try:
        response.read_ahead = [piece async for piece in response.body()]
    except http1.Broken as error:
        return await exchange.answer_failed(error, key)
    return await good(exchange, response, key)


@bug(Exchange, "forward")
async def parses_events(good, exchange, response, key):
    """A stream is parsed and written anew: the names of events are lost."""
    if "event-stream" in (response.head.find("Content-Type") or ""):
        response.read_ahead = [piece async for piece in response.body()]
        text = b"".join(response.read_ahead).split(b"\n")
        lines = [line for line in text if not line.startswith(b"event:")]
        response.read_ahead = [b"\n".join(lines)]
    return await good(exchange, response, key)


@bug(Exchange, "is_refused", issue="openclaw#97314")
async def streaming_never_rotates(good, exchange, response, key):
    """A refused stream is passed on: rotation is built into the other code path only."""
    if b'"stream":true' in exchange.body.replace(b" ", b""):
        return False
    return await good(exchange, response, key)


@bug(Exchange, "forward", issue="cherry-studio-app#1066")
async def cools_on_stream_errors(good, exchange, response, key):
    """An error event inside a 200 stream takes the key out, and the stream is not its fault."""
    seen, rest = [], response.rest

    async def watched():
        async for piece in rest:
            seen.append(piece)
            yield piece

    response.rest = watched()
    reusable = await good(exchange, response, key)
    if key and b"event: error" in b"".join(seen):
        exchange.route.pool.mark_temporary(key, None, CLOCK.now())
    return reusable


@bug(Exchange, "forward")
async def hides_stream_errors(good, exchange, response, key):
    """A stream is cut at an error event, so that it looks as if it had ended well."""
    if "event-stream" in (response.head.find("Content-Type") or ""):
        whole = b"".join([piece async for piece in response.body()])
        response.read_ahead = [whole.partition(b"event: error")[0]]
    return await good(exchange, response, key)


@bug(Exchange, "forward")
async def compresses_responses(good, exchange, response, key):
    """Responses are compressed whether the client asked for it or not."""
    whole = b"".join([piece async for piece in response.body()])
    response.read_ahead, response.framing = [zlib.compress(whole)], http1.CHUNKED
    drop = ("content-length", "content-encoding")
    response.head.headers = [f for f in response.head.headers if f[0].lower() not in drop]
    response.head.headers.append(("Content-Encoding", "deflate"))
    return await good(exchange, response, key)


@bug(Exchange, "forward")
async def cuts_responses_at_64_kib(good, exchange, response, key):
    """Of a response only the first buffer's worth is passed on."""
    whole = b"".join([piece async for piece in response.body()])
    response.read_ahead, response.framing = [whole[:65536]], http1.CHUNKED
    response.head.headers = [f for f in response.head.headers if f[0].lower() != "content-length"]
    return await good(exchange, response, key)


@bug(Exchange, "forward")
async def wraps_errors(good, exchange, response, key):
    """An upstream's error is wrapped into the gateway's own."""
    if response.status < 400:
        return await good(exchange, response, key)
    body = json.dumps({"error": f"upstream answered {response.status}"}).encode()
    await exchange.route.connections.discard(response)
    return await exchange.answer(response.status, {"Content-Type": "application/json"}, body)


@bug(Exchange, "forward")
async def errors_become_502(good, exchange, response, key):
    """Every error of the upstream is answered as 502."""
    if response.status < 500:
        return await good(exchange, response, key)
    await exchange.route.connections.discard(response)
    return await exchange.answer(502, {}, b"bad gateway")


@bug(Exchange, "forward")
async def no_content_gets_a_body(good, exchange, response, key):
    """A 204 is passed on with a body."""
    if response.status != 204:
        return await good(exchange, response, key)
    return await exchange.answer(200, {"Content-Type": "application/json"}, b"{}")


@bug(Connections, "discard")
async def drains_without_end(good, connections, connection):
    """A discarded body is read to its end before the next key is tried, however long it takes."""
    try:
        async for _ in connection.body():
            pass
    except http1.Broken:
        pass
    connection.close()


@bug(Connections, "discard")
async def broken_drain_fails_the_request(good, connections, connection):
    """A discarded body that breaks off fails the request in place of the attempt."""
    try:
        async for _ in connection.body():
            if len(connection.seen) > 9:
                break
    except http1.Broken:
        raise ClientGone from None
    connection.close()


@bug(Connections, "discard")
async def leaves_the_rest_unread(good, connections, connection):
    """A connection is used again with the rest of a discarded body still on it."""
    connections.idle.append(connection)


@bug(Connection, "ask")
async def early_answer_is_an_error(good, connection, method, target, headers, body):
    """An answer before the body was sent counts as a broken connection."""
    await good(connection, method, target, headers, body)
    if not connection.sending.done():
        raise http1.Broken("answered before the request was sent")


@bug(Connection, "read_final_head")
async def impatient(good, connection):
    """An answer must begin within a tenth of a second."""
    return await http1.within(0.1, good(connection))


@bug(Exchange, "attempt")
async def one_attempt_at_a_time(good, exchange, key):
    """Upstream calls wait for each other, so that one slow key holds up all requests."""
    while getattr(exchange.route, "busy", False):
        await asyncio.sleep(0.01)
    exchange.route.busy = True
    try:
        return await good(exchange, key)
    finally:
        exchange.route.busy = False


@bug(Connection, "is_quiet")
async def reads_leftovers_as_the_answer(good, connection):
    """A kept connection is used as it is: what came after the last answer is the next one's."""
    return True


@bug(Client, "while_there")
async def goes_on_without_the_client(good, client, work):
    """When the client has gone the attempts go on, key by key."""
    return await work


@bug(Exchange, "attempt", issue="BenedictKing/ccx#292")
async def blames_client_abort(good, exchange, key):
    """A client that goes away counts as a failure of the key."""
    try:
        return await good(exchange, key)
    except asyncio.CancelledError:
        if key:
            exchange.route.pool.mark_temporary(key, None, CLOCK.now())
        raise


@bug(Connections, "take")
async def connects_each_time(good, connections):
    """Every attempt opens a connection of its own."""
    while connections.idle:
        connections.idle.pop().close()
    return await good(connections)
