"""Header fields: names compare without case, a field may be repeated."""


def as_list(headers):
    """Fixture headers (a name has a text or a list of texts) as a list of pairs."""
    if isinstance(headers, list):
        return headers
    return [(name, text) for name, value in headers.items()
            for text in (value if isinstance(value, list) else [value])]  # fmt: skip


def find(headers, name):
    """The first field of that name; None if there is none."""
    return next((value for field, value in as_list(headers) if same_name(field, name)), None)


def same_name(a, b):
    return a.lower() == b.lower()


def trimmed(value):
    return value.strip(" \t")
