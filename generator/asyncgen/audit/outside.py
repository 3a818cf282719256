"""Calls of what is not read, by the tables of `known`: what blocks the loop, and what does not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import asyncgen.audit.known as known
import asyncgen.audit.state as states
from asyncgen import knowledge
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.library import runs_through
from asyncgen.analysis.values import (
    NO_ARGUMENTS,
    NOTHING,
    Arguments,
    Bound,
    Builtin,
    Cause,
    ClassObject,
    Effect,
    Foreign,
    Instance,
    Level,
    Method,
    Type,
    Value,
    builtin,
    union,
    unknown,
)
from asyncgen.audit.holding import Keyed, keyed
from asyncgen.audit.recording import LoopFrame
from asyncgen.audit.requests import CACHE, CACHES, SESSION, Requests
from asyncgen.audit.threads import COROUTINE
from asyncgen.facts import Call, Expression, Get, Literal, Name
from asyncgen.source import Attribute, Class, Evidence, Function

_PAGES = frozenset({"get_page", "page", "validate_number"})
_PAGE = "page"  # its elements are what it shows a part of, once somebody runs through it
_MEASURES = frozenset({"count", "num_pages", "page_range"})
_GETTER = "attrgetter"  # the type of what `attrgetter("site.name")` gives
_SETTINGS = "django.conf.settings."
_FIELD = re.compile(r"(?<!\{)\{(?P<first>\w+)(?P<path>(?:\.\w+)+)(?:![rsa])?(?::[^{}]*)?\}(?!\})")
_VIEWS = "django.views.generic."


@dataclass
class Outside(Requests):
    """Tells what blocks without being read."""

    blocks: frozenset[str] = frozenset()  # names that the configuration gives

    # -- calls -------------------------------------------------------------------------------------

    def call_bound(self, bound: Bound, arguments: Arguments, frame: Frame) -> Value:
        if bound.owner and self.role(bound.owner) in ("queryset", "manager"):
            for value in arguments.values:  # a lookup asks for the key
                self.uses_user(value, frame)
        where = f"{bound.owner.qualname}." if bound.owner else ""
        dotted = f"{bound.module.name}.{where}{bound.function.name}"
        if (cause := self.cause_of(dotted)) is not None:
            level = Level.LIKELY if _is_only_made(bound.receiver) else Level.REACHES
            frame.note(level, f"calls {dotted}", cause)
            return self.given_by(dotted, arguments)
        if (sync := known.SYNC_OF.get(dotted)) is not None:
            return builtin(COROUTINE, self.given_by(sync, arguments))
        if dotted.startswith(known.KEEPING) and not isinstance(frame, LoopFrame):
            frame.note(Level.LIKELY, f"calls {dotted}", Cause.RELATION)
            return unknown("a content type")
        is_user = bound.function.name in known.PERMISSIONS and isinstance(bound.receiver, Instance)
        if is_user and bound.module.name.startswith("django.contrib.auth."):
            frame.note(Level.REACHES, f"calls {bound.function.name} of a user", Cause.ACCOUNT)
            return builtin("bool")
        return super().call_bound(bound, arguments, frame)

    def cause_of(self, dotted: str) -> Cause | None:
        if dotted in self.blocks:
            return Cause.WAITING
        return known.cause_of(dotted)

    def given_by(self, dotted: str, arguments: Arguments) -> Value:
        """What something that blocks gives, where that is known."""
        first = next(iter(arguments.positional), NOTHING)
        if dotted.startswith("django.shortcuts.get_"):
            rows: list[Value] = []
            for each in first:
                if isinstance(each, ClassObject) and self.role(each.cls) == "model":
                    rows.append(frozenset({Instance(each.cls, None, frozenset({states.ROW}))}))
                elif isinstance(each, Instance) and self.is_lazy(each):
                    rows.append(self.row_of(each))
            value = union(rows)
            return builtin("list", value) if "list" in dotted else value or unknown("a row")
        if dotted.startswith("django.contrib.auth.") and dotted.endswith(
            ("authenticate", "get_user")
        ):
            return self.user()
        return frozenset({Foreign(f"{dotted}()")})

    def call_foreign(self, dotted: str, arguments: Arguments, frame: Frame) -> Value:
        cause = self.cause_of(dotted)
        if cause is not None and not self.is_quiet_call(dotted, arguments):
            frame.note(Level.REACHES, f"calls {dotted}", cause)
            return self.given_by(dotted, arguments)
        if cause is not None:
            return self.given_by(dotted, arguments)
        if dotted in known.IN_LOOP:
            return frozenset({Builtin("bool", text="True")})
        if (sync := known.SYNC_OF.get(dotted)) is not None:
            return builtin(COROUTINE, self.given_by(sync, arguments))
        if dotted.endswith(".get_user_model") and self.relations.user:
            return frozenset({ClassObject(self.relations.user)})
        by_prefix = (call for prefix, call in _BY_PREFIX.items() if dotted.startswith(prefix))
        call = _BY_NAME.get(dotted) or next(by_prefix, None)
        value = call(self, dotted, arguments, frame) if call else None
        return super().call_foreign(dotted, arguments, frame) if value is None else value

    # What `_BY_NAME` and `_BY_PREFIX` lead to; None where nothing particular is known.

    def ask_for_user(self, dotted: str, arguments: Arguments, frame: Frame) -> Value:
        return builtin(COROUTINE, self.user())

    def begin(self, dotted: str, arguments: Arguments, frame: Frame) -> Value:
        evidence = (Evidence("begins a transaction"),)
        effect = Effect(Level.REACHES, evidence, Cause.TRANSACTION)
        return frozenset({Builtin("context", NOTHING, effect)})

    def make_paginator(self, dotted: str, arguments: Arguments, frame: Frame) -> Value:
        return builtin("paginator", _first(arguments))

    def fill(self, dotted: str, arguments: Arguments, frame: Frame) -> Value:
        """A response runs through its content."""
        self.iterate(frozenset(filter(self.is_rows_of, _first(arguments))), frame)
        return frozenset({Foreign(f"{dotted}()")})

    def serialize(self, dotted: str, arguments: Arguments, frame: Frame) -> Value | None:
        if len(arguments.positional) < 2:
            return None
        self.iterate(arguments.positional[1], frame)
        return builtin("str")

    def chain(self, dotted: str, arguments: Arguments, frame: Frame) -> Value | None:
        """`ChainMap(first, second)`: of one key in both, the first has it."""
        items: dict[str, Value] = {}
        for value in reversed(arguments.positional):
            match tuple(value):
                case (Keyed(items=held),):
                    items |= dict(held)
                case (Builtin(name="dict", elements=elements),) if not elements:
                    pass
                case _:
                    return None
        return keyed("dict", items.items()) if arguments.is_complete else None

    def call_view(self, dotted: str, arguments: Arguments, frame: Frame) -> Value:
        last = dotted.rpartition(".")[2]
        frame.note(Level.REACHES, f"calls {last} of a view")
        return unknown(f"the result of {last}")

    def handle(self, dotted: str, arguments: Arguments, frame: Frame) -> Value:
        """`super().get(…)` of a view that asks for its object first."""
        view = frozenset({frame.receiver} if frame.receiver else ())
        self.called_each(self.attribute(view, "get_object", frame), NO_ARGUMENTS, frame)
        return unknown("the response of a view")

    def list_in_context(self, dotted: str, arguments: Arguments, frame: Frame) -> None:
        """`self.get_context_data()` of a view that lists: with pages, it counts the rows."""
        if frame.receiver and self.has_pages(frame.receiver):
            held = frame.environment.get("self.object_list", NOTHING)
            rows = arguments.keyword("object_list") or held
            self.paginate(Builtin("paginator", rows), frame)

    def has_pages(self, view: Instance | ClassObject) -> bool:
        member = self.resolver.lookup(view.cls, "paginate_by")
        pages = member[1].value if member and isinstance(member[1], Attribute) else None
        return pages not in (None, Literal("None"))

    def log(self, dotted: str, arguments: Arguments, frame: Frame) -> Value | None:
        if dotted.rpartition(".")[2] not in known.LOGGING:
            return None
        for value in arguments.values:
            self.text(value, frame)
        return builtin("None")

    def call_other(self, dotted: str, arguments: Arguments, frame: Frame) -> Value:
        """Of nothing else it is known that it blocks."""
        self.run_by(dotted, arguments, frame)
        if dotted in knowledge.WRAPPERS and arguments.positional:
            return arguments.positional[0]
        if dotted in knowledge.DYNAMIC:
            return self.imported_by_name(dotted, arguments)
        return frozenset({Foreign(f"{dotted}()")})

    def run_by(self, dotted: str, arguments: Arguments, frame: Frame) -> None:
        """What is run through by something that is not read, as the library or a table says."""
        places = runs_through(dotted) or known.RUNNING_THROUGH.get(dotted, frozenset())
        named = ((name, value) for name, value in arguments.keywords if name)
        for key, value in (*enumerate(arguments.positional), *named):
            if key in places:
                self.iterate(frozenset(filter(self.is_rows_of, value)), frame)

    def is_rows_of(self, type_: Type) -> bool:
        return self.is_queryset(type_) or (
            isinstance(type_, Builtin) and type_.name in ("generator", "iterator")
        )

    def is_quiet_call(self, dotted: str, arguments: Arguments) -> bool:
        """Whether a call that mostly blocks does not, by its arguments or the settings."""
        if dotted.startswith(known.MAIL):
            return self.settings.one("EMAIL_BACKEND").endswith(known.QUIET_MAIL)
        if dotted.endswith("make_password") and arguments.values[:1] == (builtin("None"),):
            return True
        if dotted.startswith(known.ARCHIVES):
            return any(
                isinstance(each, Foreign) and each.dotted in known.IN_MEMORY
                for value in arguments.values
                for each in value
            )
        is_client = dotted.startswith(("smtplib.", "ftplib.", "imaplib.", "poplib."))
        return is_client and "()" not in dotted and not arguments.values

    def enter(self, value: Value, frame: Frame) -> Value:
        """What is not read mostly gives itself: a client, a file."""
        opened = frozenset(
            each for each in value if isinstance(each, Foreign) and each.dotted.endswith("()")
        )
        return opened | (super().enter(value - opened, frame) if value - opened else NOTHING)

    def attribute_getter(self, dotted: str, arguments: Arguments, frame: Frame) -> Value:
        """`attrgetter("site.name")`"""
        names = states.texts(arguments.positional)
        made = (Builtin(_GETTER, text=name) for name in names or ())
        return frozenset(made) or unknown("what reads attributes")

    def call_type(self, callee: Type, arguments: Arguments, frame: Frame) -> Value:
        match callee:
            case Builtin(name=name, text=path) if name == _GETTER:
                value = _first(arguments)
                for part in path.split("."):
                    value = self.attribute(value, part, frame)
                return value
        return super().call_type(callee, arguments, frame)

    def prefetch(self, dotted: str, arguments: Arguments, frame: Frame) -> Value:
        """`Prefetch("crates", queryset)`"""
        names = states.texts(arguments.positional[:1])
        rows = arguments.keyword("queryset") or union(arguments.positional[1:2])
        named = states.texts([arguments.keyword("to_attr")]) or ()
        text = "=".join((*names[:1], *named)) if names else ""
        return frozenset({Builtin("prefetch", rows, text=text)})

    def call_related(self, dotted: str, arguments: Arguments, frame: Frame) -> Value:
        """add(), remove(), set() and clear() of a relation, and their twins."""
        name = dotted.rpartition(".")[2]
        if name.startswith("a") and name != "add":
            return builtin(COROUTINE, builtin("None"))
        frame.note(Level.REACHES, f"calls {name} of a relation, which queries")
        return builtin("None")

    def as_dict(self, dotted: str, arguments: Arguments, frame: Frame) -> Value:
        """`model_to_dict(instance)` lists the relations to many of the instance."""
        has_fields = len(arguments.values) > 1
        for each in _first(arguments):
            if isinstance(each, Instance) and not has_fields:
                for name in self.many_to_many(each.cls):
                    if name not in each.state and states.ROW in each.state:
                        frame.note(Level.REACHES, f"lists {name} of the instance", Cause.RELATION)
        return builtin("dict")

    def many_to_many(self, model: Class) -> list[str]:
        return [
            name
            for known_class in self.resolver.mro(model)
            for name, each in known_class.attributes.items()
            if self.relations.is_relation(each, known_class)
            and self.relations.field_name(each.value, known_class).endswith("ManyToManyField")  # type: ignore[arg-type]
        ]

    def super_attribute(
        self, owner: Class, receiver: Instance | ClassObject, name: str, frame: Frame
    ) -> Value:
        """`super().__init__(rows)` of a base that is not read is as calling that base."""
        bases = self.resolver.outer_bases(receiver.cls) if name == "__init__" else ()
        known_bases = frozenset(Foreign(each) for each in bases if each in known.RUNNING_THROUGH)
        return known_bases or super().super_attribute(owner, receiver, name, frame)

    # -- views -------------------------------------------------------------------------------------

    def found_function(
        self, function: Function, where: Class, receiver: Instance | ClassObject, frame: Frame
    ) -> Value:
        """Django's generic views have a queryset by their attributes."""
        is_generic = where.module.startswith(_VIEWS) and function.name == "get_queryset"
        if is_generic and isinstance(receiver, Instance):
            return frozenset({Method(Builtin("view", self.rows_of_view(receiver)), function.name)})
        return super().found_function(function, where, receiver, frame)

    def rows_of_view(self, view: Instance) -> Value:
        """The queryset that `queryset` or `model` of a view's class says."""
        for name in ("queryset", "model"):
            member = self.resolver.lookup(view.cls, name)
            if member and isinstance(member[1], Attribute):
                value = self.class_level(member[0], member[1], view)
                if any(map(self.is_queryset, value)):
                    return value
                models = [each.cls for each in value if isinstance(each, ClassObject)]
                managers = union(self.default_manager(each) for each in models)
                if managers:
                    rows = (self.rows_of(each) for each in managers if isinstance(each, Instance))
                    return union(rows)
        return unknown("the rows of a view")

    # -- methods of builtin types ------------------------------------------------------------------

    def call_method(self, method: Method, arguments: Arguments, frame: Frame) -> Value:
        receiver, name = method.receiver, method.name
        if receiver.name == "file" and name in known.FILE_BLOCKS:
            frame.note(Level.REACHES, f"calls {name} of a file field", Cause.STORAGE)
            return unknown(f"the result of {name}")
        if receiver.name == "view":
            return receiver.elements
        if receiver.name == "paginator":
            if name in _PAGES:
                self.paginate(receiver, frame)
            is_page = name != "validate_number"
            return builtin(_PAGE, receiver.elements) if is_page else builtin("int")
        return super().call_method(method, arguments, frame)

    def special_call(self, call: Call, frame: Frame) -> Value | None:
        match call:
            case Call(function=Get(value=Literal(type="str", text=text), name="format")):
                if _FIELD.search(text):
                    self.formats(text, self.arguments_of(call, self.scratch(frame)), frame)
        return super().special_call(call, frame)

    def formats(self, text: str, arguments: Arguments, frame: Frame) -> None:
        """`"{0.name} {crate.site}".format(site, crate=crate)` reads attributes of its arguments."""
        for match in _FIELD.finditer(text):
            first, path = match["first"], match["path"]
            passed = dict(enumerate(arguments.positional))
            named = arguments.keyword(first)
            value = passed.get(int(first), NOTHING) if first.isdecimal() else named
            for part in path.split(".")[1:] if value else ():
                value = self.attribute(value, part, frame)
            self.text(value, frame)

    def attribute_of(self, owner: Type, name: str, frame: Frame) -> Value:
        if isinstance(owner, Builtin) and owner.name == "paginator" and name in _MEASURES:
            self.paginate(owner, frame)
            return builtin("int")
        if isinstance(owner, Builtin) and owner.name == _PAGE:
            is_rows = name == "object_list"
            return owner.elements if is_rows else unknown(f"{name} of a page")
        return super().attribute_of(owner, name, frame)

    def items(self, type_: Type, frame: Frame) -> Value:
        if isinstance(type_, Builtin) and type_.name == _PAGE:
            return self.iterate(type_.elements, frame)
        return super().items(type_, frame)

    def remark(self, owner: Expression, mark: str, frame: Frame) -> None:
        """A page that somebody ran through has its rows."""
        held = frame.environment.get(owner.id, NOTHING) if isinstance(owner, Name) else NOTHING
        is_run = mark in (states.FILLED, states.MAYBE_FILLED)
        if is_run and any(isinstance(each, Builtin) and each.name == _PAGE for each in held):
            assert isinstance(owner, Name)
            frame.environment[owner.id] = unknown("a page that has its rows")
        super().remark(owner, mark, frame)

    def paginate(self, paginator: Builtin, frame: Frame) -> None:
        """A paginator counts what it has pages of."""
        rows = frozenset(
            each
            for each in paginator.elements
            if self.is_queryset(each) and not states.needs_no_query(each)
        )
        if rows:
            frame.note(Level.REACHES, "counts a queryset for its pages", Cause.FORM)

    def computed(self, operator: str, values: list[Value]) -> Value:
        left = values[0] if values else NOTHING
        if operator == "/" and any(_is_path(each) for each in left):
            return frozenset(
                Foreign("pathlib.Path()") if each.dotted.startswith(_SETTINGS) else each
                for each in left
                if isinstance(each, Foreign) and _is_path(each)
            )
        names = [each.text for value in values for each in value if isinstance(each, Builtin)]
        if operator == "+" and all(names) and len(names) == len(union(values)) == len(values):
            return frozenset({Builtin("str", text="".join(names))})
        return super().computed(operator, values)


