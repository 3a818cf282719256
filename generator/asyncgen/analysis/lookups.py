"""What can be looked up: what annotations mean, and what django-stubs declare.

Calls end here or in a body; what a body returns is not told here but by `outcome`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from asyncgen import knowledge
from asyncgen.analysis.core import Core
from asyncgen.analysis.django_stubs import DjangoStubs, Stubbed
from asyncgen.analysis.rows import Rows
from asyncgen.analysis.types import ANY, NONE, SELF, Known, Types, all_of, builtin, substituted
from asyncgen.analysis.values import NO_ARGUMENTS, Arguments, Bound, Instance
from asyncgen.analysis.variables import is_variable, variables
from asyncgen.annotation import last_word, parse_annotation
from asyncgen.declared import files
from asyncgen.definitions import Alias, External
from asyncgen.facts import Display, Expression, Get, Item, Literal, Name, Operation
from asyncgen.resolve import Resolver
from asyncgen.source import Class, Function, Module

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


@dataclass(frozen=True)
class Lookups:
    """Looks types up; `django` are the stubs for Django's own callables, and `outcome` is asked
    what calling a function without annotations returns."""

    evaluator: Core
    django: DjangoStubs | None
    rows: Rows
    outcome: Callable[[Bound, Arguments], Types | None]
    # Managers that no class statement makes, by their names.
    made: dict[tuple[str, str], Class] = field(default_factory=dict)

    # -- classes -----------------------------------------------------------------------------------

    def instance(self, cls: Class, row: Types | None) -> Known:
        """An instance of a class; Django's own querysets and managers are generic."""
        if cls.module.startswith("django.") and self.evaluator.role(cls) in (
            "queryset",
            "manager",
        ):
            return Known(cls.module, cls.qualname, (row or ANY,))
        if cls.queryset:
            self.made[cls.module, cls.qualname] = cls
        return Known(cls.module, cls.qualname)

    def klass(self, known: Known, receiver: Class | None) -> Class | None:
        """The class of which `known` is an instance."""
        if known in SELF:
            return receiver
        if known.module in ("builtins", "typing", "") or known.variable:
            return None
        definition = self.evaluator.resolver.dotted(f"{known.module}.{known.name}")
        if definition is None:
            return self.made.get((known.module, known.name))
        return definition if isinstance(definition, Class) else None

    def arguments(self, receiver: Known, cls: Class) -> tuple[Types, Types]:
        """The model and the rows of a queryset or manager."""
        if receiver.arguments:
            return receiver.arguments[0], receiver.arguments[-1]
        row = self.rows.of(cls) or ANY
        return row, row

    def queryset_of(self, cls: Class) -> Class | None:
        order = self.evaluator.resolver.mro(cls)
        return next((known.queryset for known in order if known.queryset), None)

    def variables(self, cls: Class) -> Iterator[tuple[Alias, Resolver]]:
        """The type variables of a class; of Django's own, those that django-stubs give it."""
        stub = self.django.klass(cls.dotted) if self.django else None
        if stub and self.django:
            for alias in variables(stub, self.django.resolver):
                yield alias, self.django.resolver
            return
        for alias in variables(cls, self.evaluator.resolver):
            yield alias, self.evaluator.resolver

    # -- calling -----------------------------------------------------------------------------------

    def declared(self, bound: Bound) -> Types | None:
        """What the annotation says, as far as it can be spelled elsewhere."""
        signatures = [each.signature for each in bound.function.overloads]
        signatures = signatures or [bound.function.called]
        texts = {signature.returns for signature in signatures}
        if None in texts or len(texts) != 1:
            return None
        (text,) = texts
        assert text is not None
        if bound.function.is_async or bound.function.is_generator:
            return None
        return self.annotation(text, bound.module, self.evaluator.resolver, {})

    def method(
        self,
        receiver: Known,
        cls: Class,
        name: str,
        arguments: Arguments = NO_ARGUMENTS,
        after: Class | None = None,
    ) -> Types | None:
        """What `receiver.name(…)` returns; `found` is the receiver's class."""
        known = self.evaluator.lookup(cls, name, after)
        if known is None and self.evaluator.role(cls) == "manager":
            if name in knowledge.RELATED_METHODS:
                return NONE
            return self._of_library(cls, cls, name, self.arguments(receiver, cls))
        if known is None or not isinstance(known[1], Function):
            return None
        owner, function = known[0], known[1]
        if owner.queryset:  # copied from a queryset class by from_queryset()
            queryset = self.queryset_of(cls) or owner.queryset
            said = receiver.arguments[0] if receiver.arguments else None
            row = said or self.rows.of(cls) or self.rows.of(queryset)
            proxy = self.instance(queryset, row)
            return self.method(proxy, queryset, name, arguments)
        if owner.module.startswith("django."):
            return self.django_method(receiver, cls, owner, name)
        module = self.evaluator.resolver.readable(owner.module)
        if module is None:
            return None
        result = self.outcome(Bound(function, module, owner, Instance(cls)), arguments)
        return substituted(result, receiver) if result is not None else None

    def django_method(self, receiver: Known, cls: Class, owner: Class, name: str) -> Types | None:
        """What a method of Django's gives: as our library says, else as django-stubs do."""
        model, row = self.arguments(receiver, cls)
        result = self._of_library(cls, owner, name, (model, row))
        if result is None:
            variables_ = {"_Model": model, "_Row": row, "_T": model, "_To": model, "_M": model}
            result = self._of_stubs(cls, owner, name, variables_)
        queryset = self.queryset_of(cls)
        if result is not None and queryset and not queryset.module.startswith("django."):
            # A manager's methods give its own queryset class, which the stubs cannot say.
            result = frozenset(
                self.instance(queryset, model) if _is_queryset(each) else each for each in result
            )
        return substituted(result, receiver) if result is not None else None

    def _of_library(
        self, cls: Class, owner: Class, name: str, rows: tuple[Types, Types]
    ) -> Types | None:
        is_manager = self.evaluator.role(cls) == "manager"
        for dotted in (
            owner.dotted,
            *(("django.db.models.manager.Manager",) if is_manager else ()),
        ):
            stub = files().dotted(dotted)
            match files().lookup(stub, name) if isinstance(stub, Class) else None:
                case (Class() as where, Function() as function) if isinstance(stub, Class):
                    names = [each.name for each in stub.type_parameters]
                    meant = dict(zip(names, rows, strict=False))
                    module = files().module(where.module)
                    text = function.signature.returns or "Any"
                    return self.annotation(text, module, files(), meant) if module else None
        return None

    def _of_stubs(
        self, cls: Class, owner: Class, name: str, names: Mapping[str, Types]
    ) -> Types | None:
        if self.django is None:
            return None
        stubbed = self.django.method(owner.dotted, name)
        if stubbed is None and self.evaluator.role(cls) == "manager":
            stubbed = self.django.method("django.db.models.manager.Manager", name)
        return self.stub_returns(stubbed, names) if stubbed else None

    def function(self, dotted: str) -> Types | None:
        """What a function or class of Django's gives when it is called."""
        if self.django is None:
            return None
        stubbed = self.django.function(dotted)
        if stubbed:
            return self.stub_returns(stubbed, {})
        cls = self.django.klass(dotted)
        return frozenset({Known(cls.module, cls.qualname)}) if cls else None

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

    # -- annotations -------------------------------------------------------------------------------

    def annotation(
        self, text: str, module: Module, resolver: Resolver, names: Mapping[str, Types]
    ) -> Types | None:
        """What an annotation means; `names` are what type variables stand for."""
        expression = parse_annotation(text)
        return self._meaning(expression, module, resolver, names) if expression else None

    def meaning(self, expression: Expression, module: Module) -> Types | None:
        """What a type in a module of the source means."""
        return self._meaning(expression, module, self.evaluator.resolver, {})

    def _meaning(
        self,
        expression: Expression | None,
        module: Module,
        resolver: Resolver,
        names: Mapping[str, Types],
    ) -> Types | None:
        match expression:
            case Name(id="..."):
                return frozenset()  # a tuple of any length
            case Literal(type="None"):
                return NONE
            case Literal(type="str", text=text):
                return self.annotation(text, module, resolver, names)
            case Operation(operator="|", operands=operands):
                return all_of(self._meaning(each, module, resolver, names) for each in operands)
            case Item(value=value, index=index):
                parts = index.elements if isinstance(index, Display) else (index,)
                arguments = [self._meaning(each, module, resolver, names) for each in parts]
                word = last_word(value)
                if word in ("Optional", "Union"):
                    return all_of([*arguments, *([NONE] if word == "Optional" else [])])
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
            case Class() as cls:
                return frozenset({Known(cls.module, cls.qualname)})
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


def _is_queryset(known: Known) -> bool:
    return known.module == "django.db.models.query" and known.name == "QuerySet"
