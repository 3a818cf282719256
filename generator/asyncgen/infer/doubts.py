"""Where a type checker's word on an unannotated callable is not to be taken.

A checker infers more than is so: that a name which is bound to None stays None, that a method
which raises NotImplementedError is never overridden, that the key of any model is an int, that an
inner function changes no name of the outer one, that an attribute holds what is first put there.
What a body rests on is looked at for that, through whatever unannotated code it uses. Where it
cannot be told what a name is, all that bears the name is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass

from asyncgen.evaluate import Evaluator
from asyncgen.facts import (
    Block,
    Call,
    Define,
    Expression,
    Get,
    Import,
    Literal,
    LocalImport,
    Name,
    Raise,
)
from asyncgen.infer.flow import returns_in
from asyncgen.resolve import Alias, Definition, FunctionIn, ModuleReference
from asyncgen.source import Attribute, Class, Function, Module

# An abstract model has no key yet, and the setting DEFAULT_AUTO_FIELD changes those of others.
_KEYS = frozenset({"pk", "id"})


@dataclass(frozen=True, slots=True)
class Used:
    """A callable that a body uses; `surface` is the class of its first parameter."""

    function: Function
    module: Module
    surface: Class | None


@dataclass
class Doubts:
    """Answers for the callables of one source."""

    evaluator: Evaluator
    _rests: dict[tuple[Function, Class | None], list[Used] | None] = field(default_factory=dict)
    _named: dict[str, list[tuple[Class, Function | Attribute]]] | None = None

    def about(self, function: Function, module: Module, surface: Class | None) -> bool:
        """Whether what a checker infers for the function may be wrong; `surface` is the class of
        its first parameter."""
        waiting = [Used(function, module, surface)]
        seen: set[Used] = set()
        while waiting:
            each = waiting.pop()
            if each not in seen:
                seen.add(each)
                used = self._rests_on(each)
                if used is None:
                    return True
                waiting += used
        return False

    def _rests_on(self, used: Used) -> list[Used] | None:
        """What the body uses that has no annotation; None where it is itself in doubt."""
        key = (used.function, used.surface)
        if key not in self._rests:
            found = list(self._in_body(used))
            self._rests[key] = None if None in found else [each for each in found if each]
        return self._rests[key]

    def _in_body(self, used: Used) -> Iterator[Used | None]:
        """What is used; None for each doubt."""
        surface = used.surface
        parameters = used.function.signature.parameters
        receiver = parameters[0].name if surface and parameters else None
        nodes = list(_nodes(used.function.body))
        local: dict[str, Import] = {}
        for node in nodes:
            if isinstance(node, LocalImport):
                local |= node.imports
        for node in nodes:
            match node:
                case Define():
                    yield None
                case Get(
                    value=Name(id=name) | Call(function=Name(id="super" as name)), name=member
                ) if surface and name in (receiver, "super"):
                    yield from self._of_own(surface, member)
                case Get(name=member):
                    yield from self._of_any(member)
                case Name(id=name) if name != receiver:
                    yield from self._of_name(self._definition(name, used.module, local))

    def _definition(self, name: str, module: Module, local: dict[str, Import]) -> Definition | None:
        resolver = self.evaluator.resolver
        if name not in local:
            return resolver.name(module, name)
        source = ModuleReference(local[name].module)
        wanted = local[name].name
        return resolver.member(source, wanted) if wanted else source

    def _of_name(self, found: Definition | None) -> Iterator[Used | None]:
        match found:
            case FunctionIn(function=function, module=module):
                yield from _callee(Used(function, module, None))
            case Alias(attribute=attribute, module=module):
                if not _is_django(module.name) and not _is_constant(attribute):
                    yield None

    def _of_own(self, surface: Class, name: str) -> Iterator[Used | None]:
        """Of `self.name`: what the class has there; in doubt is what its methods put there."""
        found = self.evaluator.lookup(surface, name)
        if name in _KEYS or found is None:
            yield None
        else:
            yield from self._of_member(*found, surface)

    def _of_any(self, name: str) -> Iterator[Used | None]:
        """Of `value.name`: the members that any class of what was read has by that name."""
        if name in _KEYS:
            yield None
        if self._named is None:
            self._named = self._members()
        for owner, each in self._named.get(name, ()):
            yield from self._of_member(owner, each, owner)

    def _members(self) -> dict[str, list[tuple[Class, Function | Attribute]]]:
        found: dict[str, list[tuple[Class, Function | Attribute]]] = {}
        for module in self.evaluator.resolver.known:
            for owner in () if _is_django(module.name) else module.classes.values():
                members: dict[str, Function | Attribute] = {**owner.functions, **owner.attributes}
                for name, each in members.items():
                    found.setdefault(name, []).append((owner, each))
        return found

    def _of_member(
        self, owner: Class, found: Function | Attribute | Class, surface: Class
    ) -> Iterator[Used | None]:
        if _is_django(owner.module) or isinstance(found, Class):
            return
        if isinstance(found, Attribute):
            is_field = isinstance(found.value, Call) and self.evaluator.role(owner) == "model"
            if not is_field and found.annotation is None:
                yield None
            return
        module = self.evaluator.resolver.readable(owner.module)
        if module is None:
            yield None
        else:
            yield from _callee(Used(found, module, surface))


def _callee(used: Used) -> Iterator[Used | None]:
    """What is called, unless it is annotated; one that only raises is there to be overridden."""
    if used.function.signature.returns is None and not _is_django(used.module.name):
        yield None if _only_raises(used.function.body) else used


def _nodes(block: Block) -> Iterator[object]:
    """Every statement and expression of a body, but for what is in inner definitions."""
    waiting: list[object] = [block]
    while waiting:
        node = waiting.pop()
        if isinstance(node, tuple):
            waiting += node
        elif is_dataclass(node):
            yield node
            if not isinstance(node, Define | LocalImport):
                waiting += [getattr(node, each.name) for each in fields(node)]


def _is_django(module: str) -> bool:
    return module.partition(".")[0] == "django"


def _is_constant(attribute: Attribute) -> bool:
    value: Expression | None = attribute.value
    return attribute.annotation is not None or (isinstance(value, Literal) and value.type != "None")


def _only_raises(body: Block) -> bool:
    ends = body[-1] if body else None
    return isinstance(ends, Raise) and not any(True for _ in returns_in(body))