def _is_path(type_: Type) -> bool:
    """Whether `/` makes a path of it: of a setting there is nothing else."""
    return isinstance(type_, Foreign) and type_.dotted.startswith(("pathlib.", _SETTINGS))


def _is_only_made(receiver: Type | None) -> bool:
    """Whether it is an object that nobody saved: of a user who is a superuser nobody asks more."""
    return (
        isinstance(receiver, Instance)
        and states.NEW in receiver.state
        and states.SAVED not in receiver.state
    )


def _first(arguments: Arguments) -> Value:
    return next(iter(arguments.positional), NOTHING)


Known: TypeAlias = Callable[[Outside, str, Arguments, Frame], Value | None]

_BY_NAME: Mapping[str, Known] = {
    "request.auser": Outside.ask_for_user,
    "django.db.transaction.atomic": Outside.begin,
    "django.db.models.Prefetch": Outside.prefetch,
    "django.db.models.query.Prefetch": Outside.prefetch,
    "django.contrib.gis.db.models.Prefetch": Outside.prefetch,
    "operator.attrgetter": Outside.attribute_getter,
    "django.core.paginator.Paginator": Outside.make_paginator,
    "django.http.HttpResponse": Outside.fill,
    "django.http.response.HttpResponse": Outside.fill,
    "django.core.serializers.serialize": Outside.serialize,
    "django.forms.model_to_dict": Outside.as_dict,
    "django.forms.models.model_to_dict": Outside.as_dict,
    "django.views.generic.detail.SingleObjectMixin.get_object": Outside.call_view,
    "django.views.generic.list.MultipleObjectMixin.paginate_queryset": Outside.call_view,
    "django.views.generic.list.MultipleObjectMixin.get_context_data": Outside.list_in_context,
    "collections.ChainMap": Outside.chain,
    **dict.fromkeys(known.HANDLERS_OF_OBJECTS, Outside.handle),
}
"""What a call of something that is not read does and gives, by its name."""

_BY_PREFIX: Mapping[str, Known] = {
    f"{SESSION}.": Outside.call_session,
    f"{CACHE}.": Outside.call_cache,
    f"{CACHES}.": Outside.call_cache,
    "django.db.models.related.": Outside.call_related,
    "logging.": Outside.log,
}
"""The same of all that begin so."""
