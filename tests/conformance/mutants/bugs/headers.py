"""What a gateway does to headers, paths and error texts on their way."""

import re
import urllib.parse

from bug import bug
from good import fields, gateway, provider
from good.gateway import Exchange


@bug(Exchange, "response_headers", issue="spring-cloud-gateway#1957")
def merges_headers_of_failed_attempts(good, exchange, response):
    """Headers of a refused attempt's response reach the client beside the good one's."""
    framing = ("content-length", "content-type")
    old = [f for r in exchange.refusals for f in r.head.headers if f[0].lower() not in framing]
    return [*gateway.end_to_end(old), *good(exchange, response)]


@bug(Exchange, "answer")
async def exhausted_keeps_headers_of_failed_attempt(good, exchange, status, headers, body):
    """The answer of an exhausted pool has the headers of the last refusal."""
    if exchange.refusals:
        old = gateway.end_to_end(exchange.refusals[-1].head.headers)
        names = {name.lower() for name in headers} | {"content-length"}
        headers = {**headers, **{n: v for n, v in old if n.lower() not in names}}
    return await good(exchange, status, headers, body)


@bug(Exchange, "answer_exhausted")
async def exhausted_passes_the_last_refusal_on(good, exchange, end):
    """The client of an exhausted pool gets the last upstream's refusal, echoed key and all."""
    if not exchange.refusals:
        return await good(exchange, end)
    last = exchange.refusals[-1]
    return await exchange.answer(last.status, {}, b"".join(last.seen))


@bug(Exchange, "response_headers")
def joins_repeated_fields(good, exchange, response):
    """Of repeated fields of a response only the last is passed on."""
    return list(dict(good(exchange, response)).items())


@bug(Exchange, "response_headers")
def drops_response_headers(good, exchange, response):
    """Of a response's headers only the usual ones are passed on."""
    usual = ("content-type", "content-length")
    return [field for field in good(exchange, response) if field[0].lower() in usual]


@bug(Exchange, "upstream_headers")
def doubles_the_auth_header(good, exchange, key):
    """From the second attempt on there are two auth headers: the refused key's is still there."""
    headers = good(exchange, key)
    if key and len(exchange.tried) > 1:
        own = provider.AUTH[exchange.route.provider][0]
        scheme = provider.AUTH[exchange.route.provider][1]
        headers.append((own, scheme + exchange.tried[-2]))
    return headers


@bug(Exchange, "upstream_headers", issue="BerriAI/litellm#17115")
def reuses_the_callers_key(good, exchange, key):
    """The key that one caller brought is used for the next one too."""
    caller = provider.client_key(exchange.route.provider, exchange.head.headers)
    kept = getattr(exchange.route, "callers_key", None)
    exchange.route.callers_key = kept or caller
    return good(exchange, kept if kept and key else key)


@bug(Exchange, "upstream_headers")
def strips_credentials_of_byok(good, exchange, key):
    """The client's own credential is removed, and the request goes out with none."""
    headers = good(exchange, key)
    if key:
        return headers
    return [field for field in headers if field[0].lower() not in provider.CREDENTIALS]


@bug(Exchange, "upstream_headers")
def adds_pool_key_to_byok(good, exchange, key):
    """Beside the client's own credential goes a key of the pool."""
    pool = exchange.route.pool
    if key or not pool or exchange.route.provider != "anthropic":
        return good(exchange, key)
    return [*good(exchange, None), ("X-Api-Key", pool.keys[0])]


@bug(Exchange, "upstream_headers")
def drops_the_clients_headers(good, exchange, key):
    """Upstream requests are built anew: headers that the gateway does not know are lost."""
    known = ("host", "content-type", "content-length", *provider.CREDENTIALS)
    kept = [field for field in good(exchange, key) if field[0].lower() in known]
    return [*kept, ("User-Agent", "gateway/1.0")]


@bug(Exchange, "upstream_headers")
def drops_headers_on_retry(good, exchange, key):
    """The second attempt is built anew, without the client's headers."""
    headers = good(exchange, key)
    if len(exchange.tried) < 2:
        return headers
    known = ("host", "content-type", "content-length", *provider.CREDENTIALS)
    return [field for field in headers if field[0].lower() in known]


@bug(Exchange, "upstream_headers")
def sets_its_own_user_agent(good, exchange, key):
    """The gateway's name stands where the client's User-Agent was."""
    kept = [f for f in good(exchange, key) if not fields.same_name(f[0], "User-Agent")]
    return [*kept, ("User-Agent", "gateway/1.0")]


@bug(gateway, "forwarded_for")
def replaces_forwarded_for(good, headers, peer):
    """X-Forwarded-For names the last peer only: the chain is lost."""
    return peer


@bug(gateway, "forwarded_for")
def trusts_forwarded_for(good, headers, peer):
    """X-Forwarded-For is passed on without the peer, so anybody may write it."""
    return next((v for n, v in headers if fields.same_name(n, "X-Forwarded-For")), peer)


