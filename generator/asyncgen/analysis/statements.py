"""Statements in order, over an environment of what every name may hold."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

from asyncgen import knowledge
from asyncgen.analysis.annotations import base_word
from asyncgen.analysis.expressions import Expressions, as_key, attribute_path, named_classes
from asyncgen.analysis.flow import Exits, Flow
from asyncgen.analysis.frame import NARROWED, Environment, Frame, joined
from asyncgen.analysis.types import NONE as NONE_TYPE
from asyncgen.analysis.types import Known, Types, given, tuple_parts
from asyncgen.analysis.types import builtin as builtin_type
from asyncgen.analysis.values import (
    NO_ARGUMENTS,
    NONE,
    NOTHING,
    Argument,
    Arguments,
    Bound,
    Builtin,
    ClassObject,
    Foreign,
    Instance,
    Level,
    Method,
    ModuleObject,
    Type,
    Unknown,
    Value,
    builtin,
    in_order,
    is_same,
    merged,
    proved,
    types_of,
    union,
    unknown,
)
from asyncgen.facts import (
    Assign,
    Bind,
    Block,
    Call,
    Case,
    Choice,
    Define,
    Display,
    Evaluate,
    Expression,
    Get,
    Handler,
    Item,
    Literal,
    LocalImport,
    Loop,
    Name,
    Operation,
    Raise,
    Return,
    Star,
    Statement,
    Try,
    With,
)
from asyncgen.source import Attribute, Class, Function

_NEVER = frozenset({"NoReturn", "Never", "typing.NoReturn", "typing.Never"})
_STOP_HANDLERS = frozenset({"StopIteration", "Exception", "BaseException"})
RETURNED = "return"  # the name, which no variable can have, of what is returned


class Walk(Flow[Environment]):
    """Runs the statements of one body, in a frame."""

    def __init__(self, evaluator: Statements, frame: Frame) -> None:
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


class Statements(Expressions):
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
            made = (
                self.specials(each.cls).get("__init__") if isinstance(each, ClassObject) else None
            )
            if made and not made[1].module.startswith("django."):
                self.call_bound(self.bound(*made, Instance(made[1])), arguments, frame)

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
            self.value(base, frame)
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
        for default in function.defaults:
            self.value(default, frame)

    def inner(self, definition: Function | Class, frame: Frame) -> Type:
        """A function or class defined inside the function that runs."""
        if isinstance(definition, Class):
            return ClassObject(definition)
        self.enclosed(definition, frame)
        self.captured(definition.body_read, frame)
        return Bound(definition, frame.module)

    # -- assignment --------------------------------------------------------------------------------

    def assign(self, statement: Assign, frame: Frame) -> None:
        result = self.value(statement.value, frame)
        if statement.annotation and frame.bound:
            declared = self.annotation(statement.annotation, frame.bound)
            wanted = statement.annotation if frame.is_typed else None
            types = self.declared_types(wanted, frame.module) or types_of(result)
            if declared and all(isinstance(each, Unknown | Argument) for each in result):
                result = declared
            result = proved(result, types)
        if self.is_grown(statement, result, frame):
            return
        result = self.placed(result, statement, frame)
        for target in statement.targets:
            self.bind(target, result, frame)
            if isinstance(target, Name):
                self.keep_aggregated(target.id, statement.value, frame)

    def is_grown(self, statement: Assign, result: Value, frame: Frame) -> bool:
        """Whether it is `found += more`, of a container: under its other names, too, it holds more,
        and has the same types as before."""
        match statement:
            case Assign(
                targets=(Name(id=name) as own,), value=Operation(operands=(left, right))
            ) if own == left and frame.is_typed and name in frame.environment:
                before = frame.environment[name]
                more = self.value(right, self.scratch(frame))
                if self.grown_by_operator(before, more, frame):
                    self.rebind(name, proved(merged(result), types_of(before)), frame)
                    return True
        return False

    def bind(self, target: Expression, value: Value, frame: Frame) -> None:
        value = self.opened(value, frame)
        match target:
            case Name(id=name):
                value = self.placed(value, target, frame)
                self.rebind(name, merged(value), frame)
            case Get():
                self.bind_attribute(target, value, frame)
            case Item(value=inner, index=index):
                self.each_special(self.value(inner, frame), ("__setitem__",), frame)
                if index is None:
                    value = self.iterate(value, frame)
                if index is not None:
                    key = self.value(index, frame)
                    self.hashed(key, frame)
                    self.put_item(self.value(inner, frame), key, value, frame)
                    if isinstance(inner, Name):
                        self.forget_told(inner.id, frame)
                    value |= as_key(key)
                self.put(inner, value, frame)
            case Display(elements=elements):
                self.unpack(elements, value, frame)
            case Star(value=inner):
                types = types_of(value)
                listed = proved(builtin("list", value), types and builtin_type("list", types))
                self.bind(inner, listed, frame)

    def bind_attribute(self, target: Get, value: Value, frame: Frame) -> None:
        """`owner.name = value`; a property's setter runs, or a descriptor's `__set__`."""
        for owner in self.value(target.value, frame):
            if isinstance(owner, Argument) and self.relations.may_be_set(target.name, frame.module):
                frame.note(Level.DOUBT, f"assigns to {target.name} of the argument {owner.name}")
            if not isinstance(owner, Instance):
                continue
            member = self.lookup(owner.cls, target.name)
            if member and isinstance(member[1], Function) and member[1].setter:
                outcome = self.outcome(self.bound(member[1].setter, member[0], owner))
                frame.include(outcome.effect, f"assigns to the property {target.name}")
                if not member[0].module.startswith("django."):  # `pk` holds what it is given
                    return
            self.special(owner, ("__setattr__",), frame)
            if member and isinstance(member[1], Attribute) and not self.role(owner.cls):
                descriptors = self.class_level(member[0], member[1], owner)
                self.each_special(descriptors, ("__set__",), frame)
            if owner == frame.receiver:
                self.keep(owner, target.name, value)
        frame.growth.lose(types_of(value))  # other methods may put something in
        path = attribute_path(target)
        if path:
            frame.environment[path] = value
            frame.environment.pop(f"{NARROWED}{path}", None)

    def put(self, owner: Expression, value: Value, frame: Frame) -> None:
        """`owner[…] = value`, `owner.append(value)`: it then has such elements."""
        path = attribute_path(owner)
        known = frame.environment.get(path, NOTHING) if path else NOTHING
        if path and any(isinstance(each, Builtin) for each in known):
            more = frozenset(
                Builtin(each.name, each.elements | value, each.effect)
                if isinstance(each, Builtin)
                else each
                for each in known
            )
            frame.environment[path] = proved(more, types_of(known))
            self.keep_items(owner, more, frame)
        elif path and isinstance(owner, Get):
            held = self.value(owner, self.scratch(frame))
            containers = [each for each in held if isinstance(each, Builtin)]
            more = frozenset(Builtin(each.name, each.elements | value) for each in containers)
            self.keep_items(owner, more, frame)

    def keep_items(self, owner: Expression, value: Value, frame: Frame) -> None:
        """What a container has that is an attribute of self, for other methods."""
        receiver = frame.receiver
        if (
            isinstance(owner, Get)
            and isinstance(receiver, Instance)
            and receiver in self.value(owner.value, self.scratch(frame))
        ):
            self.keep(receiver, owner.name, value)

    def unpack(self, elements: tuple[Expression, ...], value: Value, frame: Frame) -> None:
        """`a, b = value`, `first, *rest = value`"""
        parts, types = self.iterate(value, frame), types_of(value)
        of_each = self.elements(types, frame) if frame.is_typed else None
        each_type = tuple_parts(types, len(elements))
        is_told = None not in each_type and not any(isinstance(e, Star) for e in elements)
        for element, type_ in zip(elements, each_type, strict=True):
            self.bind(element, proved(parts, type_ if is_told else of_each), frame)

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
            case Call(function=Name(id="isinstance"), arguments=(Name() as what, wanted)):
                held = frame.environment.get(what.id, NOTHING)
                return self.is_instance(held, named_classes(self.value(wanted, frame)))
            case Name(id=name):
                return _truth_of(frame.environment.get(name, NOTHING))
            case Literal(type="bool", text=text):
                return text == "True"
        return None

    def is_instance(self, value: Value, classes: list[Type]) -> bool | None:
        """Whether the value is sure to be an instance of one of the classes, or of none."""
        known = all(isinstance(each, Builtin | Instance | Bound) for each in value)
        told = all(isinstance(each, Builtin | Instance) for each in classes)
        if not (value and known and classes and told):
            return None
        answers = {self.is_one_of(each, classes) for each in value}
        if len(answers) != 1:
            return None
        if True not in answers and any(self._may_become(e, c) for e in value for c in classes):
            return None
        return answers.pop()

    def _may_become(self, type_: Type, wanted: Type) -> bool:
        """Whether an instance of a class below `type_` may be one of the wanted class, too."""
        if isinstance(type_, Bound):
            return wanted != Builtin("type")
        if isinstance(type_, Builtin):
            named = wanted.name if isinstance(wanted, Builtin) else ""
            return type_.name not in _CLOSED or (type_.name, named) in _ALSO
        if not (isinstance(type_, Instance) and isinstance(wanted, Instance)):
            return True
        return bool(self.role(type_.cls)) == bool(self.role(wanted.cls))

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
                types = self.instances(wanted, frame) if holds else None
                self.keep_instances(what, classes, holds, frame, types)
            case Operation(operator="is not", operands=operands):
                self.narrow(Operation("is", operands), not holds, frame)
            case Operation(operator="is", operands=(what, Literal(type="None"))):
                self.keep_none(what, holds, frame)
            case Operation(operator="in", operands=(Literal(type="str"), Name(id=name))) if holds:
                # A queryset is not looked for a text in, so it is a text or a container.
                known = frame.environment.get(name, NOTHING)
                if any(isinstance(each, Argument) for each in known):
                    told = frozenset(each for each in known if not isinstance(each, Argument))
                    frame.environment[name] = proved(told | builtin("container"), types_of(known))
            case Name() | Get() | Bind() if holds:
                self.keep_none(test, False, frame)

    def keep_none(self, what: Expression, is_none: bool, frame: Frame) -> None:
        """A name, or an attribute of one, is None, or is not."""
        match what:
            case Name(id=name) | Bind(name=name) if name in frame.environment:
                value = frame.environment[name]
                types = _narrowed(types_of(value), is_none)
                frame.environment[name] = proved(value if is_none else value - NONE, types)
            case Get():
                # The members are read anew each time, for what reading does.
                path = attribute_path(what)
                if path and frame.is_typed:
                    value = self.value(what, self.scratch(frame))
                    types = _narrowed(types_of(value), is_none)
                    frame.environment[f"{NARROWED}{path}"] = proved(NOTHING, types)

    def scratch(self, frame: Frame) -> Frame:
        """A frame with the same names, whose effects do not count."""
        made = Frame(frame.module, None, frame.owner, frame.receiver, frame.environment, frame.line)
        made.is_typed, made.growth = frame.is_typed, frame.growth
        return made

    def keep_instances(
        self,
        what: Expression,
        classes: list[Type],
        holds: bool,
        frame: Frame,
        types: Types | None = None,
    ) -> None:
        """Keep the instances of the classes, or what is none; `types` are what the classes mean,
        where nothing is proved yet."""
        path = attribute_path(what)
        if not path or not classes:
            return
        known = self.value(what, self.scratch(frame))
        if types_of(known) is not None:
            types = self.narrowed_to(types_of(known), classes, holds, frame)
        inside = frozenset(each for each in known if self.is_one_of(each, classes))
        if not holds:
            frame.environment[path] = proved(known - inside or known, types)
            return
        is_open = any(isinstance(each, Argument | Unknown) or each == _JSON for each in known)
        if is_open or not inside:
            inside |= frozenset(_as_json(each) if _JSON in known else each for each in classes)
        frame.environment[path] = proved(inside, types)

    def narrowed_to(
        self, types: Types | None, classes: list[Type], holds: bool, frame: Frame
    ) -> Types | None:
        """The types without those that are sure to be of none of the classes; or, where the test
        does not hold, of one of them."""
        answers = {each: self.is_kind_of(each, classes, frame) for each in types or ()}
        left = frozenset(each for each, answer in answers.items() if answer is not (not holds))
        return left if left or not types else types

    def is_kind_of(self, known: Known, classes: list[Type], frame: Frame) -> bool | None:
        """Whether an instance is sure to be of one of the classes, or of none."""
        if known.module == "builtins":
            names = {e.name if isinstance(e, Builtin) else "" for e in classes}
            if known.name in names:
                return True
            is_closed = known.name in _CLOSED and (known.name, "int") not in _ALSO
            return False if is_closed or known in NONE_TYPE else None
        cls = self.klass(known, frame)
        if cls is None:
            return None
        order = self.resolver.mro(cls)
        if any(isinstance(each, Instance) and each.cls in order for each in classes):
            return True
        told = all(isinstance(each, Builtin | Instance) for each in classes)
        is_apart = told and not any(self._may_become(Instance(cls), each) for each in classes)
        return False if is_apart else None

    def is_one_of(self, type_: Type, classes: list[Type]) -> bool:
        match type_:
            case Instance(cls=cls):
                order = self.resolver.mro(cls)
                return any(isinstance(each, Instance) and each.cls in order for each in classes)
            case Builtin(name=name):
                return any(isinstance(each, Builtin) and each.name == name for each in classes)
        return False


def _narrowed(types: Types | None, is_none: bool) -> Types | None:
    if types is None:
        return None
    return types & NONE_TYPE if is_none else types - NONE_TYPE


_JSON = Builtin("json")
# Builtin types of which an instance is of no other class in question, and those that are.
_CLOSED = frozenset({"None", "bool", "bytes", "float", "int", "str"})
_ALSO = frozenset({("bool", "int"), ("int", "bool")})


def _as_json(type_: Type) -> Type:
    """Of JSON data, a list or dict has JSON data in it."""
    if isinstance(type_, Builtin) and type_.name in ("list", "dict"):
        return Builtin(type_.name, frozenset({_JSON}))
    return type_


def _is_none(value: Value, wanted: bool) -> bool | None:
    """Whether `value is None` (or, when not `wanted`, is not None) is sure."""
    if value == NONE:
        return wanted
    told = Builtin | Instance | ClassObject | Bound | Method | ModuleObject
    certain = all(isinstance(each, told) for each in value)
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
