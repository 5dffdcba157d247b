"""Whom a gateway lets in, and where it lets requests go."""

from bug import bug
from good import fields, gateway, provider, records
from good.gateway import Exchange


def has_credential(exchange):
    return any(fields.find(exchange.head.headers, n) for n in ("Authorization", "X-Api-Key"))


def drop_credentials(exchange):
    kept = [f for f in exchange.head.headers if f[0].lower() not in provider.CREDENTIALS]
    exchange.head.headers = kept


@bug(Exchange, "admit")
def token_is_the_clients_own_key(good, exchange):
    """A client token is taken for the client's own key and goes upstream."""
    headers = list(exchange.head.headers)
    admitted = good(exchange)
    exchange.head.headers = headers
    return admitted


@bug(records, "token_of")
def token_in_authorization_only(good, headers, tokens):
    """A client token in X-Api-Key is not seen."""
    return good([f for f in headers if fields.same_name(f[0], "Authorization")], tokens)


@bug(records, "token_of")
def token_in_x_api_key_only(good, headers, tokens):
    """A client token behind "Bearer" is not seen."""
    return good([f for f in headers if fields.same_name(f[0], "X-Api-Key")], tokens)


@bug(records, "token_of")
def only_the_first_token_counts(good, headers, tokens):
    """Of several client tokens only the first opens the pool."""
    return good(headers, tokens[:1])


@bug(Exchange, "admit")
def lets_in_without_credential(good, exchange):
    """Client tokens are asked for, but who brings nothing gets in."""
    return good(exchange) or not has_credential(exchange)


@bug(Exchange, "admit")
def any_credential_opens_the_pool(good, exchange):
    """Where client tokens are asked for any credential counts as one."""
    if exchange.route.tokens and has_credential(exchange):
        drop_credentials(exchange)
        return True
    return good(exchange)


@bug(Exchange, "admit")
def pool_keys_are_tokens(good, exchange):
    """Who knows a key of the pool gets all of the pool."""
    pool = exchange.route.pool
    if pool and records.token_of(exchange.head.headers, pool.keys) is not None:
        drop_credentials(exchange)
        return True
    return good(exchange)


@bug(Exchange, "admit")
def tokens_shut_own_keys_out(good, exchange):
    """Where client tokens are asked for nobody may bring a key."""
    tokens = exchange.route.tokens
    if tokens and records.token_of(exchange.head.headers, tokens) is None:
        return False
    return good(exchange)


@bug(Exchange, "admit")
def own_keys_though_refused(good, exchange):
    """Clients' own keys pass although they are refused."""
    return good(exchange) or provider.is_byok(exchange.route.provider, exchange.head.headers)


@bug(Exchange, "admit")
def own_keys_refused_with_tokens_only(good, exchange):
    """Clients' own keys are refused only where client tokens are asked for."""
    return good(exchange) or (not exchange.route.tokens and has_credential(exchange))


@bug(Exchange, "run")
async def shows_the_token_in_answers(good, exchange):
    """The gateway's own answers name the client by its token."""
    name = fields.find(exchange.head.headers, "Authorization") or "nobody"
    answer = exchange.answer

    async def answer_to(status, headers, body):
        return await answer(status, {**headers, "X-Client": name}, body)

    exchange.answer = answer_to
    return await good(exchange)


@bug(gateway, "leads_elsewhere")
def ignores_the_origin(good, origin, host):
    """Of an absolute target only the path counts, whatever its host."""
    return False


@bug(gateway, "leads_elsewhere")
def passes_user_names(good, origin, host):
    """A user name before the host of an absolute target is not looked at."""
    return not origin.endswith(host) and good(origin, host)


@bug(gateway, "escapes")
def refuses_any_two_dots(good, target):
    """Two dots in a name are taken for a way up."""
    return good(target) or ".." in target
