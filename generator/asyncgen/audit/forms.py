"""Forms: whether validating, showing or saving one queries, by its fields; serializers, as far as
they do the same.

Django's and REST framework's own code is not followed: their fields decide. What a class of the
project adds (`clean_code`, `get_total`) is evaluated like any other method.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import asyncgen.audit.state as states
from asyncgen import knowledge
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.values import (
    CLEAN,
    NOTHING,
    Arguments,
    Builtin,
    Cause,
    Effect,
    Foreign,
    Instance,
    Level,
    Type,
    Value,
    unknown,
)
from asyncgen.audit.form_fields import FORM, PACKAGES, SERIALIZER, FormFields, form_effect
from asyncgen.facts import Expression, Item, Literal, Name
from asyncgen.source import Class, Function

_CHOOSING = ("ModelChoiceField", "ModelMultipleChoiceField")
_RELATED = ("HyperlinkedRelatedField", "PrimaryKeyRelatedField", "SlugRelatedField")

_BOUND = "=bound"  # a form or serializer with data
_CLEANED = "=cleaned"  # was validated, and keeps what came of it
_ASKED = "django.forms.asked."
_VALIDATING = frozenset({"errors", "full_clean", "is_valid", "non_field_errors"})
_SHOWING = frozenset({"as_div", "as_p", "as_table", "as_ul", "render"})


@dataclass
class Forms(FormFields):
    """Tells which forms query."""

    # Methods of forms by the names under which they are called, and what they do.
    asked: dict[str, tuple[str, Effect | None]] = field(default_factory=dict)

    def instantiate(self, cls: Class, arguments: Arguments, frame: Frame) -> Value:
        kind = self.kind_of_form(cls)
        if not kind:
            return super().instantiate(cls, arguments, frame)
        state: set[str] = set()
        data = arguments.keyword("data")
        first = next(iter(arguments.positional), NOTHING)
        if (kind == FORM and (first or data)) or (kind == SERIALIZER and data):
            state.add(_BOUND)
        if not arguments.is_complete:
            state.add(_BOUND)
        made = Instance(cls, None, frozenset(state) | self.made_for(cls, arguments))
        if isinstance(own := self.own(cls, "__init__"), Function):
            where, _ = self.resolver.lookup(cls, "__init__") or (cls, None)
            bound = self.bound(own, where, made)
            effect = self.outcome(bound, self.given(bound, arguments)).effect
            if effect.level is Level.REACHES:
                frame.include(replace(effect, cause=Cause.FORM), f"makes a {cls.name}")
        return frozenset({made})

    def made_for(self, cls: Class, arguments: Arguments) -> states.State:
        """Marks for what is known besides of what is made."""
        return frozenset()

    def remark(self, owner: Expression, mark: str, frame: Frame) -> None:
        """A form keeps what came of its validation."""
        if mark not in _VALIDATING:
            super().remark(owner, mark, frame)
        elif isinstance(owner, Name) and owner.id in frame.environment:
            held = frame.environment[owner.id]
            made = states.marked(held, _CLEANED, lambda each: bool(self.kind_of_form(each.cls)))
            frame.environment[owner.id] = made

    # -- what is asked of them ---------------------------------------------------------------------

    def instance_attribute(self, owner: Instance, name: str, frame: Frame) -> Value:
        kind = "" if self.role(owner.cls) else self.kind_of_form(owner.cls)
        if not kind:
            return super().instance_attribute(owner, name, frame)
        defined = self.own(owner.cls, name)
        if defined is not None:
            return super().instance_attribute(owner, name, frame)
        return self.form_attribute(owner, kind, name, frame)

    def form_attribute(self, owner: Instance, kind: str, name: str, frame: Frame) -> Value:
        effect: Effect | None = None
        if name in _VALIDATING:
            effect = self.validating(owner, kind)
        elif kind == FORM and name in _SHOWING:
            effect = self.showing_form(owner.cls)
        elif name == "save" and self.model(owner.cls):
            effect = form_effect(owner.cls, f"{owner.cls.name}.save() saves a row")
        return self.with_effect(owner, name, effect, frame)

    def with_effect(self, owner: Instance, name: str, effect: Effect | None, frame: Frame) -> Value:
        """An attribute, or a method that has the effect when it is called."""
        if name in ("errors", "data"):
            if effect:
                frame.include(effect, f"reads {name} of a {owner.cls.name}")
            return unknown(f"{name} of a {owner.cls.name}")
        return frozenset({Foreign(self.asking(name, effect))})

    def asking(self, name: str, effect: Effect | None) -> str:
        """A name for a method of a form, which has an effect when it is called."""
        self.rests_on_more()  # the number is of what was asked before
        for dotted, known in self.asked.items():
            if known == (name, effect):
                return dotted
        dotted = f"{_ASKED}{len(self.asked)}.{name}"
        self.asked[dotted] = (name, effect)
        return dotted

    def call_foreign(self, dotted: str, arguments: Arguments, frame: Frame) -> Value:
        if dotted in self.asked:
            name, effect = self.asked[dotted]
            unsaved = arguments.keyword("commit") == frozenset({Builtin("bool", text="False")})
            if effect and not (name == "save" and unsaved):
                frame.include(effect, f"calls {name} of a form")
            return unknown(f"the result of {name}")
        return super().call_foreign(dotted, arguments, frame)

    def text(self, value: Value, frame: Frame, method: str = "__str__") -> None:
        for each in value:
            match each:
                case Instance(cls=cls) if self.kind_of_form(cls) == FORM:
                    frame.include(self.showing_form(cls) or CLEAN, f"shows a {cls.name}")
                case Foreign(dotted=dotted) if dotted in self.asked:
                    name, effect = self.asked[dotted]
                    frame.include(effect or CLEAN, f"shows {name}")
        super().text(value, frame, method)

    def item_of(self, owner: Type, expression: Item, frame: Frame) -> Value:
        match owner, expression.index:
            case Instance(cls=cls), Literal(text=name) if self.kind_of_form(cls) == FORM:
                return self.field_of_form(cls, name)
        return super().item_of(owner, expression, frame)

    def field_of_form(self, cls: Class, name: str) -> Value:
        """`form["site"]`, which templates write `form.site`: it queries when it is shown."""
        effect = dict(self.choosing(cls)).get(name)
        return frozenset({Foreign(self.asking(f"{cls.name}.{name}", effect))})

    # -- what they do ------------------------------------------------------------------------------

    def validating(self, owner: Instance, kind: str) -> Effect | None:
        """Whether is_valid() queries."""
        cls = owner.cls
        if _BOUND not in owner.state or _CLEANED in owner.state:
            return None
        for where, attribute, call, name in self.declared_fields(cls):
            if kind == FORM and name.endswith(_CHOOSING):
                return form_effect(
                    where, f"{cls.name}.{attribute.name} is a {name}", attribute.location
                )
            if kind == SERIALIZER:
                keywords = dict(call.keywords)
                if name.endswith(_RELATED) and "queryset" in keywords:
                    what = f"{cls.name}.{attribute.name} looks its object up"
                    return form_effect(where, what, attribute.location)
                if "validators" in keywords and "UniqueValidator" in str(keywords["validators"]):
                    what = f"{cls.name}.{attribute.name} has a UniqueValidator"
                    return form_effect(where, what, attribute.location)
        for where, attribute, call in self.model_fields(cls):
            kind_of_field = self.relations.field_name(call, where)
            if dict(call.keywords).get("unique") == Literal("bool", "True"):
                what = f"{where.name}.{attribute.name} is unique"
                return form_effect(where, what, attribute.location)
            if kind_of_field.endswith((*knowledge.TO_ONE_FIELDS, *knowledge.TO_MANY_FIELDS)):
                what = f"{where.name}.{attribute.name} is looked up"
                return form_effect(where, what, attribute.location)
        return self.own_checks(owner, kind)

    def own_checks(self, owner: Instance, kind: str) -> Effect | None:
        """What the class's own methods do that validation calls."""
        prefix = "clean" if kind == FORM else "validate"
        for each in self.resolver.mro(owner.cls):
            if each.module.startswith(PACKAGES):
                continue
            for name, function in each.functions.items():
                if name == prefix or name.startswith(f"{prefix}_"):
                    outcome = self.outcome(self.bound(function, each, owner))
                    if outcome.effect.level is Level.REACHES:
                        return replace(outcome.effect, cause=Cause.FORM)
        return None

    def showing_form(self, cls: Class) -> Effect | None:
        """Whether a form queries when it is shown: the choices of what it chooses among."""
        return next((effect for _, effect in self.choosing(cls)), None)

    def choosing(self, cls: Class) -> Iterator[tuple[str, Effect]]:
        """The fields that choose among rows, and what showing each does."""
        for where, attribute, _, name in self.declared_fields(cls):
            if name.endswith(_CHOOSING):
                what = f"{cls.name}.{attribute.name} shows rows"
                yield attribute.name, form_effect(where, what, attribute.location)
        for where, attribute, call in self.model_fields(cls):
            kind_of_field = self.relations.field_name(call, where)
            if kind_of_field.endswith((*knowledge.TO_ONE_FIELDS, *knowledge.TO_MANY_FIELDS)):
                what = f"{cls.name} shows the rows for {where.name}.{attribute.name}"
                yield attribute.name, form_effect(where, what, attribute.location)
