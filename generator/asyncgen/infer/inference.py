"""What an unannotated callable returns: from its body, with look-ups in django-stubs.

A walk over the facts of the body, in parallel with the evaluator, which says what names mean. A
type is given only where every path is understood: unknown beats wrong. `None` stands for unknown,
the empty set for what never returns.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field

from asyncgen.analysis import Evaluator
from asyncgen.analysis.values import Bound, Instance
from asyncgen.fixpoint import Fixpoint
from asyncgen.infer.django_stubs import DjangoStubs
from asyncgen.infer.flow import result_of
from asyncgen.infer.generics import Rows
from asyncgen.infer.known import ANY, Known, Types, simplified
from asyncgen.infer.lookups import Lookups
from asyncgen.source import Function, Module
from asyncgen.surface import Decision

_Key = tuple[Function, object]


def _fixpoint() -> Fixpoint[_Key, Types | None]:
    return Fixpoint(
        nothing=frozenset(),
        same=operator.eq,
        unsettled=lambda result: None,
        rounds=4,
        depth_limit=12,
        effort_limit=1000,
    )


@dataclass
class Inference:
    """Infers return types; `django` are the stubs to look Django's own callables up in."""

    evaluator: Evaluator
    django: DjangoStubs | None
    rows: Rows
    lookups: Lookups = field(init=False)
    _results: Fixpoint[_Key, Types | None] = field(default_factory=_fixpoint)

    def __post_init__(self) -> None:
        self.lookups = Lookups(self.evaluator, self.django, self.rows, self.outcome)

    # -- for stubs ---------------------------------------------------------------------------------

    def returns(self, decision: Decision, module: Module) -> Types | None:
        """What the callable of a decision returns; None where that cannot be told."""
        function, surface = decision.function, decision.owner
        if surface is None:
            return self.spellable(self.outcome(Bound(function, module)))
        owner = next(
            (
                known
                for known in self.evaluator.resolver.mro(surface)
                if known.functions.get(function.name) is function
            ),
            surface,
        )
        return self.spellable(self.outcome(Bound(function, module, owner, Instance(surface))))

    def overridden(self, decision: Decision) -> Types | None:
        """What the method of Django's returns that the callable of a decision overrides."""
        owner, name = decision.owner, decision.function.name
        order = self.evaluator.resolver.mro(owner) if owner else ()
        base = next((known for known in order if known.module.startswith("django.")), None)
        if owner is None or base is None or base.functions.get(name) is decision.function:
            return None
        receiver = self.lookups.instance(owner, self.rows.of(owner))
        return self.lookups.django_method(receiver, owner, base, name)

    def spellable(self, found: Types | None) -> Types | None:
        """`found`, unless a stub cannot name it, or it says nothing."""
        if found is None or found == ANY or not all(map(self._is_spellable, found)):
            return None
        return simplified(found)

    def _is_spellable(self, known: Known) -> bool:
        if not all(map(self._is_spellable, (each for part in known.arguments for each in part))):
            return False
        if known.variable or known.module in ("builtins", "typing", ""):
            return True
        if "<locals>" in known.name:
            return False
        found = self.evaluator.resolver.dotted(f"{known.module}.{known.name}")
        return not known.module.startswith("<") and (
            found is not None or not self.evaluator.resolver.find(known.module)
        )

    # -- calling -----------------------------------------------------------------------------------

    def outcome(self, bound: Bound) -> Types | None:
        """What calling the function returns, whatever the arguments."""
        key = (bound.function, bound.receiver)
        if key not in self._results:
            if self._results.goes_too_far():
                return None
            declared = self.lookups.declared(bound)
            if declared is not None or not self.is_plain(bound):
                self._results.settle(key, declared)
            else:
                self._results.ask(key, lambda: result_of(self.lookups, bound))
        result = self._results[key]
        # Until it is settled, nothing at all is what the first round begins with.
        return None if not result and self._results.is_settled(key) else result

    def is_plain(self, bound: Bound) -> bool:
        """Whether what a call returns is what the body returns."""
        function = bound.function
        if function.is_async or not function.body or self.evaluator.is_enclosed(function):
            return False
        return all(each.hands_on for each in function.decorations)
