"""What is done later than it is written: lazy objects, and what a stack of contexts enters.

https://docs.python.org/3/library/contextlib.html#contextlib.ExitStack
"""

from __future__ import annotations

from collections.abc import Iterable

from asyncgen.analysis.frame import Frame
from asyncgen.analysis.protocols import SWALLOWING
from asyncgen.analysis.values import (
    CLEAN,
    NO_ARGUMENTS,
    Arguments,
    Builtin,
    Method,
    Type,
    Value,
    builtin,
    union,
    unknown,
)
from asyncgen.audit.certain import less_sure
from asyncgen.audit.threads import CONTEXT, COROUTINE, Threads
from asyncgen.facts import Expression, Item, Name

LAZY = "lazy_object"  # its elements are what it is made of when it is first used
_MAKER = "lazy_maker"  # what `lazy(function, str)` gives: calling it gives a lazy object
_STACK = "exit_stack"
_LAZY_CLASSES = ("django.utils.functional.SimpleLazyObject",)
_LAZY_FUNCTIONS = ("django.utils.functional.lazy", "django.utils.functional.keep_lazy")
_CLOSING = "contextlib.aclosing"
_STACKS = {"contextlib.ExitStack": "context", "contextlib.AsyncExitStack": CONTEXT}


class Lazy(Threads):
    """Tells when it happens."""

    def call_foreign(self, dotted: str, arguments: Arguments, frame: Frame) -> Value:
        functions = union(arguments.positional[:1])
        if dotted in _LAZY_CLASSES:
            return self.lazy_object(functions, NO_ARGUMENTS, frame)
        if dotted in _LAZY_FUNCTIONS and len(arguments.positional) > 1:
            return builtin(_MAKER, functions)
        if dotted == _CLOSING:
            return builtin(CONTEXT, functions)
        if dotted in _STACKS:
            return frozenset({Builtin(_STACKS[dotted], builtin(_STACK), CLEAN, SWALLOWING)})
        return super().call_foreign(dotted, arguments, frame)

    def call_type(self, callee: Type, arguments: Arguments, frame: Frame) -> Value:
        match callee:
            case Builtin(name=name, elements=functions) if name == _MAKER:
                return self.lazy_object(functions, arguments, frame)
            case Builtin(name=name) if name == LAZY:
                return self.called_each(self.used(callee, frame), arguments, frame)
        return super().call_type(callee, arguments, frame)

    def called_each(self, functions: Iterable[Type], arguments: Arguments, frame: Frame) -> Value:
        return union(self.call_type(each, arguments, frame) for each in functions)

    def call_method(self, method: Method, arguments: Arguments, frame: Frame) -> Value:
        is_stack = method.receiver.name == _STACK or builtin(_STACK) == method.receiver.elements
        if is_stack and arguments.positional:
            match method.name:
                case "enter_context":
                    return self.enter(arguments.positional[0], frame)
                case "enter_async_context":
                    return builtin(COROUTINE, self.enter_async(arguments.positional[0], frame))
                case "callback":
                    functions, *passed = arguments.positional
                    given = Arguments(tuple(passed), arguments.keywords, arguments.is_complete)
                    self.called_each(functions, given, frame)
                    return functions
        return super().call_method(method, arguments, frame)

    # -- lazy objects ------------------------------------------------------------------------------

    def lazy_object(self, functions: Value, arguments: Arguments, frame: Frame) -> Value:
        """An object that a function makes once it is used; one of a module, perhaps before."""
        inner = Frame(frame.module, None, None, None, dict(frame.environment), frame.line)
        made = self.called_each(functions, arguments, inner)
        effect = inner.effect if frame.function else less_sure(inner.effect)
        return frozenset({Builtin(LAZY, made, effect)})

    def used(self, type_: Builtin, frame: Frame) -> Value:
        """The object is used: it is what was made, from now on."""
        frame.include(type_.effect, "makes a lazy object")
        return type_.elements or unknown("what a lazy object is")

    def all_used(self, value: Value, frame: Frame) -> Value:
        if not any(map(is_lazy_object, value)):
            return value
        return union(
            self.used(each, frame)
            if isinstance(each, Builtin) and each.name == LAZY
            else frozenset({each})
            for each in value
        )

    def attribute_of(self, owner: Type, name: str, frame: Frame) -> Value:
        if isinstance(owner, Builtin) and owner.name == LAZY:
            return self.attribute(self.used(owner, frame), name, frame)
        return super().attribute_of(owner, name, frame)

    def item_of(self, owner: Type, expression: Item, frame: Frame) -> Value:
        if isinstance(owner, Builtin) and owner.name == LAZY:
            parts = self.used(owner, frame)
            return union(self.item_of(each, expression, frame) for each in parts)
        return super().item_of(owner, expression, frame)

    def items(self, type_: Type, frame: Frame) -> Value:
        if isinstance(type_, Builtin) and type_.name == LAZY:
            return self.iterate(self.used(type_, frame), frame)
        return super().items(type_, frame)

    def test(self, value: Value, frame: Frame) -> None:
        super().test(self.all_used(value, frame), frame)

    def text(self, value: Value, frame: Frame, method: str = "__str__") -> None:
        super().text(self.all_used(value, frame), frame, method)

    def measure(self, value: Value, frame: Frame) -> None:
        super().measure(self.all_used(value, frame), frame)

    def contains(self, value: Value, is_text: bool, frame: Frame) -> None:
        super().contains(self.all_used(value, frame), is_text, frame)

    def remark(self, owner: Expression, mark: str, frame: Frame) -> None:
        """What was used is made, whoever used it."""
        if isinstance(owner, Name) and any(
            map(is_lazy_object, frame.environment.get(owner.id, ()))
        ):
            scratch = Frame(frame.module, None, None, None, {}, frame.line)
            frame.environment[owner.id] = self.all_used(frame.environment[owner.id], scratch)
        super().remark(owner, mark, frame)


def is_lazy_object(type_: Type) -> bool:
    return isinstance(type_, Builtin) and type_.name == LAZY
