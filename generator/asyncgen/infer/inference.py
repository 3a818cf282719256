"""What an unannotated callable returns: from its body, with look-ups in django-stubs.

A walk over the facts of the body, in parallel with the evaluator, which says what names mean. A
type is given only where every path is understood: unknown beats wrong. `None` stands for unknown,
the empty set for what never returns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from asyncgen.annotation import parse_annotation
from asyncgen.evaluate import Evaluator
from asyncgen.infer.django_stubs import DjangoStubs, Stubbed
from asyncgen.infer.flow import result_of, returns_in
from asyncgen.infer.generics import Rows, variables
from asyncgen.infer.known import ANY, NONE, SELF, Known, Types, builtin, simplified, substituted
from asyncgen.infer.scope import is_variable, last_word
from asyncgen.model import (
    Call,
    Class,
    Decision,
    Define,
    Display,
    Expression,
    Function,
    Get,
    Item,
    Literal,
    Module,
    Name,
    Operation,
    Return,
    Star,
    With,
)
from asyncgen.resolve import Alias, External, Resolver
from asyncgen.values import Bound, Instance

ROUNDS = 4
DEPTH = 12
_BUILTIN_CLASSES = frozenset(
    [
        "bool",
        "bytes",
        "bytearray",
        "complex",
        "dict",
        "float",
        "frozenset",
        "int",
        "list",
        "object",
        "range",
        "set",
        "str",
        "tuple",
    ]
)
# Decorators that leave what is returned as it is.
TRANSPARENT_DECORATORS = frozenset(
    {"atomic", "classmethod", "staticmethod", "property", "cached_property", "wraps", "cache"}
    | {"lru_cache", "deprecated", "override", "final", "receiver", "non_atomic_requests"}
)


@dataclass
class Inference:
    """Infers return types; `django` are the stubs to look Django's own callables up in."""

    evaluator: Evaluator
    django: DjangoStubs | None
    rows: Rows
    _known: dict[tuple[object, ...], Types | None] = field(default_factory=dict)
    _running: dict[tuple[object, ...], Types | None] = field(default_factory=dict)
    # The running calls whose provisional answers went into what is being worked out now.
    _provisional: set[tuple[object, ...]] = field(default_factory=set)

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
                if function in known.functions.values()
            ),
            surface,
        )
        return self.spellable(self.outcome(Bound(function, module, owner, Instance(surface))))

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

    def row(self, found: Class) -> Types | None:
        return self.rows.of(found)

    def queryset_of(self, found: Class) -> Class | None:
        order = self.evaluator.resolver.mro(found)
        return next((known.queryset for known in order if known.queryset), None)

    def variables(self, found: Class) -> Iterator[tuple[Alias, Resolver]]:
        """The type variables of a class; of Django's own, those that django-stubs give it."""
        stub = self.django.klass(found.dotted) if self.django else None
        if stub and self.django:
            for alias in variables(stub, self.django.resolver):
                yield alias, self.django.resolver
            return
        for alias in variables(found, self.evaluator.resolver):
            yield alias, self.evaluator.resolver

    # -- calling -----------------------------------------------------------------------------------

    def outcome(self, bound: Bound) -> Types | None:
        """What calling the function returns, whatever the arguments."""
        key = (bound.function, bound.receiver)
        if key in self._known:
            return self._known[key]
        if key in self._running:
            self._provisional.add(key)
            return self._running[key]
        if len(self._running) > DEPTH:
            self._provisional.update(self._running)
            return None
        declared = self.declared(bound)
        if declared is not None or not self.is_plain(bound):
            self._known[key] = declared
            return declared
        outer, self._provisional = self._provisional, set()
        self._running[key] = frozenset()
        result: Types | None = None
        for _ in range(ROUNDS):
            result = result_of(self, bound)
            if result == self._running[key]:
                break
            self._running[key] = result
        else:
            result = None
        del self._running[key]
        self._provisional.discard(key)
        if not self._provisional:  # it holds whoever asks
            self._known[key] = result or None
        self._provisional |= outer
        return result or None

    def is_plain(self, bound: Bound) -> bool:
        """Whether what a call returns is what the body returns."""
        function = bound.function
        if function.is_generator or function.is_async or not function.body:
            return False
        return all(self.is_transparent(each, bound) for each in function.decorators)

    def is_transparent(self, decorator: Expression, bound: Bound) -> bool:
        """A decorator that is known to return what the function does, or whose body shows it."""
        function = decorator.function if isinstance(decorator, Call) else decorator
        if last_word(function) in TRANSPARENT_DECORATORS:
            return True
        found = self.evaluator.resolver.expression(bound.module, function)
        made = getattr(found, "function", None)
        return isinstance(made, Function) and _hands_on(made)

    def declared(self, bound: Bound) -> Types | None:
        """What the annotation says, as far as it can be spelled elsewhere."""
        signatures = [each.signature for each in bound.function.overloads]
        signatures = signatures or [bound.function.signature]
        texts = {signature.returns for signature in signatures}
        if None in texts or len(texts) != 1:
            return None
        (text,) = texts
        assert text is not None
        if bound.function.is_async or bound.function.is_generator:
            return None
        return self.annotation(text, bound.module, self.evaluator.resolver, {})

    def method(
        self, receiver: Known, found: Class, name: str, after: Class | None = None
    ) -> Types | None:
        """What `receiver.name()` returns; `found` is the receiver's class."""
        known = self.evaluator.lookup(found, name, after)
        if known is None or not isinstance(known[1], Function):
            return None
        owner, function = known[0], known[1]
        if owner.queryset:  # copied from a queryset class by from_queryset()
            queryset = owner.queryset
            row = self.rows.of(found) or self.rows.of(queryset)
            proxy = self.instance(queryset, row)
            return self.method(proxy, queryset, name)
        if owner.module.startswith("django."):
            return self.django_method(receiver, found, owner, name)
        module = self.evaluator.resolver.readable(owner.module)
        if module is None:
            return None
        result = self.outcome(Bound(function, module, owner, Instance(found)))
        return substituted(result, receiver) if result is not None else None

    def django_method(self, receiver: Known, found: Class, owner: Class, name: str) -> Types | None:
        if self.django is None:
            return None
        stubbed = self.django.method(owner.dotted, name)
        if stubbed is None and self.evaluator.role(found) == "manager":
            stubbed = self.django.method("django.db.models.manager.Manager", name)
        if stubbed is None:
            return None
        model, row = self.arguments(receiver, found)
        variables_ = {"_Model": model, "_Row": row, "_T": model, "_To": model, "_M": model}
        queryset = self.queryset_of(found)
        result = self.stub_returns(stubbed, variables_)
        if result is not None and queryset and not queryset.module.startswith("django."):
            # A manager's methods give its own queryset class, which the stubs cannot say.
            result = frozenset(
                self.instance(queryset, model) if _is_queryset(each) else each for each in result
            )
        return substituted(result, receiver) if result is not None else None

    def arguments(self, receiver: Known, found: Class) -> tuple[Types, Types]:
        """The model and the rows of a queryset or manager."""
        if receiver.arguments:
            return receiver.arguments[0], receiver.arguments[-1]
        row = self.rows.of(found) or ANY
        return row, row

    def function(self, dotted: str) -> Types | None:
        """What a function or class of Django's gives when it is called."""
        if self.django is None:
            return None
        stubbed = self.django.function(dotted)
        if stubbed:
            return self.stub_returns(stubbed, {})
        found = self.django.klass(dotted)
        return frozenset({Known(found.module, found.qualname)}) if found else None

    def stub_returns(self, stubbed: Stubbed, names: Mapping[str, Types]) -> Types | None:
        assert self.django
        function = stubbed.function
        if function.is_async:
            return None
        texts = {each.signature.returns for each in function.overloads or (function,)}
        if len(texts) != 1:
            return None
        (text,) = texts
        return self.annotation(text, stubbed.module, self.django.resolver, names) if text else None

    def instance(self, found: Class, row: Types | None) -> Known:
        """An instance of a class; Django's own querysets and managers are generic."""
        if found.module.startswith("django.") and self.evaluator.role(found) in (
            "queryset",
            "manager",
        ):
            return Known(found.module, found.qualname, (row or ANY,))
        return Known(found.module, found.qualname)

    def klass(self, known: Known, receiver: Class | None) -> Class | None:
        """The class of which `known` is an instance."""
        if known in SELF:
            return receiver
        if known.module in ("builtins", "typing", "") or known.variable:
            return None
        found = self.evaluator.resolver.dotted(f"{known.module}.{known.name}")
        return found if isinstance(found, Class) else None

    # -- annotations -------------------------------------------------------------------------------

    def annotation(
        self, text: str, module: Module, resolver: Resolver, names: Mapping[str, Types]
    ) -> Types | None:
        """What an annotation means; `names` are what type variables stand for."""
        expression = parse_annotation(text)
        return self._meaning(expression, module, resolver, names) if expression else None

    def _meaning(
        self,
        expression: Expression | None,
        module: Module,
        resolver: Resolver,
        names: Mapping[str, Types],
    ) -> Types | None:
        match expression:
            case Literal(type="None"):
                return NONE
            case Literal(type="str", text=text):
                return self.annotation(text, module, resolver, names)
            case Operation(operator="|", operands=operands):
                return _union(self._meaning(each, module, resolver, names) for each in operands)
            case Item(value=value, index=index):
                parts = index.elements if isinstance(index, Display) else (index,)
                arguments = [self._meaning(each, module, resolver, names) for each in parts]
                word = last_word(value)
                if word in ("Optional", "Union"):
                    return _union([*arguments, *([NONE] if word == "Optional" else [])])
                base = self._meaning(value, module, resolver, names)
                if base is None or len(base) != 1 or any(each is None for each in arguments):
                    return None
                (head,) = base
                if head.variable or head.arguments:
                    return None
                inner = tuple(each for each in arguments if each is not None)
                return frozenset({Known(head.module, head.name, inner)})
            case Name() | Get():
                return self._named(expression, module, resolver, names)
        return None

    def _named(
        self, expression: Name | Get, module: Module, resolver: Resolver, names: Mapping[str, Types]
    ) -> Types | None:
        word = last_word(expression)
        if word in names and word not in module.classes:
            return names[word]
        if word == "Self":
            return SELF
        if word == "Any":
            return ANY
        match resolver.expression(module, expression):
            case Class() as found:
                return frozenset({Known(found.module, found.qualname)})
            case External(dotted=dotted) if dotted.rpartition(".")[0] not in (
                "typing",
                "typing_extensions",
            ):
                owner, _, name = dotted.rpartition(".")
                return frozenset({Known(owner, name)}) if owner else None
            case Alias() as alias if is_variable(alias):
                return None
            case None if word in _BUILTIN_CLASSES and isinstance(expression, Name):
                return builtin(word)
        return None


def _union(parts: Iterator[Types | None] | list[Types | None]) -> Types | None:
    found: set[Known] = set()
    for each in parts:
        if each is None:
            return None
        found |= each
    return frozenset(found)


def _is_queryset(known: Known) -> bool:
    return known.module == "django.db.models.query" and known.name == "QuerySet"


def _hands_on(decorator: Function) -> bool:
    """Whether the body shows that the decorated function's result is handed on: an inner function
    that returns nothing but calls of the decorator's parameter."""
    names = {each.name for each in decorator.signature.parameters}
    inner = [each.definition for each in decorator.body if isinstance(each, Define)]
    if len(inner) != 1 or not isinstance(inner[0], Function):
        return False
    returned = [each.value for each in decorator.body if isinstance(each, Return)]
    if returned != [Name(inner[0].name)]:
        return False
    results = list(returns_in(inner[0].body))
    ends = inner[0].body[-1] if inner[0].body else None
    return isinstance(ends, Return | With) and all(
        isinstance(each, Call)
        and isinstance(each.function, Name)
        and each.function.id in names
        and any(isinstance(argument, Star) for argument in each.arguments)
        for each in results
    )