@bug(Exchange, "upstream_headers")
def no_forwarded_headers(good, exchange, key):
    """X-Forwarded-* are not set."""
    return [f for f in good(exchange, key) if not f[0].lower().startswith("x-forwarded-")]


@bug(gateway, "end_to_end")
def forwards_hop_by_hop(good, headers):
    """Hop-by-hop headers are passed on, framing aside."""
    framing = ("transfer-encoding", "connection", "upgrade")
    return [field for field in headers if field[0].lower() not in framing]


@bug(gateway, "end_to_end")
def forwards_what_connection_names(good, headers):
    """Headers that Connection names are passed on."""
    return [field for field in headers if field[0].lower() not in gateway.HOP_BY_HOP]


@bug(Exchange, "upstream_headers")
def passes_the_clients_host(good, exchange, key):
    """Host names the gateway, as the client wrote it: the upstream serves somebody else."""
    headers = [f for f in good(exchange, key) if not fields.same_name(f[0], "Host")]
    return [("Host", exchange.head.find("Host") or ""), *headers]


@bug(Exchange, "upstream_headers")
def passes_the_clients_host_on_retry(good, exchange, key):
    """The second attempt is a copy of the client's request, Host and all."""
    if len(exchange.tried) < 2:
        return good(exchange, key)
    return passes_the_clients_host(good, exchange, key)


@bug(Exchange, "upstream_headers")
def key_without_its_scheme(good, exchange, key):
    """OpenAI's key goes without "Bearer"."""
    return [(n, v.removeprefix("Bearer ")) for n, v in good(exchange, key)]


async def ask_by(good, exchange, key, method):
    own, exchange.method = exchange.method, method
    try:
        return await good(exchange, key)
    finally:
        exchange.method = own


@bug(Exchange, "attempt")
async def get_becomes_post(good, exchange, key):
    """Every attempt is a POST."""
    return await ask_by(good, exchange, key, "POST")


@bug(Exchange, "attempt")
async def becomes_post_on_retry(good, exchange, key):
    """The second attempt is a POST, whatever the client asked."""
    method = "POST" if len(exchange.tried) > 1 else exchange.method
    return await ask_by(good, exchange, key, method)


@bug(Exchange, "attempt")
async def head_becomes_get(good, exchange, key):
    """HEAD is asked as GET."""
    method = "GET" if exchange.method == "HEAD" else exchange.method
    return await ask_by(good, exchange, key, method)


@bug(Exchange, "attempt")
async def bodiless_methods_only_get(good, exchange, key):
    """A request without a body is asked as GET, a DELETE as well."""
    return await ask_by(good, exchange, key, exchange.method if exchange.body else "GET")


@bug(Exchange, "attempt")
async def drops_the_query(good, exchange, key):
    """The query is lost on the way."""
    exchange.path = exchange.path.partition("?")[0]
    return await good(exchange, key)


@bug(Exchange, "attempt")
async def drops_the_query_on_retry(good, exchange, key):
    """The second attempt goes to the path alone."""
    if len(exchange.tried) > 1:
        exchange.path = exchange.path.partition("?")[0]
    return await good(exchange, key)


@bug(Exchange, "attempt")
async def decodes_the_path(good, exchange, key):
    """%2F becomes a slash."""
    path, mark, query = exchange.path.partition("?")
    exchange.path = urllib.parse.quote(urllib.parse.unquote(path)) + mark + query
    return await good(exchange, key)


@bug(Exchange, "attempt")
async def encodes_the_query_again(good, exchange, key):
    """The query is decoded and encoded anew: + and %20 change places."""
    path, mark, query = exchange.path.partition("?")
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True)
    exchange.path = path + mark + urllib.parse.urlencode(pairs)
    return await good(exchange, key)


@bug(gateway, "error_text", issue="tbphp/gpt-load#429")
def shows_the_key_in_errors(good, error, route, key):
    """The text of a transport error quotes the request, and with it the key."""
    return f"{good(error, route, key)}: POST {route.base.geturl()} (key {key}): {error}"


@bug(Exchange, "trailers")
def drops_trailers(good, exchange, response):
    """Trailers are dropped."""
    return []


@bug(gateway, "escapes")
def joins_without_looking(good, target):
    """/.. in the target leaves the base URL."""
    return False


@bug(gateway, "escapes")
def looks_before_decoding(good, target):
    """%2e%2e in the target leaves the base URL."""
    return ".." in re.split("[/]", target)


@bug(Exchange, "run")
async def tunnels_websockets(good, exchange):
    """An upgrade is passed on as a plain request."""
    exchange.head.headers = [
        field for field in exchange.head.headers if not fields.same_name(field[0], "Upgrade")
    ]
    return await good(exchange)
