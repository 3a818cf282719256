"""What a decorator's source shows of the callable that it makes of another.

A decorator may hand on its function, wrap it in one of its own, or make an instance of a class of
it. Followed are decorators that are functions, classes, made by functions or by classes (with
arguments), or methods of an instance. What cannot be followed may make anything: `ANYTHING`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from asyncgen.annotation import dotted_name
from asyncgen.callables import ANY_ARGUMENTS, Annotations
from asyncgen.definitions import Alias, Definition, External, FunctionIn, Names
from asyncgen.facts import (
    Assign,
    Block,
    Branch,
    Call,
    Choice,
    Define,
    Expression,
    Get,
    Lambda,
    Literal,
    Name,
    Operation,
    Return,
    Try,
    With,
    walk,
)
from asyncgen.passing import passes_on, returns_result
from asyncgen.source import (
    COMPUTED,
    Binding,
    Class,
    Decoration,
    Function,
    Module,
    Parameter,
    Signature,
)

_PARTIALS = ("functools.partial", "functools.partialmethod", "types.MethodType")
_METHOD_DECORATOR = "django.utils.decorators.method_decorator"
_UPDATE_WRAPPER = "functools.update_wrapper"

ANYTHING = Decoration("", signature=ANY_ARGUMENTS, hands_on=False, is_known=False)


class Meanings(Protocol):
    """What names mean; see `decorators.Decorators`."""

    resolver: Names

    def known(self, dotted: str) -> Decoration | None:
        """What is known of a decorator without reading it."""

    def decoration(self, decorator: Expression, module: Module) -> Decoration:
        """What a decorator makes of a function."""

    def means(self, expression: Expression, module: Module) -> Definition | None:
        """What an expression of the module means."""

    def spelled(self, expression: Expression, module: Module) -> str:
        """The dotted name that it stands for by the module's own imports; empty if none."""


