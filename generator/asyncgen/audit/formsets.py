"""Formsets of models and the contexts of generic views: what Django makes with rows in it.

https://docs.djangoproject.com/en/stable/topics/forms/modelforms/#model-formsets
https://docs.djangoproject.com/en/stable/ref/class-based-views/mixins/
"""

from __future__ import annotations

from dataclasses import dataclass

import asyncgen.audit.state as states
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.values import (
    NOTHING,
    Arguments,
    Bound,
    Builtin,
    Cause,
    Level,
    Method,
    Type,
    Value,
    builtin,
    unknown,
)
from asyncgen.audit.serializers import Serializers
from asyncgen.facts import Expression, Item, Literal, Name
from asyncgen.source import Attribute

_CLASS = "model_formset_class"
_FORMSET = "model_formset"  # without data
_MAKING = frozenset(
    f"django.forms.{each}"
    for name in ("inlineformset_factory", "modelformset_factory")
    for each in (name, f"models.{name}")
)
# What makes its forms, one for each row; and what shows them.
_FORMS = frozenset(
    {
        *("cleaned_data", "extra_forms", "forms", "initial_form_count", "initial_forms"),
        *("management_form", "total_form_count"),
    }
)
_SHOWING = frozenset({"as_div", "as_p", "as_table", "as_ul", "render"})
_CONTEXTS = {
    "django.views.generic.detail.SingleObjectMixin.get_context_data": "object",
    "django.views.generic.list.MultipleObjectMixin.get_context_data": "object_list",
}


@dataclass(frozen=True, slots=True)
class Context(Builtin):
    """A dict of which some items are known."""

    items: tuple[tuple[str, Value], ...] = ()


class Formsets(Serializers):
    """Tells which of them query."""

    # -- formsets ----------------------------------------------------------------------------------

    def call_bound(self, bound: Bound, arguments: Arguments, frame: Frame) -> Value:
        if bound.owner is None and f"{bound.module.name}.{bound.function.name}" in _MAKING:
            return builtin(_CLASS)
        return super().call_bound(bound, arguments, frame)

    def call_foreign(self, dotted: str, arguments: Arguments, frame: Frame) -> Value:
        value = super().call_foreign(dotted, arguments, frame)
        if dotted in _MAKING:
            return builtin(_CLASS)
        if dotted in _CONTEXTS and frame.receiver:
            return self.context(_CONTEXTS[dotted], arguments, frame) or value
        return value

    def call_type(self, callee: Type, arguments: Arguments, frame: Frame) -> Value:
        if not (isinstance(callee, Builtin) and callee.name == _CLASS):
            return super().call_type(callee, arguments, frame)
        has_data = arguments.positional or arguments.keyword("data") or arguments.keyword("files")
        rows = arguments.keyword("queryset")
        if has_data or not arguments.is_complete or any(map(states.needs_no_query, rows)):
            return unknown("a formset")
        return builtin(_FORMSET)

    def makes_forms(self, frame: Frame) -> None:
        frame.note(Level.REACHES, "makes a form for each row", Cause.FORM)

    def attribute_of(self, owner: Type, name: str, frame: Frame) -> Value:
        if not (isinstance(owner, Builtin) and owner.name == _FORMSET):
            return super().attribute_of(owner, name, frame)
        if name in _FORMS and not name.endswith("_count"):
            self.makes_forms(frame)
            return unknown(f"{name} of a formset")
        return frozenset({Method(owner, name)}) if _calls(name) else unknown(f"{name} of a formset")

    def call_method(self, method: Method, arguments: Arguments, frame: Frame) -> Value:
        if method.receiver.name == _FORMSET:
            self.makes_forms(frame)
            return unknown(f"the result of {method.name}")
        return super().call_method(method, arguments, frame)

    def items(self, type_: Type, frame: Frame) -> Value:
        if isinstance(type_, Builtin) and type_.name == _FORMSET:
            self.makes_forms(frame)
            return unknown("a form of a formset")
        return super().items(type_, frame)

    def text(self, value: Value, frame: Frame, method: str = "__str__") -> None:
        if method == "__str__" and builtin(_FORMSET) & value:
            self.makes_forms(frame)
        super().text(value, frame, method)

    def measure(self, value: Value, frame: Frame) -> None:
        if builtin(_FORMSET) & value:
            self.makes_forms(frame)
        super().measure(value, frame)

    # -- contexts ----------------------------------------------------------------------------------

    def context(self, key: str, arguments: Arguments, frame: Frame) -> Value:
        """What `get_context_data()` gives of a view whose object, or list, the caller has set."""
        view = frame.receiver
        assert view is not None
        held = arguments.keyword(key) or frame.environment.get(f"self.{key}", NOTHING)
        if not held or not arguments.is_complete or self.has_pages(view):
            return NOTHING
        named = self.resolver.lookup(view.cls, "context_object_name")
        said = named[1].value if named and isinstance(named[1], Attribute) else None
        names = {key, *([said.text] if isinstance(said, Literal) else ())}
        return frozenset({Context("dict", items=tuple((each, held) for each in sorted(names)))})

    def item_of(self, owner: Type, expression: Item, frame: Frame) -> Value:
        if isinstance(owner, Context) and isinstance(expression.index, Literal):
            found = dict(owner.items).get(expression.index.text)
            return unknown("an item of a context") if found is None else found
        return super().item_of(owner, expression, frame)

    def bind(self, target: Expression, value: Value, frame: Frame) -> None:
        match target:
            case Item(value=Name(id=name)) if any(
                isinstance(each, Context) for each in frame.environment.get(name, ())
            ):
                frame.environment[name] = unknown("a context that has more")
        super().bind(target, value, frame)

    def remark(self, owner: Expression, mark: str, frame: Frame) -> None:
        """A formset that somebody used has its forms."""
        held = frame.environment.get(owner.id, NOTHING) if isinstance(owner, Name) else NOTHING
        if builtin(_FORMSET) & held and mark.startswith("="):
            assert isinstance(owner, Name)
            frame.environment[owner.id] = unknown("a formset that has its forms")
        super().remark(owner, mark, frame)


def _calls(name: str) -> bool:
    return name in _SHOWING or name.endswith("_form_count")
