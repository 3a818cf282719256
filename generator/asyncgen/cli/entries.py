"""What `explain` says of a callable."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncgen.config import Config
    from asyncgen.plan import Entry, Result
    from asyncgen.surface import StubFunction


def called(entries: Sequence[Entry], name: str) -> list[Entry]:
    """The callables of that name, or dotted end of one; else with a twin of that name; else of a
    class of that name; else the one that stands at `path:line`."""
    path, _, line = name.rpartition(":")
    if path and line.isdigit():
        return _standing_at(entries, path, int(line))
    for names in (_names, _twin_names, _class_names):
        found = [each for each in entries if any(_ends(full, name) for full in names(each))]
        if found:
            return found
    return []


def near_entry(entries: Sequence[Entry], name: str) -> str:
    """`did you mean …?`, of callables and classes; empty where none is near."""
    from asyncgen.plan.nearby import meant

    known = {each.decision.function.name for each in entries}
    known |= {_dotted(each) for each in entries}
    for each in entries:
        if each.decision.owner:
            owner = each.decision.owner.name
            known |= {owner, f"{owner}.{each.decision.function.name}"}
    return meant(name, known)


def is_class(entries: Sequence[Entry], name: str) -> bool:
    """Whether the name is that of the class of all these."""
    return all(any(_ends(full, name) for full in _class_names(each)) for each in entries)


def _standing_at(entries: Sequence[Entry], path: str, line: int) -> list[Entry]:
    """The last callable of the file that begins in the line or before it."""
    places = [(each.decision.function.location, each) for each in entries]
    before = [pair for pair in places if pair[0].path == path and pair[0].line <= line]
    last = max((place.line for place, _ in before), default=0)
    return [each for place, each in before if place.line == last]


def is_code(name: str) -> bool:
    """Whether the name is a code, and none of a callable."""
    return re.fullmatch(r"(?i)ag\d\d\d", name) is not None


def _ends(full: str, name: str) -> bool:
    return full == name or full.endswith(f".{name}")


def _names(entry: Entry) -> tuple[str, ...]:
    """The callable's full name, and that which Django's documentation uses."""
    full = _dotted(entry)
    public = full.replace("django.db.models.query.", "django.db.models.")
    return full, public.replace("django.db.models.manager.", "django.db.models.")


def _twin_names(entry: Entry) -> tuple[str, ...]:
    twin = entry.decision.twin
    return tuple(f"{each.rpartition('.')[0]}.{twin}" for each in _names(entry)) if twin else ()


def _class_names(entry: Entry) -> tuple[str, ...]:
    if entry.decision.owner is None:
        return ()
    return tuple(each.rpartition(".")[0] for each in _names(entry))


def _dotted(entry: Entry) -> str:
    owner = entry.decision.owner
    parts = [entry.module.name, *([owner.qualname] if owner else []), entry.decision.function.name]
    return ".".join(parts)


def class_tree(entries: Sequence[Entry], result: Result) -> str:
    """The callables of one class or more, each below its class: kind, name, twin; and what to write
    for a twin of the properties that query."""
    from asyncgen.plan.asking import included, querying

    lines: list[str] = []
    for owner in dict.fromkeys(each.decision.owner for each in entries if each.decision.owner):
        own = [each for each in entries if each.decision.owner is owner]
        lines.append(f"{owner.location}: {owner.dotted}")
        width = max(len(each.decision.kind.value) for each in own)
        queries = [each for each in own if querying(each, result)]
        for each in own:
            decision = each.decision
            twin = f" -> {decision.twin}" if decision.twin else ""
            said = ", a property that queries" if each in queries else ""
            lines.append(f"  {decision.kind.value:{width}}  {decision.function.name}{twin}{said}")
        if queries:
            names = ", ".join(f'"{included(each)}"' for each in queries)
            lines.append(f"  twins of properties that query: include = [{names}]")
    return "\n".join(lines)


def entry_line(entry: Entry, stub: StubFunction | None = None) -> str:
    decision = entry.decision
    twin = f" -> {decision.twin}" if decision.twin else ""
    unknown = ", return type unknown" if stub and stub.origin.value == "unknown" else ""
    return f"{decision.function.location}: {_dotted(entry)}: {decision.kind.value}{twin}{unknown}"


def entry_json(entry: Entry, stub: StubFunction | None = None) -> dict[str, object]:
    """`file` and `line` are where the callable is defined."""
    decision = entry.decision
    return {
        "file": decision.function.location.path,
        "line": decision.function.location.line,
        "module": entry.module.name,
        "class": decision.owner.qualname if decision.owner else None,
        "name": decision.function.name,
        "kind": decision.kind.value,
        "twin": decision.twin,
        "returns": stub.returns if stub else None,
        "type": stub.origin.value if stub else None,
        "evidence": [
            {
                "message": each.message,
                "file": each.location.path if each.location else None,
                "line": each.location.line if each.location else None,
            }
            for each in decision.evidence
        ],
    }


def entry_text(entry: Entry, result: Result, config: Config) -> str:
    from asyncgen.plan import renderer_of
    from asyncgen.plan.asking import included, not_known, querying
    from asyncgen.stub.companions import types

    queries = querying(entry, result)
    lines = [f"{_dotted(entry)}: {entry.decision.kind.value}"]
    lines += [
        f"  {each.location}: {each.message}" if each.location else f"  {each.message}"
        for each in (*entry.decision.evidence, *queries)
    ]
    if queries:
        lines.append(f'  it queries; for a twin: include = ["{included(entry)}"]')
    called = not_known(entry, result)
    if called:
        lines.append(f"  {called} is not known to be free of queries: if it is, list it in `pure`")
    stub = types(result.stubs).get(id(entry.decision))
    if stub:
        lines.append(f"  its twin returns {stub.returns}: {stub.origin.value}")
    for surface in result.surfaces:
        members = [*surface.functions, *(twin for c in surface.classes for twin in c.twins)]
        for twin in members:
            if twin.decision is entry.decision:
                lines += ["", f"{surface.path}:"]
                text = renderer_of(result, config).twin(twin, surface)
                lines += [f"  {line}".rstrip() for line in text.splitlines()]
    return "\n".join(lines) + "\n"
