"""What a call returns and does, whatever is called."""

from __future__ import annotations

from abc import abstractmethod

from asyncgen import guesses, knowledge
from asyncgen.analysis.annotations import NO_FUNCTION, base_word
from asyncgen.analysis.called import Called
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.outside import dictionary_owner
from asyncgen.analysis.types import Types
from asyncgen.analysis.values import (
    NO_ARGUMENTS,
    NONE,
    NOTHING,
    RESULT,
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
    Partial,
    Super,
    Type,
    Unknown,
    Value,
    further,
    in_order,
    is_tainted,
    proved,
    showing,
    union,
    unknown,
)
from asyncgen.facts import (
    Call,
    Display,
    Expression,
    Get,
    Item,
    Lambda,
    Literal,
    Name,
    Star,
)
from asyncgen.source import (
    Class,
    Function,
    Module,
)


def callee_owner(function: Get, frame: Frame) -> Value:
    """What the local name holds that a method is called on."""
    if not isinstance(function.value, Name):
        return NOTHING
    return frame.environment.get(function.value.id, NOTHING)


class Calls(Called):
    """Evaluates calls."""

    def call(self, call: Call, frame: Frame) -> Value:
        special = self.special_call(call, frame)
        if special is not None:
            return proved(special, self.type_of_special_call(call, frame))
        owner = NOTHING
        if isinstance(call.function, Get):
            owner = self.value(call.function.value, frame)
            callee = self.read(call.function, owner, frame)
            self.method_of_unknown(call.function, owner, callee, frame)
        else:
            callee = self.value(call.function, frame)
        arguments = self.arguments_of(call, frame)
        if not callee:
            frame.note(Level.DOUBT, "calls what cannot be told")
        result = union(self.call_type(each, arguments, frame) for each in in_order(callee))
        return proved(result, self.type_of_call(call, owner, callee, arguments, frame))

    @abstractmethod
    def read(self, expression: Get, owner: Value, frame: Frame) -> Value:
        """`owner.name`, as an expression."""

    @abstractmethod
    def type_of_call(
        self, call: Call, owner: Value, callee: Value, arguments: Arguments, frame: Frame
    ) -> Types | None:
        """The types of what a call gives; `owner` is what a method is called on."""

    @abstractmethod
    def type_of_special_call(self, call: Call, frame: Frame) -> Types | None:
        """The same, of calls whose meaning is in how they are written."""

    def method_of_unknown(self, function: Get, owner: Value, callee: Value, frame: Frame) -> None:
        """A method of self, which a class of the sources may override; or of an argument that is
        not annotated, which may well be a model."""
        name = function.name
        for each in callee_owner(function, frame):
            if each == frame.receiver or self.is_passed(each, function, frame):
                self.overridden(each, name, frame)
                self.set_instead(each, name, frame)
        if name.startswith("_") or name in guesses.EXPRESSION_METHODS:
            return
        if all(isinstance(each, Unknown) for each in callee):
            is_told = isinstance(function.value, Name) or self.is_of_self(function.value, frame)
            arguments = [each for each in owner if is_told and isinstance(each, Argument)]
            if arguments and not self.is_quiet(name, frame.module):
                frame.note(Level.LIKELY, f"calls {name} of the argument {arguments[0].name}")

    def is_of_self(self, expression: Expression, frame: Frame) -> bool:
        """Whether it is an attribute of self, in the sources."""
        match expression:
            case Get(value=Name(id=name)):
                held = frame.environment.get(name, NOTHING)
                return frame.receiver in held and self.relations.is_source(frame.module.name)
        return False

    def set_instead(self, owner: Type, name: str, frame: Frame) -> None:
        """Call what a class of the sources below that of `owner` assigns in place of a method."""
        member = self.lookup(owner.cls, name) if isinstance(owner, Instance) else None
        if isinstance(owner, Instance) and member and isinstance(member[1], Function):
            for each in in_order(self.set_below(owner, member[0], name, frame)):
                self.call_type(each, NO_ARGUMENTS, frame)

    def is_passed(self, type_: Type, function: Get, frame: Frame) -> bool:
        """Whether an object, or `cls`, was passed for a parameter: where its class is of the
        sources, it may be of one below it."""
        return (
            isinstance(type_, Instance | ClassObject)
            and frame.function is not None
            and isinstance(function.value, Name)
            and function.value.id in {each.name for each in frame.function.signature.parameters}
            and self.relations.is_source(type_.cls.module)
        )

    def is_quiet(self, name: str, module: Module) -> bool:
        """Whether the classes of the module, else of all sources, have methods of that name, none
        of which is likely to query."""
        classes = (each for each in module.classes.values() if name in each.functions)
        here = [(each, each.functions[name]) for each in classes]
        outcomes = [
            self.outcome(self.bound(function, where, Instance(where)))
            for where, function in here or self.relations.methods(name)
        ]
        return bool(outcomes) and all(each.effect.level < Level.LIKELY for each in outcomes)

    def arguments_of(self, call: Call, frame: Frame) -> Arguments:
        positional: list[Value] = []
        written: list[Value] = []
        is_complete = True
        for each in call.arguments:
            if isinstance(each, Star):
                written.append(self.iterate(self.value(each.value, frame), frame))
                is_complete = False
                continue
            written.append(self.value(each, frame))
            if is_complete:
                positional.append(written[-1])
        is_complete &= all(name for name, _ in call.keywords)
        keywords = tuple((name, self.value(value, frame)) for name, value in call.keywords)
        for name, value in keywords:
            if name is None:
                self.unpack_mapping(value, frame)
        return Arguments(tuple(positional), keywords, is_complete, tuple(written))

    def special_call(self, call: Call, frame: Frame) -> Value | None:
        """Calls whose meaning is in how they are written."""
        match call:
            case Call(function=Name(id="super")) if frame.owner and frame.receiver:
                return frozenset({Super(self.super_owner(call, frame), frame.receiver)})
            case Call(function=Name(id="type"), arguments=(single,)):
                value = frame.hold(single, self.value(single, frame))
                return self.attribute(value, "__class__", frame)
            case Call(
                function=Name(id="getattr") | Get(Name("object"), "__getattribute__"),
                arguments=(owner, name, *rest),
            ):
                held = frame.hold(owner, self.value(owner, frame))
                value = self.get_attribute(held, name, frame)
                others = [frame.hold(each, self.value(each, frame)) for each in rest]
                return union((value, *others))
            case Call(function=function, arguments=(Literal(), *_)) if getter := self.getter(
                call, function, frame
            ):
                return self.value(getter, frame)
            case Call(function=Name(id="next"), arguments=arguments):
                frame.stops |= len(arguments) == 1 and not frame.guarded
            case Call(function=Get(name="__next__")):
                frame.stops |= not frame.guarded
            case Call(function=Get(value=owner, name=name)) if name in knowledge.PUTTING_METHODS:
                for each in call.arguments:
                    self.put(owner, frame.hold(each, self.value(each, frame)), frame)
            case Call(function=Name(id="setattr"), arguments=(owner, name, value)):
                held = frame.hold(value, self.value(value, frame))
                self.set_attribute(owner, name, held, frame)
            case Call(function=Get(Name("object"), "__setattr__"), arguments=(owner, name, value)):
                held = frame.hold(value, self.value(value, frame))
                self.set_attribute(owner, name, held, frame)
                return NONE
            case Call(function=Get(value=table, name="update")) if whose := dictionary_owner(table):
                passed = (*call.arguments, *(value for _, value in call.keywords))
                held = union(frame.hold(each, self.value(each, frame)) for each in passed)
                self.keep_anywhere(self.value(whose, frame), held)
            case Call(function=Name(id="delattr"), arguments=(owner, name)):
                self.delete_attribute(self.value(owner, frame), self.value(name, frame), frame)
                return NONE
            case Call(function=Name(id="hasattr"), arguments=(owner, Literal(text=name))):
                self.looked_for(frame.hold(owner, self.value(owner, frame)), name, frame)
            case Call(
                function=Get(value=owner, name="get"), arguments=(Literal(type="str"), *rest)
            ) if not base_word(owner).lower().endswith(guesses.STORES):
                value = frame.hold(owner, self.value(owner, frame))
                if value and all(map(self.is_mapping, value)):
                    return union((unknown("an item"), *(self.value(each, frame) for each in rest)))
            case Call(function=function, arguments=(wanted, given)) if (
                base_word(function) == "cast"
            ):
                return self.cast(wanted, given, frame)
            case Call(function=Get(name="from_queryset")):
                made = self.resolver.made(frame.module, call)
                return frozenset({ClassObject(made)}) if made else None
            case Call(function=function) if base_word(function) in knowledge.CLASS_LOADERS:
                return self.loaded(call, frame)
        return None

    def getter(self, call: Call, function: Expression, frame: Frame) -> Lambda | None:
        """`operator.attrgetter("author.name")` and its like, as the function that it makes."""
        word = base_word(function)
        passed = (*call.arguments, *(value for _, value in call.keywords))
        if word not in knowledge.GETTERS or not all(isinstance(each, Literal) for each in passed):
            return None
        if self.value(function, frame) != frozenset({Foreign(f"operator.{word}")}):
            return None
        if word == "methodcaller":
            (method, *rest) = call.arguments
            callee = Get(_ITEM, method.text)  # type: ignore[union-attr]
            called = Call(callee, tuple(rest), call.keywords)
            return Lambda((_ITEM.id,), called)
        made = [_gotten(word, each) for each in call.arguments if isinstance(each, Literal)]
        return Lambda((_ITEM.id,), made[0] if len(made) == 1 else Display("tuple", tuple(made)))

    def is_mapping(self, type_: Type) -> bool:
        """Whether `get("key")` takes an item: a queryset's get() has no string by position."""
        return isinstance(type_, Argument | Unknown) or self.is_lazy(type_)

    def cast(self, wanted: Expression, given: Expression, frame: Frame) -> Value:
        """`cast(type, value)`: what the type says, where that is more than is known."""
        value = self.value(given, frame)
        where = frame.bound or Bound(NO_FUNCTION, frame.module)
        declared = self.meaning(wanted, where)
        told = declared and not any(self.is_lazy(each) for each in value)
        return declared if declared and told else value

    def looked_for(self, owner: Value, name: str, frame: Frame) -> None:
        """`hasattr(owner, name)` reads the attribute: a relation, or a property, queries."""
        if name.isidentifier() and not name.startswith("__"):
            for each in in_order(owner):
                if isinstance(each, Instance):
                    scratch = Frame(frame.module, None, None, None, {}, frame.line)
                    self.attribute_of(each, name, scratch)
                    if scratch.effect.level is Level.REACHES:
                        frame.include(scratch.effect, f"looks for {name}")

    def super_owner(self, call: Call, frame: Frame) -> Class:
        """The class whose bases `super()` and `super(Class, …)` begin after."""
        assert frame.owner is not None
        for each in self.value(call.arguments[0], frame) if call.arguments else ():
            if isinstance(each, ClassObject):
                return each.cls
        return frame.owner

    def loaded(self, call: Call, frame: Frame) -> Value | None:
        """The class that a loader is told by name: get_model("shop", "Book")."""
        texts = [each.text for each in call.arguments if isinstance(each, Literal)]
        cls = self.resolver.loaded(frame.module, call)
        if cls is None and base_word(call.function) in knowledge.MODEL_LOADERS and texts:
            cls = self.relations.named(".".join(texts[-2:]))
        return frozenset({ClassObject(cls)}) if cls else None

    def get_attribute(self, owner: Value, name: Expression, frame: Frame) -> Value:
        """`getattr(owner, name)`; a computed name that is called after managers is one's."""
        names = self.value(name, frame)
        if not _texts(names) and base_word(name).endswith(guesses.MANAGER_NAMES):
            return self.manager()
        return self.attribute_named(owner, names, frame)

    def attribute_named(self, owner: Value, names: Value, frame: Frame) -> Value:
        """The attribute that has one of these names."""
        texts = _texts(names)
        if texts and len(texts) == len(names):
            return union(self.attribute(owner, text, frame) for text in sorted(texts))
        plain = ModuleObject | Builtin | Foreign | Bound | Method
        if not all(isinstance(each, plain) for each in owner):
            frame.note(Level.DOUBT, "reads an attribute whose name is computed")
        return unknown("a computed attribute", from_queryset=self.holds_queryset(owner))

    def set_attribute(
        self, owner: Expression, name: Expression, value: Value, frame: Frame
    ) -> None:
        """`setattr(owner, name, value)`; a computed name may be that of any property."""
        if isinstance(name, Literal) and name.text.isidentifier():
            self.bind(Get(owner, name.text), value, frame)
            return
        self.keep_anywhere(self.value(owner, frame), value)
        for each in self.value(owner, frame):
            self.special(each, ("__setattr__",), frame)
            for known in self.resolver.mro(each.cls) if isinstance(each, Instance) else ():
                for function in known.functions.values():
                    if function.setter and not known.module.startswith("django."):
                        outcome = self.outcome(self.bound(function.setter, known, each))
                        frame.include(outcome.effect, f"may assign to {function.name}")

    @abstractmethod
    def bind(self, target: Expression, value: Value, frame: Frame) -> None:
        """Assign to a name, an attribute, an item, or several."""

    def call_type(self, callee: Type, arguments: Arguments, frame: Frame) -> Value:
        match callee:
            case Bound():
                return self.call_bound(callee, arguments, frame)
            case ClassObject(cls=cls):
                return self.instantiate(cls, arguments, frame)
            case Foreign(dotted=dotted, shows=shows):
                given = self.call_foreign(dotted, arguments, frame)
                return showing(given) if shows else given
            case Method():
                return self.call_method(callee, arguments, frame)
            case Partial(function=function, first=first):
                return self.call_type(function, arguments.after(first), frame)
            case Instance():
                return self.method(callee, "__call__", frame)
            case Builtin(name="None" | "type" as name):
                what = "what may be None" if name == "None" else "a class that is passed"
            case Builtin(name="context", effect=effect):  # a ContextDecorator
                frame.include(effect, "runs in a context manager")
                return union(arguments.positional[:1])
            case Builtin():
                return NOTHING  # raises TypeError
            case Unknown(reason=reason):
                what = reason
            case _:
                what = "an argument"
        frame.note(Level.DOUBT, f"calls {what}")
        lazy = is_tainted(callee) or any(map(self.holds_queryset, arguments.values))
        return unknown(further(RESULT, what), from_queryset=lazy)

    def method(self, receiver: Instance, name: str, frame: Frame) -> Value:
        member = self.lookup(receiver.cls, name)
        if not member or not isinstance(member[1], Function):
            frame.note(Level.DOUBT, f"{receiver.cls.name}.{name} cannot be found")
            return unknown(f"{receiver.cls.name}.{name}()")
        return self.call_bound(self.bound(member[1], member[0], receiver), NO_ARGUMENTS, frame)

    # -- what is not read --------------------------------------------------------------------------

    @abstractmethod
    def call_method(self, method: Method, arguments: Arguments, frame: Frame) -> Value:
        """Call a method of an instance of a builtin type."""


_ITEM = Name("item")


def _texts(names: Value) -> set[str]:
    return {each.text for each in names if isinstance(each, Builtin) and each.text}


def _gotten(word: str, wanted: Literal) -> Expression:
    """What attrgetter or itemgetter read of an item."""
    if word == "itemgetter":
        return Item(_ITEM, wanted)
    found: Expression = _ITEM
    for name in wanted.text.split("."):
        found = Get(found, name)
    return found
