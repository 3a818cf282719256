"""Each callable to a decision: its kind, and the evidence for it.

The rules are a table, tried in order; the first that answers decides. The last one evaluates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from keyword import iskeyword

from asyncgen import knowledge
from asyncgen.analysis import Evaluator, is_abstract, is_context_function
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
from asyncgen.annotation import expression_text
from asyncgen.facts import Call, Get, Name
from asyncgen.globs import MAGIC
from asyncgen.holding import holds_transaction, queries_for_each
from asyncgen.keys import WORDS
from asyncgen.source import (
    Binding,
    Class,
    Evidence,
    Function,
    Module,
    ParameterKind,
    Signature,
)
from asyncgen.surface import Decision, Kind

_STEPS = "steps"
_SAID: Mapping[str, Kind] = {
    **{word: Kind(word) for word in WORDS if word not in ("skip", _STEPS)},
    "skip": Kind.SKIPPED,
    _STEPS: Kind.ITERATOR,
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What the configuration says of a source's callables."""

    prefix: str = "a"
    rename: Mapping[str, str] = field(default_factory=dict)
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    replace_handwritten: bool = False
    makes_proxies: bool = False  # a model's twins are those of a proxy of it


@dataclass(frozen=True, slots=True)
class Candidate:
    """A callable to decide on: where it stands, and the class whose surface it belongs to."""

    function: Function
    module: Module
    owner: Class | None = None  # the class that defines it
    surface: Class | None = None  # the class that gets the twin

    @property
    def name(self) -> str:
        return f"{self.surface.path}.{self.function.name}" if self.surface else self.function.name


@dataclass
class Classifier:
    """Decides on candidates; `evaluator` follows what they call."""

    evaluator: Evaluator

    def decide(self, candidate: Candidate, rules: Rules) -> Decision:
        function = candidate.function
        for rule in _RULES:
            found = rule(self, candidate, rules)
            if found:
                kind, evidence = found
                break
        else:
            kind, evidence = self.evaluated(candidate)
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
        if _said(candidate, rules) == _STEPS:
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
        # Whoever writes a stub asks for types next; not where django-stubs have them.
        asks = not function.signature.returns and not candidate.module.name.startswith("django.")
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


def is_asynchronous(function: Function) -> bool:
    """Whether calling the function gives something to await, or to enter asynchronously."""
    return function.is_async or function.is_decorated(*knowledge.ASYNC_DECORATORS)


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

# -- rules --------------------------------------------------------------------------------------

_Answer = tuple[Kind, tuple[Evidence, ...]] | None
_Rule = Callable[[Classifier, Candidate, Rules], _Answer]


def _private(_: Classifier, candidate: Candidate, rules: Rules) -> _Answer:
    name = candidate.function.name
    if not name.startswith("_") or is_asked_for(candidate, rules):
        return None
    what = "a special method" if name.startswith("__") else "private"
    return Kind.SKIPPED, (Evidence(f"{name} is {what}", candidate.function.location),)


def _said(candidate: Candidate, rules: Rules) -> str | None:
    """The word that the configuration or a comment says of the callable."""
    pattern = first_match(candidate, rules.kinds)
    if pattern is not None:
        return rules.kinds[pattern]
    word = candidate.function.pragma
    if word is None and candidate.owner and candidate.owner.pragma == "skip":
        return "skip"
    return word if word in _SAID else None


def _pragma(_: Classifier, candidate: Candidate, rules: Rules) -> _Answer:
    word = _said(candidate, rules)
    if word is None:
        return None
    pattern = first_match(candidate, rules.kinds)
    if pattern is not None:
        return _SAID[word], (Evidence(f"`kinds` says that {pattern!r} is {word}"),)
    here = Evidence(f"a comment says `# asyncgen: {word}`", candidate.function.location)
    return _SAID[word], (here,)


def _excluded(_: Classifier, candidate: Candidate, rules: Rules) -> _Answer:
    pattern = first_match(candidate, rules.exclude)
    if pattern is None:
        return None
    return Kind.SKIPPED, (Evidence(f"excluded by the pattern {pattern!r}"),)


def _property(_: Classifier, candidate: Candidate, rules: Rules) -> _Answer:
    if candidate.function.binding is not Binding.PROPERTY:
        return None
    if is_asked_for(candidate, rules):
        return Kind.VALUE, (Evidence("a property, for which `include` asks"),)
    return Kind.SKIPPED, (Evidence("is a property", candidate.function.location),)


def _of_proxy(_: Classifier, candidate: Candidate, rules: Rules) -> _Answer:
    function = candidate.function
    if not (rules.makes_proxies and function.made_of and function.name in knowledge.IN_ORDER):
        return None
    return Kind.SKIPPED, (Evidence("of a proxy Django knows no order, so it raises there"),)


