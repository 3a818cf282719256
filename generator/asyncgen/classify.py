"""Each callable to a decision: its kind, and the evidence for it.

What `rules` leaves open, the body decides: what it returns, and whether it may block on the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from keyword import iskeyword

from asyncgen import knowledge
from asyncgen.analysis import Evaluator, is_context_function
from asyncgen.analysis.values import (
    Argument,
    Bound,
    Builtin,
    Foreign,
    Instance,
    Level,
    Outcome,
    Type,
    Unknown,
    in_order,
)
from asyncgen.candidates import Candidate, Rules, first_match, is_asked_for
from asyncgen.holding import holds_transaction, queries_for_each
from asyncgen.rules import STEPS, decided, is_asynchronous, word_of
from asyncgen.source import Binding, Class, Evidence, Function
from asyncgen.surface import Decision, Kind


@dataclass
class Classifier:
    """Decides on candidates; `evaluator` follows what they call."""

    evaluator: Evaluator

    def decide(self, candidate: Candidate, rules: Rules) -> Decision:
        function = candidate.function
        found = decided(self.evaluator, candidate, rules)
        kind, evidence = found or self.evaluated(candidate)
        if function.made_of:
            evidence = (function.made_of, *evidence)
        twin = self.twin_name(candidate, rules)
        asked = is_asked_for(candidate, rules)
        by_hand = self.handwritten(candidate, twin)
        if kind in (Kind.PURE, Kind.AMBIGUOUS) and asked:
            kind, evidence = Kind.VALUE, (*evidence, Evidence("a twin is asked for by `include`"))
        if kind is Kind.PURE and by_hand and rules.replace_handwritten:
            said = Evidence(f"{twin}, written by hand, may skip an override", by_hand.location)
            kind, evidence = Kind.VALUE, (*evidence, said)
        if by_hand and kind.has_twin and not rules.replace_handwritten:
            here = Evidence(f"{twin} is written by hand", by_hand.location)
            return Decision(function, candidate.surface, Kind.HANDWRITTEN, (here, *evidence))
        held, stepped = self.between(candidate, kind, rules)
        evidence = (*evidence, *(each for each in (held, stepped) if each and each.location))
        return Decision(
            function,
            candidate.surface,
            kind,
            evidence,
            twin if kind.has_twin else None,
            exclusive=held is not None,
            stepped=stepped is not None,
        )

    def between(
        self, candidate: Candidate, kind: Kind, rules: Rules
    ) -> tuple[Evidence | None, Evidence | None]:
        """Why the twin of an iterator or context manager has a thread of its own, and why an
        iterator is read step by step."""
        if kind not in (Kind.ITERATOR, Kind.CONTEXT):
            return None, None
        receiver = Instance(candidate.surface) if candidate.surface else None
        bound = Bound(candidate.function, candidate.module, candidate.owner, receiver)
        held = holds_transaction(self.evaluator, bound)
        if held is not None or kind is Kind.CONTEXT:
            return held, None
        if word_of(candidate, rules) == STEPS:
            return None, Evidence("step by step")
        return None, queries_for_each(self.evaluator, bound)

    def twin_name(self, candidate: Candidate, rules: Rules) -> str:
        renamed = first_match(candidate, rules.rename)
        if renamed is not None:
            return rules.rename[renamed]
        name = rules.prefix + candidate.function.name
        return f"{name}_" if iskeyword(name) else name  # wait() would become await()

    def handwritten(self, candidate: Candidate, twin: str) -> Function | None:
        """The twin as the class (or module) that defines the sync callable defines it too."""
        owner = candidate.owner
        function = (owner.functions if owner else candidate.module.functions).get(twin)
        return function if function and may_be_twin(self.evaluator, function, owner) else None

    # -- evaluation ------------------------------------------------------------------------------

    def evaluated(self, candidate: Candidate) -> tuple[Kind, tuple[Evidence, ...]]:
        function = candidate.function
        surface = candidate.surface
        here = function.location
        if is_context_function(function):
            return Kind.CONTEXT, (Evidence("decorated as a context manager", here),)
        receiver = Instance(surface) if surface else None
        # Whoever writes a stub asks for types next, if not of this one, of what it calls; not where
        # django-stubs have them.
        asks = not candidate.module.name.startswith("django.")
        bound = Bound(function, candidate.module, candidate.owner, receiver)
        outcome = self.evaluator.outcome_of(bound, (), is_typing=asks)
        if function.is_generator:
            return Kind.ITERATOR, (Evidence("is a generator", here),)
        shapes = {self.shape(each): each for each in in_order(outcome.returns)}
        inferred = {self.shape(each): each for each in in_order(outcome.inferred)}
        if "queryset" in inferred and shapes and not shapes.keys() & {"queryset", *_OPEN}:
            return self.contradiction(function, inferred["queryset"])
        if not shapes:
            return self.plain(outcome, function, "returns nothing that can be told")
        if "none" in shapes and len(shapes) > 1:
            del shapes["none"]
            nothing = True
        else:
            nothing = False
        if "queryset" in shapes and not shapes.keys() - {"queryset", "unknown", "unknown queryset"}:
            return self.lazy(outcome, shapes["queryset"], function, nothing)
        if "queryset" in shapes or "unknown queryset" in shapes:
            return self.unclear(shapes, function)
        if set(shapes) == {"iterator"} and not nothing:
            return Kind.ITERATOR, (Evidence("returns an iterator", here), *outcome.effect.evidence)
        if set(shapes) == {"context"} and not nothing:
            return Kind.CONTEXT, (Evidence("returns a context manager", here),)
        described = " or ".join(sorted({_describe(each) for each in outcome.returns}))
        return self.plain(outcome, function, f"returns {described}")

    def lazy(
        self, outcome: Outcome, type_: Type, function: Function, nothing: bool
    ) -> tuple[Kind, tuple[Evidence, ...]]:
        what = Evidence(f"returns {_describe(type_)}", function.location)
        if nothing:
            what = Evidence(f"returns {_describe(type_)} or None", function.location)
        kind = Kind.EAGER if outcome.effect.level >= Level.LIKELY else Kind.QUERYSET
        return kind, (what, *outcome.effect.evidence)

    def plain(
        self, outcome: Outcome, function: Function, what: str
    ) -> tuple[Kind, tuple[Evidence, ...]]:
        first = Evidence(what, function.location)
        if outcome.effect.level.is_harmless:
            proved = Evidence("nothing that it calls or reads can query")
            return Kind.PURE, (first, *(outcome.effect.evidence or (proved,)))
        return Kind.VALUE, (first, *outcome.effect.evidence)

    def contradiction(self, function: Function, type_: Type) -> tuple[Kind, tuple[Evidence, ...]]:
        said = f"is annotated {function.signature.returns}, but returns {_describe(type_)}"
        return Kind.AMBIGUOUS, (Evidence(said, function.location),)

    def unclear(
        self, shapes: Mapping[str, Type], function: Function
    ) -> tuple[Kind, tuple[Evidence, ...]]:
        parts = " or ".join(sorted(_describe(each) for each in shapes.values()))
        return Kind.AMBIGUOUS, (Evidence(f"returns {parts}", function.location),)

    def shape(self, type_: Type) -> str:
        """What matters of a return value: whether it chains, iterates, is entered, or is none."""
        if self.evaluator.is_lazy(type_):
            return "queryset"
        match type_:
            case Unknown(from_queryset=True):
                return "unknown queryset"
            case Unknown() | Argument():
                return "unknown"
            case Builtin(name="generator" | "iterator"):
                return "iterator"
            case Builtin(name="context"):
                return "context"
            case Builtin(name="None"):
                return "none"
            case Foreign(dotted=dotted) if dotted.removesuffix("()") in knowledge.CONTEXT_MANAGERS:
                return "context"
            case Instance(cls=cls) if not self.evaluator.role(cls):
                lookup = self.evaluator.resolver.lookup
                if lookup(cls, "__enter__") and lookup(cls, "__exit__"):
                    return "context"
                if lookup(cls, "__next__"):
                    return "iterator"
        return "value"


def may_be_twin(evaluator: Evaluator, function: Function, owner: Class | None) -> bool:
    """Whether a function that is called like a twin is one: what it returns can be awaited, entered
    or iterated over asynchronously, for all that is known."""
    if function.binding is Binding.PROPERTY:
        return False
    if is_asynchronous(function) or owner is None:
        return True
    lookup = evaluator.resolver.lookup

    def may_be(type_: Type) -> bool:
        match type_:
            case Builtin(name=name):
                return name in ("coroutine", "context")
            case Instance(cls=cls):
                return not evaluator.is_lazy(type_) and any(
                    lookup(cls, f"__{name}__") for name in ("await", "aenter", "aiter")
                )
        return True

    returns = evaluator.outcome(evaluator.bound(function, owner, Instance(owner))).returns
    return not returns or any(map(may_be, returns))


_OPEN = ("unknown", "unknown queryset")

_OWN = ("builtins.plain.", "builtins.object.")  # the names that we give to what has none


def _describe(type_: Type) -> str:
    match type_:
        case Instance(cls=cls):
            return f"a {cls.name}"
        case Builtin(name=name):
            return name
        case Unknown(reason=reason):
            return reason
        case Foreign(dotted=dotted):
            return _describe_outer(dotted)
        case _:
            return type(type_).__name__.lower()


def _describe_outer(dotted: str) -> str:
    """What is not read, by its name: a class that is called makes an instance of it."""
    own = next((each for each in _OWN if dotted.startswith(each)), None)
    if own:
        return f"what {dotted.removeprefix(own)} gives"
    name = dotted.removesuffix("()").rpartition(".")[2]
    if not dotted.endswith("()"):
        return dotted
    return f"a {name}" if name[:1].isupper() else f"what {dotted} gives"
