"""Expressions to values: names, displays, operators, conditional expressions, items."""

from __future__ import annotations

from asyncgen import knowledge
from asyncgen.analysis.builtin_calls import is_scalar
from asyncgen.analysis.constants import constant_types
from asyncgen.analysis.foreign import is_known, is_package_path
from asyncgen.analysis.frame import NARROWED, Frame
from asyncgen.analysis.operations import Operations
from asyncgen.analysis.specials import HASHING, ITEMS, SIZE
from asyncgen.analysis.typed import is_rebound
from asyncgen.analysis.types import Types, all_of
from asyncgen.analysis.types import builtin as typed
from asyncgen.analysis.values import (
    NONE,
    NOTHING,
    Argument,
    Arguments,
    Bound,
    Builtin,
    Cause,
    ClassObject,
    Foreign,
    Instance,
    Level,
    ModuleObject,
    Type,
    Unknown,
    Value,
    builtin,
    in_order,
    is_tainted,
    proved,
    types_of,
    union,
    unknown,
)
from asyncgen.definitions import Alias, Definition, External, FunctionIn, ModuleReference
from asyncgen.facts import (
    Await,
    Bind,
    Call,
    Choice,
    Comprehension,
    Display,
    Expression,
    Get,
    Item,
    Lambda,
    Literal,
    Name,
    Operation,
    Return,
    Star,
    Yield,
)
from asyncgen.fixpoint import Trace
from asyncgen.problems import Location
from asyncgen.source import (
    COMPUTED,
    Attribute,
    Class,
    Function,
    Module,
    Parameter,
    ParameterKind,
    Signature,
)

_BOOL = builtin("bool")
_COMPARISONS = frozenset({"==", "!=", "<", "is", "is not"})


