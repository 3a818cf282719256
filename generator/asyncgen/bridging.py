"""Which bridge runs a callable: one on the event loop is for what waits for databases alone.

What the configuration says of a callable holds. Else, where its bridge runs callables on the event
loop, those that are proved to do nothing but compute and query are run there, and the rest on a
thread.
"""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from operator import or_

from asyncgen import knowledge
from asyncgen.analysis import Evaluator
from asyncgen.analysis.values import Bound, Builtin, Effect, Instance
from asyncgen.candidates import Candidate, first_match
from asyncgen.config import Source
from asyncgen.source import Evidence
from asyncgen.surface import Decision, Kind

# The runtime's own bridges run the others, and enter them.
_BRIDGED = frozenset({Kind.VALUE, Kind.EAGER, Kind.AMBIGUOUS})


def bridged(
    decision: Decision, candidate: Candidate, source: Source, evaluator: Evaluator
) -> Decision:
    """The decision, with the bridge of its twin and why it is that one."""
    if decision.kind not in _BRIDGED or decision.twin is None:
        return decision
    pattern = first_match(candidate, source.bridges)
    if pattern is not None:
        bridge = source.bridges[pattern]
        said = Evidence(f"`bridges` says that {pattern!r} is run by {bridge}")
        return _with(decision, bridge, said)
    if source.bridge not in knowledge.LOOP_BRIDGES:
        return decision
    waits = _effect(candidate, evaluator).waits
    if waits:
        first, *rest = waits
        why = replace(first, message=f"runs on a thread, for it does more: {first.message}")
        return _with(decision, knowledge.THREAD_BRIDGE, why, *rest)
    return _with(decision, source.bridge, Evidence("runs on the event loop: all it does is query"))


def _with(decision: Decision, bridge: str, *evidence: Evidence) -> Decision:
    return replace(decision, bridge=bridge, evidence=(*decision.evidence, *evidence))


def _effect(candidate: Candidate, evaluator: Evaluator) -> Effect:
    """All that calling it does, and running through what it returns."""
    receiver = Instance(candidate.surface) if candidate.surface else None
    bound = Bound(candidate.function, candidate.module, candidate.owner, receiver)
    outcome = evaluator.outcome(bound)
    steps = (each.effect for each in outcome.returns if isinstance(each, Builtin))
    return reduce(or_, steps, evaluator.as_said(bound, outcome).effect)
