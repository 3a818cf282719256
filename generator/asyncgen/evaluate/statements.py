"""Statements in order, over an environment of what every name may hold."""

from __future__ import annotations

from asyncgen.evaluate.annotations import base_word
from asyncgen.evaluate.expressions import Expressions, attribute_path, named_classes
from asyncgen.evaluate.frame import Environment, Frame, joined
from asyncgen.facts import (
    Assign,
    Block,
    Branch,
    Call,
    Choice,
    Define,
    Display,
    Evaluate,
    Expression,
    Get,
    Item,
    Leave,
    Literal,
    LocalImport,
    Loop,
    Name,
    Operation,
    Raise,
    Return,
    Star,
    Statement,
    With,
)
from asyncgen.source import Class, Function
from asyncgen.values import (
    NONE,
    NOTHING,
    Argument,
    Bound,
    Builtin,
    ClassObject,
    Instance,
    Level,
    Type,
    Unknown,
    Value,
    builtin,
    merged,
)

_STOP_HANDLERS = frozenset({"StopIteration", "Exception", "BaseException"})


class Statements(Expressions):
    """Runs statements. Branches join, loops run twice: enough for types to settle."""

    def block(self, block: Block, frame: Frame) -> bool:
        """Run the statements; whether the end of the block can be reached."""
        return all(self.statement(statement, frame) for statement in block)

    def statement(self, statement: Statement, frame: Frame) -> bool:
        """Run one statement; whether what follows it can be reached."""
        if not isinstance(statement, Branch):
            frame.line = statement.line
        match statement:
            case Assign():
                self.assign(statement, frame)
            case Evaluate(value=value, is_test=is_test):
                result = self.value(value, frame)
                if is_test:
                    self.test(result, frame)
                    self.narrow(value, True, frame)
            case Return(value=value):
                frame.returns |= self.value(value, frame) if value else NONE
                return False
            case Raise(value=value):
                if value:
                    self.raised(value, frame)
                    stops = base_word(value) == "StopIteration"
                    frame.stops |= stops and not frame.guarded
                return False
            case Branch():
                return self.branch(statement, frame)
            case Loop():
                return self.loop(statement, frame)
            case With(items=items, body=body):
                for expression, target in items:
                    entered = self.enter(self.value(expression, frame), frame)
                    if target:
                        self.bind(target, entered, frame)
                return self.block(body, frame)
            case Leave():
                return False
            case Define(definition=Function() | Class() as definition):
                frame.environment[definition.name] = frozenset({self.inner(definition, frame)})
            case LocalImport(imports=imports):
                for name, found in imports:
                    frame.environment[name] = self.imported(found.module, found.name)
        return True

    def raised(self, value: Expression, frame: Frame) -> None:
        """What `raise` evaluates; making the exception itself does nothing that counts."""
        if isinstance(value, Call) and isinstance(value.function, Name):
            self.arguments_of(value, frame)
        else:
            self.value(value, frame)

    def inner(self, definition: Function | Class, frame: Frame) -> Type:
        """A function or class defined inside the function that runs."""
        if isinstance(definition, Class):
            return ClassObject(definition)
        self._closures[definition] = frame.environment
        return Bound(definition, frame.module)

    # -- assignment --------------------------------------------------------------------------------

    def assign(self, statement: Assign, frame: Frame) -> None:
        result = self.value(statement.value, frame)
        if statement.annotation and frame.bound:
            declared = self.annotation(statement.annotation, frame.bound)
            if declared and all(isinstance(each, Unknown | Argument) for each in result):
                result = declared
        for target in statement.targets:
            self.bind(target, result, frame)

    def bind(self, target: Expression, value: Value, frame: Frame) -> None:
        match target:
            case Name(id=name):
                frame.environment[name] = merged(value)
            case Get():
                self.bind_attribute(target, value, frame)
            case Item(value=inner, index=index):
                self.value(inner, frame)
                if index is not None:
                    self.value(index, frame)
                self.put(inner, value, frame)
            case Display(elements=elements):
                self.unpack(elements, value, frame)
            case Star(value=inner):
                self.bind(inner, builtin("list", value), frame)

    def bind_attribute(self, target: Get, value: Value, frame: Frame) -> None:
        """`owner.name = value`; a property's setter runs."""
        for owner in self.value(target.value, frame):
            if isinstance(owner, Argument) and self.relations.may_be_set(target.name):
                frame.note(Level.DOUBT, f"assigns to {target.name} of the argument {owner.name}")
            if not isinstance(owner, Instance):
                continue
            found = self.lookup(owner.found, target.name)
            if found and isinstance(found[1], Function) and found[1].setter:
                outcome = self.outcome(self.bound(found[1].setter, found[0], owner))
                frame.include(outcome.effect, f"assigns to the property {target.name}")
                return
            if owner == frame.receiver:
                self.keep(owner, target.name, value)
        path = attribute_path(target)
        if path:
            frame.environment[path] = value

    def put(self, owner: Expression, value: Value, frame: Frame) -> None:
        """`owner[…] = value`, `owner.append(value)`: it then has such elements."""
        path = attribute_path(owner)
        known = frame.environment.get(path, NOTHING) if path else NOTHING
        if path and any(isinstance(each, Builtin) for each in known):
            frame.environment[path] = frozenset(
                Builtin(each.name, each.elements | value, each.effect)
                if isinstance(each, Builtin)
                else each
                for each in known
            )

    def unpack(self, elements: tuple[Expression, ...], value: Value, frame: Frame) -> None:
        """`a, b = value`"""
        parts = self.iterate(value, frame)
        for element in elements:
            self.bind(element, parts, frame)

    # -- branches ----------------------------------------------------------------------------------

    def branch(self, statement: Branch, frame: Frame) -> bool:
        decided = None
        if statement.test is not None:
            frame.line = statement.line
            self.test(self.value(statement.test, frame), frame)
            decided = self.truth(statement.test, frame)
        before = frame.environment
        ends: list[Environment] = []
        stops_caught = bool(_STOP_HANDLERS.intersection(statement.catches))
        for index, block in enumerate(statement.blocks):
            if decided is not None and len(statement.blocks) == 2 and (index == 0) is not decided:
                continue
            frame.environment = dict(before)
            if statement.test is not None:
                self.narrow(statement.test, index == 0, frame)
            frame.guarded += stops_caught and index == 0
            if self.block(block, frame):
                ends.append(frame.environment)
            frame.guarded -= stops_caught and index == 0
        frame.environment = joined(ends) if ends else before
        return self.block(statement.final, frame) and bool(ends)

    def loop(self, statement: Loop, frame: Frame) -> bool:
        for _ in range(2):
            before = dict(frame.environment)
            frame.line = statement.line
            if statement.iterable is not None and statement.target is not None:
                items = self.iterate(self.value(statement.iterable, frame), frame)
                self.bind(statement.target, items, frame)
            if statement.test is not None:
                self.test(self.value(statement.test, frame), frame)
            self.block(statement.body, frame)
            frame.environment = joined([before, frame.environment])
        return self.block(statement.otherwise, frame)

    # -- what a test tells -------------------------------------------------------------------------

    def truth(self, test: Expression, frame: Frame) -> bool | None:
        """Whether a test of local names is sure to hold, or not to; None where it is open."""
        match test:
            case Operation(operator="not", operands=(inner,)):
                known = self.truth(inner, frame)
                return None if known is None else not known
            case Operation(operator="is" | "is not" as operator, operands=(Name(id=name), right)):
                if right == Literal("None") and name in frame.environment:
                    return _is_none(frame.environment[name], operator == "is")
            case Operation(
                operator="==" | "!=" as operator,
                operands=(Name(id=name), Literal(type="str", text=text)),
            ):
                equal = _is_text(frame.environment.get(name, NOTHING), text)
                return None if equal is None else equal is (operator == "==")
            case Choice(operator="and" | "or" as operator, options=options):
                stops = operator == "or"
                parts = [self.truth(option, frame) for option in options]
                if stops in parts:
                    return stops
                return None if None in parts else not stops
            case Name(id=name):
                return _truth_of(frame.environment.get(name, NOTHING))
            case Literal(type="bool", text=text):
                return text == "True"
        return None

    def narrow(self, test: Expression, holds: bool, frame: Frame) -> None:
        """Keep of the names in a test what they may still be after it."""
        match test:
            case Operation(operator="not", operands=(inner,)):
                self.narrow(inner, not holds, frame)
            case Choice(operator="and", options=options) if holds:
                for option in options:
                    self.narrow(option, True, frame)
            case Choice(operator="or", options=options) if not holds:
                for option in options:
                    self.narrow(option, False, frame)
            case Call(function=Name(id="isinstance"), arguments=(Name() | Get() as what, wanted)):
                classes = named_classes(self.value(wanted, frame))
                self.keep_instances(what, classes, holds, frame)
            case Operation(operator="is" | "is not" as operator, operands=(Name(id=name), right)):
                if right == Literal("None") and (operator == "is not") is holds:
                    self.keep_not_none(name, frame)
            case Name(id=name) if holds:
                self.keep_not_none(name, frame)

    @staticmethod
    def keep_not_none(name: str, frame: Frame) -> None:
        if name in frame.environment:
            frame.environment[name] -= NONE

    def keep_instances(
        self, what: Expression, classes: list[Type], holds: bool, frame: Frame
    ) -> None:
        path = attribute_path(what)
        if not path or not classes:
            return
        known = self.value(what, Frame(frame.module, None, None, None, frame.environment))
        inside = frozenset(each for each in known if self.is_one_of(each, classes))
        if not holds:
            if known - inside:
                frame.environment[path] = known - inside
            return
        is_open = any(isinstance(each, Argument | Unknown) or each == _JSON for each in known)
        if is_open or not inside:
            inside |= frozenset(_as_json(each) if _JSON in known else each for each in classes)
        frame.environment[path] = inside

    def is_one_of(self, type_: Type, classes: list[Type]) -> bool:
        match type_:
            case Instance(found=found):
                order = self.resolver.mro(found)
                return any(isinstance(each, Instance) and each.found in order for each in classes)
            case Builtin(name=name):
                return any(isinstance(each, Builtin) and each.name == name for each in classes)
        return False


_JSON = Builtin("json")


def _as_json(type_: Type) -> Type:
    """Of JSON data, a list or dict has JSON data in it."""
    if isinstance(type_, Builtin) and type_.name in ("list", "dict"):
        return Builtin(type_.name, frozenset({_JSON}))
    return type_


def _is_none(value: Value, wanted: bool) -> bool | None:
    """Whether `value is None` (or, when not `wanted`, is not None) is sure."""
    if value == NONE:
        return wanted
    certain = all(isinstance(each, Builtin | Instance | ClassObject) for each in value)
    return not wanted if value and certain and not value & NONE else None


def _is_text(value: Value, text: str) -> bool | None:
    """Whether the value is sure to be a text, or not to be."""
    texts = {each.text if isinstance(each, Builtin) else "" for each in value}
    known = texts.pop() if len(texts) == 1 else ""
    return known == text if known and text.isidentifier() else None


def _truth_of(value: Value) -> bool | None:
    if value == NONE:
        return False
    texts = {
        each.text if isinstance(each, Builtin) and each.name == "bool" else "" for each in value
    }
    return {"True": True, "False": False}.get(texts.pop()) if len(texts) == 1 else None
