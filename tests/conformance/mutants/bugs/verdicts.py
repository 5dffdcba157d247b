"""What a response means for its key."""

from bug import bug
from good import classification, error_body, pool

PERMANENT = {"action": "permanent"}


def cooling(cooldown_ms=None, reason="rate_limited"):
    return {"action": "temporary", "reason": reason, "cooldown_ms": cooldown_ms}


@bug(pool.Pool, "refused", issue="BerriAI/litellm#36896")
def cools_pool_on_404(good, pool, key, answer, now, received_at):
    """A 404, say for a model that does not exist, cools every key."""
    if answer["status"] == 404:
        for each in pool.keys:
            pool.mark_temporary(each, 5000, now)
        return True
    return good(pool, key, answer, now, received_at)


@bug(pool.Pool, "refused")
def only_the_first_fails_over(good, pool, key, answer, now, received_at):
    """A refusal of a key that another request has marked already is passed on."""
    return pool.state(key, now) == "valid" and good(pool, key, answer, now, received_at)


@bug(classification, "classify", issue="tbphp/gpt-load#170")
def disables_on_400(good, policy, status, headers, body, received_at):
    """A prompt that is too long takes the key out."""
    return PERMANENT if status == 400 else good(policy, status, headers, body, received_at)


@bug(classification, "classify", issue="coder/coder#27419")
def bans_on_403(good, policy, status, headers, body, received_at):
    """A 403 about the request takes a good key out."""
    return PERMANENT if status == 403 else good(policy, status, headers, body, received_at)


@bug(classification, "classify", issue="coder/coder#26033")
def permanent_on_401(good, policy, status, headers, body, received_at):
    """A transient 401 takes the key out until restart."""
    return PERMANENT if status == 401 else good(policy, status, headers, body, received_at)


@bug(classification, "asked_for")
def honours_retry_after_of_401(good, policy, rule, headers, body, received_at):
    """The Retry-After of a 401 sets the cooldown."""
    return good(policy, {**rule, "cooldown": "response"}, headers, body, received_at)


@bug(classification, "classify")
def cools_on_401(good, policy, status, headers, body, received_at):
    """A wrong key only cools, and is tried once a minute for ever."""
    if status == 401:
        return cooling(None, "unauthorized")
    return good(policy, status, headers, body, received_at)


@bug(classification, "classify")
def passes_403_on(good, policy, status, headers, body, received_at):
    """A key without permission stays in use."""
    if status == 403:
        return classification.SURFACE
    return good(policy, status, headers, body, received_at)


@bug(classification, "classify")
def passes_401_on(good, policy, status, headers, body, received_at):
    """A wrong key is the client's to see: no failover on 401."""
    if status == 401:
        return classification.SURFACE
    return good(policy, status, headers, body, received_at)


@bug(pool.Pool, "refused")
def fails_over_on_5xx(good, pool, key, answer, now, received_at):
    """A 5xx goes to the next key as if the key were to blame."""
    if 500 <= answer["status"] <= 599 and answer["status"] != 529:
        return True
    return good(pool, key, answer, now, received_at)


@bug(classification, "classify")
def cools_on_5xx(good, policy, status, headers, body, received_at):
    """A 5xx cools the key."""
    if 500 <= status <= 528:
        return cooling(classification.cooldown.find(["retry-after"], headers, body, received_at))
    return good(policy, status, headers, body, received_at)


@bug(classification, "classify")
def cools_on_529(good, policy, status, headers, body, received_at):
    """An overloaded upstream is left key by key."""
    return cooling() if status == 529 else good(policy, status, headers, body, received_at)


@bug(classification, "classify")
def cools_on_408(good, policy, status, headers, body, received_at):
    """Time-outs and conflicts of a request cool its key."""
    if status in (408, 409, 413, 422, 425):
        return cooling()
    return good(policy, status, headers, body, received_at)


@bug(classification, "classify")
def disables_on_402(good, policy, status, headers, body, received_at):
    """Every 402 takes the key out, also where the policy has no rule for it."""
    return PERMANENT if status == 402 else good(policy, status, headers, body, received_at)


@bug(classification, "classify")
def any_retry_after_cools(good, policy, status, headers, body, received_at):
    """A Retry-After cools the key, whatever the status."""
    asked = classification.cooldown.find(["retry-after"], headers, body, received_at)
    if asked and status not in (401, 403, 429):
        return cooling(asked)
    return good(policy, status, headers, body, received_at)


@bug(classification, "classify")
def fails_over_on_redirects(good, policy, status, headers, body, received_at):
    """Only 2xx counts as an answer: a redirect cools the key."""
    return cooling() if 300 <= status <= 399 else good(policy, status, headers, body, received_at)


@bug(classification, "classify")
def retries_204(good, policy, status, headers, body, received_at):
    """Only 200 counts as success."""
    if 200 < status <= 299:
        return cooling(1)
    return good(policy, status, headers, body, received_at)


@bug(classification, "classify")
def quota_is_a_rate_limit(good, policy, status, headers, body, received_at):
    """A key without quota is tried again and again: the body is not read."""
    return good(policy, status, headers, "", received_at)


@bug(classification, "meets_body_conditions")
def conditions_always_hold(good, rule, body):
    """Body rules are applied without looking at the body: every 429 is a spent quota."""
    return True


@bug(classification, "meets_body_conditions")
def all_conditions_needed(good, rule, body):
    """A rule's conditions are joined by "and"."""
    said = error_body.facts(body)
    parts = rule.get("message_contains")
    return (
        said["code"] in rule.get("error_codes", [said["code"]])
        and said["type"] in rule.get("error_types", [said["type"]])
        and said["reason"] in rule.get("error_reasons", [said["reason"]])
        and (parts is None or any(part in said["message"] for part in parts))
    )


@bug(error_body, "facts")
def searches_the_text(good, body):
    """Error codes are searched for in the whole body, so a message that quotes one counts."""
    said = good(body)
    for code in ("insufficient_quota", "API_KEY_INVALID"):
        if code in (body or ""):
            said["code"] = said["reason"] = code
    return said


@bug(error_body, "find_error")
def openai_shape_only(good, body):
    """Only OpenAI's error shape is read: details of others are lost."""
    error = good(body)
    return {k: v for k, v in error.items() if k != "details"} if error else error


@bug(classification, "capped", issue="router-for-me/CLIProxyAPI#5758")
def believes_huge_hints(good, policy, asked):
    """There is no maximum: one huge hint blocks a key for days."""
    return asked


@bug(classification, "capped")
def cap_replaces_cooldown(good, policy, asked):
    """The maximum is taken for the cooldown."""
    return policy["cooldown"].get("max_ms", asked)
