"""What a request has: a user who is loaded late, a session; and caches, which settings choose."""

from __future__ import annotations

from dataclasses import dataclass, field

import asyncgen.audit.known as known
import asyncgen.audit.state as states
from asyncgen import declared
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.values import (
    NO_ARGUMENTS,
    Arguments,
    Bound,
    Cause,
    Foreign,
    Instance,
    Level,
    Method,
    Partial,
    Type,
    Value,
    builtin,
    union,
    unknown,
)
from asyncgen.audit.certain import less_sure
from asyncgen.audit.lazy import Lazy
from asyncgen.audit.settings import Settings
from asyncgen.audit.threads import COROUTINE
from asyncgen.facts import Expression, Item, Literal
from asyncgen.source import Class

SETS_ITEM = "sets an item of a session"
DELETES_ITEM = "deletes an item of a session"
LAZY_USER = "request.user"
SESSION = "request.session"
CACHES = "django.core.cache.caches"
CACHE = "django.core.cache.cache"


@dataclass
class Requests(Lazy):
    """Tells what asks a request for its user, a session or a cache for what it keeps."""

    settings: Settings = field(default_factory=Settings)

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
        if owner.dotted.startswith(CACHE) or owner.dotted.startswith(SESSION):
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
            case Foreign(dotted=dotted) if dotted == CACHES:
                alias = expression.index.text if isinstance(expression.index, Literal) else ""
                return frozenset({Foreign(f"{CACHES}.{alias}")})
            case Foreign(dotted=dotted) if dotted == SESSION and self.waits_for_sessions():
                frame.note(Level.REACHES, "reads an item of a session", Cause.ACCOUNT)
                return unknown("an item of a session")
        return super().item_of(owner, expression, frame)

    def contains(self, value: Value, is_text: bool, frame: Frame) -> None:
        if Foreign(SESSION) in value and self.waits_for_sessions():
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
            case Item(value=owner) if Foreign(SESSION) in self.value(owner, frame):
                if self.waits_for_sessions():
                    frame.note(Level.REACHES, SETS_ITEM, Cause.ACCOUNT)
        super().bind(target, value, frame)

    def operated(self, operator: str, values: list[Value], frame: Frame) -> Value:
        if operator == "del []" and Foreign(SESSION) in values[0] and self.waits_for_sessions():
            frame.note(Level.REACHES, DELETES_ITEM, Cause.ACCOUNT)
        if operator == "match []":  # which a queryset is none
            values = [frozenset(each for each in values[0] if not self.is_queryset(each))]
        return super().operated(operator, values, frame)

    def instantiate(self, cls: Class, arguments: Arguments, frame: Frame) -> Value:
        if self.role(cls) == "model":
            for value in arguments.values:  # a key asks what it is given for its class
                self.uses_user(value, frame)
        return super().instantiate(cls, arguments, frame)

    def waits_for_sessions(self) -> bool:
        return not self.settings.one("SESSION_ENGINE").endswith(known.QUIET_SESSIONS)

    def call_session(self, dotted: str, arguments: Arguments, frame: Frame) -> Value:
        name = dotted.rpartition(".")[2]
        if name in known.SESSION_TWINS.values():
            return builtin(COROUTINE, unknown("what a session keeps"))
        if name in known.SESSION_TWINS and self.waits_for_sessions():
            frame.note(Level.REACHES, f"calls {name} of a session", Cause.ACCOUNT)
        return unknown("what a session keeps")

    def call_cache(self, dotted: str, arguments: Arguments, frame: Frame) -> Value:
        """A method of a cache: what it does is a matter of its backend."""
        name = dotted.rpartition(".")[2]
        if name.removeprefix("a") == "get_or_set":  # a default that can be called is, by either
            for each in arguments.keyword("default") or union(arguments.positional[1:2]):
                if isinstance(each, Bound | Method | Partial):
                    self.call_type(each, NO_ARGUMENTS, frame)
        if name.startswith("a") and name[1:] in known.CACHE_METHODS and name != "add":
            return builtin(COROUTINE, unknown("what a cache keeps"))
        alias = dotted.removeprefix(f"{CACHES}.").rpartition(".")[0]
        alias = "default" if dotted.startswith(f"{CACHE}.") else alias
        backend = self.settings.caches.get(alias, "").rpartition(".")[2]
        cause = known.CACHES.get(backend)
        if name in known.CACHE_METHODS and cause is not None:
            frame.note(Level.REACHES, f"calls {name} of the cache {alias}, a {backend}", cause)
        return unknown("what a cache keeps")
