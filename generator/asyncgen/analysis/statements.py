"""Statements in order, over an environment of what every name may hold."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

from asyncgen import knowledge
from asyncgen.analysis.annotations import base_word
from asyncgen.analysis.expressions import attribute_path, named_classes
from asyncgen.analysis.flow import Exits, Flow
from asyncgen.analysis.frame import Environment, Frame, joined
from asyncgen.analysis.targets import Targets
from asyncgen.analysis.types import given
from asyncgen.analysis.values import (
    NO_ARGUMENTS,
    NONE,
    NOTHING,
    SHOWING,
    Arguments,
    Bound,
    Builtin,
    ClassObject,
    Foreign,
    Instance,
    Trait,
    Type,
    Value,
    in_order,
    is_same,
    proved,
    types_of,
    union,
    unknown,
)
from asyncgen.facts import (
    Assign,
    Block,
    Call,
    Case,
    Define,
    Display,
    Evaluate,
    Expression,
    Handler,
    LocalImport,
    Loop,
    Name,
    Raise,
    Return,
    Statement,
    Try,
    With,
)
from asyncgen.source import Class, Function

_NEVER = frozenset({"NoReturn", "Never", "typing.NoReturn", "typing.Never"})
_STOP_HANDLERS = frozenset({"StopIteration", "Exception", "BaseException"})
RETURNED = "return"  # the name, which no variable can have, of what is returned


class Walk(Flow[Environment]):
    """Runs the statements of one body, in a frame."""

    def __init__(self, evaluator: Statements, frame: Frame) -> None:
        super().__init__()
        self.evaluator = evaluator
        self.frame = frame

    def at(self, line: int) -> None:
        self.frame.line = line

    def copied(self, state: Environment) -> Environment:
        return dict(state)

    def joined(self, states: list[Environment]) -> Environment:
        return joined(states)

    def is_same(self, before: Environment, after: Environment) -> bool:
        return before.keys() == after.keys() and all(
            is_same(value, after[name]) for name, value in before.items()
        )

    def widened(self, before: Environment, after: Environment) -> Environment:
        lazy = self.evaluator.holds_queryset
        return {
            name: value
            if is_same(before.get(name), value)
            else unknown(f"{name}, which changes in a loop", from_queryset=lazy(value))
            for name, value in after.items()
        }

    def unsure(self) -> None:
        self.frame.is_unsure = True

    def within(self, state: Environment) -> Frame:
        self.frame.environment = state
        return self.frame

    def simple(self, statement: Statement, state: Environment) -> bool:
        return self.evaluator.simple(statement, self.within(state))

    def returned(self, statement: Return, state: Environment) -> None:
        frame = self.within(state)
        value = statement.value
        state[RETURNED] = self.evaluator.value(value, frame) if value else NONE

    def tested(self, test: Expression, state: Environment) -> bool | None:
        frame = self.within(state)
        self.evaluator.test(self.evaluator.value(test, frame), frame)
        return self.evaluator.truth(test, frame)

    def narrowed(self, test: Expression, holds: bool, state: Environment) -> None:
        self.evaluator.narrow(test, holds, self.within(state))

    def iterated(self, loop: Loop, state: Environment) -> None:
        frame = self.within(state)
        assert loop.iterable is not None
        assert loop.target is not None
        items = self.evaluator.each(self.evaluator.value(loop.iterable, frame), frame)
        self.evaluator.bind(loop.target, items, frame)

    def entered(self, statement: With, state: Environment) -> bool | None:
        frame = self.within(state)
        answers: set[bool | None] = set()
        for expression, target in statement.items:
            value = self.evaluator.value(expression, frame)
            entered = self.evaluator.enter(value, frame)
            answers.add(self.evaluator.swallows(value))
            if target:
                types = types_of(value)
                self.evaluator.bind(target, proved(entered, types and given(types)), frame)
        return True if True in answers else None if None in answers else False

    def caught(self, handler: Handler, state: Environment) -> None:
        self.at(handler.line)
        frame = self.within(state)
        if handler.exception is None:
            return
        value = self.evaluator.value(handler.exception, frame)
        if handler.name:
            state[handler.name] = exceptions(value)
            if Trait.RAISES_TEXTS in frame.effect.traits:
                state[handler.name] |= {SHOWING}

    def tried(self, statement: Try, state: Environment) -> Exits[Environment]:
        names = (base_word(e) for e in _exceptions_of(statement.handlers))
        stops = bool(_STOP_HANDLERS.intersection(names))
        self.frame.guarded += stops
        exits = self.block(statement.body, state)
        self.frame.guarded -= stops
        return exits

    def matched(self, subject: Expression, case: Case, state: Environment) -> None:
        self.at(case.line)
        frame = self.within(state)
        value = self.evaluator.value(subject, frame)
        for each in case.classes:
            wanted = self.evaluator.value(each, frame)
            self.evaluator.checked(wanted, frame)
            if len(case.classes) == 1 and attribute_path(subject):
                self.evaluator.keep_instances(subject, named_classes(wanted), True, frame)
                value = self.evaluator.value(subject, frame)
        lazy = self.evaluator.holds_queryset(value)
        bound: dict[str, list[Value]] = {name: [value] for name in case.whole}
        for name, part in case.parts:
            held = unknown("a part of what is matched", from_queryset=lazy)
            bound.setdefault(name, []).append(
                self.evaluator.value(part, frame) if part is not None else held
            )
        state.update({name: union(held) for name, held in bound.items() if name})


def _exceptions_of(handlers: tuple[Handler, ...]) -> Iterator[Expression]:
    """The exceptions that handlers name; BaseException for a bare `except`."""
    for handler in handlers:
        match handler.exception:
            case None:
                yield Name("BaseException")
            case Display(elements=elements):
                yield from elements
            case single:
                yield single


def exceptions(value: Value) -> Value:
    """Instances of the exceptions that a handler names."""
    found: set[Type] = set()
    for each in value:
        match each:
            case ClassObject(cls=known):
                found.add(Instance(known))
            case Builtin(name="tuple", elements=elements):
                found |= exceptions(elements)
            case _:
                found.add(Foreign("builtins.Exception.instance"))
    return frozenset(found)


class Statements(Targets):
    """Runs statements."""

    @abstractmethod
    def opaque(self, decorator: Expression, frame: Frame) -> Value:
        """The decorator, as far as it may do something when the function is called."""

    def run(self, block: Block, frame: Frame) -> Value:
        """Run a body: what it returns."""
        frame.is_running = True
        exits = Walk(self, frame).block(block, frame.environment)
        frame.is_running = False
        ways = [exits.returns[RETURNED]] if exits.returns is not None else []
        ways += [NONE] if exits.end is not None else []
        return union(ways) if ways else proved(NOTHING, frozenset())

    def simple(self, statement: Statement, frame: Frame) -> bool:
        """Run a statement that has no blocks; whether what follows it can be reached."""
        match statement:
            case Assign():
                self.assign(statement, frame)
            case Evaluate(value=value, is_test=is_test):
                result = self.value(value, frame)
                if is_test:
                    self.test(result, frame)
                    self.narrow(value, True, frame)
                    return self.truth(value, frame) is not False
                return not (isinstance(value, Call) and self.never_returns(value, frame))
            case Raise(value=value):
                if value:
                    self.raised(value, frame)
                    stops = base_word(value) == "StopIteration"
                    frame.stops |= stops and not frame.guarded
                return False
            case Define(definition=Function() | Class() as definition):
                made = frozenset({self.inner(definition, frame)})
                if isinstance(definition, Class):
                    self.class_body(definition, frame)
                    frame.environment[definition.name] = made
                else:
                    self.defaults(definition, frame)
                    frame.environment[definition.name] = made
                    self.decorate(definition.decorators, made, frame)
            case LocalImport(imports=imports):
                for name, import_ in imports:
                    made = self.imported(import_.module, import_.name)
                    types = self.told(made) if frame.is_typed else None
                    frame.environment[name] = proved(made, types)
        return True

    def never_returns(self, call: Call, frame: Frame) -> bool:
        """Whether the call is known to raise: sys.exit(), or what is annotated so."""
        callees = self.value(
            call.function, Frame(frame.module, None, None, None, dict(frame.environment))
        )
        return bool(callees) and all(
            (isinstance(each, Foreign) and each.dotted in knowledge.NEVER_RETURNING)
            or (isinstance(each, Bound) and each.function.signature.returns in _NEVER)
            for each in callees
        )

    def raised(self, value: Expression, frame: Frame) -> None:
        """What `raise` evaluates; making the exception itself does nothing that counts."""
        if not (isinstance(value, Call) and isinstance(value.function, Name)):
            classes, arguments = self.value(value, frame), NO_ARGUMENTS
        else:
            classes = self.value(value.function, frame)
            arguments = self.arguments_of(value, frame)
        for each in classes:
            known = self.specials(each.cls) if isinstance(each, ClassObject) else {}
            made = known.get("__init__")
            if made is None:
                self.made_exception("", arguments, frame)
            elif isinstance(each, ClassObject) and not made[1].module.startswith("django."):
                self.call_bound(self.bound(*made, Instance(each.cls)), arguments, frame)

    def decorate(self, decorators: tuple[Expression, ...], made: Value, frame: Frame) -> None:
        """Run the decorators of what is defined inside the function that runs."""
        for decorator in decorators:
            head = decorator.function if isinstance(decorator, Call) else decorator
            foreign = [each for each in self.value(head, frame) if isinstance(each, Foreign)]
            if not foreign:
                for each in in_order(self.value(decorator, frame)):
                    self.call_type(each, Arguments((made,)), frame)
            elif isinstance(decorator, Call):
                self.arguments_of(decorator, frame)
            for known in foreign:
                # One that opens a block does so when the function is called.
                if known.dotted not in knowledge.CONTEXT_MANAGERS:
                    self.opaque(head, frame)

    def class_body(self, definition: Class, frame: Frame) -> None:
        """What a class statement evaluates, and what its bases, descriptors and metaclass do with
        it."""
        for base in definition.bases:
            self.each_special(self.value(base, frame), ("__mro_entries__",), frame)
        outer = frame.environment
        frame.environment = dict(outer)
        walk = Walk(self, frame)
        for statement in definition.body:
            ended = walk.block((statement,), frame.environment).end
            frame.environment = dict(outer) if ended is None else ended
        for name in definition.attributes.keys() & frame.environment.keys():
            self.each_special(frame.environment[name], ("__set_name__",), frame)
        for function in definition.functions.values():
            self.defaults(function, frame)
            self.decorate(function.decorators, frozenset({Bound(function, frame.module)}), frame)
        for inner in definition.classes.values():
            self.class_body(inner, frame)
        frame.leave(outer)
        self.made_by_metaclass(definition, frame)
        self.special(Instance(definition), ("__init_subclass__",), frame)
        if self.is_enumeration(definition):
            self.called_by(Instance(definition), knowledge.MEMBER_METHODS, frame)
        self.decorate(definition.decorators, frozenset({ClassObject(definition)}), frame)

    def made_by_metaclass(self, definition: Class, frame: Frame) -> None:
        inherited = self.metaclass(definition)
        makers: Value = frozenset({ClassObject(inherited.cls)}) if inherited else NOTHING
        for name, keyword in definition.keywords:
            value = self.value(keyword, frame)
            makers = value if name == "metaclass" else makers
        for maker in in_order(makers):
            if isinstance(maker, ClassObject):
                self.each_special(frozenset({Instance(maker.cls)}), ("__prepare__",), frame)
            self.call_type(maker, NO_ARGUMENTS, frame)

    def defaults(self, function: Function, frame: Frame) -> None:
        """The defaults of parameters, which are evaluated when the function is made."""
        for _, default in function.defaults:
            self.value(default, frame)

    def inner(self, definition: Function | Class, frame: Frame) -> Type:
        """A function or class defined inside the function that runs."""
        if isinstance(definition, Class):
            return ClassObject(definition)
        self.enclosed(definition, frame)
        self.captured(definition.body_read, frame)
        return Bound(definition, frame.module)
