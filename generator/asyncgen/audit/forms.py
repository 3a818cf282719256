"""Forms and serializers: whether validating, showing or saving one queries, by its fields.

Django's and REST framework's own code is not followed: their fields decide. What a class of the
project adds (`clean_code`, `get_total`) is evaluated like any other method.
https://docs.djangoproject.com/en/stable/topics/forms/modelforms/
https://www.django-rest-framework.org/api-guide/serializers/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import asyncgen.audit.state as states
from asyncgen import knowledge
from asyncgen.analysis.annotations import base_word
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.values import (
    CLEAN,
    NOTHING,
    Arguments,
    Builtin,
    Cause,
    Effect,
    Foreign,
    Given,
    Instance,
    Level,
    Type,
    Value,
    union,
    unknown,
)
from asyncgen.audit.outside import Outside
from asyncgen.facts import Call, Display, Expression, Item, Literal, Name
from asyncgen.problems import Location
from asyncgen.source import Attribute, Class, Evidence, Function

FORM, SERIALIZER = "form", "serializer"
_BASES = {
    "BaseForm": FORM,
    "BaseModelForm": FORM,
    "Form": FORM,
    "ModelForm": FORM,
    "HyperlinkedModelSerializer": SERIALIZER,
    "ModelSerializer": SERIALIZER,
    "Serializer": SERIALIZER,
}
_OF_MODELS = frozenset(
    {"BaseModelForm", "HyperlinkedModelSerializer", "ModelForm", "ModelSerializer"}
)
_PACKAGES = ("django.forms", "rest_framework")
_CHOOSING = ("ModelChoiceField", "ModelMultipleChoiceField")
_RELATED = ("HyperlinkedRelatedField", "PrimaryKeyRelatedField", "SlugRelatedField")
_TO_ROWS = ("StringRelatedField", "SlugRelatedField")

_BOUND = "=bound"  # a form or serializer with data
_MANY = "=many"
_SOURCE = "=source:"
_CLEANED = "=cleaned"  # was validated, and keeps what came of it
_ASKED = "django.forms.asked."
_VALIDATING = frozenset({"errors", "full_clean", "is_valid", "non_field_errors"})
_SHOWING = frozenset({"as_div", "as_p", "as_table", "as_ul", "render"})


@dataclass
class Forms(Outside):
    """Tells which forms and serializers query."""

    # Methods of forms by the names under which they are called, and what they do.
    asked: dict[str, tuple[str, Effect | None]] = field(default_factory=dict)
    sources: list[Value] = field(default_factory=list)  # what serializers are given to show

    def kind_of_form(self, cls: Class) -> str:
        """form, serializer, or nothing."""
        for base, dotted in self.form_bases(cls):
            if dotted.startswith(_PACKAGES) and base in _BASES:
                return _BASES[base]
        return ""

    def form_bases(self, cls: Class) -> Iterator[tuple[str, str]]:
        """The last and the whole names of what a class inherits from, read or not."""
        for each in self.resolver.mro(cls):
            yield each.name, each.dotted
            if each.module.startswith(_PACKAGES):
                continue
            module = self.resolver.readable(each.module)
            for base in each.bases if module else ():
                assert module is not None
                yield base_word(base), self.dotted(base, module)

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
        if kind == SERIALIZER:
            source = arguments.keyword("instance") or first
            if Builtin("bool", text="True") in arguments.keyword("many"):
                state.add(_MANY)
            if source:
                state.add(self.noted(source))
        made = Instance(cls, None, frozenset(state))
        if isinstance(own := self.own(cls, "__init__"), Function):
            where, _ = self.resolver.lookup(cls, "__init__") or (cls, None)
            bound = self.bound(own, where, made)
            effect = self.outcome(bound, self.given(bound, arguments)).effect
            if effect.level is Level.REACHES:
                frame.include(replace(effect, cause=Cause.FORM), f"makes a {cls.name}")
        return frozenset({made})

    def remark(self, owner: Expression, mark: str, frame: Frame) -> None:
        """A form keeps what came of its validation."""
        if mark not in _VALIDATING:
            super().remark(owner, mark, frame)
        elif isinstance(owner, Name) and owner.id in frame.environment:
            held = frame.environment[owner.id]
            made = states.marked(held, _CLEANED, lambda each: bool(self.kind_of_form(each.cls)))
            frame.environment[owner.id] = made

    def noted(self, source: Value) -> str:
        """A mark for what a serializer shows."""
        if source not in self.sources:
            self.sources.append(source)
        return f"{_SOURCE}{self.sources.index(source)}"

    def source(self, owner: Instance) -> Value:
        """What a serializer shows."""
        marks = [each.removeprefix(_SOURCE) for each in owner.state if each.startswith(_SOURCE)]
        return union(self.sources[int(each)] for each in marks)

    # -- what is asked of them ---------------------------------------------------------------------

    def instance_attribute(self, owner: Instance, name: str, frame: Frame) -> Value:
        kind = "" if self.role(owner.cls) else self.kind_of_form(owner.cls)
        if not kind:
            return super().instance_attribute(owner, name, frame)
        defined = self.own(owner.cls, name)
        if defined is not None:
            return super().instance_attribute(owner, name, frame)
        return self.form_attribute(owner, kind, name, frame)

    def own(self, cls: Class, name: str) -> Function | Attribute | Class | None:
        """What a class of the project has by that name."""
        known = self.resolver.lookup(cls, name)
        return known[1] if known and not known[0].module.startswith(_PACKAGES) else None

    def form_attribute(self, owner: Instance, kind: str, name: str, frame: Frame) -> Value:
        effect: Effect | None = None
        if name in _VALIDATING:
            effect = self.validating(owner, kind)
        elif kind == FORM and name in _SHOWING:
            effect = self.showing_form(owner.cls)
        elif kind == SERIALIZER and name == "data":
            effect = self.showing(owner, frame)
        elif name == "save" and self.model(owner.cls):
            effect = _effect(owner.cls, f"{owner.cls.name}.save() saves a row")
        if name in ("errors", "data"):
            if effect:
                frame.include(effect, f"reads {name} of a {owner.cls.name}")
            return unknown(f"{name} of a {kind}")
        return frozenset({Foreign(self.asking(name, effect))})

    def asking(self, name: str, effect: Effect | None) -> str:
        """A name for a method of a form, which has an effect when it is called."""
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

    # -- their fields ------------------------------------------------------------------------------

    def declared_fields(self, cls: Class) -> Iterator[tuple[Class, Attribute, Call, str]]:
        """The declared fields, each with the name of its class."""
        seen: set[str] = set()
        for each in self.resolver.mro(cls):
            for name, attribute in each.attributes.items():
                call = attribute.value
                if (
                    isinstance(call, Call)
                    and name not in seen
                    and not each.module.startswith(_PACKAGES)
                ):
                    seen.add(name)
                    yield each, attribute, call, base_word(call.function)

    def model(self, cls: Class) -> Class | None:
        """The model of a ModelForm or ModelSerializer."""
        if not any(base in _OF_MODELS for base, _ in self.form_bases(cls)):
            return None
        option = self.option(cls, "model")
        where = self.meta(cls)
        module = self.resolver.readable(where.module) if where else None
        model = self.resolver.expression(module, option) if module and option else None
        return model if isinstance(model, Class) else None

    def meta(self, cls: Class) -> Class | None:
        known = self.resolver.lookup(cls, "Meta")
        return known[1] if known and isinstance(known[1], Class) else None

    def option(self, cls: Class, name: str) -> Expression | None:
        meta = self.meta(cls)
        known = self.resolver.lookup(meta, name) if meta else None
        return known[1].value if known and isinstance(known[1], Attribute) else None

    def model_fields(self, cls: Class) -> Iterator[tuple[Class, Attribute, Call]]:
        """The fields of the model that the class has for itself, in the options' order."""
        model = self.model(cls)
        if model is None:
            return
        declared = {attribute.name for _, attribute, _, _ in self.declared_fields(cls)}
        wanted = self.wanted(cls)
        excluded = set(_strings(self.option(cls, "exclude")) or ())
        frozen = set(_strings(self.option(cls, "read_only_fields")) or ())
        for each in self.resolver.mro(model):
            for name, attribute in each.attributes.items():
                is_wanted = wanted is None or name in wanted
                if not isinstance(attribute.value, Call) or not is_wanted:
                    continue
                if name not in declared | excluded | frozen:
                    yield each, attribute, attribute.value

    def wanted(self, cls: Class) -> set[str] | None:
        """The names in `fields`; None for all of the model's."""
        names = _strings(self.option(cls, "fields"))
        return None if names is None else set(names)

    # -- what they do ------------------------------------------------------------------------------

    def validating(self, owner: Instance, kind: str) -> Effect | None:
        """Whether is_valid() queries."""
        cls = owner.cls
        if _BOUND not in owner.state or _CLEANED in owner.state:
            return None
        for where, attribute, call, name in self.declared_fields(cls):
            if kind == FORM and name.endswith(_CHOOSING):
                return _effect(
                    where, f"{cls.name}.{attribute.name} is a {name}", attribute.location
                )
            if kind == SERIALIZER:
                keywords = dict(call.keywords)
                if name.endswith(_RELATED) and "queryset" in keywords:
                    what = f"{cls.name}.{attribute.name} looks its object up"
                    return _effect(where, what, attribute.location)
                if "validators" in keywords and "UniqueValidator" in str(keywords["validators"]):
                    what = f"{cls.name}.{attribute.name} has a UniqueValidator"
                    return _effect(where, what, attribute.location)
        for where, attribute, call in self.model_fields(cls):
            kind_of_field = self.relations.field_name(call, where)
            if dict(call.keywords).get("unique") == Literal("bool", "True"):
                what = f"{where.name}.{attribute.name} is unique"
                return _effect(where, what, attribute.location)
            if kind_of_field.endswith((*knowledge.TO_ONE_FIELDS, *knowledge.TO_MANY_FIELDS)):
                what = f"{where.name}.{attribute.name} is looked up"
                return _effect(where, what, attribute.location)
        return self.own_checks(owner, kind)

    def own_checks(self, owner: Instance, kind: str) -> Effect | None:
        """What the class's own methods do that validation calls."""
        prefix = "clean" if kind == FORM else "validate"
        for each in self.resolver.mro(owner.cls):
            if each.module.startswith(_PACKAGES):
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
                yield attribute.name, _effect(where, what, attribute.location)
        for where, attribute, call in self.model_fields(cls):
            kind_of_field = self.relations.field_name(call, where)
            if kind_of_field.endswith((*knowledge.TO_ONE_FIELDS, *knowledge.TO_MANY_FIELDS)):
                what = f"{cls.name} shows the rows for {where.name}.{attribute.name}"
                yield attribute.name, _effect(where, what, attribute.location)

    def showing(self, owner: Instance, frame: Frame) -> Effect | None:
        """Whether `.data` of a serializer queries."""
        source = self.source(owner)
        rows: list[Type] = []
        for each in source:
            if _MANY in owner.state:
                if self.is_queryset(each) and not states.needs_no_query(each):
                    return _effect(owner.cls, f"{owner.cls.name} runs through a queryset")
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
                method = self.own(cls, f"get_{attribute.name}")
                if isinstance(method, Function):
                    given: Given = ((_second(method), frozenset({row})),)
                    outcome = self.outcome(self.bound(method, where, Instance(cls)), given)
                    if outcome.effect.level is Level.REACHES:
                        return replace(outcome.effect, cause=Cause.FORM)
                continue
            what = f"{cls.name}.{attribute.name} reads {path}"
            if effect := self.follows(row, path.split("."), name, where, attribute, what):
                return effect
        for where, attribute, call in self.model_fields(cls):
            kind_of_field = self.relations.field_name(call, where)
            is_loaded = states.is_loaded(row.state, attribute.name, is_key=False)
            is_many = kind_of_field.endswith(knowledge.TO_MANY_FIELDS)
            if is_many and not is_loaded and states.ROW in row.state:
                what = f"{cls.name} lists {where.name}.{attribute.name}"
                return _effect(where, what, attribute.location)
        return None

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
                    return _effect(where, what, attribute.location)
                inner_rows += self.row_of(each)
            elif isinstance(each, Instance):
                inner_rows.append(each)
        if isinstance(nested, Class) and self.kind_of_form(nested):
            for each in inner_rows:
                if isinstance(each, Instance) and (effect := self.shown(nested, each)):
                    return effect
        return None


def _effect(where: Class, message: str, location: Location | None = None) -> Effect:
    evidence = (Evidence(message, location or where.location),)
    return Effect(Level.REACHES, evidence, Cause.FORM)


def _strings(expression: Expression | None) -> list[str] | None:
    """The strings of a list or tuple; None for "__all__", and for anything else."""
    if isinstance(expression, Display):
        return [each.text for each in expression.elements if isinstance(each, Literal)]
    return None


def _second(function: Function) -> str:
    parameters = function.signature.parameters
    return parameters[1].name if len(parameters) > 1 else ""
