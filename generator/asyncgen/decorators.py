"""What decorators make of the functions of a module: by what their names mean, across files.

The reader knows how things are written. What a name means can be told only where modules are found,
so a function is decided here, when it is first taken out of its module or class.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass, replace
from dataclasses import fields as dataclass_fields
from functools import reduce
from typing import cast

from asyncgen.assigned import PARTIAL, Assigned
from asyncgen.callables import ANY_ARGUMENTS
from asyncgen.definitions import Definition, External, FunctionIn, Names
from asyncgen.facts import (
    Block,
    Branch,
    Call,
    Define,
    Expression,
    Get,
    Item,
    Name,
    Operation,
    nodes,
    walk,
)
from asyncgen.source import (
    Attribute,
    Binding,
    Class,
    Decoration,
    Function,
    Later,
    Module,
    Signature,
    by_position,
)
from asyncgen.wrappers import ANYTHING, Wrappers


def _binding(binding: Binding, *names: str) -> dict[str, Decoration]:
    return {name: Decoration(name, binding=binding) for name in names}


# Decorators whose source need not be read, or cannot be; those not in it are followed.
_KNOWN: Mapping[str, Decoration] = {
    **_binding(Binding.CLASSMETHOD, "builtins.classmethod", "abc.abstractclassmethod"),
    **_binding(Binding.STATICMETHOD, "builtins.staticmethod", "abc.abstractstaticmethod"),
    **_binding(
        Binding.PROPERTY,
        "builtins.property",
        "functools.cached_property",
        "abc.abstractproperty",
        "enum.property",
        "types.DynamicClassAttribute",
        "django.utils.functional.cached_property",
        "django.utils.functional.classproperty",
    ),
    **{
        name: Decoration(name)
        for name in (
            "abc.abstractmethod",
            "asgiref.sync.sync_to_async",
            "atexit.register",
            "channels.db.database_sync_to_async",
            "contextlib.asynccontextmanager",
            "contextlib.contextmanager",
            "functools.cache",
            "functools.lru_cache",
            "functools.partialmethod",
            "functools.wraps",
            "typing.final",
            "typing.no_type_check",
            "typing.overload",
            "typing.override",
            "typing.type_check_only",
            "typing_extensions.deprecated",
            "typing_extensions.final",
            "typing_extensions.overload",
            "typing_extensions.override",
            "warnings.deprecated",
            "django.db.transaction.non_atomic_requests",
            "django.dispatch.dispatcher.receiver",
            "django.dispatch.receiver",
            "django.views.decorators.debug.sensitive_variables",
        )
    },
    # These choose by the type of the first argument, which they find by its position alone.
    "functools.singledispatch": Decoration("functools.singledispatch", positional=1),
    "functools.singledispatchmethod": Decoration("functools.singledispatchmethod", positional=2),
    # Runs what it decorates in a `with`.
    "django.db.transaction.atomic": Decoration("django.db.transaction.atomic", is_context=True),
    "contextlib.ContextDecorator": Decoration("contextlib.ContextDecorator", is_context=True),
}
OVERLOADS = ("typing.overload", "typing_extensions.overload")
_ACCESSORS = ("setter", "deleter", "getter")  # of a property


class Decided(Mapping[str, Function]):
    """The functions of a module or class, each decided when it is first asked for; with those of a
    class the methods that it assigns."""

    def __init__(
        self,
        read: Mapping[str, Function],
        decide: Callable[[Function], Function],
        assigned: Callable[[Mapping[str, Function]], Mapping[str, Function]] | None = None,
    ) -> None:
        self._read = read
        self._decide = decide
        self._assign = assigned
        self._decided: dict[str, Function] = {}
        self._assigned: Mapping[str, Function] | None = None

    @property
    def assigned(self) -> Mapping[str, Function]:
        if self._assigned is None:
            self._assigned = {}  # where telling them leads back to here
            self._assigned = self._assign(self) if self._assign else {}
        return self._assigned

    def __getitem__(self, name: str) -> Function:
        if name not in self._read:
            return self.assigned[name]
        if name not in self._decided:
            self._decided[name] = self._read[name]  # where deciding leads back to it
            self._decided[name] = self._decide(self._read[name])
        return self._decided[name]

    def __iter__(self) -> Iterator[str]:
        if not self.assigned:
            return iter(self._read)
        both = {**self._read, **self.assigned}  # in the order of the source
        return iter(sorted(both, key=lambda name: both[name].location.line))

    def __len__(self) -> int:
        return len(self._read) + len(self.assigned)

    def __contains__(self, name: object) -> bool:
        return name in self._read or name in self.assigned


@dataclass
class Decorators:
    """Decides on functions; `resolver` says what names mean."""

    resolver: Names
    _known: dict[tuple[str, Expression], Decoration] = field(default_factory=dict)

    def decided(self, module: Module) -> Module:
        """The module, whose functions and those of its classes are decided."""

        def decide(function: Function) -> Function:
            return self.function(function, made)

        def klass(cls: Class, outer: Class | None = None) -> Class:
            def assigned(functions: Mapping[str, Function]) -> Mapping[str, Function]:
                return self.assigned(cls.attributes, functions, made)

            return replace(
                cls,
                bases=tuple(from_module(each, outer) for each in cls.bases),
                attributes={
                    name: replace(each, value=each.value and from_module(each.value, cls))
                    for name, each in cls.attributes.items()
                },
                functions=Decided(cls.functions, decide, assigned),
                classes={name: klass(each, cls) for name, each in cls.classes.items()},
            )

        made = replace(
            module,
            functions=Decided(module.functions, decide),
            classes={name: klass(each) for name, each in module.classes.items()},
        )
        return made

    def assigned(
        self,
        attributes: Mapping[str, Attribute],
        functions: Mapping[str, Function],
        module: Module,
    ) -> dict[str, Function]:
        """The attributes of a class that are methods."""
        methods = Assigned(self, module, functions)
        return {
            name: method
            for name, each in attributes.items()
            if self.may_be_method(each, module) and (method := methods.method(each))
        }

    def may_be_method(self, attribute: Attribute, module: Module) -> bool:
        """Whether what the attribute holds is worth a look: most are fields, or settings."""
        # Django assigns properties only; to look at the rest would be slow.
        of_django = module.name.startswith("django.")
        match attribute.value:
            case Name() | Get():
                return not attribute.name.startswith("__") and not of_django
            case Call(function=function):
                dotted = self.spelled(function, module)
                root = dotted.partition(".")[0]
                is_told = root in ("django", *sys.stdlib_module_names) and root != "builtins"
                return dotted == PARTIAL or not (is_told or (of_django and root != "builtins"))
        return False

    def made(self, call: Call, module: Module) -> Function | None:
        """The function that a call gives, as the source of what is called shows."""
        means = self.means(call.function, module)
        if not isinstance(means, FunctionIn):
            return None
        return Wrappers(self).function(means.function, means.module, call)

    def function(self, function: Function, module: Module) -> Function:
        """The function that all definitions of a name make: the last, with the overloads before
        it, and what sets and deletes a property."""
        made: Function | None = None
        overloads: list[Function] = []
        versions: list[Function] = []
        for each in (*function.earlier, function):
            decorated = self.decorated(each, module)
            if decorated.is_decorated(*OVERLOADS):
                overloads.append(decorated)
            elif made and (accessor := _accessor(decorated)):
                made = _with_accessor(made, accessor, decorated)
            else:
                if made and made.is_type_only and not decorated.is_type_only:
                    # `if TYPE_CHECKING: def f(…)` then the real `f`: its types, our body.
                    overloads = overloads or list(made.overloads) or [made]
                made = replace(decorated, overloads=tuple(overloads)) if overloads else decorated
                overloads = []
                if not made.is_type_only:
                    versions = [*versions, made] if made.condition is not None else [made]
        if made is None or overloads:  # in a stub no implementation follows overloads
            made = replace(overloads[-1], overloads=tuple(overloads))
        if len(versions) > 1:
            made = one_of(versions)
        return made if made.earlier == function.earlier else replace(made, earlier=function.earlier)

    def decorated(self, function: Function, module: Module) -> Function:
        """One definition, with what each of its decorators makes of it."""
        block = function.block
        if isinstance(block, Later):
            read, origin = block.read, block.origin or block
            block = Later(lambda: self.inside(read(), module), block.snippet, origin=origin)
        else:
            block = self.inside(block, module)
            if not function.decorators and block is function.block:
                return function
        decorations = tuple(self.decoration(each, module) for each in function.decorators)
        signature: Signature | None = None
        for each in reversed(decorations):
            signature = each.signature or signature
            if each.rearranged:
                signature = each.rearranged.of(signature or function.signature)
            if each.positional:
                signature = by_position(signature or function.signature, each.positional)
        if not all(each.hands_on for each in decorations):
            signature = replace(signature or function.signature, returns=None)
        binding = function.binding
        if binding is not Binding.FUNCTION:
            binding = next((each.binding for each in decorations if each.binding), binding)
        return replace(
            function, block=block, decorations=decorations, decorated=signature, binding=binding
        )

    def inside(self, block: Block, module: Module) -> Block:
        """The block, with the functions and classes that are defined in it decided too."""
        if not any(isinstance(each, Define) for each in walk(block)):
            return block

        def changed(facts: object) -> object:
            match facts:
                case tuple():
                    return tuple(map(changed, facts))
                case Define(definition=Function() as function):
                    return replace(facts, definition=self.decorated(function, module))
                case Define(definition=Class() as cls):
                    functions = {
                        name: self.function(each, module) for name, each in cls.functions.items()
                    }
                    return replace(facts, definition=replace(cls, functions=functions))
            if not is_dataclass(facts) or not any(
                isinstance(each, Define) for each in nodes(facts)
            ):
                return facts
            parts = {
                each.name: changed(getattr(facts, each.name)) for each in dataclass_fields(facts)
            }
            return replace(facts, **parts)  # type: ignore[type-var]  # a dataclass, as was tested

        made = changed(block)
        assert isinstance(made, tuple)
        return made

    # -- one decorator ----------------------------------------------------------------------------

    def decoration(self, decorator: Expression, module: Module) -> Decoration:
        """What a decorator makes of a function; `ANYTHING` where that cannot be told."""
        key = (module.name, decorator)
        if key not in self._known:
            self._known[key] = ANYTHING  # a decorator that decorates itself ends here
            self._known[key] = self._decoration(decorator, module)
        return self._known[key]

    def _decoration(self, decorator: Expression, module: Module) -> Decoration:
        function = decorator.function if isinstance(decorator, Call) else decorator
        if isinstance(function, Item):  # decorate[int]
            function = function.value
        if isinstance(function, Get) and function.name in _ACCESSORS:
            owner = self.means(function.value, module)
            if owner is None or isinstance(owner, Class):  # a property's, here or in a class
                return Decoration(function.name, binding=Binding.PROPERTY)
        known = _KNOWN.get(self.spelled(function, module))
        if known:
            return known
        made = Wrappers(self).of(decorator, module)
        last = made.dotted.rpartition(".")[2]
        if not made.is_known and not self.is_found(function, module) and last.endswith("property"):
            # A guess, where its source is not there: nobody calls a function like that.
            return Decoration(made.dotted, binding=Binding.PROPERTY)
        return made

    def is_found(self, name: Expression, module: Module) -> bool:
        """Whether the source of what a name means was found."""
        means = self.means(name, module)
        return means is not None and not isinstance(means, External)

    def known(self, dotted: str) -> Decoration | None:
        return _KNOWN.get(dotted)

    def means(self, expression: Expression, module: Module) -> Definition | None:
        return self.resolver.expression(module, expression)

    def spelled(self, expression: Expression, module: Module) -> str:
        """The dotted name that an expression stands for, by the module's own imports alone."""
        match expression:
            case Name(id=name):
                import_ = module.imports.get(name)
                if import_ and not self.binds(module, name):
                    return f"{import_.module}.{import_.name}" if import_.name else import_.module
                is_builtin = name in vars(builtins) and not self.binds(module, name)
                return f"builtins.{name}" if is_builtin else ""
            case Get(value=value, name=name):
                owner = self.spelled(value, module)
                return f"{owner}.{name}" if owner else ""
        return ""

    @staticmethod
    def binds(module: Module, name: str) -> bool:
        return name in module.classes or name in module.functions or name in module.attributes


