"""What `explain` asks beyond what was decided: which properties query, and what is not known."""

from __future__ import annotations

import re

from asyncgen.analysis.values import Bound, Instance, Level
from asyncgen.plan.result import Entry, Result
from asyncgen.source import Binding, Evidence
from asyncgen.surface import Kind

_CALLS = re.compile(r"calls ([A-Za-z_]\w*)(?:\.\w+)+")


def querying(entry: Entry, result: Result) -> tuple[Evidence, ...]:
    """How reading a property that has no twin comes to query; empty where it is not seen to."""
    decision = entry.decision
    is_property = decision.function.binding is Binding.PROPERTY and decision.owner is not None
    if result.asked is None or decision.kind is not Kind.SKIPPED or not is_property:
        return ()
    receiver = Instance(decision.owner) if decision.owner else None
    bound = Bound(decision.function, entry.module, decision.owner, receiver)
    effect = result.asked.evaluator.outcome_of(bound, (), is_typing=False).effect
    return effect.evidence if effect.level >= Level.LIKELY else ()


def included(entry: Entry) -> str:
    """How `include` calls it."""
    owner = entry.decision.owner
    return f"{owner.path}.{entry.decision.function.name}" if owner else ""


def not_known(entry: Entry, result: Result) -> str:
    """What another package has that is called in the end, and may do anything for all that is
    known; empty where the reason is another."""
    decision = entry.decision
    last = decision.evidence[-1].message if decision.evidence and decision.twin else ""
    found = _CALLS.fullmatch(last)
    if found is None:
        return ""
    top = found[1]
    imported = {
        each.module.partition(".")[0]
        for _, module, _ in result.modules
        for each in module.imports.values()
    }
    is_others = top in imported and top != "django" and not result.is_first_party(top)
    return last.removeprefix("calls ") if is_others else ""
