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
from asyncgen.definitions import Alias, FunctionIn
from asyncgen.facts import Call, Display, Expression, Get, Item
from asyncgen.source import Attribute, Class, Function, Module

_VERBS = frozenset({"api_operation", "delete", "get", "patch", "post", "put"})
_ROUTERS = frozenset(
    {"ninja.NinjaAPI", "ninja.Router", "ninja.router.Router", "ninja.main.NinjaAPI"}
)
_PAGED_ROUTER = "ninja.pagination.RouterPaginated"
_PAGING = frozenset({"ninja.pagination.paginate"})
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
                if not self.is_paged(frame) and not states.needs_no_query(each):
                    frame.note(Level.REACHES, "returns a queryset", Cause.LATER)
            elif isinstance(each, Instance) and self.is_row(each) and schema:
                self.shows(schema, each, frame)

    def is_paged(self, frame: LoopFrame) -> bool:
        """Whether rows are taken from what a function returns in a thread, page by page."""
        decorators = frame.function.decorators if frame.function else ()
        return any(self.names(each, frame.module) in _PAGING for each in decorators)

    def names(self, decorator: Expression, module: Module) -> str:
        """The dotted name of a decorator, called or not."""
        target = decorator.function if isinstance(decorator, Call) else decorator
        found = self.resolver.expression(module, target)
        if isinstance(found, FunctionIn):
            return f"{found.module.name}.{found.function.name}"
        return self.dotted(target, module)

    def path_operation(self, function: Function | None, module: Module) -> Call | None:
        """The decorator that makes an operation of a function: what it returns may be something
        else by then where another decorator comes before."""
        for decorator in reversed(function.decorators if function else ()):
            match decorator:
                case Call(function=Get(value=owner, name=name)) if name in _VERBS:
                    made = self.resolver.expression(module, owner)
                    is_operation = isinstance(made, Alias) and self.is_router(made)
                    return decorator if is_operation else None
            if self.names(decorator, module) not in _PAGING:
                return None
        return None

    def is_router(self, alias: Alias) -> bool:
        call = alias.attribute.value
        if not isinstance(call, Call):
            return False
        made = self.resolver.expression(alias.module, call.function)
        if isinstance(made, Class):
            names = {each.dotted for each in self.resolver.mro(made)}
            return not names.isdisjoint(_ROUTERS) and _PAGED_ROUTER not in names
        return self.dotted(call.function, alias.module) in _ROUTERS

    def schema(self, response: Expression | None, module: Module) -> Class | None:
        """The schema that `response` names, for one or for many; by the status, if it is the only
        one."""
        match response:
            case Display(type="dict", elements=elements):
                named = {self.schema(each, module) for each in elements[1::2]} - {None}
                return named.pop() if len(named) == 1 else None
            case Item(index=index) if index is not None:
                response = index
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
