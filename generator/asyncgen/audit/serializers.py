"""Serializers of REST framework: whether showing or saving one queries, by its fields.

https://www.django-rest-framework.org/api-guide/serializers/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import asyncgen.audit.state as states
from asyncgen import knowledge
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.values import (
    NOTHING,
    Arguments,
    Builtin,
    Cause,
    Effect,
    Given,
    Instance,
    Level,
    Type,
    Value,
    union,
)
from asyncgen.audit.form_fields import SERIALIZER, form_effect
from asyncgen.audit.forms import Forms
from asyncgen.facts import Block, Call, Get, Literal, nodes
from asyncgen.source import Attribute, Class, Evidence, Function, Look

_MANY = "=many"
_SOURCE = "=source:"
_REPRESENTATION = "to_representation"


@dataclass
class Serializers(Forms):
    """Tells which serializers query."""

    sources: list[Value] = field(default_factory=list)  # what serializers are given to show

    def made_for(self, cls: Class, arguments: Arguments) -> states.State:
        if self.kind_of_form(cls) != SERIALIZER:
            return super().made_for(cls, arguments)
        source = arguments.keyword("instance") or next(iter(arguments.positional), NOTHING)
        is_many = Builtin("bool", text="True") in arguments.keyword("many")
        marks = [*([_MANY] if is_many else ()), *([self.noted(source)] if source else ())]
        return frozenset(marks)

    def noted(self, source: Value) -> str:
        """A mark for what a serializer shows."""
        self.rests_on_more()  # the number is of what was noted before
        if source not in self.sources:
            self.sources.append(source)
        return f"{_SOURCE}{self.sources.index(source)}"

    def source(self, owner: Instance) -> Value:
        """What a serializer shows."""
        marks = [each.removeprefix(_SOURCE) for each in owner.state if each.startswith(_SOURCE)]
        return union(self.sources[int(each)] for each in marks)

    def form_attribute(self, owner: Instance, kind: str, name: str, frame: Frame) -> Value:
        if kind != SERIALIZER or name not in ("data", "save"):
            return super().form_attribute(owner, kind, name, frame)
        effect = self.showing(owner, frame) if name == "data" else self.saving(owner)
        return self.with_effect(owner, name, effect, frame)

    def saving(self, owner: Instance) -> Effect | None:
        """What save() does: what the class has for it, else what a row takes."""
        own = self.own(owner.cls, "update" if self.source(owner) else "create")
        if isinstance(own, Function):
            return self.done_by(own, owner, ())
        if self.model(owner.cls):
            return form_effect(owner.cls, f"{owner.cls.name}.save() saves a row")
        return None

    def done_by(self, function: Function, owner: Instance, given: Given) -> Effect | None:
        """What a method of the class does, where it certainly queries."""
        where, _ = self.resolver.lookup(owner.cls, function.name) or (owner.cls, None)
        effect = self.outcome(self.bound(function, where, owner), given).effect
        return replace(effect, cause=Cause.FORM) if effect.level is Level.REACHES else None

    def showing(self, owner: Instance, frame: Frame) -> Effect | None:
        """Whether `.data` of a serializer queries."""
        source = self.source(owner)
        rows: list[Type] = []
        for each in source:
            if _MANY in owner.state:
                if self.is_queryset(each) and not states.needs_no_query(each):
                    return form_effect(owner.cls, f"{owner.cls.name} runs through a queryset")
                rows += (
                    self.row_of(each)
                    if isinstance(each, Instance) and self.is_queryset(each)
                    else each.elements
                    if isinstance(each, Builtin)
                    else ()
                )
            else:
                rows.append(each)
        for row in rows:
            if not (isinstance(row, Instance) and self.is_row(row)):
                continue
            if effect := self.shown(owner.cls, row):
                return effect
        return None

    def shown(self, cls: Class, row: Instance) -> Effect | None:
        """What showing one row does."""
        own = self.own(cls, _REPRESENTATION)
        if isinstance(own, Function):
            effect = self.done_by(own, Instance(cls), ((_second(own), frozenset({row})),))
            if effect or not own.look(goes_up):
                return effect
        return self.shown_by_fields(cls, row)

    def shown_by_fields(self, cls: Class, row: Instance) -> Effect | None:
        wanted = self.wanted(cls) if self.model(cls) else None
        for where, attribute, call, name in self.declared_fields(cls):
            if wanted is not None and attribute.name not in wanted and wanted:
                continue
            keywords = dict(call.keywords)
            if keywords.get("write_only") == Literal("bool", "True"):
                continue
            source = keywords.get("source")
            path = source.text if isinstance(source, Literal) else attribute.name
            if name == "SerializerMethodField":
                named = keywords.get("method_name")
                method = self.own(
                    cls, named.text if isinstance(named, Literal) else f"get_{attribute.name}"
                )
                if isinstance(method, Function):
                    given: Given = ((_second(method), frozenset({row})),)
                    if effect := self.done_by(method, Instance(cls), given):
                        return effect
                continue
            what = f"{cls.name}.{attribute.name} reads {path}"
            if effect := self.follows(row, path.split("."), name, where, attribute, what):
                return effect
        return next(self.shown_of_model(cls, row), None)

    def shown_of_model(self, cls: Class, row: Instance) -> Iterator[Effect]:
        """What showing the fields that the model declares does: of a relation to one its key is
        shown, or with a `depth` the row."""
        depth = self.option(cls, "depth")
        is_deep = isinstance(depth, Literal) and depth.text not in ("", "0")
        shown = knowledge.TO_MANY_FIELDS + (knowledge.TO_ONE_FIELDS if is_deep else ())
        for where, attribute, call in self.model_fields(cls):
            kind = self.relations.field_name(call, where)
            is_to_one = not kind.endswith(knowledge.TO_MANY_FIELDS)
            is_loaded = states.is_loaded(row.state, attribute.name, is_key=is_to_one)
            if kind.endswith(shown) and not is_loaded and states.ROW in row.state:
                verb = "shows" if is_to_one else "lists"
                what = f"{cls.name} {verb} {where.name}.{attribute.name}"
                yield form_effect(where, what, attribute.location)

    def follows(
        self,
        row: Instance,
        parts: list[str],
        field: str,
        where: Class,
        attribute: Attribute,
        what: str,
    ) -> Effect | None:
        """What reading a dotted source of a row does, and showing what it leads to."""
        module = self.resolver.readable(where.module)
        if module is None:
            return None
        scratch = Frame(module, None, None, None, {}, attribute.location.line)
        value: Value = frozenset({row})
        is_key = field.endswith("PrimaryKeyRelatedField")
        for part in parts[:-1] if is_key else parts:
            value = self.attribute(value, part, scratch)
        if scratch.effect.level is Level.REACHES:
            return replace(
                scratch.effect,
                evidence=(Evidence(what, attribute.location), *scratch.effect.evidence[1:]),
                cause=Cause.FORM,
            )
        nested = (
            self.resolver.expression(module, attribute.value.function)
            if isinstance(attribute.value, Call)
            else None
        )
        inner_rows: list[Type] = []
        for each in value:
            if isinstance(each, Instance) and self.is_lazy(each):
                if not states.needs_no_query(each) and states.ROW in row.state:
                    return form_effect(where, what, attribute.location)
                inner_rows += self.row_of(each)
            elif isinstance(each, Instance):
                inner_rows.append(each)
        if isinstance(nested, Class) and self.kind_of_form(nested):
            for each in inner_rows:
                if isinstance(each, Instance) and (effect := self.shown(nested, each)):
                    return effect
        return None


@Look
def goes_up(block: Block) -> bool:
    """Whether a method of that name asks the class that it is inherited from, too."""
    return any(isinstance(each, Get) and each.name == _REPRESENTATION for each in nodes(block))


def _second(function: Function) -> str:
    parameters = function.signature.parameters
    return parameters[1].name if len(parameters) > 1 else ""
