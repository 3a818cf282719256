"""Methods that a class body assigns: what a name in it holds that is called like a method.

`above = above` (a function of the module), `first = Other.method`,
`papers = partialmethod(f, "a")`, and `total = counted_by("id")` where the source of counted_by
shows the function that it makes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from asyncgen.definitions import Definition, External, FunctionIn, Names
from asyncgen.facts import Call, Expression, Get, Name, Return, Star
from asyncgen.source import (
    BY_POSITION,
    COMPUTED,
    Attribute,
    Binding,
    Class,
    Decoration,
    Function,
    Module,
    Parameter,
    ParameterKind,
    Signature,
)
from asyncgen.wrappers import portable

PARTIAL = "functools.partialmethod"


class Meanings(Protocol):
    """What names and calls mean; see `decorators.Decorators`."""

    resolver: Names

    def means(self, expression: Expression, module: Module) -> Definition | None:
        """What an expression of the module means."""

    def decoration(self, decorator: Expression, module: Module) -> Decoration:
        """What a decorator makes of a function."""

    def made(self, call: Call, module: Module) -> Function | None:
        """The function that a call gives."""


@dataclass(frozen=True, slots=True)
class Target:
    """A function that is assigned, and what a method calls it by."""

    function: Function
    callee: Expression
    takes_receiver: bool = True  # as its first argument
    is_foreign: bool = False  # written in another module


@dataclass(frozen=True, slots=True)
class Assigned:
    """The methods that the body of a class assigns; `functions` are those that it defines."""

    meanings: Meanings
    module: Module
    functions: Mapping[str, Function]

    def method(self, attribute: Attribute) -> Function | None:
        """The method that the attribute is; None where it is none, or cannot be told."""
        match attribute.value:
            case Name() | Get() as value:
                target = self.target(value)
                return self.copied(attribute, target) if target else None
            case Call(function=function, arguments=arguments) as call:
                means = self.meanings.means(function, self.module)
                target = self.target(arguments[0]) if arguments else None
                if isinstance(means, External) and means.dotted == PARTIAL:
                    return self.partial(attribute, target, call) if target else None
                if target:
                    return self.decorated(attribute, target, call)
                return self.made(attribute, call)
        return None

    def target(self, value: Expression) -> Target | None:
        """The function that an expression in the class body means."""
        match value:
            case Name(id=name) if name in self.functions:
                return Target(self.functions[name], Get(Name("self"), name), takes_receiver=False)
            case Get(value=inner, name=name):
                owner = self.meanings.means(inner, self.module)
                if isinstance(owner, Class):
                    member = self.meanings.resolver.lookup(owner, name)
                    if member is None or not isinstance(member[1], Function):
                        return None
                    is_foreign = member[0].module != self.module.name
                    return Target(member[1], value, is_foreign=is_foreign)
        means = self.meanings.means(value, self.module)
        if isinstance(means, FunctionIn):
            return Target(means.function, value, is_foreign=means.module.name != self.module.name)
        return None

    def copied(self, attribute: Attribute, target: Target) -> Function:
        """`above = above`, `first = Other.method`: a function, which the class binds anew."""
        function = target.function
        if function.binding is Binding.PROPERTY:
            return replace(function, name=attribute.name, location=attribute.location)
        signature = function.called
        if function.binding is Binding.CLASSMETHOD:  # bound to the other class already
            signature = replace(signature, parameters=signature.parameters[1:])
            made = self.calling(attribute, replace(target, takes_receiver=False), signature)
            return replace(made, binding=Binding.STATICMETHOD)
        return self.calling(attribute, target, signature)

    def partial(self, attribute: Attribute, target: Target, call: Call) -> Function:
        """`partialmethod(f, "paper", extra=1)`: without the arguments that it passes itself. What
        it passes by keyword, and what comes after that, can be passed by keyword only."""
        receiver, *parameters = target.function.called.parameters
        first = call.arguments[1:]
        for _ in first:
            if parameters and parameters[0].kind in BY_POSITION:
                del parameters[0]
        passed = {name for name, _ in call.keywords}
        position = min((n for n, each in enumerate(parameters) if each.name in passed), default=99)
        remaining: list[Parameter] = []
        for number, each in enumerate(parameters):
            kind = each.kind
            if number >= position and kind in BY_POSITION:
                kind = ParameterKind.KEYWORD_ONLY
            if each.name in passed:
                each = replace(each, default="...", default_names=(COMPUTED,))
            if number < position or kind is not ParameterKind.VAR_POSITIONAL:
                remaining.append(replace(each, kind=kind))
        remaining.sort(key=lambda each: [*ParameterKind].index(each.kind))
        returns = target.function.called.returns
        signature = Signature((receiver, *remaining), returns)
        return self.calling(attribute, target, signature, first, call.keywords)

    def decorated(self, attribute: Attribute, target: Target, call: Call) -> Function | None:
        """`choices = property(_get, Base.choices.fset)`, `total = cached(total)`."""
        made = self.meanings.decoration(call.function, self.module)
        function = target.function
        if not made.is_known or (len(call.arguments) > 1 and made.binding is None):
            return None
        if target.takes_receiver and made.binding is None:
            signature = made.signature or function.called
            if not made.hands_on:
                signature = replace(signature, returns=None)
            return self.calling(attribute, replace(target, callee=call), signature)
        return replace(
            function,
            name=attribute.name,
            location=attribute.location,
            binding=made.binding or function.binding,
            decorated=made.signature or function.decorated,
            decorators=(call.function, *function.decorators),
            decorator_texts=("", *function.decorator_texts),
            decorations=(made, *function.decorations),
        )

    def made(self, attribute: Attribute, call: Call) -> Function | None:
        """`total = counted_by("id")`: the function that a call gives."""
        function = self.meanings.made(call, self.module)
        if function is None:
            return None
        target = Target(function, call, is_foreign=True)
        return self.calling(attribute, target, function.called)

    def calling(
        self,
        attribute: Attribute,
        target: Target,
        signature: Signature,
        first: tuple[Expression, ...] = (),
        keywords: tuple[tuple[str | None, Expression], ...] = (),
    ) -> Function:
        """A method that does nothing but call what is assigned, with `first` and `keywords`."""
        function = target.function
        receiver, *parameters = signature.parameters or (_SELF,)
        callee = target.callee
        if callee == Get(Name("self"), function.name):
            callee = Get(Name(receiver.name), function.name)
        passed = {name for name, _ in keywords}
        arguments: list[Expression] = [Name(receiver.name)] if target.takes_receiver else []
        arguments += first
        for each in parameters:
            value = Name(each.name)
            if each.kind in BY_POSITION:
                arguments.append(value)
            elif each.kind is ParameterKind.VAR_POSITIONAL:
                arguments.append(Star(value))
            elif each.name not in passed:
                is_one = each.kind is ParameterKind.KEYWORD_ONLY
                keywords = (*keywords, (each.name if is_one else None, value))
        return Function(
            attribute.name,
            portable(signature) if target.is_foreign else signature,
            attribute.location,
            binding=Binding.METHOD,
            docstring=function.docstring,
            marks=function.marks,
            is_async=function.is_async,
            pragma=function.pragma,
            block=(Return(attribute.location.line, Call(callee, tuple(arguments), keywords)),),
        )


_SELF = Parameter("self", ParameterKind.POSITIONAL_OR_KEYWORD)
