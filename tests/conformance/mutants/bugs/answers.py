"""What an exhausted pool answers, what is injected, what is shown."""

import math

import keypool
from bug import bug
from good import fields, hint, pool, provider


@bug(provider, "retry_after", issue="BerriAI/litellm#27823")
def no_retry_after(good, retry_after_ms):
    """The answer of an exhausted pool has no Retry-After."""
    return 0


@bug(provider, "retry_after", note="SDKs obey up to 60 s and retry at once beyond")
def answers_one_second_more(good, retry_after_ms):
    """A 60 s cooldown is answered as 61, which makes SDKs hammer."""
    return good(retry_after_ms) and good(retry_after_ms) + 1


@bug(provider, "retry_after")
def rounds_retry_after_down(good, retry_after_ms):
    """Retry-After is rounded down, so clients come back too early."""
    return math.floor(retry_after_ms / 1000)


@bug(provider, "retry_after")
def answers_at_least_one_second(good, retry_after_ms):
    """A key that is valid again is answered with a Retry-After all the same."""
    return max(1, good(retry_after_ms))


@bug(provider, "retry_after")
def answers_milliseconds(good, retry_after_ms):
    """Retry-After is given in milliseconds."""
    return math.ceil(retry_after_ms)


@bug(pool.Pool, "exhausted")
def answers_the_longest(good, pool, now):
    """Retry-After is the longest cooldown in place of the soonest."""
    end = good(pool, now)
    if end.retry_after_ms:
        end.retry_after_ms = max(pool.deadline.values()) - now
    return end


@bug(pool.Pool, "exhausted")
def answers_the_last_cooldown(good, pool, now):
    """Retry-After is the last key's cooldown, not the soonest of the pool."""
    end = good(pool, now)
    cooling = [key for key in pool.keys if pool.state(key, now) == "temporary"]
    if end.retry_after_ms and cooling:
        end.retry_after_ms = pool.deadline[cooling[-1]] - now
    return end


@bug(pool.Pool, "exhausted")
def answers_the_default(good, pool, now):
    """Retry-After is the default cooldown, whatever is left."""
    end = good(pool, now)
    if end.retry_after_ms:
        end.retry_after_ms = keypool.DEFAULT_COOLDOWN_MS
    return end


@bug(pool.Pool, "exhausted")
def recovered_is_permanent(good, pool, now):
    """A pool whose key has just recovered is called permanently out."""
    end = good(pool, now)
    if not end.retry_after_ms:
        end.kind = "permanent"
    return end


@bug(pool.Pool, "exhausted")
def one_permanent_is_permanent(good, pool, now):
    """One key that is out for good makes the answer permanent, although others only cool."""
    end = good(pool, now)
    if pool.dead:
        end.kind, end.retry_after_ms = "permanent", 0
    return end


@bug(pool.Pool, "exhausted")
def always_rate_limited(good, pool, now):
    """Wrong keys are answered as a rate limit: clients retry for ever."""
    end = good(pool, now)
    end.kind = "rate_limited"
    return end


@bug(pool.Pool, "exhausted")
def any_unauthorized_wins(good, pool, now):
    """One key that cools because of a 401 makes a rate limit unauthorized."""
    end = good(pool, now)
    reasons = {pool.reason(key, now) for key in pool.keys}
    if end.retry_after_ms and "unauthorized" in reasons:
        end.kind = "unauthorized"
    return end


@bug(pool.Pool, "exhausted")
def permanent_counts_against_unauthorized(good, pool, now):
    """Keys out for good make an unauthorized pool rate-limited."""
    end = good(pool, now)
    if pool.dead and end.kind == "unauthorized":
        end.kind = "rate_limited"
    return end


@bug(provider, "exhausted_answer")
def answers_503(good, name, policy, kind, retry_after_ms):
    """An exhausted pool answers 503, which SDKs retry at once."""
    answer = good(name, policy, kind, retry_after_ms)
    return answer and {**answer, "status": 503}