def _registered(classifier: Classifier, candidate: Candidate, rules: Rules) -> _Answer:
    if is_asked_for(candidate, rules):
        return None
    for decorator in candidate.function.decorators:
        function = decorator.function if isinstance(decorator, Call) else decorator
        dotted = classifier.evaluator.dotted(function, candidate.module)
        if dotted in knowledge.HOOK_DECORATORS:
            said = f"{dotted} hands it to Django, which calls it synchronously"
            return Kind.HOOK, (Evidence(said, candidate.function.location),)
    return None


def _hook(classifier: Classifier, candidate: Candidate, rules: Rules) -> _Answer:
    function = candidate.function
    role = classifier.evaluator.role(candidate.surface) if candidate.surface else None
    if role is None or function.name not in knowledge.HOOKS[role] or is_asked_for(candidate, rules):
        return None
    if function.name in knowledge.HOOKS_WITH_KEYWORDS and not any(
        each.kind is ParameterKind.VAR_KEYWORD for each in function.signature.parameters
    ):
        return None
    said = f"Django itself calls {function.name}, synchronously"
    return Kind.HOOK, (Evidence(said, function.location),)


def _asynchronous(_: Classifier, candidate: Candidate, rules: Rules) -> _Answer:
    function = candidate.function
    if not is_asynchronous(function):
        return None
    return Kind.SKIPPED, (Evidence("is asynchronous itself", function.location),)


def _abstract(_: Classifier, candidate: Candidate, rules: Rules) -> _Answer:
    if not is_abstract(candidate.function):
        return None
    said = "is abstract: subclasses give it a body"
    return Kind.SKIPPED, (Evidence(said, candidate.function.location),)


def _untold(_: Classifier, candidate: Candidate, rules: Rules) -> _Answer:
    said = candidate.function.untold
    return (Kind.SKIPPED, (Evidence(said, candidate.function.location),)) if said else None


_RULES: tuple[_Rule, ...] = (
    _private,
    _pragma,
    _excluded,
    _untold,
    _property,
    _of_proxy,
    _hook,
    _registered,
    _asynchronous,
    _abstract,
)


def is_asked_for(candidate: Candidate, rules: Rules) -> bool:
    """Whether `include` names the callable."""
    return first_match(candidate, rules.include) is not None


def matching(candidate: Candidate, patterns: Iterable[str]) -> Iterator[str]:
    """The patterns that name the callable: by `name`, `Class.name` or `module.Class.name`; where
    the class stands in another, by `Outer.Class.name` too."""
    name, own = candidate.name, candidate.function.name
    names = {own, name, f"{candidate.module.name}.{name}", ".".join(name.split(".")[-2:])}
    for pattern in patterns:
        is_glob = not MAGIC.isdisjoint(pattern)
        if pattern in names or (is_glob and any(fnmatchcase(each, pattern) for each in names)):
            yield pattern


def first_match(candidate: Candidate, patterns: Iterable[str]) -> str | None:
    """The first of the patterns that names the callable."""
    return next(matching(candidate, patterns), None)


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


# -- candidates ---------------------------------------------------------------------------------


def candidates(classifier: Classifier, surface: Class, *, inherited: bool) -> Iterator[Candidate]:
    """The callables of a class's surface: its own, those that from_queryset copies into it, and
    those that Django makes of its fields; with `inherited` also what its bases have, down to
    Django's."""
    evaluator = classifier.evaluator
    resolver = evaluator.resolver
    seen: set[str] = set()
    for index, owner in enumerate(resolver.mro(surface)):
        is_own = index == 0 or owner.queryset is not None
        of_django = owner.module.startswith("django.") and not surface.module.startswith("django.")
        if of_django or not (is_own or inherited):
            continue
        module = resolver.readable(owner.module)
        if module is None:
            continue
        functions = {**owner.functions, **evaluator.made_by_django(owner)}
        functions |= {each.name: each for each in untold(evaluator, owner, surface)}
        for name, function in functions.items():
            if name not in seen and not function.is_type_only:
                seen.add(name)
                yield Candidate(function, module, owner, surface)


def untold(evaluator: Evaluator, owner: Class, surface: Class) -> Iterator[Function]:
    """What a queryset or manager class assigns that may be a method, for all that can be told."""
    if evaluator.role(surface) not in ("queryset", "manager"):
        return
    for name, attribute in owner.attributes.items():
        value = attribute.value
        if name in owner.functions or not isinstance(value, Call | Name | Get):
            continue
        held = evaluator.class_level(owner, attribute, Instance(surface))
        if any(isinstance(each, Unknown | Bound) for each in held):
            text = expression_text(value.function if isinstance(value, Call) else value)
            call = "(…)" if isinstance(value, Call) else ""
            said = f"is assigned {text}{call}, which only running it can tell; a `def` has a twin"
            yield Function(
                name, Signature(()), attribute.location, binding=Binding.METHOD, untold=said
            )
