"""What the body of a module or class binds: names, to functions, classes, attributes, imports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from asyncgen.facts import Call, Display, Expression, Get, Import, Item, Literal, Name
from asyncgen.problems import Location
from asyncgen.source import Attribute, Binding, Class, Function


class Scope(NamedTuple):
    """What the body of a module or class binds, while it is being read."""

    imports: dict[str, Import]
    stars: list[str]
    classes: dict[str, Class]
    functions: dict[str, Function]
    attributes: dict[str, Attribute]
    binding: Binding  # what a function is there

    @classmethod
    def empty(cls, binding: Binding) -> Scope:
        return cls({}, [], {}, {}, {}, binding)

    def define(self, function: Function) -> None:
        """Add a function; what the name was defined as before is kept with it."""
        known = self.functions.get(function.name)
        if known:
            earlier = (*known.earlier, replace(known, earlier=()))
            function = replace(function, earlier=earlier)
        self.functions[function.name] = function
        if function.binding is not Binding.FUNCTION:
            self.attributes.pop(function.name, None)  # of a module, either may be what is there

    def add_class(self, cls: Class) -> None:
        """Add a class in the place of one of its name; what says types alone is none at run
        time."""
        known = self.classes.get(cls.name)
        if known and known.is_type_only < cls.is_type_only:
            return
        if known and known.is_type_only == cls.is_type_only:
            cls = replace(cls, earlier=(*known.earlier, known.location))
        self.classes[cls.name] = cls

    def assign(self, target: Expression, value: Expression, location: Location) -> None:
        """What `target = value` makes of names: another function, a mark with its value, an
        attribute."""
        match target:
            case Name(id=name):
                bound = function_by_assignment(name, value, self.functions)
                if bound:
                    self.functions[name] = replace(bound, location=location)
                else:
                    self.add_attribute(name, value, location)
            case Get(value=Name(id=name), name=mark) if name in self.functions:
                function = self.functions[name]
                marks = {**function.marks, mark: mark_text(value)}
                self.functions[name] = replace(function, marks=marks)
            case Display(elements=elements):
                for index, element in enumerate(elements):
                    part = Item(value, Literal("int", str(index)))
                    self.assign(element, part, location)

    def add_attribute(
        self, name: str, value: Expression | None, location: Location, annotation: str | None = None
    ) -> None:
        known = self.attributes.get(name)
        if known and known.value is not None and value == Literal("None"):
            return  # `try: from x import y` … `except ImportError: y = None`
        self.functions.pop(name, None)
        self.attributes[name] = Attribute(name, value, annotation, location)


def mark_text(value: Expression) -> str:
    """A mark's value as text: a constant, or a list of strings; empty for anything else."""
    match value:
        case Literal(text=text):
            return text
        case Display(type="list", elements=elements):
            texts = [each.text for each in elements if isinstance(each, Literal)]
            if len(texts) == len(elements):
                return f"[{', '.join(map(json.dumps, texts))}]"
    return ""


def function_by_assignment(
    name: str, value: Expression, functions: Mapping[str, Function]
) -> Function | None:
    """`b = a`, `a = decorate(a)`, `a = property(get, set)`: the function that `a` now is."""
    match value:
        case Name(id=source) if source in functions:
            return replace(functions[source], name=name, earlier=())
        case Call(function=decorator, arguments=(Name(id=source), *others), keywords=()) if (
            source in functions
        ):
            accessors = [functions.get(each.id) for each in others if isinstance(each, Name)]
            if None in accessors or len(accessors) < len(others):
                return None
            function = functions[source]
            return replace(
                function,
                name=name,
                earlier=(),
                setter=accessors[0] if accessors else function.setter,
                deleter=accessors[1] if len(accessors) > 1 else function.deleter,
                decorators=(decorator, *function.decorators),
                decorator_texts=(".".join(_path(decorator)), *function.decorator_texts),
            )
    return None


def _path(expression: Expression) -> tuple[str, ...]:
    match expression:
        case Name(id=name):
            return (name,)
        case Get(value=value, name=name):
            return (*_path(value), name)
    return ()
