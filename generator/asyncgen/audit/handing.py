"""What is handed to a framework that evaluates it on the loop: what operations of ninja return.

https://django-ninja.dev/guides/async-support/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import asyncgen.audit.state as states
from asyncgen import knowledge
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.values import Builtin, Cause, Given, Instance, Level, Type, Value
from asyncgen.audit.recording import LoopFrame
from asyncgen.audit.templates import Templates
from asyncgen.definitions import Alias
from asyncgen.facts import Call, Expression, Get, Item
from asyncgen.source import Attribute, Class, Function, Module

_VERBS = frozenset({"api_operation", "delete", "get", "patch", "post", "put"})
_ROUTERS = frozenset(
    {"ninja.NinjaAPI", "ninja.Router", "ninja.router.Router", "ninja.main.NinjaAPI"}
)
_RESOLVE = "resolve_"


@dataclass
class Handing(Templates):
    """Tells what a framework evaluates once a function has returned it."""

    def handed_over(self, value: Value, frame: LoopFrame) -> None:
        """A function on the loop returns something."""
        operation = self.path_operation(frame.function, frame.module)
        if operation is None:
            return
        schema = self.schema(dict(operation.keywords).get("response"), frame.module)
        for each in _flat(value):
            if self.is_queryset(each):
                if not states.needs_no_query(each):
                    frame.note(Level.REACHES, "returns a queryset", Cause.LATER)
            elif isinstance(each, Instance) and self.is_row(each) and schema:
                self.shows(schema, each, frame)

    def path_operation(self, function: Function | None, module: Module) -> Call | None:
        """The decorator that makes an operation of a function."""
        for decorator in function.decorators if function else ():
            match decorator:
                case Call(function=Get(value=owner, name=name)) if name in _VERBS:
                    made = self.resolver.expression(module, owner)
                    if isinstance(made, Alias) and self.is_router(made):
                        return decorator
        return None

    def is_router(self, alias: Alias) -> bool:
        call = alias.attribute.value
        if not isinstance(call, Call):
            return False
        made = self.resolver.expression(alias.module, call.function)
        if isinstance(made, Class):
            return any(each.dotted in _ROUTERS for each in self.resolver.mro(made))
        return self.dotted(call.function, alias.module) in _ROUTERS

    def schema(self, response: Expression | None, module: Module) -> Class | None:
        """The schema that `response` names, for one or for many."""
        if isinstance(response, Item) and response.index is not None:
            response = response.index
        definition = self.resolver.expression(module, response) if response else None
        return definition if isinstance(definition, Class) else None

    def shows(self, schema: Class, row: Instance, frame: LoopFrame) -> None:
        """The fields of a schema are read from a row."""
        for name, effect_of in self.read_by(schema, row, frame):
            if effect_of.effect.level is Level.REACHES:
                frame.note(Level.REACHES, f"{schema.name} reads {name} of the row", Cause.LATER)
                return

    def read_by(self, schema: Class, row: Instance, frame: Frame) -> Iterator[tuple[str, Frame]]:
        """What each field of a schema reads, with a frame that has the effect."""
        for each in self.resolver.mro(schema):
            for name, function in each.functions.items():
                if name.startswith(_RESOLVE) and function.signature.parameters:
                    scratch = Frame(frame.module, None, None, None, {}, frame.line, is_typed=False)
                    first = function.signature.parameters[0].name
                    given: Given = ((first, frozenset({row})),)
                    outcome = self.outcome(self.bound(function, each, None), given)
                    scratch.include(outcome.effect, f"calls {name}")
                    yield name.removeprefix(_RESOLVE), scratch
            for name, attribute in each.attributes.items():
                if self.is_relation_of(row, name) and f"{_RESOLVE}{name}" not in each.functions:
                    scratch = Frame(frame.module, None, None, None, {}, frame.line, is_typed=False)
                    value = self.attribute(frozenset({row}), name, scratch)
                    if _is_list(attribute):
                        self.iterate(value, scratch)
                    yield name, scratch

    def is_relation_of(self, row: Instance, name: str) -> bool:
        """Whether a model has a relation by that name."""
        member = self.resolver.lookup(row.cls, name)
        if member is None:
            return self.relations.reverse(self.resolver.mro(row.cls), name) is not None
        where, what = member
        return (
            isinstance(what, Attribute)
            and isinstance(what.value, Call)
            and self.relations.field_name(what.value, where).endswith(
                (*knowledge.TO_ONE_FIELDS, *knowledge.TO_MANY_FIELDS)
            )
        )


def _is_list(attribute: Attribute) -> bool:
    return (attribute.annotation or "").lower().startswith("list")


def _flat(value: Value) -> Iterator[Type]:
    """What is in a value, and in the containers in it."""
    for each in value:
        if isinstance(each, Builtin) and each.elements:
            yield from _flat(each.elements)
        else:
            yield each
