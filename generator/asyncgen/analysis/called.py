"""Calls of what is read: functions with their arguments, and classes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import replace

from asyncgen import declared, knowledge
from asyncgen.analysis.besides import Besides
from asyncgen.analysis.core import ANY_NAME, assigned_to_self, sets_any_of_self
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.protocols import SWALLOWING
from asyncgen.analysis.values import (
    CLEAN,
    NO_ARGUMENTS,
    NONE,
    NOTHING,
    Argument,
    Arguments,
    Bound,
    Builtin,
    ClassObject,
    Effect,
    Foreign,
    Given,
    Instance,
    Level,
    Outcome,
    Partial,
    Super,
    Trait,
    Type,
    Unknown,
    Value,
    builtin,
    in_order,
    objects_in,
    union,
    unknown,
)
from asyncgen.annotation import parse_annotation
from asyncgen.facts import (
    Call,
    Display,
    Expression,
    Item,
    Literal,
    Name,
    Operation,
    Try,
    Yield,
    nodes,
    walk,
)
from asyncgen.source import (
    BY_POSITION,
    COMPUTED,
    Binding,
    Class,
    Evidence,
    Function,
    Parameter,
)


class Called(Besides):
    """Evaluates calls of functions and classes whose source is there."""

    @abstractmethod
    def call_type(self, callee: Type, arguments: Arguments, frame: Frame) -> Value:
        """Call a value of one type."""

    @abstractmethod
    def call_foreign(self, dotted: str, arguments: Arguments, frame: Frame) -> Value:
        """Call something of a module that is not read, by its dotted name."""

    def call_bound(self, bound: Bound, arguments: Arguments, frame: Frame) -> Value:
        function = bound.function
        name = f"{bound.owner.name}.{function.name}" if bound.owner else function.name
        if bound.owner and isinstance(bound.receiver, ClassObject):
            bound, arguments = _called_on_class(bound, bound.receiver, arguments)
        if function.name == "as_manager" and bound.owner and bound.receiver:
            return self.as_manager(bound.receiver.cls)
        if function.is_async:
            return builtin("coroutine")
        known = self.of_django(bound, name, frame)
        if known is not None:
            self.besides(bound, arguments, frame)
            return known
        given = self.given(bound, arguments)
        outcome = self.as_said(bound, self.outcome(bound, given))
        self.untold(bound, arguments, given, outcome.effect, frame)
        self.changed(bound, frame)
        if function.is_decorated(*knowledge.CACHES):
            own = frozenset({bound.receiver}) if bound.receiver else NOTHING
            for value in (own, *arguments.values):
                self.hashed(value, frame)
        frame.stops |= outcome.stops and not frame.guarded
        if is_context_function(function):
            inner = next((each for each in outcome.returns if isinstance(each, Builtin)), None)
            elements = inner.elements if inner else NOTHING
            effect = inner.effect if inner else CLEAN
            text = SWALLOWING if _may_swallow(function) else ""
            return frozenset({Builtin("context", elements, effect, text)})
        if self.is_database_call(bound, outcome):
            frame.note(Level.REACHES, f"calls {name}, which queries")
            self.besides(bound, arguments, frame)
        else:
            frame.include(outcome.effect, f"calls {name}")
        return self.substituted(outcome.returns, bound, arguments)

    def as_said(self, bound: Bound, outcome: Outcome) -> Outcome:
        """The outcome, with the effect that the configuration says a function has."""
        where = f"{bound.owner.qualname}." if bound.owner else ""
        level = self.level_said(f"{bound.module.name}.{where}{bound.function.name}")
        if level is None:
            return outcome
        key = "pure" if level is Level.CLEAN else "blocks"
        evidence = (Evidence(f"`{key}` says so"),) if level else ()
        return replace(outcome, effect=Effect(level, evidence, besides=evidence))

    def of_django(self, bound: Bound, name: str, frame: Frame) -> Value | None:
        """The result of a public method that Django's own querysets and models have, where its
        source need not be followed."""
        owner, receiver = bound.owner, bound.receiver
        if not owner or not owner.module.startswith("django.db.models") or not receiver:
            return None
        role = self.role(owner)
        row = receiver.row if isinstance(receiver, Instance) else None
        if role == "queryset" and bound.function.name in declared.queryset_results():
            result = declared.queryset_results()[bound.function.name]
            if bound.function.name != "iterator":  # which queries at its first step
                frame.note(Level.REACHES, f"calls {name}, which queries")
            return self.declared_result(result, row)
        if role == "queryset" and bound.function.name in declared.chaining():
            return frozenset({receiver}) if self.is_plain(receiver.cls) else None
        if role == "model" and bound.function.name in knowledge.QUERYING_OF_MODELS:
            frame.note(Level.REACHES, f"calls {name}, which queries")
            return self.declared_result(declared.model_results()[bound.function.name], row)
        if role == "model" and bound.function.name in knowledge.NEXT_ROWS:
            frame.note(Level.REACHES, f"calls {name}, which queries")
            return frozenset({receiver})
        return None

    def declared_result(self, text: str, row: Class | None) -> Value:
        """What the return annotation of a method of QuerySet means, of a model."""
        expression = parse_annotation(text)
        return self._declared(expression, row) if expression else NOTHING

    def _declared(self, expression: Expression, row: Class | None) -> Value:
        match expression:
            case Name(id="M" | "R"):
                return self.model_instance(row)
            case Operation(operands=operands):
                return frozenset().union(*(self._declared(each, row) for each in operands))
            case Literal(type="None"):
                return NONE
            case Item(value=Name(id="Iterator")):
                evidence = (Evidence("reads the rows of a queryset"),)
                effect = Effect(Level.REACHES, evidence)
                return builtin("iterator", self.model_instance(row), effect)
            case Item(value=Name(id=name), index=Display(elements=parts)):
                inner = parts[1:] if name == "dict" else parts
                held = frozenset().union(*(self._declared(each, row) for each in inner))
                return builtin(name, held)
            case Item(value=Name(id=name), index=inner) if inner:
                return builtin(name, self._declared(inner, row))
            case Name(id=name) if name != "Any":
                return builtin(name)
        return NOTHING

    def is_database_call(self, bound: Bound, outcome: Outcome) -> bool:
        """A public method of Django's own querysets, managers and models that is not proved pure
        and returns no queryset: all of their purpose is to query."""
        if not bound.owner or not bound.owner.module.startswith("django.db.models"):
            return False
        name = bound.function.name
        role = self.role(bound.owner)
        if not role or name.startswith("_") or name in knowledge.HOOKS[role]:
            return False
        if any(self.is_lazy(each) for each in outcome.returns):
            return False
        lazily = ("generator", "iterator")  # which query at their first step
        if any(isinstance(each, Builtin) and each.name in lazily for each in outcome.returns):
            return False
        return not outcome.effect.level.is_harmless

    def as_manager(self, queryset: Class) -> Value:
        manager = self.root(knowledge.ROOT_CLASSES["manager"])
        module = self.resolver.readable(queryset.module)
        if manager is None or module is None:
            return unknown("a manager", from_queryset=True)
        return frozenset({Instance(self.resolver.manager_of(manager, queryset, module))})

    # -- arguments ---------------------------------------------------------------------------------

    def given(self, bound: Bound, arguments: Arguments) -> Given:
        """What the call tells of the parameters: the values passed, and defaults that are not."""
        if bound.function.decorated:
            return ()
        passed = dict(matched(bound, arguments))
        told: list[tuple[str, Value]] = []
        for parameter in own_parameters(bound):
            if parameter.kind.name.startswith("VAR_"):
                continue
            value = passed.get(parameter.name)
            if value is None and arguments.is_complete:
                value = self.default(parameter, bound)
            value = _telling(value) if value else None
            if value:
                told.append((parameter.name, value))
        return tuple(told)

    def untold(
        self, bound: Bound, arguments: Arguments, given: Given, effect: Effect, frame: Frame
    ) -> None:
        """What a function does with what it is passed and was not told."""
        if not effect.traits.isdisjoint(_OF_UNKNOWN):
            for objects in self.lost(bound, arguments, given):
                if not self.leaves_alone(objects, effect.traits, frame):
                    frame.note(Level.DOUBT, f"{bound.function.name} may show or test what queries")

    def held_untold(
        self, bound: Bound, arguments: Arguments, given: Given, owner: Instance, frame: Frame
    ) -> None:
        """The attributes that `__init__()` sets to what it knows nothing of may hold what it is
        passed and was not told."""
        for objects in self.lost(bound, arguments, given):
            if not self.leaves_alone(objects, _OF_UNKNOWN, frame):
                for name in self.set_when_made(owner.cls):
                    if name == ANY_NAME or any(map(_is_open, self.kept(owner, name))):
                        self.keep(owner, name, objects)

    def set_when_made(self, cls: Class) -> Iterator[str]:
        """The attributes that the class, or one that it inherits from, sets when it is made."""
        for known in self.resolver.mro(cls):
            if "__init__" in known.functions:
                made = known.functions["__init__"]
                names: frozenset[str] = made.look(assigned_to_self)
                yield from sorted(names)
                if made.look(sets_any_of_self):
                    yield ANY_NAME

    def leaves_alone(self, objects: Value, traits: frozenset[Trait], frame: Frame) -> bool:
        """Whether a function with the traits does nothing with the objects that counts."""
        used = Frame(frame.module, None, None, None, {}, frame.line)
        self.does_with(objects, traits, used)
        return used.effect.level.is_harmless

    def lost(self, bound: Bound, arguments: Arguments, given: Given) -> Iterator[Value]:
        """The objects that a function is passed and was not told: they may be in `*args`, or beside
        something unknown, and it is told of few different ones."""
        if not any(map(objects_in, (*arguments.written, *(v for _, v in arguments.keywords)))):
            return
        told = {name for name, _ in given} if self.key(bound, given)[2] == given else set()
        heard = [value for name, value in matched(bound, arguments) if name in told]
        for value in (*arguments.written, *(each for _, each in arguments.keywords)):
            objects = objects_in(value)
            if objects and not any(value is each for each in heard):
                yield objects

    @abstractmethod
    def key(self, bound: Bound, given: Given) -> tuple[object, ...]:
        """What an outcome depends on; the third part is what it is told of the arguments."""

    def default(self, parameter: Parameter, bound: Bound) -> Value | None:
        """A default that tells what is done: a constant, a function or a class."""
        names = parameter.default_names
        if not names:
            return _default(parameter)
        value = self.value_of_default(parameter, bound)
        if held := objects_in(value):
            return held
        if COMPUTED in names or self.is_enclosed(bound.function):
            return _default(parameter)
        return value if value and all(map(self.tells, value)) else None

    def held_by_default(self, parameter: Parameter, bound: Bound) -> Value:
        """The rows and querysets that a default is."""
        return objects_in(self.value_of_default(parameter, bound))

    def value_of_default(self, parameter: Parameter, bound: Bound) -> Value:
        """What a default is, evaluated once, where the function is defined."""
        function = bound.function
        default = dict(function.defaults).get(parameter.name)
        default = default or parse_annotation(parameter.default or "")
        if default is None:
            return NOTHING
        definer = self._definers.get(function)
        environment = dict(definer.environment) if definer else {}
        return self.value(default, Frame(bound.module, None, None, None, environment))

    def tells(self, default: Type) -> bool:
        """Whether a default of that type tells what is done."""
        return _is_callable(default)

    def substituted(self, returns: Value, bound: Bound, arguments: Arguments) -> Value:
        """What is returned, with the arguments put in the place of the parameters."""
        passed = dict(matched(bound, arguments))
        return union(
            passed.get(each.name, frozenset({each}))
            if isinstance(each, Argument)
            else frozenset({each})
            for each in returns
        )

    # -- classes -----------------------------------------------------------------------------------

    def instantiate(self, cls: Class, arguments: Arguments, frame: Frame) -> Value:
        role = self.role(cls)
        if role == "queryset":
            rows = arguments.keyword("model") or next(iter(arguments.positional), NOTHING)
            row = next((each.cls for each in rows if isinstance(each, ClassObject)), None)
            return frozenset({Instance(cls, row)})
        instance = Instance(cls)
        if frame.receiver and frame.receiver.cls is cls:  # `cls()`, `type(self)()`
            self.overridden(instance, "__init__", frame)
        if role:
            if "__init__" in self.specials(cls):
                function, where = self.specials(cls)["__init__"]
                bound = self.bound(function, where, instance)
                outcome = self.outcome(bound, self.given(bound, arguments))
                frame.include(outcome.effect, f"makes a {cls.name}")
            self.assign_properties(instance, arguments, frame)
            self.field_defaults(cls, arguments, frame)
            return frozenset({instance})
        base = self.resolver.builtin_base(cls)
        if base and not {"__init__", "__new__"} & self.specials(cls).keys():
            self.call_foreign(f"builtins.{base}", arguments, frame)
        if arguments.values and self.resolver.outer_bases(cls) & knowledge.PUTTING_CONTAINERS:
            self.special(instance, ("__setitem__",), frame)
        made = self.special(ClassObject(cls), ("__call__",), frame)
        # Of a dataclass; and what runs when it is not needed any more.
        self.each_special(frozenset({instance}), ("__post_init__", "__del__"), frame)
        self.made_defaults(cls, frame)
        for name in ("_missing_",) if self.is_enumeration(cls) else ("__init__", "__new__"):
            known = self.lookup(cls, name)
            is_pure = known and self.level(f"{known[0].dotted}.{name}") is Level.CLEAN
            if known and isinstance(known[1], Function) and not is_pure:
                bound = self.bound(known[1], known[0], instance)
                given = self.given(bound, arguments)
                frame.include(self.outcome(bound, given).effect, f"makes a {cls.name}")
                self.held_untold(bound, arguments, given, instance, frame)
        if self.resolver.missing(cls):
            frame.note(Level.DOUBT, f"makes a {cls.name}, whose bases cannot be found")
        return frozenset({instance}) | (made or NOTHING)

    def assign_properties(self, model: Instance, arguments: Arguments, frame: Frame) -> None:
        """What `Model(name=…)` does where the name is that of a property."""
        for name, _ in arguments.keywords:
            match self.lookup(model.cls, name) if name else None:
                case (where, Function(setter=Function() as setter)):
                    outcome = self.outcome(self.bound(setter, where, model))
                    frame.include(outcome.effect, f"assigns to the property {name}")

    def field_defaults(self, cls: Class, arguments: Arguments, frame: Frame) -> None:
        """Call what `default=…` names of the fields of a model that are not told."""
        told = {name for name, _ in arguments.keywords}
        for known in self.resolver.mro(cls):
            module = self.resolver.readable(known.module)
            for attribute in known.attributes.values() if module else ():
                if isinstance(attribute.value, Call) and module and attribute.name not in told:
                    inner = Frame(module, None, None, None, {}, frame.line)
                    default = dict(attribute.value.keywords).get("default")
                    for each in in_order(self.value(default, inner)) if default else ():
                        if isinstance(each, Bound | Partial | ClassObject):
                            self.call_type(each, NO_ARGUMENTS, frame)

    def made_defaults(self, cls: Class, frame: Frame) -> None:
        """Call what `field(default_factory=…)` names in a dataclass."""
        for known in self.resolver.mro(cls):
            module = self.resolver.readable(known.module)
            for attribute in known.attributes.values():
                match attribute.value:
                    case Call(keywords=keywords) if module and "default_factory" in dict(keywords):
                        inner = Frame(module, None, None, None, {}, frame.line)
                        made = self.value(dict(keywords)["default_factory"], inner)
                        for each in made:
                            self.call_type(each, NO_ARGUMENTS, frame)


def _is_open(held: Type) -> bool:
    """Whether it may be anything, or be a container of that."""
    is_filled = isinstance(held, Builtin) and held.name in ("dict", "tuple") and not held.elements
    return is_filled or isinstance(held, Argument | Unknown)


_OF_UNKNOWN = frozenset({Trait.SHOWS_UNKNOWN, Trait.TESTS_UNKNOWN})


def is_context_function(function: Function) -> bool:
    """Decorated with `contextlib.contextmanager`."""
    return function.is_decorated("contextlib.contextmanager")


def _may_swallow(function: Function) -> bool:
    """Whether a handler of a generator stands around its `yield`."""
    return any(
        isinstance(each, Try)
        and each.handlers
        and any(isinstance(node, Yield) for node in nodes(each.body))
        for each in walk(function.body)
    )


def own_parameters(bound: Bound) -> tuple[Parameter, ...]:
    """The parameters, without the one that the receiver is passed for."""
    parameters = bound.function.signature.parameters
    if bound.receiver and bound.function.binding is not Binding.STATICMETHOD:
        return parameters[1:]
    return parameters


def matched(bound: Bound, arguments: Arguments) -> Iterator[tuple[str, Value]]:
    if bound.function.decorated:
        return  # to the parameters of a wrapper
    parameters = own_parameters(bound)
    names = [each.name for each in parameters if not each.kind.name.startswith("VAR_")]
    by_position = (each.name for each in parameters if each.kind in BY_POSITION)
    yield from zip(by_position, arguments.positional, strict=False)
    yield from ((name, value) for name, value in arguments.keywords if name in names)


def _called_on_class(
    bound: Bound, receiver: ClassObject, arguments: Arguments
) -> tuple[Bound, Arguments]:
    """`Base.method(self, …)`: the first argument is the receiver."""
    if bound.function.binding is not Binding.METHOD or not arguments.positional:
        return bound, arguments
    first, *rest = arguments.positional
    instance = next((each for each in first if isinstance(each, Instance)), Instance(receiver.cls))
    own = Bound(bound.function, bound.module, bound.owner, instance)
    return own, Arguments(tuple(rest), arguments.keywords, arguments.is_complete)


def _is_callable(type_: Type) -> bool:
    """Whether the default is known to be a function or a class."""
    if isinstance(type_, Foreign):
        return type_.dotted.partition(".")[0] in {"builtins", *knowledge.STANDARD_LIBRARY}
    return isinstance(type_, Bound | ClassObject)


def _default(parameter: Parameter) -> Value | None:
    match parameter.default:
        case "None":
            return NONE
        case "True" | "False" as text:
            return frozenset({Builtin("bool", text=text)})
    return None


def _telling(value: Value) -> Value | None:
    """The value, as far as it is worth to evaluate the function for it."""
    if len(value) > 4 or any(isinstance(each, Argument | Unknown | Super) for each in value):
        return None
    return frozenset(_flat(each) for each in value)


def _flat(type_: Type) -> Type:
    """A builtin without its text, and without what stands in its elements' elements."""
    if not isinstance(type_, Builtin):
        return type_
    elements = frozenset(
        Builtin(each.name) if isinstance(each, Builtin) else each for each in type_.elements
    )
    text = type_.text if type_.name == "bool" else ""
    return Builtin(type_.name, elements if len(elements) <= 4 else NOTHING, type_.effect, text)
