"""Where the event loop begins to run code of a project: the table of `known`, applied."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import asyncgen.audit.known as known
from asyncgen.analysis.values import Bound, Instance
from asyncgen.audit.onloop import OnLoop, has_async
from asyncgen.facts import Block, Call, Get, Name, nodes
from asyncgen.modules import every_class
from asyncgen.source import Binding, Class, Function, Look, Module


@dataclass(frozen=True, slots=True)
class Entry:
    """A function that the loop runs; `why`, where it is not asynchronous itself. One that is not
    on the loop is evaluated for the functions inside of it."""

    bound: Bound
    name: str
    is_on_loop: bool
    why: str = ""


@dataclass
class Entries:
    """Finds the entry points in modules."""

    evaluator: OnLoop
    on_loop: frozenset[str]  # decorators, bases and functions that the configuration names
    served: Callable[[], frozenset[str]]  # the libraries whose resolvers the loop calls

    def of(self, module: Module) -> Iterator[Entry]:
        for function in module.functions.values():
            for each in (function, *function.earlier):
                yield from self.entry(Bound(each, module), f"{module.name}.{each.name}", module)
        for cls in every_class(module):
            yield from self.of_class(cls, module)

    def of_class(self, cls: Class, module: Module) -> Iterator[Entry]:
        instance = Instance(cls)
        methods = self.called_on_loop(cls)
        for name, function in cls.functions.items():
            bound = Bound(function, module, cls, _receiver(function, instance))
            why = methods.get(name, "")
            dotted = f"{module.name}.{cls.path}.{name}"
            yield from self.entry(bound, dotted, module, why)
        yield from self.inherited(cls)

    def inherited(self, cls: Class) -> Iterator[Entry]:
        """The asynchronous methods that a class inherits from others of the project, where they use
        something of self that is another here."""
        own = {*cls.functions, *cls.attributes}
        known = set(cls.functions)
        for base in self.evaluator.resolver.mro(cls)[1:]:
            if not self.evaluator.relations.is_source(base.module):
                continue
            for name, function in base.functions.items():
                if name not in known and function.is_async and function.look(used_of_self) & own:
                    bound = self.evaluator.bound(function, base, Instance(cls))
                    yield Entry(bound, f"{base.module}.{base.path}.{name}", True)
            own |= {*base.functions, *base.attributes}
            known |= base.functions.keys()

    def called_on_loop(self, cls: Class) -> dict[str, str]:
        """The sync methods that the loop calls, by the bases of the class, and why."""
        bases = {each.dotted for each in self.evaluator.resolver.mro(cls)}
        bases |= {dotted for _, dotted in self.evaluator.form_bases(cls)}
        made: dict[str, str] = {}
        for base, pattern in known.ON_LOOP_METHODS.items():
            if base in bases and self.is_served(base):
                why = f"{base.rpartition('.')[2]} is asked on the loop"
                made |= dict.fromkeys(fnmatch.filter(cls.functions, pattern), why)
        if known.VIEW in bases and any(
            function.is_async
            for name, function in cls.functions.items()
            if name in known.VIEW_HANDLERS
        ):
            why = "of a view with asynchronous handlers Django calls it on the loop"
            made |= dict.fromkeys(known.VIEW_ON_LOOP, why)
        for each in self.on_loop & bases:
            made |= dict.fromkeys(cls.functions, f"{each} runs its methods on the loop")
        return made

    def entry(self, bound: Bound, name: str, module: Module, why: str = "") -> Iterator[Entry]:
        function = bound.function
        if function.is_type_only:
            return
        if function.is_async:
            yield Entry(bound, name, True)
            return
        why = why or self.decorated(function, module)
        if why and not self.evaluator.is_threaded(function):
            yield Entry(bound, name, True, why)
        elif has_async(function):
            yield Entry(bound, name, False)

    def decorated(self, function: Function, module: Module) -> str:
        """Why a decorator has the loop run a sync function; empty where none does."""
        for decorator in function.decorators:
            target = decorator.function if isinstance(decorator, Call) else decorator
            dotted = self.evaluator.dotted(target, module)
            if dotted in self.on_loop or (dotted in known.ON_LOOP and self.is_served(dotted)):
                return f"{dotted.partition('.')[0]} calls sync resolvers on the event loop"
        return ""

    def is_served(self, dotted: str) -> bool:
        return dotted.partition(".")[0] in self.served()


@Look
def used_of_self(block: Block) -> frozenset[str]:
    """The attributes of self that a method uses."""
    return frozenset(
        each.name for each in nodes(block) if isinstance(each, Get) and each.value == Name("self")
    )


def _receiver(function: Function, instance: Instance) -> Instance | None:
    return None if function.binding is Binding.STATICMETHOD else instance
