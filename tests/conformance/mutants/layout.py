"""JSON as the fixtures are laid out: what fits into 100 columns stands on one line."""

import json

COLUMNS = 100
DEPTH_OF_A_LINE = 4


def depth(value):
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    return 0


def fits(value, used):
    flat = json.dumps(value, ensure_ascii=False)
    return used + len(flat) <= COLUMNS and depth(value) <= DEPTH_OF_A_LINE


def text_of(value, indent=0, before=0):
    """`before`: what stands on the line beside the indentation, a comma after it counted."""
    if not isinstance(value, (dict, list)) or not value:
        return json.dumps(value, ensure_ascii=False)
    if indent and fits(value, indent + before):
        return json.dumps(value, ensure_ascii=False)
    pad = " " * (indent + 2)
    if isinstance(value, dict):
        names = [json.dumps(name, ensure_ascii=False) for name in value]
        heads, ends = [(name + ": ", part) for name, part in zip(names, value.values())], "{}"
    else:
        heads, ends = [("", part) for part in value], "[]"
    lines = [pad + head + text_of(part, indent + 2, 1 + len(head)) for head, part in heads]
    return ends[0] + "\n" + ",\n".join(lines) + "\n" + " " * indent + ends[1]


def write(path, value):
    """Writes the file if that changes it; whether it did."""
    text = text_of(value) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True
