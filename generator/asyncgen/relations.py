"""What model classes declare of each other: targets of relations, reverse names, deferrals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from asyncgen import knowledge
from asyncgen.model import (
    Assign,
    Attribute,
    Block,
    Branch,
    Call,
    Class,
    Expression,
    Function,
    Get,
    Literal,
    Module,
    Name,
    Return,
)
from asyncgen.resolve import Resolver


@dataclass(frozen=True, slots=True)
class Reverse:
    """The other end of a relation: an instance of `model`, or a manager of them."""

    model: Class
    to_one: bool


@dataclass
class Relations:
    """Looks relations up in the modules that were read as sources."""

    resolver: Resolver
    sources: Sequence[Module]
    _reverse: dict[tuple[str, str], Reverse] | None = field(default=None)
    _by_parameter: dict[str, Class] = field(default_factory=dict)
    _deferred: dict[Class, frozenset[str]] = field(default_factory=dict)
    _prefetched: set[str] | None = field(default=None)

    def is_source(self, module: str) -> bool:
        """Whether the module is one of those whose surface is made."""
        return any(each.name == module for each in self.sources)

    def target(self, call: Expression, where: Class) -> Class | None:
        """The model that a relation's first argument (or `to`) names."""
        if not isinstance(call, Call):
            return None
        named = call.arguments[0] if call.arguments else dict(call.keywords).get("to")
        module = self.resolver.readable(where.module)
        match named:
            case Literal(type="str", text="self"):
                return where
            case Literal(type="str", text=text):
                return self.named(text.rpartition(".")[2], module)
            case Name() | Get() if module:
                found = self.resolver.expression(module, named)
                return found if isinstance(found, Class) else None
        return None

    def named(self, name: str, module: Module | None = None) -> Class | None:
        """The model called `name`; where only its abstract base is known, that."""
        modules: list[Module] = [*self.sources, *self.resolver.known]
        if module:
            modules.insert(0, module)
        for each in (name, f"Abstract{name}", f"Base{name}"):
            for known in modules:
                if each in known.classes:
                    return known.classes[each]
        return None

    def named_like(self, name: str) -> Class | None:
        """The model of the sources that a parameter is called after: `order_line` for OrderLine."""
        if not self._by_parameter:
            self._by_parameter = {
                _concrete(found.name).lower(): found
                for module in self.sources
                for found in module.classes.values()
                if any(self.is_relation(each) for each in found.attributes.values())
            }
        return self._by_parameter.get(name.replace("_", "").lower())

    @staticmethod
    def is_relation(attribute: Attribute) -> bool:
        """Whether the attribute is a relation to another model."""
        return isinstance(attribute.value, Call) and _last(attribute.value.function).endswith(
            (*knowledge.TO_ONE_FIELDS, *knowledge.TO_MANY_FIELDS)
        )

    def reverse(self, order: Iterable[Class], name: str) -> Reverse | None:
        """What `name` is on instances of a model, from the relations that point at it."""
        if self._reverse is None:
            self._reverse = dict(self._relations())
        for known in order:
            found = self._reverse.get((_concrete(known.name), name))
            if found:
                return found
        return None

    def _relations(self) -> Iterator[tuple[tuple[str, str], Reverse]]:
        for module in self.sources:
            for found in module.classes.values():
                for attribute in found.attributes.values():
                    call = attribute.value
                    if not (isinstance(call, Call) and self.is_relation(attribute)):
                        continue
                    target = self._target_name(call, found)
                    to_one = _last(call.function).endswith(("OneToOneField", "OneToOne"))
                    name = _related_name(call, found, to_one)
                    yield (target, name), Reverse(found, to_one)

    def _target_name(self, call: Call, where: Class) -> str:
        """The name of the model that a relation points at, which need not be one that is read."""
        named = call.arguments[0] if call.arguments else dict(call.keywords).get("to")
        if isinstance(named, Literal) and named.text != "self":
            return _concrete(named.text.rpartition(".")[2])
        target = self.target(call, where)
        return _concrete(target.name) if target else _last(named) if named else ""

    def declared_below(self, model: Class, name: str) -> list[tuple[Class, Attribute]]:
        """The attribute as the models that inherit from `model` declare it."""
        return [
            (found, found.attributes[name])
            for module in self.sources
            for found in module.classes.values()
            if name in found.attributes and model in self.resolver.mro(found)
        ]

    def deferred(self, model: Class) -> frozenset[str]:
        """The fields that a manager of the model leaves out by `defer()` in its get_queryset."""
        if model not in self._deferred:
            self._deferred[model] = frozenset(self._deferred_by_managers(model))
        return self._deferred[model]

    def _deferred_by_managers(self, model: Class) -> Iterator[str]:
        for known in self.resolver.mro(model):
            module = self.resolver.readable(known.module)
            for attribute in known.attributes.values():
                if not (module and isinstance(attribute.value, Call)):
                    continue
                manager = self.resolver.expression(module, attribute.value.function)
                if isinstance(manager, Class):
                    found = self.resolver.lookup(manager, "get_queryset")
                    if found and isinstance(found[1], Function):
                        yield from _deferrals(found[1].body)

    def prefetched(self, name: str) -> bool:
        """Whether some prefetch keeps its rows in the attribute: `Prefetch(…, to_attr="name")`."""
        if self._prefetched is None:
            self._prefetched = {
                text.text
                for module in self.sources
                for call in facts_in((*module.functions.values(), *module.classes.values()))
                if isinstance(call, Call)
                for keyword, text in call.keywords
                if keyword == "to_attr" and isinstance(text, Literal)
            }
        return name in self._prefetched


