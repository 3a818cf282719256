"""Calls of what is not read, by the tables of `known`: what blocks the loop, and what does not."""

from __future__ import annotations

from dataclasses import dataclass, field

import asyncgen.audit.known as known
import asyncgen.audit.state as states
from asyncgen import declared, knowledge
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.library import runs_through
from asyncgen.analysis.values import (
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
from asyncgen.audit.lazy import Lazy
from asyncgen.audit.recording import LoopFrame
from asyncgen.audit.rows import less_sure
from asyncgen.audit.settings import Settings
from asyncgen.audit.threads import COROUTINE
from asyncgen.facts import Expression, Item, Literal, Name
from asyncgen.source import Attribute, Class, Evidence, Function

SETS_ITEM = "sets an item of a session"
LAZY_USER = "request.user"
_SESSION = "request.session"
_CACHES = "django.core.cache.caches"
_CACHE = "django.core.cache.cache"
_FILLING = frozenset({"django.http.HttpResponse", "django.http.response.HttpResponse"})
_ATOMIC = "django.db.transaction.atomic"
_PAGINATOR = frozenset({"django.core.paginator.Paginator"})
_PAGES = frozenset({"get_page", "page", "validate_number"})
_PAGE = "page"  # its elements are what it shows a part of, once somebody runs through it
_MEASURES = frozenset({"count", "num_pages", "page_range"})
_GETTER = "attrgetter"  # the type of what `attrgetter("site.name")` gives
_SERIALIZE = "django.core.serializers.serialize"
_TO_DICT = frozenset({"django.forms.models.model_to_dict", "django.forms.model_to_dict"})
_SETTINGS = "django.conf.settings."
_VIEWS = "django.views.generic."
_VIEW_METHODS = frozenset(
    {
        "django.views.generic.detail.SingleObjectMixin.get_object",
        "django.views.generic.list.MultipleObjectMixin.paginate_queryset",
    }
)


@dataclass
class Outside(Lazy):
    """Tells what blocks without being read."""

    settings: Settings = field(default_factory=Settings)
    blocks: frozenset[str] = frozenset()  # names that the configuration gives

    # -- requests ----------------------------------------------------------------------------------

    def request_attribute(self, name: str, frame: Frame) -> Value:  # type: ignore[override]
        """An attribute of a request."""
        if name in ("user", "session"):
            return frozenset({Foreign(f"request.{name}")})
        if name == "auser":
            return frozenset({Foreign("request.auser")})
        if name in declared.request_attributes():
            return builtin(declared.request_attributes()[name])
        return unknown(f"{name} of a request")

    def attribute(self, owner: Value, name: str, frame: Frame) -> Value:
        """Where a user may be the lazy one of a request, or another, only the run can tell."""
        if len(owner) < 2 or Foreign(LAZY_USER) not in owner:
            return super().attribute(owner, name, frame)
        scratch = Frame(frame.module, None, None, None, {}, frame.line, is_typed=False)
        value = super().attribute(owner, name, scratch)
        frame.include(less_sure(scratch.effect), f"reads {name}")
        return value

    def foreign_attribute(self, owner: Foreign, name: str, frame: Frame) -> Value:
        if owner.dotted == LAZY_USER and not name.startswith("_"):
            self.loads_user(frame)
        if owner.dotted.startswith(_CACHE) or owner.dotted.startswith(_SESSION):
            return frozenset({Foreign(f"{owner.dotted}.{name}")})
        return super().foreign_attribute(owner, name, frame)

    def uses_user(self, value: Value, frame: Frame) -> None:
        """Something is asked of a value that a lazy object cannot answer by itself."""
        if Foreign(LAZY_USER) in value:
            self.loads_user(frame)

    def loads_user(self, frame: Frame) -> None:
        frame.note(Level.REACHES, "request.user is loaded when it is used", Cause.ACCOUNT)

    def user(self) -> Value:
        """A user who was loaded."""
        cls = self.user_model()
        if cls is None:
            return unknown("a user")
        return frozenset({Instance(cls, None, frozenset({states.ROW}))})

    def user_model(self) -> Class | None:
        """The model that the settings name, or else Django's own."""
        name = self.settings.one("AUTH_USER_MODEL").rpartition(".")[2]
        return self.relations.named(name) if name else self.root("django.contrib.auth.models.User")

    def item_of(self, owner: Type, expression: Item, frame: Frame) -> Value:
        match owner:
            case Foreign(dotted=dotted) if dotted == _CACHES:
                alias = expression.index.text if isinstance(expression.index, Literal) else ""
                return frozenset({Foreign(f"{_CACHES}.{alias}")})
            case Foreign(dotted=dotted) if dotted == _SESSION and self.waits_for_sessions():
                frame.note(Level.REACHES, "reads an item of a session", Cause.ACCOUNT)
                return unknown("an item of a session")
        return super().item_of(owner, expression, frame)

    def contains(self, value: Value, is_text: bool, frame: Frame) -> None:
        if Foreign(_SESSION) in value and self.waits_for_sessions():
            frame.note(Level.REACHES, "looks for a key in a session", Cause.ACCOUNT)
        super().contains(value, is_text, frame)

    def test(self, value: Value, frame: Frame) -> None:
        self.uses_user(value, frame)
        super().test(value, frame)

    def text(self, value: Value, frame: Frame, method: str = "__str__") -> None:
        self.uses_user(value, frame)
        super().text(value, frame, method)

    def bind(self, target: Expression, value: Value, frame: Frame) -> None:
        match target:
            case Item(value=owner) if Foreign(_SESSION) in self.value(owner, frame):
                if self.waits_for_sessions():
                    frame.note(Level.REACHES, SETS_ITEM, Cause.ACCOUNT)
        super().bind(target, value, frame)

    def instantiate(self, cls: Class, arguments: Arguments, frame: Frame) -> Value:
        if self.role(cls) == "model":
            for value in arguments.values:  # a key asks what it is given for its class
                self.uses_user(value, frame)
        return super().instantiate(cls, arguments, frame)

    def waits_for_sessions(self) -> bool:
        return not self.settings.one("SESSION_ENGINE").endswith(known.QUIET_SESSIONS)

    # -- calls -------------------------------------------------------------------------------------

    def call_bound(self, bound: Bound, arguments: Arguments, frame: Frame) -> Value:
        if bound.owner and self.role(bound.owner) in ("queryset", "manager"):
            for value in arguments.values:  # a lookup asks for the key
                self.uses_user(value, frame)
        where = f"{bound.owner.qualname}." if bound.owner else ""
        dotted = f"{bound.module.name}.{where}{bound.function.name}"
        if (cause := self.cause_of(dotted)) is not None:
            frame.note(Level.REACHES, f"calls {dotted}", cause)
            return self.given_by(dotted, arguments)
        if dotted in known.TWINS.values():
            sync = next(each for each, twin in known.TWINS.items() if twin == dotted)
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
        last = dotted.rpartition(".")[2]
        cause = self.cause_of(dotted)
        if cause is not None and not self.is_quiet_call(dotted, arguments):
            frame.note(Level.REACHES, f"calls {dotted}", cause)
            return self.given_by(dotted, arguments)
        if cause is not None:
            return unknown(f"the result of {dotted}")
        if dotted in known.IN_LOOP:
            return frozenset({Builtin("bool", text="True")})
        if dotted in known.TWINS.values():
            sync = next(each for each, twin in known.TWINS.items() if twin == dotted)
            return builtin(COROUTINE, self.given_by(sync, arguments))
        if last == "get_user_model" and self.relations.user:
            return frozenset({ClassObject(self.relations.user)})
        if dotted == "request.auser":
            return builtin(COROUTINE, self.user())
        if dotted.startswith(f"{_SESSION}."):
            return self.call_session(last, frame)
        if dotted.startswith((f"{_CACHE}.", f"{_CACHES}.")):
            return self.call_cache(dotted, last, frame)
        if dotted == _ATOMIC:
            evidence = (Evidence("begins a transaction"),)
            effect = Effect(Level.REACHES, evidence, Cause.TRANSACTION)
            return frozenset({Builtin("context", NOTHING, effect)})
        if dotted.endswith("db.models.Prefetch") or dotted == "django.db.models.query.Prefetch":
            return self.prefetch(arguments)
        if dotted == "operator.attrgetter":
            return self.attribute_getter(arguments)
        if dotted in _PAGINATOR:
            pages = next(iter(arguments.positional), NOTHING)
            return builtin("paginator", pages)
        if dotted in _FILLING:
            self.iterate(
                frozenset(each for each in _first(arguments) if self.is_rows_of(each)), frame
            )
            return frozenset({Foreign(f"{dotted}()")})
        if dotted == _SERIALIZE and len(arguments.positional) > 1:
            self.iterate(arguments.positional[1], frame)
            return builtin("str")
        if dotted in _TO_DICT:
            return self.as_dict(arguments, frame)
        if dotted in _VIEW_METHODS:
            frame.note(Level.REACHES, f"calls {last} of a view")
            return unknown(f"the result of {last}")
        if dotted.startswith("django.db.models.related."):
            return self.call_related(last, frame)
        if last in known.LOGGING and dotted.startswith("logging."):
            for value in arguments.values:
                self.text(value, frame)
            return builtin("None")
        return super().call_foreign(dotted, arguments, frame)

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

    def call_session(self, name: str, frame: Frame) -> Value:
        if name in known.SESSION_TWINS.values():
            return builtin(COROUTINE, unknown("what a session keeps"))
        if name in known.SESSION_TWINS and self.waits_for_sessions():
            frame.note(Level.REACHES, f"calls {name} of a session", Cause.ACCOUNT)
        return unknown("what a session keeps")

    def call_cache(self, dotted: str, name: str, frame: Frame) -> Value:
        """A method of a cache: what it does is a matter of its backend."""
        if name.startswith("a") and name[1:] in known.CACHE_METHODS and name != "add":
            return builtin(COROUTINE, unknown("what a cache keeps"))
        alias = dotted.removeprefix(f"{_CACHES}.").rpartition(".")[0]
        alias = "default" if dotted.startswith(f"{_CACHE}.") else alias
        backend = self.settings.caches.get(alias, "").rpartition(".")[2]
        cause = known.CACHES.get(backend)
        if name in known.CACHE_METHODS and cause is not None:
            frame.note(Level.REACHES, f"calls {name} of the cache {alias}, a {backend}", cause)
        return unknown("what a cache keeps")

    @staticmethod
    def attribute_getter(arguments: Arguments) -> Value:
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

    @staticmethod
    def prefetch(arguments: Arguments) -> Value:
        """`Prefetch("crates", queryset)`"""
        names = states.texts(arguments.positional[:1])
        rows = arguments.keyword("queryset") or union(arguments.positional[1:2])
        named = states.texts([arguments.keyword("to_attr")]) or ()
        text = "=".join((*names[:1], *named)) if names else ""
        return frozenset({Builtin("prefetch", rows, text=text)})

    def call_related(self, name: str, frame: Frame) -> Value:
        """add(), remove(), set() and clear() of a relation, and their twins."""
        if name.startswith("a") and name != "add":
            return builtin(COROUTINE, builtin("None"))
        frame.note(Level.REACHES, f"calls {name} of a relation, which queries")
        return builtin("None")

    def as_dict(self, arguments: Arguments, frame: Frame) -> Value:
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
        return super().computed(operator, values)


def _is_path(type_: Type) -> bool:
    """Whether `/` makes a path of it: of a setting there is nothing else."""
    return isinstance(type_, Foreign) and type_.dotted.startswith(("pathlib.", _SETTINGS))


def _first(arguments: Arguments) -> Value:
    return next(iter(arguments.positional), NOTHING)