@dataclass
class Wrappers:
    """Follows decorators; `decorators` says what names mean."""

    decorators: Meanings

    def of(self, decorator: Expression, module: Module) -> Decoration:
        """What the decorator, an expression of the module, makes of a function."""
        if isinstance(decorator, Call):
            made = self.by_call(decorator, module)
        else:
            made = self.by(self.decorators.means(decorator, module), decorator, module)
        name = decorator.function if isinstance(decorator, Call) else decorator
        return made if made.dotted else replace(made, dotted=dotted_name(name))

    # -- what the name of a decorator means --------------------------------------------------------

    def by(self, means: Definition | None, written: Expression, module: Module) -> Decoration:
        """`@name`"""
        match means:
            case External(dotted=dotted):
                return self.decorators.known(dotted) or ANYTHING
            case FunctionIn(function=function, module=where):
                dotted = f"{where.name}.{function.name}"
                made = self.decorators.known(dotted) or self.applied(function, where)
                return made if self.decorators.known(made.dotted) else replace(made, dotted=dotted)
            case Class():
                return self.instance_of(means)
            case Alias(attribute=attribute, module=where) if attribute.value:
                return self.decorators.decoration(attribute.value, where)
        method = self.method(written, module)
        return self.applied(method[0], method[1], skipped=1) if method else ANYTHING

    def by_call(self, call: Call, module: Module) -> Decoration:
        """`@name(…)`"""
        means = self.decorators.means(call.function, module)
        match means:
            case External(dotted="functools.partial") if call.arguments:
                return self.of(call.arguments[0], module)
            case External(dotted=dotted):
                return self.decorators.known(dotted) or ANYTHING
            case FunctionIn(function=function, module=where):
                dotted = f"{where.name}.{function.name}"
                if dotted == _METHOD_DECORATOR and call.arguments:
                    inner = self.of(call.arguments[0], module)
                    return inner if inner.is_plain else ANYTHING
                made = self.decorators.known(dotted) or self.made_by(function, where, call)
                return made if self.decorators.known(made.dotted) else replace(made, dotted=dotted)
            case Class():
                return self.called(means)
        if (method := self.method(call.function, module)) is not None:
            return self.made_by(*method, call, skipped=1)
        return ANYTHING

    def method(self, written: Expression, module: Module) -> tuple[Function, Module] | None:
        """The method that `name.method` is, where the name holds an instance of a class."""
        if not isinstance(written, Get):
            return None
        holds = self.decorators.means(written.value, module)
        if not isinstance(holds, Alias) or not isinstance(holds.attribute.value, Call):
            return None
        made = self.decorators.means(holds.attribute.value.function, holds.module)
        return self.found(made, written.name) if isinstance(made, Class) else None

    def found(self, owner: Class, name: str) -> tuple[Function, Module] | None:
        """The method that instances of the class have by that name, and the module it is in."""
        member = self.decorators.resolver.lookup(owner, name)
        module = self.decorators.resolver.readable(member[0].module) if member else None
        return (
            (member[1], module) if member and module and isinstance(member[1], Function) else None
        )

    # -- classes -----------------------------------------------------------------------------------

    def base(self, cls: Class) -> Decoration | None:
        """What is known of a class that this one is, or inherits from."""
        for each in self.decorators.resolver.mro(cls):
            known = self.decorators.known(each.dotted)
            module = self.decorators.resolver.readable(each.module)
            for base in each.bases if module else ():
                assert module is not None
                means = self.decorators.means(base, module)
                external = means.dotted if isinstance(means, External) else ""
                spelled = external or self.decorators.spelled(base, module)
                known = known or self.decorators.known(spelled)
            if known:
                return known
        return None

    def instance_of(self, cls: Class) -> Decoration:
        """`@Class`: what an instance that was made of the function is to its class, and how it is
        called."""
        known = self.base(cls)
        if known:
            return known
        if self.decorators.resolver.missing(cls):
            return ANYTHING
        getter, call = self.found(cls, "__get__"), self.found(cls, "__call__")
        if getter and not call and not self.binds(*getter):
            return Decoration(cls.dotted, binding=Binding.PROPERTY)
        if call is None:
            return replace(ANYTHING, dotted=cls.dotted)
        wrapper, module = call
        receiver = wrapper.signature.parameters[0].name if wrapper.signature.parameters else ""
        own = Signature(wrapper.called.parameters[1:])
        kept = passes_on(wrapper.body, own, lambda each: _is_of(each, receiver))
        return Decoration(
            cls.dotted,
            # Without `__get__` it is not bound: it is called as a static method is.
            binding=None if getter else Binding.STATICMETHOD,
            signature=None if kept else ANY_ARGUMENTS if getter else portable(own),
            hands_on=returns_result(wrapper.body, lambda each: _is_of(each, receiver)),
            wrapper=wrapper,
            module=module.name,
        )

    def binds(self, getter: Function, module: Module) -> bool:
        """Whether a `__get__` gives something to call, as that of a function does."""
        inner = {each.definition.name for each in walk(getter.body) if isinstance(each, Define)}

        def is_callable(value: Expression | None) -> bool:
            match value:
                case Lambda():
                    return True
                case Name(id=name):
                    return name in inner
                case Call(function=Get(name="__get__")):
                    return True
                case Call(function=function):
                    means = self.decorators.means(function, module)
                    return isinstance(means, External) and means.dotted in _PARTIALS
            return False

        returned = [each.value for each in walk(getter.body) if isinstance(each, Return)]
        return any(map(is_callable, returned))

    def called(self, cls: Class) -> Decoration:
        """`@Class(…)`: what calling an instance with the function gives."""
        known = self.base(cls)
        method = self.found(cls, "__call__")
        if known:
            return known
        return self.applied(*method, skipped=1) if method else ANYTHING

    # -- functions ---------------------------------------------------------------------------------

    def applied(self, decorator: Function, module: Module, *, skipped: int = 0) -> Decoration:
        """What calling the decorator with a function gives; `skipped` parameters come before it."""
        parameters = decorator.signature.parameters[skipped:]
        if not parameters or decorator.is_async or decorator.is_generator:
            return ANYTHING
        parameter = parameters[0].name
        body = _Body(self, module, decorator, parameter, is_given=True)
        made = body.made()
        annotations = Annotations(self.decorators, module)
        declared = annotations.decoration(decorator, parameters[0]) if made.signature else None
        if declared is None or (made.is_known and not declared.rearranged):
            return made
        return replace(declared, wrapper=made.wrapper, module=made.module, parameter=made.parameter)

    def made_by(
        self, factory: Function, module: Module, call: Call, *, skipped: int = 0
    ) -> Decoration:
        """What the decorator does that the call gives."""
        parameters = factory.signature.parameters[skipped:]
        if factory.is_async or factory.is_generator:
            return ANYTHING
        first = parameters[0].name if parameters and not call.arguments else None
        return _Body(self, module, factory, first, is_given=False).made()

    def function(self, factory: Function, module: Module, call: Call) -> Function | None:
        """The one function that the call gives, of those that stand in the body of `factory`."""
        body = _Body(self, module, factory, None, is_given=False)
        given = {each.id for each in body.results(factory.body) if isinstance(each, Name)}
        found = [each for name, each in body.inner.items() if name in given]
        is_all = len(given) == len(list(body.results(factory.body)))
        return found[0] if len(found) == 1 and is_all and not factory.is_generator else None


