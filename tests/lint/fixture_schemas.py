"""Every file under fixtures/, every example of the mock and every world of sim/ is valid against
the JSON Schema that it names.

A file names its schema in `$schema`, a path relative to itself (fixtures/README.md). The schemas
themselves are valid, of dialect 2020-12. Files under fixtures/invalid/ are wrong on purpose: their
schema must refuse them.
"""

import json
from pathlib import Path, PurePosixPath

from source_text import Finding, files

try:
    import jsonschema
except ImportError:
    jsonschema = None

RULE = "schema"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


class Unavailable(Exception):
    """The check cannot run here."""


def pointer(path):
    return "".join("/" + str(p).replace("~", "~0").replace("/", "~1") for p in path) or "/"


def reject_duplicates(pairs):
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"repeated key {name!r}")
    return dict(pairs)


def load(root, path):
    """(value, None) or (None, Finding)."""
    try:
        text = (Path(root) / path).read_text(encoding="utf-8")
        return json.loads(text, object_pairs_hook=reject_duplicates), None
    except json.JSONDecodeError as error:
        return None, Finding(path, error.lineno, RULE, f"not JSON: {error.msg}")
    except ValueError as error:
        return None, Finding(path, 1, RULE, str(error))


def load_schemas(root):
    """({path: validator}, findings) of fixtures/schema/."""
    validators, findings = {}, []
    for path in files(root, {".json"}, under="fixtures/schema"):
        schema, problem = load(root, path)
        if problem:
            findings.append(problem)
        elif schema.get("$schema") != DIALECT:
            findings.append(Finding(path, 1, RULE, f'"$schema" must be {DIALECT}'))
        else:
            try:
                jsonschema.Draft202012Validator.check_schema(schema)
                validators[path] = jsonschema.Draft202012Validator(schema)
            except jsonschema.SchemaError as error:
                findings.append(Finding(path, 1, RULE,
                                        f"{pointer(error.absolute_path)}: {error.message}"))
    return validators, findings


def schema_of(path, value):
    """The path of the schema that the file names, or None."""
    name = value.get("$schema") if isinstance(value, dict) else None
    if not isinstance(name, str):
        return None
    parts = []
    for part in (PurePosixPath(path).parent / name).parts:
        if part == ".." and parts:
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def problems_of(path, value, validators):
    """[(pointer, message)] of a file; a missing schema is one."""
    schema = schema_of(path, value)
    if schema not in validators:
        return [("/$schema", f"must name a schema of fixtures/schema/, not {schema}")]
    errors = sorted(validators[schema].iter_errors(value), key=lambda e: list(map(str, e.path)))
    return [(pointer(e.absolute_path), e.message[:300]) for e in errors]


def check(root):
    if jsonschema is None or not hasattr(jsonschema, "Draft202012Validator"):
        raise Unavailable("python3-jsonschema 4 or newer is not installed")
    validators, findings = load_schemas(root)
    yield from findings
    checked = 0
    examples = files(root, {".json"}, under="mockupstream/examples")
    examples += files(root, {".json"}, under="sim/worlds")
    examples += [path for path in files(root, {".json"}, under="conformance/implementations")
                 if path.endswith("/policy.json")]
    for path in files(root, {".json"}, under="fixtures") + examples:
        if path.startswith("fixtures/schema/"):
            continue
        is_wrong_on_purpose = path.startswith("fixtures/invalid/")
        value, problem = load(root, path)
        if problem:
            if not is_wrong_on_purpose:
                yield problem
            continue
        checked += 1
        problems = problems_of(path, value, validators)
        if is_wrong_on_purpose and not problems:
            yield Finding(path, 1, RULE, "its schema accepts it, yet it is wrong on purpose")
        if not is_wrong_on_purpose:
            for where, message in problems:
                yield Finding(path, 1, RULE, f"{where}: {message}")
    if checked == 0:
        yield Finding("fixtures", 1, RULE, "no file to check")
