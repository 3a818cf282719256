"""A type checker's opinions: the questions to ask it, and what its answers are worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from asyncgen.infer.doubts import Doubts
from asyncgen.infer.inference import Inference
from asyncgen.infer.known import Types
from asyncgen.infer.revealed import names, revealed
from asyncgen.source import Binding, Class, Module
from asyncgen.surface import Decision, Question


@dataclass
class Opinions:
    """Of the callables of one source, to be asked all at once: what is asked for before there are
    `answers` is noted in `asked`, and unknown."""

    inference: Inference
    asked: dict[Question, None] = field(default_factory=dict)
    answers: Mapping[Question, str] = field(default_factory=dict)
    _doubts: Doubts = field(init=False)

    def __post_init__(self) -> None:
        self._doubts = Doubts(self.inference.evaluator)

    def returns(self, decision: Decision, module: Module) -> Types | None:
        """What the callable of a decision returns; None where nobody can tell."""
        question = self._question(decision, module)
        if question is None:
            return None
        self.asked[question] = None
        answer = self.answers.get(question)
        found = revealed(answer, self.inference.lookups) if answer else None
        return self.inference.spellable(found)

    def _question(self, decision: Decision, module: Module) -> Question | None:
        """None where no checker is to be asked: Django's own code is in django-stubs, what is made
        by a call cannot be named, and some answers would not be worth anything."""
        function, surface = decision.function, decision.owner
        resolver = self.inference.evaluator.resolver
        path = resolver.find(module.name)
        is_named = surface is None or resolver.dotted(surface.dotted) is surface
        if path is None or not is_named or module.name.partition(".")[0] == "django":
            return None
        if self._doubts.about(function, module, None if self._is_static(decision) else surface):
            return None
        return Question(
            surface.module if surface else module.name,
            surface.qualname if surface else None,
            function.name,
            function.binding is not Binding.PROPERTY,
            str(path),
            function.location.line,
            names(self._visible(module, surface)),
        )

    def _is_static(self, decision: Decision) -> bool:
        return decision.function.binding is Binding.STATICMETHOD

    def _visible(self, module: Module, surface: Class | None) -> frozenset[str]:
        """The names of classes that the answer may well be."""
        own = {module.name, surface.module if surface else module.name}
        found: set[str] = set()
        for name in own:
            known = self.inference.evaluator.resolver.readable(name)
            if known:
                found |= {*known.classes, *known.imports}
        return frozenset(found)
