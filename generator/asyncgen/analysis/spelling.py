"""What a stub says of what is proved: the types of what a callable returns, if it can name them."""

from __future__ import annotations

from dataclasses import dataclass

from asyncgen.analysis.evaluator import Evaluator
from asyncgen.analysis.types import ANY, SELF, Known, Types, simplified
from asyncgen.analysis.values import Bound, Instance
from asyncgen.source import Module
from asyncgen.surface import Decision


@dataclass(frozen=True)
class Spelling:
    """Spells what `evaluator` proves."""

    evaluator: Evaluator

    def returns(self, decision: Decision, module: Module) -> Types | None:
        """What the callable of a decision returns; None where that cannot be told."""
        function, surface = decision.function, decision.owner
        if surface is None:
            return self.spellable(self.evaluator.returned(Bound(function, module)))
        owner = next(
            (
                known
                for known in self.evaluator.resolver.mro(surface)
                if known.functions.get(function.name) is function
            ),
            surface,
        )
        types = self.evaluator.returned(Bound(function, module, owner, Instance(surface)))
        if types and Known(surface.module, surface.qualname) in types:
            types -= SELF  # which is one of it
        return self.spellable(types)

    def overridden(self, decision: Decision) -> Types | None:
        """What the method of Django's returns that the callable of a decision overrides."""
        owner, name = decision.owner, decision.function.name
        order = self.evaluator.resolver.mro(owner) if owner else ()
        base = next((known for known in order if known.module.startswith("django.")), None)
        if owner is None or base is None or base.functions.get(name) is decision.function:
            return None
        receiver = self.evaluator.lookups.instance(owner, self.evaluator.rows.of(owner))
        return self.evaluator.lookups.django_method(receiver, owner, base, name)

    def spellable(self, types: Types | None) -> Types | None:
        """`found`, unless a stub cannot name it, or it says nothing."""
        if types is None or types == ANY or not all(map(self._is_spellable, types)):
            return None
        return simplified(types)

    def _is_spellable(self, known: Known) -> bool:
        if not all(map(self._is_spellable, (each for part in known.arguments for each in part))):
            return False
        if known.variable or known.module in ("builtins", "typing", ""):
            return True
        if "<locals>" in known.name:
            return False
        definition = self.evaluator.resolver.dotted(f"{known.module}.{known.name}")
        return not known.module.startswith("<") and (
            definition is not None or not self.evaluator.resolver.find(known.module)
        )
