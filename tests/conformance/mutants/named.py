"""Which mutants the fixtures name: the member `kills` of cases and vectors."""

import json

import layout
import pairs
import vectors

MOST_NAMES = 3  # of a case: the most telling ones
KEPT_AFTER = ("requires", "provenance", "policies", "clauses", "level")  # where `kills` goes


def files(fixtures):
    """(file, way, list name) of every file whose entries may name mutants."""
    for way, folder in pairs.FOLDERS.items():
        for file in sorted((fixtures / folder).glob("*.json")):
            yield file, way, "cases"
    for file in sorted((fixtures / "vectors").glob("*.json")):
        yield file, "vectors", "vectors"


class Entry:
    """A case or a vector of a fixtures file."""

    def __init__(self, file, way, document, value):
        self.file, self.way, self.value = file, way, value
        self.id = f"{document['function']}/{value['id']}" if way == "vectors" else value["id"]
        self.kills = value.get("kills", [])
        reason = document.get("kills_none") if way == "vectors" else value.get("kills_none")
        self.kills_none = reason
        self.issue = value.get("provenance", {}).get("issue")


def load(fixtures=pairs.FIXTURES):
    entries = []
    for file, way, name in files(fixtures):
        document = json.loads(file.read_text())
        entries += [Entry(file, way, document, value) for value in document[name]]
    return entries


def faults(entries, mutants):
    """What is wrong with the names as they stand, as sentences."""
    wrong = []
    for entry in entries:
        if not entry.kills and not entry.kills_none:
            wrong.append(f"{entry.id}: neither kills nor kills_none")
        wrong += [f"{entry.id}: unknown mutant {n}" for n in entry.kills if n not in mutants]
    named = {name for entry in entries for name in entry.kills}
    wrong += [f"{name}: no case names this mutant" for name in mutants if name not in named]
    return wrong


def choose(entries, killed_by, mutants):
    """{entry id: names}: names that still hold stay; of the others the most telling, those with the
    entry's own issue first; and every mutant once at least."""
    count = {name: sum(name in names for names in killed_by.values()) for name in mutants}
    chosen = {}
    for entry in entries:
        killers = killed_by.get(entry.id, set())
        kept = [name for name in entry.kills if name in killers]
        met = {name for name in killers if entry.issue and mutants[name].issue == entry.issue}
        others = sorted(
            killers - set(kept), key=lambda name: (name not in met, count[name], name)
        )
        telling = [name for name in others if count[name] <= 2 * count[others[0]] + 2]
        chosen[entry.id] = kept or telling[:MOST_NAMES]
    for name in sorted(mutants):
        if any(name in names for names in chosen.values()):
            continue
        at = [entry.id for entry in entries if name in killed_by.get(entry.id, set())]
        if at:
            chosen[min(at, key=lambda entry: len(chosen[entry]))].append(name)
    return chosen


def with_kills(value, names):
    """The entry with `kills` in its place."""
    kept = {k: v for k, v in value.items() if k != "kills" and not (names and k == "kills_none")}
    if not names:
        return kept
    place = max(i for i, member in enumerate(kept) if member in (*KEPT_AFTER, "title"))
    members = list(kept.items())
    return dict([*members[: place + 1], ("kills", sorted(names)), *members[place + 1 :]])


def write(fixtures, chosen):
    """Puts the names into the files; the files that changed."""
    changed = []
    for file, way, name in files(fixtures):
        document = json.loads(file.read_text())
        values = document[name]
        ids = [Entry(file, way, document, value).id for value in values]
        document[name] = [with_kills(v, chosen.get(i, [])) for i, v in zip(ids, values)]
        if layout.write(file, document):
            changed.append(file)
    return changed


def vectors_killed():
    """{vector id: names of the mutants that answer it wrongly}."""
    import bug

    loaded = vectors.load()
    killed_by = {name: set() for name, _, _ in loaded}
    for mutant in bug.MUTANTS:
        with bug.awake(mutant):
            for name in vectors.failed(loaded):
                killed_by[name].add(mutant)
    return killed_by
