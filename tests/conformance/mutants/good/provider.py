"""What differs between providers: auth header, BYOK rule, the exhausted pool's answer."""

import math

from . import fields

AUTH = {"openai": ("Authorization", "Bearer "), "anthropic": ("X-Api-Key", "")}
BYOK = {"openai": ("Authorization",), "anthropic": ("X-Api-Key", "Authorization")}
CREDENTIALS = ("authorization", "x-api-key", "api-key", "x-goog-api-key", "proxy-authorization")
RATE_LIMITED = "all configured keys are rate-limited (retry after {}s)"
UNAUTHORIZED = "all configured keys failed authentication"


def is_byok(provider, headers):
    """Does a request with these headers bring its own key?"""
    if provider not in BYOK:
        return True
    return any(fields.trimmed(fields.find(headers, name) or "") for name in BYOK[provider])


def client_key(provider, headers):
    """The key that the client brings, without the scheme; "" if it brings none."""
    for name in BYOK.get(provider, ("Authorization",)):
        if value := fields.trimmed(fields.find(headers, name) or ""):
            return value.removeprefix("Bearer ")
    return ""


def inject(provider, headers, key):
    """The fields of an attempt: this key's, and no other credential."""
    name, scheme = AUTH[provider]
    kept = [field for field in fields.as_list(headers) if field[0].lower() not in CREDENTIALS]
    return [*kept, (name, scheme + key)]


def retry_after(retry_after_ms):
    """Whole seconds, rounded up; 0: not to be told."""
    return math.ceil(retry_after_ms / 1000) if retry_after_ms > 0 else 0


def error_json(provider, rate_limited, message):
    kind = "rate_limit_error" if rate_limited else "api_error"
    if provider == "anthropic":
        return {"type": "error", "error": {"type": kind, "message": message}}
    code = "rate_limit_exceeded" if rate_limited else "server_error"
    return {"error": {"message": message, "type": kind, "code": code}}


def exhausted_answer(provider, policy, kind, retry_after_ms):
    """{"status", "headers", "json"}; None if the provider has no such answer."""
    if provider not in AUTH:
        return None
    rate_limited = policy["exhausted"][kind] == "rate_limited"
    wait = retry_after(retry_after_ms)
    headers = {"Content-Type": "application/json"}
    if rate_limited and wait:
        headers["Retry-After"] = str(wait)
    message = RATE_LIMITED.format(wait) if rate_limited else UNAUTHORIZED
    return {
        "status": 429 if rate_limited else 502,
        "headers": headers,
        "json": error_json(provider, rate_limited, message),
    }