def from_module(expression: Expression, body: Class | None) -> Expression:
    """An expression of a class body as it would be written outside of it: before the name of a
    class that the body has stands its own."""
    if body is None or not body.classes:
        return expression
    return cast(Expression, _outside(expression, body))


def _outside(facts: object, body: Class) -> object:
    if isinstance(facts, Name) and facts.id in body.classes:
        first, *others = f"{body.path}.{facts.id}".split(".")
        return reduce(Get, others, cast(Expression, Name(first)))
    if isinstance(facts, tuple):
        return tuple(_outside(each, body) for each in facts)
    if not is_dataclass(facts) or isinstance(facts, type):
        return facts
    parts = {each.name: getattr(facts, each.name) for each in dataclass_fields(facts)}
    return replace(facts, **{name: _outside(part, body) for name, part in parts.items()})


def one_of(versions: Sequence[Function]) -> Function:
    """The function that runs one of several bodies: which, only the run can tell."""
    *others, last = versions
    body = last.body
    for each in reversed(others):
        body = (Branch(each.location.line, Operation("unknown", ()), (each.body, body)),)
    called = [each.called for each in versions]
    returns = [each.returns for each in called]
    signature = called[-1]
    if any(each.parameters != signature.parameters for each in called):
        is_bound = last.binding not in (Binding.FUNCTION, Binding.STATICMETHOD)
        receiver = signature.parameters[: int(is_bound)]
        signature = Signature((*receiver, *ANY_ARGUMENTS.parameters))
    known = [each for each in dict.fromkeys(returns) if each]
    is_told = len(known) == len(set(returns))
    return replace(
        last,
        block=body,
        decorated=replace(signature, returns=" | ".join(known) if is_told else None),
        alternatives=tuple(versions) if all(each.condition for each in versions) else (),
    )


def _with_accessor(made: Function, accessor: str, function: Function) -> Function:
    """A property, with another function that reads it, sets it or deletes it."""
    match accessor:
        case "setter":
            return replace(made, setter=function)
        case "deleter":
            return replace(made, deleter=function)
    return replace(function, setter=made.setter, deleter=made.deleter)


def _accessor(function: Function) -> str | None:
    return next((each.dotted for each in function.decorations if each.dotted in _ACCESSORS), None)
