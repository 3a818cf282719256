"""What is asynchronous: coroutines and what they give, other threads, tasks, callbacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import asyncgen.audit.known as known
import asyncgen.audit.state as states
from asyncgen.analysis.core import is_abstract
from asyncgen.analysis.frame import Environment, Frame
from asyncgen.analysis.values import (
    NONE,
    NOTHING,
    Arguments,
    Bound,
    Builtin,
    Cause,
    ClassObject,
    Effect,
    Foreign,
    Given,
    Instance,
    Level,
    Method,
    Outcome,
    Type,
    Value,
    builtin,
    union,
    unknown,
)
from asyncgen.audit.certain import less_sure
from asyncgen.audit.holding import Holder
from asyncgen.audit.recording import LoopFrame
from asyncgen.audit.rows import Rows
from asyncgen.facts import Call, Expression, Get, Literal, Loop, Name, nodes
from asyncgen.source import Binding, Class, Function

# Builtin types that stand for what is asynchronous, or for functions of asgiref's.
COROUTINE = "coroutine"
TASK = "task"
GENERATOR = "async_generator"
CONTEXT = "async_context"
THREADED = "threaded"  # calling it gives a coroutine, that runs its elements in a thread
BACK = "unthreaded"  # calling it runs its elements in an event loop

_AWAITABLE = frozenset({COROUTINE, TASK})
_ITERABLE = frozenset({GENERATOR})
_OF_COROUTINES = frozenset({"close", "send", "throw", "cancel", "add_done_callback"})
# Builtins that are never asynchronous, where the analysis is sure of them.
_SYNC = frozenset(
    {
        "bool",
        "bytes",
        "dict",
        "float",
        "generator",
        "int",
        "iterator",
        "list",
        "set",
        "str",
        "tuple",
    }
)
_GENERATORS = ("AsyncGenerator", "AsyncIterable", "AsyncIterator")
_TRANSACTIONS = frozenset({"django.db.transaction.atomic"})
_COMPUTING = frozenset({"+", "-", "*", "/", "//", "**"})


@dataclass(frozen=True, slots=True)
class Called:
    """A function that the loop runs besides: with these arguments, names around it, and why."""

    bound: Bound
    given: Given = ()
    environment: tuple[tuple[str, Value], ...] = ()
    why: str = ""


def _is_coroutine(type_: Type) -> bool:
    return isinstance(type_, Builtin) and type_.name == COROUTINE


def _is_said_to_yield(function: Function) -> bool:
    """Whether an `async def` without a `yield` stands for the asynchronous generators of others."""
    return any(each in (function.signature.returns or "") for each in _GENERATORS)


@dataclass
class Threads(Rows):
    """Tells what runs on the event loop, and what elsewhere."""

    # Names of further bridges to threads, which the configuration gives.
    bridges: frozenset[str] = frozenset()
    queue: list[Called] = field(default_factory=list)
    # Functions inside of functions that a decorator hands to a thread.
    handed: set[Function] = field(default_factory=set)

    # -- coroutines --------------------------------------------------------------------------------

    def call_bound(self, bound: Bound, arguments: Arguments, frame: Frame) -> Value:
        function = bound.function
        if f"{bound.module.name}.{function.name}" in self.bridges and arguments.positional:
            return self.wrapped(arguments) | self.run_elsewhere(0, arguments, frame)
        if self.is_threaded(function):
            return builtin(COROUTINE, self.elsewhere(bound, arguments, frame))
        is_queryset = bound.owner is not None and self.role(bound.owner) in ("queryset", "manager")
        if not function.is_async or (is_queryset and self.is_twin_of_django(bound)):
            value = super().call_bound(bound, arguments, frame)
            if all(each.is_known for each in function.decorations):
                return value
            return value | unknown(f"what decorators make of {function.name}")
        return self.call_async(bound, arguments, frame)

    def found_function(
        self, function: Function, where: Class, receiver: Instance | ClassObject, frame: Frame
    ) -> Value:
        """Also of a property that is asynchronous: reading it gives a coroutine."""
        if function.is_async and function.binding is Binding.PROPERTY:
            given = self.outcome(self.bound(function, where, receiver)).returns
            return builtin(COROUTINE, given)
        return super().found_function(function, where, receiver, frame)

    def outcome(self, bound: Bound, given: Given = ()) -> Outcome:
        """A function that gives a coroutine, or else does the same itself, is told which to do."""
        outcome = super().outcome(bound, given)
        given_back = outcome.inferred or outcome.returns
        if bound.function.is_async or not any(map(_is_coroutine, given_back)):
            return outcome
        if not all(map(_is_coroutine, given_back)):
            return replace(outcome, effect=less_sure(outcome.effect))
        # What a decorator puts in its place runs the function once it is awaited, or elsewhere.
        decorations = bound.function.decorations
        is_replaced = any(not each.is_known or each.wrapper for each in decorations)
        return replace(outcome, effect=Effect()) if is_replaced else outcome

    def is_twin_of_django(self, bound: Bound) -> bool:
        assert bound.owner is not None
        return self.is_of_django(bound.owner) or bound.owner.queryset is not None

    def call_async(self, bound: Bound, arguments: Arguments, frame: Frame) -> Value:
        """A call of an `async def`: nothing runs until it is awaited."""
        function = bound.function
        if any(each.is_context for each in function.decorations):
            name = function.name
            frame.note(
                Level.REACHES, f"calls {name}, which begins a transaction", Cause.TRANSACTION
            )
        if is_abstract(function) or _is_said_to_yield(function):
            return unknown(f"what an override of {function.name} gives")
        is_context = function.is_decorated("contextlib.asynccontextmanager")
        if is_context and len(function.decorations) == 1:
            return builtin(CONTEXT, self.steps_of(bound, arguments))
        if not all(each.is_plain or each.is_context for each in function.decorations):
            return unknown(f"what decorators make of {function.name}")
        if function.is_generator:
            return builtin(GENERATOR, self.steps_of(bound, arguments))
        if self.is_model_twin(bound):
            return builtin(COROUTINE, builtin("None"))
        given = self.given(bound, arguments)
        tells_more = bool(given) or isinstance(bound.receiver, Holder)
        if tells_more and isinstance(frame, LoopFrame) and not self.is_of_library(bound):
            self.queue.append(Called(bound, given))
        return builtin(COROUTINE, self.outcome(bound, given).returns)

    def steps_of(self, bound: Bound, arguments: Arguments) -> Value:
        """What the steps of an asynchronous generator give."""
        raw = self.outcome(bound, self.given(bound, arguments)).inferred
        return union(each.elements for each in raw if isinstance(each, Builtin))

    def is_model_twin(self, bound: Bound) -> bool:
        return bound.owner is not None and bound.owner.module == "django.db.models.base"

    def is_of_library(self, bound: Bound) -> bool:
        return "site-packages" in bound.module.path or bound.module.name.startswith("django.")

    def awaited(self, value: Value, frame: Frame) -> Value:
        """What `await value` gives."""
        told = value - NONE
        if told and all(self.is_sync(each) or self.is_lazy(each) for each in told):
            frame.note(Level.REACHES, "awaits what is not awaitable", Cause.NOT_ASYNC)
            return unknown("what is no coroutine's")
        given: list[Value] = []
        for each in value:
            if isinstance(each, Builtin) and each.name in _AWAITABLE:
                given.append(each.elements)
            else:
                given.append(unknown("awaited"))
        return union(given)

    def is_sync(self, type_: Type) -> bool:
        """Whether it is sure that something is neither awaitable nor an async iterator."""
        match type_:
            case Builtin(name=name):
                return name in _SYNC
            case Instance(cls=cls):
                return self.role(cls) == "model" and bool(type_.state & {states.ROW, states.NEW})
        return False

    def run_through(self, value: Value, frame: Frame) -> Value:
        """`async for … in value`: what the items are."""
        is_wrong = bool(value) and all(
            self.is_sync(each) or (isinstance(each, Builtin) and each.name == COROUTINE)
            for each in value
        )
        if is_wrong:
            message = "runs with async for through what is no asynchronous iterator"
            frame.note(Level.REACHES, message, Cause.NOT_ASYNC)
        items: list[Value] = []
        for each in value:
            match each:
                case Instance() if self.is_queryset(each):
                    items.append(self.row_of(each))
                case Builtin(name=name, elements=elements) if name in _ITERABLE and elements:
                    items.append(elements)
                case _:
                    items.append(unknown("an item"))
        return union(items)

    def enter_async(self, value: Value, frame: Frame) -> Value:
        """`async with value as …`"""
        entered: list[Value] = []
        for each in value:
            match each:
                case Builtin(name="context", effect=effect) if effect.cause is Cause.TRANSACTION:
                    frame.include(effect, "enters a transaction with async with")
                case Builtin(name=name, elements=elements) if name == CONTEXT and elements:
                    entered.append(elements)
                    continue
            entered.append(unknown("what an asynchronous context manager gives"))
        return union(entered)

    def is_coroutine(self, value: Value) -> bool:
        return bool(value) and all(map(_is_coroutine, value))

    def unawaited(self, value: Value, what: str, frame: Frame) -> None:
        """Something is done with a value that is senseless for a coroutine."""
        if self.is_coroutine(value):
            frame.note(Level.REACHES, f"{what} a coroutine", Cause.NEVER_AWAITED)

    def test(self, value: Value, frame: Frame) -> None:
        self.unawaited(value, "tests", frame)
        super().test(value, frame)

    def text(self, value: Value, frame: Frame, method: str = "__str__") -> None:
        self.unawaited(value, "prints", frame)
        super().text(value, frame, method)

    def measure(self, value: Value, frame: Frame) -> None:
        self.unawaited(value, "takes the length of", frame)
        super().measure(value, frame)

    def operated(self, operator: str, values: list[Value], frame: Frame) -> Value:
        for value in values if operator in _COMPUTING else ():
            self.unawaited(value, "computes with", frame)
        return super().operated(operator, values, frame)

    def contains(self, value: Value, is_text: bool, frame: Frame) -> None:
        self.unawaited(value, "looks for something in", frame)
        super().contains(value, is_text, frame)

    def items(self, type_: Type, frame: Frame) -> Value:
        if isinstance(type_, Builtin) and type_.name in (COROUTINE, GENERATOR):
            if type_.name == COROUTINE:
                self.unawaited(frozenset({type_}), "iterates over", frame)
            else:
                message = "iterates over an asynchronous generator"
                frame.note(Level.REACHES, message, Cause.NOT_ASYNC)
            return unknown("an item")
        return super().items(type_, frame)

    def attribute_of(self, owner: Type, name: str, frame: Frame) -> Value:
        is_own = name in _OF_COROUTINES or name.startswith("cr_")
        if isinstance(owner, Builtin) and owner.name == COROUTINE and not is_own:
            self.unawaited(frozenset({owner}), f"reads {name} of", frame)
            return unknown(f"{name} of a coroutine")
        return super().attribute_of(owner, name, frame)

    # -- threads -----------------------------------------------------------------------------------

    def is_threaded(self, function: Function) -> bool:
        """Whether a decorator makes a function run in a thread."""
        names = (*known.WRAPPERS, *self.bridges)
        return not function.is_async and (
            function in self.handed
            or function.is_decorated(*names)
            or any(self.is_bridge_by_name(each.dotted) for each in function.decorations)
        )

    def is_bridge_by_name(self, dotted: str) -> bool:
        definition = self.resolver.dotted(dotted) if dotted and "builtins" not in dotted else None
        return isinstance(definition, Class) and self.is_bridge(definition)

    def is_bridge_itself(self, type_: Type) -> bool:
        match type_:
            case Foreign(dotted=dotted):
                return dotted in known.WRAPPERS | self.bridges
            case ClassObject(cls=cls):
                return self.is_bridge(cls)
        return False

    def is_bridge(self, cls: Class) -> bool:
        """Whether a class is a subclass of asgiref's."""
        for each in self.resolver.mro(cls):
            if each.dotted in known.WRAPPERS | self.bridges:
                return True
            module = self.resolver.readable(each.module)
            for base in each.bases if module else ():
                assert module is not None
                if self.dotted(base, module) in known.WRAPPERS | self.bridges:
                    return True
        return False

    def elsewhere(self, callee: Type, arguments: Arguments, frame: Frame) -> Value:
        """Call something in another thread: what it does counts for nothing here, what it gives
        does."""
        inner = Frame(frame.module, None, None, None, dict(frame.environment), frame.line)
        if isinstance(callee, Bound) and self.is_threaded(callee.function):
            outcome = self.outcome(callee, self.given(callee, arguments))
            # A bridge that was evaluated as a decorator has made a coroutine already.
            value = union(
                each.elements
                if isinstance(each, Builtin) and each.name == COROUTINE
                else frozenset({each})
                for each in self.substituted(outcome.returns, callee, arguments)
            )
        else:
            value = self.call_type(callee, arguments, inner)
        if isinstance(callee, Bound):
            self.loaded_by(callee, frame)
        return states.marked(value, states.THREADED, self.is_rows)

    def loaded_by(self, bound: Bound, frame: Frame) -> None:
        """A function that ran in a thread has loaded what it reads of the names around it."""
        for node in nodes(self.body_of(bound.function)):
            match node:
                case Get(value=Name() as owner, name=name):
                    self.remark(owner, name, frame)
                case Loop(iterable=Name() as owner):
                    self.remark(owner, states.FILLED, frame)
                case Call(function=Name(), arguments=(Name() as owner, *_)):
                    self.remark(owner, states.MAYBE_FILLED, frame)

    def loaded_through(self, callee: Type, call: Call, frame: Frame) -> None:
        """A function has loaded, in a thread, what it reads of its arguments."""
        match callee:
            case Bound(function=function):
                places = self.places(callee, call)
                for node in nodes(self.body_of(function)):
                    match node:
                        case Get(value=Name(id=inner), name=name) if inner in places:
                            self.remark(places[inner], name, frame)
                for owner in places.values():
                    self.remark(owner, states.MAYBE_FILLED, frame)
            case Foreign(dotted="builtins.getattr"):
                match call.arguments:
                    case (owner, Literal(type="str", text=name), *_):
                        self.remark(owner, name, frame)
            case Foreign(dotted=dotted) if dotted.startswith("builtins."):
                for each in call.arguments:
                    self.remark(each, states.FILLED, frame)
            case _:
                for each in call.arguments:
                    self.remark(each, states.MAYBE_FILLED, frame)

    @staticmethod
    def places(bound: Bound, call: Call) -> Mapping[str, Expression]:
        """The expressions that are passed for the parameters of a function."""
        names = [each.name for each in bound.function.signature.parameters]
        if bound.receiver:
            names = names[1:]
        return dict(zip(names, call.arguments, strict=False))

    def call_type(self, callee: Type, arguments: Arguments, frame: Frame) -> Value:
        match callee:
            case Builtin(name="threaded", elements=elements):
                given = [self.elsewhere(each, arguments, frame) for each in elements]
                return builtin(COROUTINE, union(given))
            case Builtin(name="unthreaded", elements=elements):
                message = "runs async_to_sync() in the thread of the event loop"
                frame.note(Level.REACHES, message, Cause.NOT_ASYNC)
                inner = Frame(frame.module, None, None, None, dict(frame.environment), frame.line)
                given = [self.call_type(each, arguments, inner) for each in elements]
                return union(self.awaited(each, inner) for each in given)
            case ClassObject(cls=cls) if self.is_bridge(cls):
                return self.wrapped(arguments)
            case Foreign(dotted=dotted):
                made = self.call_asynchronous(dotted, arguments, frame)
                if made is not None:
                    return made
            case Method(receiver=receiver, name=name) if receiver.name in _AWAITABLE:
                if name in known.CALLBACKS:
                    self.called_back(name, arguments, frame)
                return unknown(f"the result of {name}")
        return super().call_type(callee, arguments, frame)

    @staticmethod
    def wrapped(arguments: Arguments) -> Value:
        """`sync_to_async(function)`; without one it is a decorator."""
        if arguments.positional:
            return builtin(THREADED, arguments.positional[0])
        return frozenset({Foreign("asgiref.sync.sync_to_async")})

    def call_asynchronous(self, dotted: str, arguments: Arguments, frame: Frame) -> Value | None:
        """A call that hands its arguments to a thread, or to the loop; None for any other."""
        last = dotted.rpartition(".")[2]
        self.opened_for(dotted, arguments, frame)
        if dotted in known.WRAPPERS | self.bridges:
            return self.wrapped(arguments)
        if dotted in known.BACK:
            return builtin(BACK, next(iter(arguments.positional), NOTHING))
        if dotted in known.RUNNERS:
            return self.run_elsewhere(known.RUNNERS[dotted], arguments, frame)
        if last in known.RUNNING_METHODS and "()" in dotted:
            made = self.run_elsewhere(known.RUNNING_METHODS[last], arguments, frame, TASK)
            return made if last != "submit" else frozenset({Foreign(known.FUTURE)})
        if dotted in known.TASKS:
            first = next(iter(arguments.positional), NOTHING)
            is_one = dotted in known.OF_FIRST
            given = [each.elements for each in first if isinstance(each, Builtin)]
            return builtin(TASK, union(given) if is_one and given else unknown("a result"))
        if last in known.CALLBACKS and "()" in dotted:
            self.called_back(last, arguments, frame)
            return unknown(f"the result of {last}")
        return None

    def opened_for(self, dotted: str, arguments: Arguments, frame: Frame) -> None:
        """`sync_to_async(row.scan.read)` opens the file to find its method."""
        if dotted in known.WRAPPERS | self.bridges | known.RUNNERS.keys():
            for each in next(iter(arguments.positional), NOTHING):
                match each:
                    case Method(Builtin("file"), name) if name in known.OF_OPEN_FILES:
                        frame.note(Level.REACHES, known.OPENS.format(name), Cause.STORAGE)

    def run_elsewhere(
        self, position: int, arguments: Arguments, frame: Frame, kind: str = COROUTINE
    ) -> Value:
        """`to_thread(function, *arguments)`, which gives something of that kind."""
        if len(arguments.positional) <= position:
            return builtin(kind, unknown("what a thread gives"))
        passed = Arguments(
            arguments.positional[position + 1 :], arguments.keywords, arguments.is_complete
        )
        functions = arguments.positional[position]
        given = union(self.elsewhere(each, passed, frame) for each in functions)
        return builtin(kind, given)

    def called_back(self, name: str, arguments: Arguments, frame: Frame) -> None:
        """The loop calls a function later: it is read as what runs there."""
        position = known.CALLBACKS[name]
        if len(arguments.positional) <= position:
            return
        for each in arguments.positional[position]:
            if isinstance(each, Bound) and not each.function.is_async:
                around: Environment = self.closure(each.function)
                why = f"{name}() has the event loop call it"
                self.queue.append(Called(each, (), tuple(around.items()), why))