@dataclass(frozen=True, slots=True)
class _Body:
    """The body of a decorator, or of what makes one: what it returns.

    `parameter` is what the decorated function is passed for (`is_given`); of a factory, what would
    be, which is then None. Tests of it decide which branches run.
    """

    wrappers: Wrappers
    module: Module
    function: Function
    parameter: str | None
    is_given: bool

    def made(self) -> Decoration:
        """What all that may be returned has in common; ANYTHING where it has not."""
        found = [self.returned(value) for value in self.results(self.function.body)]
        first, *others = found or [ANYTHING]
        if any(
            (each.signature, each.binding) != (first.signature, first.binding) for each in others
        ):
            return ANYTHING
        return replace(first, hands_on=all(each.hands_on for each in [first, *others]))

    def results(self, block: Block) -> Iterator[Expression | None]:
        for statement in block:
            match statement:
                case Return(value=Choice(options=(first, second), operator="if") as choice):
                    held = self.truth(choice.tested)
                    yield from () if held is False else (first,)
                    yield from () if held is True else (second,)
                    return
                case Return(value=value):
                    yield value
                    return
                case Branch(test=test, blocks=blocks):
                    held = self.truth(test)
                    for index, inner in enumerate(blocks):
                        if held is None or held is (index == 0):
                            yield from self.results(inner)
                    if held is not None and any(
                        isinstance(each, Return) for each in blocks[0 if held else 1]
                    ):
                        return
                case Try(body=body) | With(body=body):
                    yield from self.results(body)

    def truth(self, test: Expression) -> bool | None:
        """Whether a test of the parameter holds; None where it is of something else."""
        own = Name(self.parameter) if self.parameter else None
        match test:
            case Name() if test == own:
                return self.is_given
            case Call(function=Name(id="callable"), arguments=(only,)) if only == own:
                return self.is_given
            case Call(function=Name(id=name) | Get(name=name)) if name == "iscoroutinefunction":
                return False
            case Operation(operator="is", operands=(only, Literal(type="None"))) if only == own:
                return not self.is_given
            case Operation(operator="is not", operands=(only, Literal(type="None"))) if only == own:
                return self.is_given
            case Operation(operator="not", operands=(inner,)):
                held = self.truth(inner)
                return None if held is None else not held
        return None

    @property
    def inner(self) -> dict[str, Function]:
        """The functions that are defined in the body; of two for sync and async, the sync one."""
        return {
            each.definition.name: each.definition
            for each in walk(self.function.body)
            if isinstance(each, Define)
            and isinstance(each.definition, Function)
            and not each.definition.is_async
        }

    def returned(self, value: Expression | None) -> Decoration:
        """What is returned, as a callable (`is_given`) or as the decorator that makes one."""
        value = self.assigned(value)
        if self.is_given:
            return self.callable(value)
        match value:
            case Name(id=name) if name in self.inner:
                return self.wrappers.applied(self.inner[name], self.module)
            case Lambda(parameters=(parameter, *_), body=body):
                return replace(self, parameter=parameter, is_given=True).callable(body)
            case Name() | Get():
                return self.wrappers.of(value, self.module)
            case Call(function=Name(id=name)) if name not in self.inner:
                return self.wrappers.of(value, self.module)
            case Call(function=Get()):
                return self.wrappers.of(value, self.module)
        return ANYTHING

    def assigned(self, value: Expression | None) -> Expression | None:
        """What a local name holds that is assigned once."""
        if not isinstance(value, Name) or value.id in self.inner:
            return value
        held = [
            each.value
            for each in walk(self.function.body)
            if isinstance(each, Assign) and value in each.targets
        ]
        return held[0] if len(held) == 1 else value

    def callable(self, value: Expression | None) -> Decoration:
        own = Name(self.parameter) if self.parameter else None
        match value:
            case Name() if value == own:
                return Decoration(f"{self.module.name}.{self.function.name}")
            case Name(id=name) if name in self.inner:
                return self.wrapper(self.inner[name])
            case Call(function=function, arguments=(Name(id=name), *_)) if name in self.inner:
                # wraps(f)(wrapper), update_wrapper(wrapper, f)
                around = self.wrappers.decorators.means(function, self.module)
                is_updated = isinstance(around, External) and around.dotted == _UPDATE_WRAPPER
                outer = None if is_updated else self.wrappers.of(function, self.module)
                made = self.wrapper(self.inner[name])
                return made if outer is None or outer.is_plain else ANYTHING
            case Call(function=Name(id=name), arguments=(first, *_)) if first == own:
                if name in self.inner:
                    return self.wrappers.applied(self.inner[name], self.module)
                return self.wrappers.of(Name(name), self.module)
            case Call(function=Call(function=Name(id=name)) as outer, arguments=(first,)) if (
                first == own
            ):
                if name in self.inner:
                    return self.wrappers.made_by(self.inner[name], self.module, outer)
                return self.wrappers.of(outer, self.module)
            case Call(function=Get() as outer, arguments=(first, *_)) if first == own:
                return self.wrappers.of(outer, self.module)
        return ANYTHING

    def wrapper(self, inner: Function) -> Decoration:
        """The function that runs in place of the decorated one."""
        if not all(each.is_known for each in inner.decorations):
            return ANYTHING
        own = Name(self.parameter) if self.parameter else None
        kept = passes_on(inner.body, inner.called, lambda each: each == own)
        return Decoration(
            f"{self.module.name}.{self.function.name}",
            signature=None if kept and not inner.decorated else portable(inner.called),
            hands_on=returns_result(inner.body, lambda each: each == own)
            and all(each.hands_on for each in inner.decorations),
            wrapper=replace(inner),  # evaluated apart from that of the decorator itself
            module=self.module.name,
            parameter=self.parameter or "",
        )


def portable(signature: Signature) -> Signature:
    """A signature as it can be said in another module: without annotations, and with defaults
    only where they need no name."""

    def bare(parameter: Parameter) -> Parameter:
        names = (COMPUTED,) if parameter.default_names else ()
        return replace(parameter, annotation=None, default_names=names)

    return Signature(tuple(map(bare, signature.parameters)))


def _is_of(expression: Expression, receiver: str) -> bool:
    return isinstance(expression, Get) and expression.value == Name(receiver)