def _concrete(name: str) -> str:
    """What a project calls the model that it makes of an abstract one."""
    for prefix in ("Abstract", "Base"):
        if name.startswith(prefix) and name != prefix:
            return name.removeprefix(prefix)
    return name


def _related_name(call: Call, found: Class, to_one: bool) -> str:
    named = dict(call.keywords).get("related_name")
    own = _concrete(found.name).lower()
    if isinstance(named, Literal) and named.text:
        return named.text.replace("%(class)s", own)
    return own if to_one else f"{own}_set"


def facts_in(facts: object) -> Iterator[object]:
    """Facts and all that they are made of: functions, statements, expressions, tuples of them."""
    yield facts
    if isinstance(facts, tuple):
        parts: Iterable[object] = facts
    elif isinstance(facts, Class):
        parts = (*facts.functions.values(), *facts.classes.values())
    elif isinstance(facts, Function):
        parts = facts.body
    else:
        parts = [getattr(facts, name) for name in getattr(type(facts), "__slots__", ())]
    for part in parts:
        yield from facts_in(part)


def is_abstract_model(model: Class) -> bool:
    """Whether the class says `abstract = True` of itself."""
    meta = model.classes.get("Meta")
    abstract = meta.attributes.get("abstract") if meta else None
    return abstract is not None and abstract.value == Literal("bool", "True")


def _deferrals(block: Block) -> Iterator[str]:
    """The names in `….defer("a", "b")` calls of a block."""
    for statement in block:
        match statement:
            case Return(value=value) if value is not None:
                yield from _deferred_in(value)
            case Assign(value=value):
                yield from _deferred_in(value)
            case Branch(blocks=blocks):
                for inner in blocks:
                    yield from _deferrals(inner)


def _deferred_in(expression: Expression) -> Iterator[str]:
    match expression:
        case Call(function=Get(value=value, name=name), arguments=arguments):
            if name == "defer":
                yield from (each.text for each in arguments if isinstance(each, Literal))
            yield from _deferred_in(value)
        case Get(value=value):
            yield from _deferred_in(value)


def _last(expression: Expression) -> str:
    match expression:
        case Name(id=name) | Get(name=name):
            return name
    return ""