class Expressions(Operations):
    """Evaluates expressions."""

    # -- by form -----------------------------------------------------------------------------------

    def value(self, expression: Expression, frame: Frame) -> Value:
        if frame.held and id(expression) in frame.held:
            return frame.held[id(expression)]
        value = self.value_of(expression, frame)
        return self.opened(value, frame) if frame.is_typed else value

    def value_of(self, expression: Expression, frame: Frame) -> Value:
        """The value, of which the types may be those of what a container holds."""
        match expression:
            case Name(id=name):
                return self.name(name, frame)
            case Literal():
                return proved(_literal(expression), self.type_of_literal(expression))
            case Get(value=owner):
                return self.read(expression, self.value(owner, frame), frame)
            case Call():
                value = self.call(expression, frame)
                if frame.held:
                    for each in (*expression.arguments, *_owner(expression.function)):
                        frame.held.pop(id(each), None)
                return value
            case Item():
                return self.item(expression, frame)
            case Display(type=type_, elements=elements):
                made = self.display(type_, elements, frame)
                return self.placed(made, expression, frame)
            case Comprehension():
                return self.placed(self.comprehension(expression, frame), expression, frame)
            case Choice():
                return self.choice(expression, frame)
            case Operation(operator=operator, operands=operands):
                return self.operation(operator, operands, frame)
            case Bind(name=name, value=inner):
                value = self.value(inner, frame)
                self.rebind(name, self.placed(value, expression, frame), frame)
                frame.walrus.add(name)
                return value
            case Yield(value=inner, delegates=delegates):
                sent = self.value(inner, frame) if inner is not None else NONE
                if delegates:
                    sent = self.each(sent, frame)
                frame.yielded.append(sent)
                return unknown("what a generator is sent, or gives", from_queryset=delegates)
            case Star(value=inner):
                self.iterate(self.value(inner, frame), frame)
                return unknown("unpacked")
            case Await(value=inner):
                self.value(inner, frame)
                return unknown("awaited")
            case Lambda():
                return self.function_expression(expression, frame)

    def read(self, expression: Get, owner: Value, frame: Frame) -> Value:
        path = attribute_path(expression)
        if path and path in frame.environment:  # assigned, or tested, before in the same function
            return self.assigned_before(expression.name, owner, frame.environment[path], frame)
        value = self.attribute(owner, expression.name, frame)
        if not frame.is_typed:
            return value
        types = self.type_of_attribute(owner, expression.name, value, frame)
        narrow = frame.environment.get(f"{NARROWED}{path}")
        return proved(value, types if narrow is None else types_of(narrow))

    def assigned_before(self, name: str, owner: Value, value: Value, frame: Frame) -> Value:
        """An attribute that may still hold what was assigned, or again what its class declares."""
        types, said = types_of(value), types_of(owner) if frame.is_typed else None
        declared = said and all_of(self.attribute_of_type(each, name, frame) for each in said)
        return proved(value, all_of((types, declared)) if declared else types)

    def each(self, value: Value, frame: Frame) -> Value:
        """What running through `value` gives."""
        return proved(self.iterate(value, frame), self.elements(types_of(value), frame))

    @staticmethod
    def rebind(name: str, value: Value, frame: Frame) -> None:
        """A local name gets another value."""
        Expressions.forget_told(name, frame)
        frame.environment[name] = value

    @staticmethod
    def forget_told(name: str, frame: Frame) -> None:
        """What was told of attributes and items of what a name holds is gone."""
        for path in [each for each in frame.environment if each.startswith(f"{NARROWED}{name}.")]:
            del frame.environment[path]

    def function_expression(self, expression: Lambda, frame: Frame) -> Value:
        """A lambda, as the function that it is."""
        parameters = tuple(
            Parameter(
                name,
                ParameterKind.POSITIONAL_OR_KEYWORD,
                default_names=(COMPUTED,) if name in dict(expression.defaults) else (),
            )
            for name in expression.parameters
        )
        function = Function(
            "lambda",
            Signature(parameters),
            Location(frame.module.path, frame.line),
            defaults=expression.defaults,
            block=(Return(frame.line, expression.body),),
        )
        self.defaults(function, frame)
        known = self._lambdas.setdefault((frame.module.path, frame.line, expression), function)
        self.captured(expression.body, frame)
        self.enclosed(known, frame)
        return frozenset({Bound(known, frame.module)})

    # -- names -------------------------------------------------------------------------------------

    def name(self, name: str, frame: Frame) -> Value:
        if name in frame.environment:
            value = frame.environment[name]
            if is_rebound(name, frame):
                return proved(value, None) | unknown(f"{name}, which another function sets")
            return value
        value = self.global_name(name, frame)
        if name in frame.module.rebound:
            value |= unknown(f"{name}, which functions set")
        return proved(value, self.type_of_global(name, value, frame))

    def type_of_global(self, name: str, value: Value, frame: Frame) -> Types | None:
        """What is proved of a name that is not local: of constants, classes and managers."""
        module = frame.module
        if not frame.is_typed or is_rebound(name, frame) or name in module.rebound:
            return None
        definition = self.resolver.name(module, name)
        match definition:
            case Alias(attribute=Attribute(value=Operation(operator=operator))) if (
                operator in _COMPARISONS | {"in", "not"}
            ):
                return typed("bool")
            case Alias(attribute=Attribute(value=Literal() | Operation() | Display() as constant)):
                return constant_types(constant)
        return self.told(value)

    def global_name(self, name: str, frame: Frame) -> Value:
        if name == "__class__" and frame.owner:
            return frozenset({ClassObject(frame.owner)})
        module = frame.module
        if name == "__name__":
            return frozenset({Builtin("str", text=module.name)})
        import_ = module.imports.get(name)
        if import_ and name not in module.classes and name not in module.functions:
            return self.imported(import_.module, import_.name)
        definition = self.resolver.name(module, name)
        if definition is not None:
            return self.defined(definition)
        return frozenset({Foreign(f"builtins.{name}")})

    def imported(self, module: str, name: str | None) -> Value:
        if name is None:
            return frozenset({ModuleObject(module)})
        return self.module_member(module, name)

    def module_member(self, module: str, name: str) -> Value:
        """`module.name`, without reading modules of which all that matters is known."""
        dotted = f"{module}.{name}"
        if is_package_path(dotted):
            return frozenset({ModuleObject(dotted)})
        if is_known(dotted) or not self.resolver.knows_django(module):
            return frozenset({Foreign(dotted)})
        definition = self.resolver.member(ModuleReference(module), name)
        return self.defined(definition) if definition else unknown(f"{dotted}, which is not found")

    def defined(self, definition: Definition) -> Value:
        match definition:
            case Class():
                return frozenset({ClassObject(definition)})
            case FunctionIn(function=function, module=module):
                dotted = f"{module.name}.{function.name}"
                if is_known(dotted):
                    return frozenset({Foreign(dotted)})
                return frozenset({Bound(function, module)}) | self.otherwise(function, module)
            case ModuleReference(name=name):
                return frozenset({ModuleObject(name)})
            case External(dotted=dotted):
                return frozenset({Foreign(dotted)})
            case Alias(attribute=attribute, module=module):
                dotted = f"{module.name}.{attribute.name}"
                return frozenset({Foreign(dotted)}) if is_known(dotted) else self.alias(definition)

    def otherwise(self, function: Function, module: Module) -> Value:
        """What a module-level function's name is assigned too, in another branch of an `if`."""
        assigned = module.attributes.get(function.name)
        if module.functions.get(function.name) is not function or assigned is None:
            return NOTHING
        match assigned.value:
            case Call(arguments=arguments) if Name(function.name) in arguments:
                return NOTHING  # `f = decorator(f)`: still the function
        return self.alias(Alias(assigned, module))

    def alias(self, alias: Alias) -> Value:
        attribute, module = alias.attribute, alias.module
        key = (attribute.location, attribute.name)
        if key not in self._aliases:
            self._aliases[key] = unknown(f"{attribute.name}, which refers to itself"), Trace()
            self._aliases[key] = self.traced(lambda: self.assigned(attribute, module))
        value, trace = self._aliases[key]
        self.rests_on(trace)
        return value

    def assigned(self, attribute: Attribute, module: Module) -> Value:
        """What the assignment gives; what it is annotated with, where that says more."""
        value = unknown(f"{attribute.name}, which is only declared")
        if attribute.value == Literal("None"):
            return NONE | unknown(f"{attribute.name}, which may be set later")
        if attribute.value is not None:
            frame = Frame(module, None, None, None, {}, attribute.location.line)
            value = self.value(attribute.value, frame)
        if attribute.annotation and all(isinstance(each, Unknown) for each in value):
            return self.annotation_in(attribute.annotation, module) or value
        return value

    def dotted(self, expression: Expression, module: Module) -> str:
        """The dotted name of something that is not read; empty for anything else."""
        frame = Frame(module, None, None, None, {})
        for each in self.value(expression, frame):
            if isinstance(each, Foreign):
                return each.dotted
        return ""

    # -- displays ----------------------------------------------------------------------------------

    def display(self, type_: str, elements: tuple[Expression, ...], frame: Frame) -> Value:
        """A list, tuple, set or dict."""
        parts: set[Type] = set()
        types: list[Types | None] = []
        is_unpacked = False
        for element in elements:
            if isinstance(element, Star):
                value = self.value(element.value, frame)
                if type_ == "dict":
                    self.unpack_mapping(value, frame)
                    types += self.type_of_mapping(types_of(value))
                    parts |= value
                    continue
                self.each_special(value, SIZE, frame)
                value = self.each(value, frame)
                is_unpacked |= type_ == "tuple"
                parts |= value
            else:
                value = self.value(element, frame)
                is_key = type_ == "dict" and len(types) % 2 == 0
                if is_key or type_ == "set":
                    self.hashed(value, frame)
                parts |= as_key(value) if is_key else value
            types.append(types_of(value))
        made = builtin(type_, frozenset(parts))
        return proved(made, self.type_of_display(type_, types, is_unpacked))

    @staticmethod
    def type_of_mapping(types: Types | None) -> list[Types | None]:
        """The keys and values of what a dict display unpacks."""
        known = next(iter(types)) if types and len(types) == 1 else None
        is_dict = known is not None and known.name == "dict" and len(known.arguments) == 2
        return [*known.arguments] if known and is_dict else [None, None]

    def comprehension(self, expression: Comprehension, frame: Frame) -> Value:
        outer = frame.environment
        frame.environment = dict(outer)
        for target, iterable in expression.sources:
            self.bind(target, self.each(self.value(iterable, frame), frame), frame)
        for condition in expression.conditions:
            self.tested(condition, frame)
            self.narrow(condition, True, frame)
        elements = [self.value(each, frame) for each in expression.elements]
        if expression.type in ("dict", "set"):
            self.hashed(elements[0], frame)
        frame.leave(outer)
        types = self.type_of_comprehension(expression.type, [types_of(each) for each in elements])
        return proved(builtin(expression.type, frozenset().union(*elements)), types)

    # -- items -------------------------------------------------------------------------------------

    def item(self, expression: Item, frame: Frame) -> Value:
        owner = self.value(expression.value, frame)
        index = None
        for each in (expression.index, *expression.bounds):
            if each is not None:
                held = self.value(each, frame)
                index = held if each is expression.index else None
                self.made_exception("", Arguments((held,)), frame)  # of a key that is not there
                self.each_special(held, ("__index__", *HASHING), frame)
        path = attribute_path(expression.value)
        kept = frame.environment.get(f"{path}[]", NOTHING) if path else NOTHING
        value = kept | union(self.item_of(each, expression, frame) for each in in_order(owner))
        if not frame.is_typed:
            return value
        if index is not None:
            self.put_item(owner, index, None, frame)
        return proved(value, self.type_of_item(expression, owner, frame))

    def item_of(self, owner: Type, expression: Item, frame: Frame) -> Value:
        is_slice = expression.index is None
        match owner:
            case Instance(row=row) if self.is_queryset(owner):
                if is_slice and not expression.step:
                    return frozenset({owner})
                frame.note(Level.REACHES, "indexes a queryset", Cause.EVALUATION)
                return self.model_instance(row)
            case Instance(cls=cls):
                if self.resolver.builtin_base(cls) and not self.lookup(cls, "__getitem__"):
                    missing = self.special(owner, ("__missing__",), frame) or NOTHING
                    return missing | unknown(f"an item of {cls.name}")
                return self.method(owner, "__getitem__", frame)
            case ClassObject(cls=cls) if self.is_enumeration(cls):
                return frozenset({Instance(cls)})
            case ClassObject(cls=cls):
                given = self.special(owner, ("__getitem__",), frame)
                if given is None:
                    given = self.special(Instance(cls), ("__class_getitem__",), frame)
                return given or unknown("an item of a class")
            case Builtin(name="json" | "str" | "bytes"):
                return frozenset({owner})
            case Builtin(name=name) if name in knowledge.SCALARS:
                return NOTHING  # raises TypeError
            case Builtin(elements=elements):
                return frozenset({owner}) if is_slice else elements or unknown("an item")
            case Foreign(dotted=knowledge.MODULES) if expression.index is not None:
                wanted = Arguments((self.value(expression.index, self.scratch(frame)),))
                return self.imported_by_name(knowledge.MODULES, wanted)
            case Foreign(dotted=dotted):
                self.special(owner, ITEMS, frame)
                if dotted.startswith("django.") and not dotted.startswith("django.db."):
                    frame.note(min(self.level(dotted), Level.DOUBT), f"takes an item of {dotted}")
                return frozenset({owner})
            case Argument() if is_slice:
                return frozenset({owner})
            case Argument(name=name) if is_number(expression.index):
                frame.note(Level.DOUBT, f"takes an item of the argument {name}, by its number")
        return unknown("an item of something unknown", from_queryset=is_tainted(owner))


