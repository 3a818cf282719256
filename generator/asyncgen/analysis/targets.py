"""What assigning does to names, attributes and items."""

from __future__ import annotations

from asyncgen.analysis.expressions import as_key, attribute_path
from asyncgen.analysis.frame import NARROWED, Frame
from asyncgen.analysis.narrowing import Narrowing
from asyncgen.analysis.outside import dictionary_owner
from asyncgen.analysis.types import builtin as builtin_type
from asyncgen.analysis.types import tuple_parts
from asyncgen.analysis.values import (
    NOTHING,
    Argument,
    Builtin,
    Foreign,
    Instance,
    Level,
    Unknown,
    Value,
    builtin,
    merged,
    proved,
    types_of,
)
from asyncgen.facts import (
    Assign,
    Display,
    Expression,
    Get,
    Item,
    Name,
    Operation,
    Star,
)
from asyncgen.source import Attribute, Function

_HTTP = "django.http."  # of a response: items are headers


class Targets(Narrowing):
    """Binds values to targets."""

    def assign(self, statement: Assign, frame: Frame) -> None:
        result = self.value(statement.value, frame)
        if statement.annotation and frame.bound:
            declared = self.annotation(statement.annotation, frame.bound)
            wanted = statement.annotation if frame.is_typed else None
            types = self.declared_types(wanted, frame.module) or types_of(result)
            if declared and all(isinstance(each, Unknown | Argument) for each in result):
                result = declared
            result = proved(result, types)
        if self.is_grown(statement, result, frame):
            return
        result = self.placed(result, statement, frame)
        for target in statement.targets:
            self.bind(target, result, frame)
            if isinstance(target, Name):
                self.keep_aggregated(target.id, statement.value, frame)

    def is_grown(self, statement: Assign, result: Value, frame: Frame) -> bool:
        """Whether it is `found += more`, of a container: under its other names, too, it holds more,
        and has the same types as before."""
        match statement:
            case Assign(
                targets=(Name(id=name) as own,), value=Operation(operands=(left, right))
            ) if own == left and frame.is_typed and name in frame.environment:
                before = frame.environment[name]
                more = self.value(right, self.scratch(frame))
                if self.grown_by_operator(before, more, frame):
                    self.rebind(name, proved(merged(result), types_of(before)), frame)
                    return True
        return False

    def bind(self, target: Expression, value: Value, frame: Frame) -> None:
        value = self.opened(value, frame)
        match target:
            case Name(id=name):
                value = self.placed(value, target, frame)
                self.rebind(name, merged(value), frame)
            case Get():
                self.bind_attribute(target, value, frame)
            case Item(value=inner, index=index):
                owners = self.value(inner, frame)
                self.each_special(owners, ("__setitem__",), frame)
                if any(isinstance(e, Foreign) and e.dotted.startswith(_HTTP) for e in owners):
                    self.text(value, frame)  # of a header
                if index is None:
                    value = self.iterate(value, frame)
                if index is not None:
                    key = self.value(index, frame)
                    self.hashed(key, frame)
                    self.put_item(self.value(inner, frame), key, value, frame)
                    if isinstance(inner, Name):
                        self.forget_told(inner.id, frame)
                    value |= as_key(key)
                self.put(inner, value, frame)
            case Display(elements=elements):
                self.unpack(elements, value, frame)
            case Star(value=inner):
                types = types_of(value)
                listed = proved(builtin("list", value), types and builtin_type("list", types))
                self.bind(inner, listed, frame)

    def bind_attribute(self, target: Get, value: Value, frame: Frame) -> None:
        """`owner.name = value`; a property's setter runs, or a descriptor's `__set__`."""
        for owner in self.value(target.value, frame):
            if isinstance(owner, Argument) and self.relations.may_be_set(target.name, frame.module):
                frame.note(Level.DOUBT, f"assigns to {target.name} of the argument {owner.name}")
            if not isinstance(owner, Instance):
                self.keep_for(owner, target.name, value)
                self.special(owner, ("__setattr__",), frame)
                continue
            member = self.lookup(owner.cls, target.name)
            if member and self.is_generic(*member):
                frame.note(
                    Level.REACHES, f"assigns to {target.name}, which asks for a content type"
                )
            if member and isinstance(member[1], Function) and member[1].setter:
                outcome = self.outcome(self.bound(member[1].setter, member[0], owner))
                frame.include(outcome.effect, f"assigns to the property {target.name}")
                if not member[0].module.startswith("django."):  # `pk` holds what it is given
                    return
            self.special(owner, ("__setattr__",), frame)
            if member and isinstance(member[1], Attribute) and not self.role(owner.cls):
                descriptors = self.class_level(member[0], member[1], owner)
                self.each_special(descriptors, ("__set__",), frame)
            if owner == frame.receiver or self.assigners(owner.cls, target.name):
                self.keep(owner, target.name, value)
            else:
                self.keep_for(owner, target.name, value)
        frame.growth.lose(types_of(value))  # other methods may put something in
        path = attribute_path(target)
        if path:
            frame.environment[path] = value
            frame.environment.pop(f"{NARROWED}{path}", None)

    def put(self, owner: Expression, value: Value, frame: Frame) -> None:
        """`owner[…] = value`, `owner.append(value)`: it then has such elements."""
        if whose := dictionary_owner(owner):
            self.keep_anywhere(self.value(whose, self.scratch(frame)), value)
        path = attribute_path(owner)
        known = frame.environment.get(path, NOTHING) if path else NOTHING
        if path and any(isinstance(each, Builtin) for each in known):
            more = frozenset(
                Builtin(each.name, each.elements | value, each.effect)
                if isinstance(each, Builtin)
                else each
                for each in known
            )
            frame.environment[path] = proved(more, types_of(known))
            self.keep_items(owner, more, frame)
        elif path and isinstance(owner, Get):
            held = self.value(owner, self.scratch(frame))
            containers = [each for each in held if isinstance(each, Builtin)]
            more = frozenset(Builtin(each.name, each.elements | value) for each in containers)
            self.keep_items(owner, more, frame)

    def keep_items(self, owner: Expression, value: Value, frame: Frame) -> None:
        """What a container has that is an attribute of self, for other methods."""
        receiver = frame.receiver
        if (
            isinstance(owner, Get)
            and isinstance(receiver, Instance)
            and receiver in self.value(owner.value, self.scratch(frame))
        ):
            self.keep(receiver, owner.name, value)

    def unpack(self, elements: tuple[Expression, ...], value: Value, frame: Frame) -> None:
        """`a, b = value`, `first, *rest = value`"""
        parts, types = self.iterate(value, frame), types_of(value)
        of_each = self.elements(types, frame) if frame.is_typed else None
        each_type = tuple_parts(types, len(elements))
        is_told = None not in each_type and not any(isinstance(e, Star) for e in elements)
        for element, type_ in zip(elements, each_type, strict=True):
            self.bind(element, proved(parts, type_ if is_told else of_each), frame)
