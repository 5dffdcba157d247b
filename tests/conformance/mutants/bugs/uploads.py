"""What a gateway does wrong that sends a client's body on while it comes."""

from bug import bug
from good import http1
from good.gateway import CLOCK, Exchange, TooLarge
from good.upload import Upload, UploadFailed
from good.upstream import Connection


@bug(Exchange, "begin_upload")
async def stream_waits_for_the_whole_body(good, exchange):
    """The attempt begins once the whole body has come: nothing is streamed."""
    await good(exchange)
    while not exchange.upload.whole and not exchange.upload.failure:
        await exchange.upload.read_on()
    if exchange.upload.failure:
        raise exchange.upload.failure


@bug(Exchange, "begin_walk")
async def stream_own_keys_wait_for_the_body(good, exchange):
    """A client with its own key waits until its whole body has come."""
    if exchange.head.find("Authorization") or exchange.head.find("X-Api-Key"):
        await stream_waits_for_the_whole_body(Exchange.begin_upload, exchange)
    return await good(exchange)


@bug(Upload, "first_byte")
def stream_forgets_what_it_recorded(good, upload):
    """Nothing is kept: the next attempt gets what comes from then on."""
    if not hasattr(upload, "attempted"):
        upload.attempted = True
        return 0
    return len(upload.kept)


@bug(Upload, "first_byte")
def stream_replays_from_the_middle(good, upload):
    """Only the last pieces are kept: the next attempt begins with these."""
    return max(0, len(upload.kept) - 2 * http1.PIECE_BYTES)


@bug(Upload, "first_byte")
def stream_replays_one_refusal_only(good, upload):
    """The recording is given up after the second attempt: a third one begins where that ended."""
    upload.begun = getattr(upload, "begun", 0) + 1
    return len(upload.kept) if upload.begun > 2 else 0


@bug(Exchange, "run_streamed")
async def stream_marks_key_on_client_error(good, exchange):
    """A client's body that fails is taken for the key's fault."""
    try:
        return await good(exchange)
    except Exception:
        if exchange.tried and exchange.tried[-1]:
            exchange.route.pool.mark_temporary(exchange.tried[-1], None, CLOCK.now())
        raise


@bug(Exchange, "attempt")
async def stream_tries_next_key_on_client_error(good, exchange, key):
    """A client's body that fails is sent to the next key, as far as it came."""
    try:
        return await good(exchange, key)
    except UploadFailed:
        later = exchange.route.pool.keys if exchange.route.pool and key else []
        for other in later[later.index(key) + 1 :] if later else []:
            exchange.tried.append(other)
            await good(exchange, other)
        raise


@bug(Exchange, "client_pieces")
async def stream_ends_broken_uploads(good, exchange):
    """A body that breaks off is ended for the upstream as if it were whole."""
    exchange.client.gone.set = lambda: None
    length, read = http1.framing_of(exchange.head, 0), 0
    try:
        async for piece in good(exchange):
            read += len(piece)
            yield piece
    except (http1.Broken, TimeoutError, TooLarge):
        yield bytes(length - read if isinstance(length, int) else 0)


@bug(Exchange, "end_broken_upload")
async def stream_over_the_limit_is_502(good, exchange, reason):
    """A body that grows over the limit is answered as if the upstream had failed."""
    if isinstance(reason, TooLarge):
        await exchange.answer(502, {}, b"upstream proxy error")
        return False
    return await good(exchange, reason)


@bug(Connection, "ask")
async def stream_hears_nobody_while_it_sends(good, connection, method, target, headers, body):
    """An answer is read once the whole body has been sent."""
    await good(connection, method, target, headers, body)
    await connection.sending


@bug(Exchange, "discard")
async def stream_uploads_to_the_end(good, exchange, response, key):
    """A refused upload goes on to its end beside that to the next key."""
    if response.sending.done():
        return await good(exchange, response, key)
    exchange.refusals.append(response)
    exchange.route.records.count("failovers_" + exchange.route.pool.why[key])
    return None


@bug(Exchange, "answer_exhausted")
async def stream_exhaustion_waits_for_the_body(good, exchange, end):
    """That no key is left is said once the client's whole body has come."""
    while exchange.upload and not exchange.upload.whole and not exchange.upload.failure:
        await exchange.upload.read_on()
    return await good(exchange, end)
