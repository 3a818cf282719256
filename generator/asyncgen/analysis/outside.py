"""What objects are given by others than the methods of their class, and all that they hold."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

from asyncgen.analysis.core import ANY_NAME
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.members import Members
from asyncgen.analysis.values import (
    NOTHING,
    Arguments,
    Bound,
    ClassObject,
    Given,
    Instance,
    Partial,
    Type,
    Value,
    in_order,
    objects_in,
    union,
)
from asyncgen.definitions import FunctionIn
from asyncgen.facts import Call, Expression, Get, Name
from asyncgen.source import Attribute, Class


class Outside(Members):
    """Keeps what is set from outside, and finds it again."""

    @abstractmethod
    def attribute_of(self, owner: Type, name: str, frame: Frame) -> Value:
        """What an attribute of a value of one type is."""

    @abstractmethod
    def field_of_record(self, where: Class, attribute: Attribute, method: str) -> Value:
        """What a field of a dataclass holds; nothing where the method leaves it out."""

    def keep_for(self, owner: Type, name: str, value: Value) -> None:
        """Remember what an attribute of an object is set to, or of a class and those below it.
        Django's own classes, and those of the database, are left out: of these it is known what
        they hold."""
        if not isinstance(owner, Instance | ClassObject) or owner.cls.module.startswith("django."):
            return
        if self.role(owner.cls) or not any(map(_counts, value)):
            return
        below = self.relations.below(owner.cls) if isinstance(owner, ClassObject) else ()
        for cls in (owner.cls, *below):
            self.keep(Instance(cls), name, value)

    def keep_anywhere(self, owners: Value, value: Value) -> None:
        """An attribute of an object is set by a name that is computed: it may be any."""
        objects = objects_in(value)
        for owner in in_order(owners) if objects else ():
            self.keep_for(owner, ANY_NAME, objects)

    def holdings(self, owner: Type) -> Value:
        """All that the attributes of an object hold: the values of its `__dict__`."""
        if not isinstance(owner, Instance) or self.role(owner.cls):
            return NOTHING
        records = [
            self.field_of_record(known, attribute, "__repr__")
            for known in self.resolver.mro(owner.cls)
            for attribute in known.attributes.values()
        ]
        names = sorted(self.assigned_names(owner.cls))
        return union((*records, *(self.kept(owner, name) for name in names)))

    def is_dressed(self, owner: Type) -> bool:
        """Whether something of the sources gives the class of an object attributes when it is made:
        a decorator, `__init_subclass__()` or `__set_name__()`."""
        if not isinstance(owner, Instance | ClassObject):
            return False
        known = self._dressers.get(owner.cls)
        return bool(self.dressers(owner.cls) if known is None else known)

    def dressers(self, cls: Class) -> tuple[tuple[Bound, Given], ...]:
        """The functions that give the class, or one that it inherits from, attributes."""
        if cls not in self._dressers:
            self._dressers[cls] = ()
            self._dressers[cls] = tuple(
                each
                for known in self.resolver.mro(cls)
                if self.is_of_project(known) and not self.role(known)
                for each in self._dressing(known)
            )
        return self._dressers[cls]

    def is_of_project(self, cls: Class) -> bool:
        return self.relations.is_source(cls.module) and not cls.module.startswith("django.")

    def _dressing(self, cls: Class) -> Iterator[tuple[Bound, Given]]:
        module = self.resolver.readable(cls.module)
        if module is None:
            return
        frame = Frame(module, None, None, None, {}, cls.location.line)
        own = frozenset({ClassObject(cls)})
        for decorator in cls.decorators:
            for each in in_order(self.value(decorator, frame)):
                if isinstance(each, Bound):
                    yield each, _first(each, own)
        for known in self.resolver.mro(cls)[1:]:
            if function := known.functions.get("__init_subclass__"):
                told = ((name, self.value(value, frame)) for name, value in cls.keywords if name)
                yield self.bound(function, known, ClassObject(cls)), tuple(told)
        for attribute in cls.attributes.values():
            if isinstance(attribute.value, Call):
                made = self.resolver.expression(module, attribute.value.function)
                if isinstance(made, Class) and "__set_name__" in self.specials(made):
                    bound = self.bound(*self.specials(made)["__set_name__"], Instance(made))
                    yield bound, _first(bound, own)

    def patched(self, owner: Type, name: str, value: Value, frame: Frame) -> Value:
        """What an attribute may be besides, as a module sets it on the class or function."""
        for target, assigned, module in self.relations.patches.get(name, ()):
            meant = self.resolver.expression(module, target)
            if self.is_meant(owner, meant):
                inner = Frame(module, None, None, None, {}, frame.line)
                held = self.through_descriptor(self.value(assigned, inner), owner, frame)
                value |= union(_as_method(each, owner) for each in held)
        if isinstance(owner, Instance | ClassObject):
            value |= self._dressed(owner, name, frame)
        return value

    def _dressed(self, owner: Instance | ClassObject, name: str, frame: Frame) -> Value:
        """What the attribute is set to by what gives the class attributes, or returns another."""
        others: set[Type] = set()
        for bound, given in self.dressers(owner.cls):
            others |= self.outcome(bound, given).returns
        if not self.dressers(owner.cls):
            return NOTHING
        held = self.through_descriptor(self.kept(Instance(owner.cls), name), owner, frame)
        found = union(_as_method(each, owner) for each in held)
        for each in in_order(frozenset(others)):
            if isinstance(each, ClassObject) and each.cls is not owner.cls:
                found |= self.attribute_of(type(owner)(each.cls), name, frame)
        return found

    def is_meant(self, owner: Type, meant: object) -> bool:
        """Whether what is set on a definition is seen on an object."""
        match owner:
            case Instance(cls=cls) | ClassObject(cls=cls):
                return isinstance(meant, Class) and meant in self.resolver.mro(cls)
            case Bound(function=function):
                return isinstance(meant, FunctionIn) and meant.function is function
        return False


def dictionary_owner(expression: Expression) -> Expression | None:
    """The object whose attributes `x.__dict__` or `vars(x)` are."""
    match expression:
        case Get(value=owner, name="__dict__") | Call(Name("vars"), (owner,)):
            return owner
    return None


def _counts(type_: Type) -> bool:
    """Whether something is done where it is called, or shown."""
    return isinstance(type_, Bound | Partial) or bool(objects_in(frozenset({type_})))


def _first(bound: Bound, value: Value) -> Given:
    """The value, for the first parameter that is not self."""
    parameters = bound.function.signature.parameters[1 if bound.receiver else 0 :]
    return tuple((each.name, value) for each in parameters[:1])


def _as_method(type_: Type, owner: Type) -> Value:
    """A function that a class is given is called with the object."""
    is_function = isinstance(type_, Bound) and type_.receiver is None and type_.owner is None
    if isinstance(owner, Instance) and is_function:
        return frozenset({Partial(type_, Arguments((frozenset({owner}),)))})
    return frozenset({type_})
