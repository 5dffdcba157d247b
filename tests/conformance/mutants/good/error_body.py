"""What an upstream's error body says, in the shapes of OpenAI, Anthropic, Google and Mistral."""

import json


def member(value, name):
    return value.get(name) if isinstance(value, dict) else None


def text_of(value, name):
    found = member(value, name)
    return found if isinstance(found, str) else ""


def code_of(error):
    code = member(error, "code")
    if isinstance(code, int) and not isinstance(code, bool):
        return str(code)
    return text_of(error, "code")


def find_error(body):
    error = member(body, "error")
    if error is not None:
        return error if isinstance(error, dict) else None
    return body if text_of(body, "object") == "error" else None


def facts(body):
    """code, type, reason, message and retry_delay; what is not told is empty."""
    said = dict.fromkeys(("code", "type", "reason", "message", "retry_delay"), "")
    try:
        error = find_error(json.loads(body or "null"))
    except ValueError:
        error = None
    if error is None:
        return said
    details = member(error, "details")
    said["message"] = text_of(error, "message")
    said["type"] = text_of(error, "type") or text_of(error, "status")
    said["code"] = text_of(details, "error_code") or code_of(error)
    for detail in details if isinstance(details, list) else []:
        said["reason"] = said["reason"] or text_of(detail, "reason")
        said["retry_delay"] = said["retry_delay"] or text_of(detail, "retryDelay")
    return said
