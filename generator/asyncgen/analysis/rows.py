"""What a class is generic in, and what the rows of a queryset or manager are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from asyncgen.analysis.core import Core
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.types import Known, Types
from asyncgen.analysis.values import ClassObject, Instance
from asyncgen.analysis.variables import is_generic_base, is_variable, variables
from asyncgen.definitions import Alias
from asyncgen.django.relations import is_abstract_model
from asyncgen.facts import Call, Display, Expression, Get, Item, Literal, Name
from asyncgen.resolve import Resolver
from asyncgen.source import Class, Module


def is_generic(cls: Class, resolver: Resolver) -> bool:
    """Whether the class may be subscripted by its own or its module's doing; for a class of
    Django's, by Django's."""
    if cls.type_parameters or variables(cls, resolver):
        return True
    of_django = cls.module.startswith("django.")
    return any(
        "__class_getitem__" in known.functions
        for known in resolver.mro(cls)
        if of_django or known.module == cls.module
    )


@dataclass
class Rows:
    """The model whose rows a queryset or manager class gives."""

    evaluator: Core
    _found: dict[Class, Types | None] = field(default_factory=dict)
    _users: dict[Class, set[Class]] | None = None

    def of(self, cls: Class) -> Types | None:
        """The model, or the type variable in its place; None where it cannot be told."""
        if cls not in self._found:
            self._found[cls] = self._declared(cls) or self._used(cls)
        return self._found[cls]

    def is_declared(self, cls: Class) -> bool:
        """Whether the class says of which model its rows are."""
        return self._declared(cls) is not None

    def _declared(self, cls: Class) -> Types | None:
        """`QuerySet["Book"]` among the bases."""
        resolver = self.evaluator.resolver
        for known in resolver.mro(cls):
            if known.module.startswith("django."):
                return None
            if known.queryset and known.queryset is not cls:
                return self.of(known.queryset)
            module = resolver.readable(known.module)
            for base in known.bases:
                if module and isinstance(base, Item) and not is_generic_base(base):
                    row = self._argument(base.index, known, module, is_own=known is cls)
                    if row:
                        return row
        return None

    def _argument(
        self, index: Expression | None, where: Class, module: Module, *, is_own: bool
    ) -> Types | None:
        match index:
            case Display(elements=(first, *_)):
                return self._argument(first, where, module, is_own=is_own)
            case Literal(type="str", text=text) if text.isidentifier():
                return self._argument(Name(text), where, module, is_own=is_own)
            case Name(id=name) if name in {each.name for each in where.type_parameters}:
                return frozenset({Known("", name)}) if is_own else None
            case Name() | Get():
                definition = self.evaluator.resolver.expression(module, index)
                if isinstance(definition, Class):
                    return frozenset({Known(definition.module, definition.qualname)})
                if isinstance(definition, Alias) and is_variable(definition) and is_own:
                    name = definition.attribute.name
                    return frozenset({Known(definition.module.name, name, (), definition)})
        return None

    def _used(self, cls: Class) -> Types | None:
        """The one model that has a manager of this class; None where it is not of the sources, for
        models may have it that are not among them."""
        if not self.evaluator.relations.is_source(cls.module):
            return None
        if self._users is None:
            self._users = {}
            for model, manager in self._managers():
                self._users.setdefault(manager, set()).add(model)
        models = self._users.get(cls, set())
        if len(models) != 1:
            return None
        (model,) = models
        if model.qualname != model.name or is_abstract_model(model):
            return None
        return frozenset({Known(model.module, model.qualname)})

    def _managers(self) -> Iterator[tuple[Class, Class]]:
        """Each model with the manager and queryset classes that it makes instances of."""
        modules = self.evaluator.relations.sources
        for module in modules:
            for model in module.classes.values():
                if self.evaluator.role(model) != "model":
                    continue
                for name, attribute in model.attributes.items():
                    if isinstance(attribute.value, Call) and _makes_manager(attribute.value):
                        yield from ((model, each) for each in self._classes(model, name, module))

    def _classes(self, model: Class, name: str, module: Module) -> Iterator[Class]:
        frame = Frame(module, None, None, None, {}, model.location.line)
        for value in self.evaluator.class_attribute(ClassObject(model), name, frame):
            if isinstance(value, Instance) and self.evaluator.is_lazy(value):
                yield value.cls
                order = self.evaluator.resolver.mro(value.cls)
                yield from (known.queryset for known in order if known.queryset)


def _makes_manager(call: Call) -> bool:
    """Whether the call could make a manager: not a field's, which there are many of."""
    match call.function:
        case Name(id=name) | Get(name=name):
            return not name.endswith("Field")
    return True
