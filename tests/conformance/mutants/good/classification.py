"""What a response means for its key, by a policy file (fixtures/policies)."""

from . import cooldown, error_body

SURFACE = {"action": "surface"}


def covers(rule, status):
    for each in rule["status"]:
        first, _, last = str(each).partition("-")
        if int(first) <= status <= int(last or first):
            return True
    return False


def meets_body_conditions(rule, body):
    conditions = ("error_codes", "error_types", "error_reasons", "message_contains")
    if not any(name in rule for name in conditions):
        return True
    said = error_body.facts(body)
    return (
        said["code"] in rule.get("error_codes", [])
        or said["type"] in rule.get("error_types", [])
        or said["reason"] in rule.get("error_reasons", [])
        or any(part in said["message"] for part in rule.get("message_contains", []))
    )


def asked_for(policy, rule, headers, body, received_at):
    """The cooldown by the rule; None: the default."""
    if rule.get("cooldown") == "response":
        return cooldown.find(policy["cooldown"]["sources"], headers, body, received_at)
    return None if rule.get("cooldown") == "default" else rule.get("cooldown")


def capped(policy, asked):
    most = policy["cooldown"].get("max_ms")
    if most is None or (asked or policy["cooldown"]["default_ms"]) <= most:
        return asked
    return most


def classify(policy, status, headers, body, received_at):
    """{"action"} and for temporary "reason" and "cooldown_ms" (None: the default)."""
    for rule in policy["rules"]:
        if covers(rule, status) and meets_body_conditions(rule, body):
            return outcome_of(policy, rule, headers, body, received_at)
    return SURFACE


def outcome_of(policy, rule, headers, body, received_at):
    if rule["action"] != "temporary":
        return {"action": rule["action"]}
    asked = asked_for(policy, rule, headers, body, received_at)
    return {
        "action": "temporary",
        "reason": rule["reason"],
        "cooldown_ms": capped(policy, asked),
    }
