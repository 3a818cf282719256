"""Signals, and which functions of the sources are connected to them.

https://docs.djangoproject.com/en/stable/topics/signals/#connecting-receiver-functions
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field, replace

from asyncgen.analysis.annotations import base_word
from asyncgen.analysis.values import Bound
from asyncgen.definitions import Alias, FunctionIn
from asyncgen.django.relations import Relations
from asyncgen.facts import Call, Display, Expression, Get, LocalImport, Name, nodes, walk
from asyncgen.resolve import Resolver
from asyncgen.source import Class, Function, Module


@dataclass(frozen=True)
class Receiver:
    """A function that is connected to a signal; without a `sender`, to all who send it."""

    bound: Bound
    sender: Class | None


@dataclass
class Signals:
    """The receivers in the sources, by the dotted names of signals."""

    resolver: Resolver
    relations: Relations
    _receivers: dict[str, list[Receiver]] = field(default_factory=dict)
    _is_read: bool = False

    def named(self, owner: Expression, module: Module, local: Container[str] = ()) -> str:
        """The dotted name of the signal that an expression means; empty where it is none."""
        if not isinstance(owner, Name | Get) or (isinstance(owner, Name) and owner.id in local):
            return ""
        match self.resolver.expression(module, owner):
            case Alias(attribute=attribute, module=where):
                made = attribute.value
                if isinstance(made, Call) and base_word(made.function).endswith("Signal"):
                    return f"{where.name}.{attribute.name}"
        return ""

    def receivers(self, signal: str, sender: Class | None = None) -> list[Bound]:
        """The functions that are called when `sender` sends a signal; None may be any."""
        if not self._is_read:
            self._is_read = True
            for module in self.relations.sources:
                for each, receiver in (*self._decorated(module), *self._connected(module)):
                    self._receivers.setdefault(each, []).append(receiver)
        lineage = self.resolver.mro(sender) if sender else ()
        return [
            each.bound
            for each in self._receivers.get(signal, ())
            if sender is None or each.sender is None or each.sender in lineage
        ]

    def _decorated(self, module: Module) -> Iterator[tuple[str, Receiver]]:
        """Signals, each with a function that is decorated as a receiver of it."""
        for function in module.functions.values():
            for decorator in function.decorators:
                match decorator:
                    case Call(function=receiver, arguments=(first, *_)):
                        if base_word(receiver) == "receiver":
                            found = Receiver(
                                Bound(function, module), self._sender(decorator, module)
                            )
                            parts = first.elements if isinstance(first, Display) else (first,)
                            names = (self.named(each, module) for each in parts)
                            yield from ((name, found) for name in names if name)

    def _connected(self, module: Module) -> Iterator[tuple[str, Receiver]]:
        """Signals, each with a function that the module, or the `ready()` of an application,
        connects to it."""
        yield from self._connections(module.connections, module)
        for cls in module.classes.values():
            if "ready" in cls.functions:
                ready = cls.functions["ready"]
                inside = _with_imports(module, f"{module.name}.{cls.path}.ready", ready)
                yield from self._connections(nodes(ready.body), inside)

    def _connections(
        self, found: Iterable[object], module: Module
    ) -> Iterator[tuple[str, Receiver]]:
        """The signal and the function of each `signal.connect(function)` that is found."""
        for node in found:
            match node:
                case Call(function=Get(value=owner, name="connect")):
                    signal = self.named(owner, module)
                    passed = (*node.arguments, *(each for _, each in node.keywords))
                    called = self.resolver.expression(module, passed[0]) if passed else None
                    if signal and isinstance(called, FunctionIn):
                        bound = Bound(called.function, called.module)
                        yield signal, Receiver(bound, self._sender(node, module))

    def _sender(self, call: Call, module: Module) -> Class | None:
        """The class that stands as `sender`; None where there is none, or none that is read."""
        for name, value in call.keywords:
            if name == "sender":
                definition = self.resolver.expression(module, value)
                return definition if isinstance(definition, Class) else None
        return None


def _with_imports(module: Module, name: str, function: Function) -> Module:
    """The module as the body of a function sees it, with what is imported there."""
    local = {
        each: imported
        for statement in walk(function.body)
        if isinstance(statement, LocalImport)
        for each, imported in statement.imports
    }
    return replace(module, name=name, imports={**module.imports, **local})