def _owner(function: Expression) -> tuple[Expression, ...]:
    return (function.value,) if isinstance(function, Get) else ()


def is_number(index: Expression | None) -> bool:
    match index:
        case Operation(operands=(single,)):
            return is_number(single)
    return isinstance(index, Literal) and index.type == "int"


def attribute_path(expression: Expression) -> str | None:
    """`self.x` as a name of the environment; None for what is no attribute of a name."""
    match expression:
        case Name(id=name):
            return name
        case Get(value=Name(id=owner), name=name):
            return f"{owner}.{name}"
    return None


def _literal(literal: Literal) -> Value:
    """A constant, with its text where it may name an attribute or decide a test."""
    names = all(part.isidentifier() for part in literal.text.split("."))
    keeps = names and literal.type in ("str", "bool")
    return frozenset({Builtin(literal.type, text=literal.text if keeps else "")})


def as_key(value: Value) -> Value:
    """A key of a dict, as far as something may be done with it: of others the values count."""
    return frozenset(each for each in value if not is_scalar(each))


def named_classes(value: Value) -> list[Type]:
    """What the second argument of isinstance() names: classes, and builtin types as instances."""
    found: list[Type] = []
    for each in value:
        match each:
            case ClassObject(cls=known):
                found.append(Instance(known))
            case Foreign(dotted=dotted) if dotted.startswith("builtins."):
                found.append(Builtin(dotted.removeprefix("builtins.")))
            case Builtin(name="tuple", elements=elements):
                found += named_classes(elements)
            case Foreign(dotted=dotted):
                found.append(Foreign(f"{dotted}()"))
    return found