@bug(provider, "exhausted_answer")
def permanent_answers_401(good, name, policy, kind, retry_after_ms):
    """Wrong keys of the operator are answered to the client as its own."""
    answer = good(name, policy, kind, retry_after_ms)
    return {**answer, "status": 401} if answer and answer["status"] == 502 else answer


@bug(provider, "exhausted_answer")
def unauthorized_tells_retry_after(good, name, policy, kind, retry_after_ms):
    """Wrong keys that cool are answered with a Retry-After."""
    answer = good(name, policy, kind, retry_after_ms)
    if answer and provider.retry_after(retry_after_ms):
        answer["headers"]["Retry-After"] = str(provider.retry_after(retry_after_ms))
    return answer


@bug(provider, "error_json")
def one_shape_for_all(good, name, rate_limited, message):
    """Every provider's clients get OpenAI's error shape."""
    return good("openai", rate_limited, message)


@bug(provider, "error_json")
def error_is_a_text(good, name, rate_limited, message):
    """The error is a text where SDKs expect an object."""
    return {"error": message}


@bug(provider, "exhausted_answer")
def content_type_is_text(good, name, policy, kind, retry_after_ms):
    """The answer of an exhausted pool does not say that it is JSON."""
    answer = good(name, policy, kind, retry_after_ms)
    if answer:
        answer["headers"]["Content-Type"] = "text/plain"
    return answer


@bug(provider, "is_byok")
def byok_by_own_header_only(good, name, headers):
    """Anthropic: a client's Authorization is not seen as its own key."""
    if name == "anthropic":
        return fields.find(headers, "X-Api-Key") is not None
    return good(name, headers)


@bug(provider, "is_byok")
def byok_by_any_credential(good, name, headers):
    """Any credential header is taken for the client's own key, also another provider's."""
    return good(name, headers) or any(fields.find(headers, n) for n in provider.CREDENTIALS)


@bug(provider, "is_byok")
def byok_needs_bearer(good, name, headers):
    """A client's own key is seen only behind "Bearer"."""
    value = fields.find(headers, "Authorization")
    return good(name, headers) and (value is None or value.startswith("Bearer "))


@bug(provider, "is_byok")
def byok_by_exact_name(good, name, headers):
    """Header names are compared with case."""
    names = {field for field, _ in fields.as_list(headers)}
    return good(name, headers) and (name == "copilot" or bool(names & set(provider.BYOK[name])))


@bug(provider, "is_byok")
def fails_over_byok(good, name, headers):
    """A request with the client's own key walks the pool."""
    return name == "copilot" and good(name, headers)


@bug(provider, "inject")
def adds_a_second_auth(good, name, headers, key):
    """The key is added to the credential that is there."""
    return [*fields.as_list(headers), *good(name, [], key)]


@bug(provider, "inject")
def leaks_other_credentials(good, name, headers, key):
    """Only the provider's own auth header is replaced: the client's others reach the upstream."""
    own = provider.AUTH[name][0]
    kept = [field for field in fields.as_list(headers) if not fields.same_name(field[0], own)]
    return [*kept, *good(name, [], key)]


@bug(provider, "inject")
def always_bearer(good, name, headers, key):
    """Every provider gets the key as a bearer token."""
    return good("openai", headers, key)


@bug(provider, "inject")
def drops_other_headers(good, name, headers, key):
    """Attempts carry the auth header alone: version and organization headers are lost."""
    return good(name, [], key)


@bug(hint, "shown")
def shows_short_keys(good, length):
    """The hint shows four characters at each end, all of a short key."""
    return min(4, length // 2)


@bug(hint, "shown")
def hint_bounds_off_by_one(good, length):
    """The bounds of the hint are one too high."""
    return good(length - 1)


@bug(hint, "mask")
def shows_the_beginning(good, key):
    """The hint is the first eight characters."""
    return key[:8] + "..."
