"""What every layer of the evaluator stands on: classes and their roles in Django.

The evaluator is one class in layers, each in the module of its name and knowing those before it:
`Roles`, `Core`, `Annotations`, `Members`, `Outside`, `Attributes`, `Protocols`, `Besides`,
`Called`, `Calls`, `ForeignCalls`, `Typed`, `Columns`, `TypedCalls`, `Containers`, `Operations`,
`Expressions`, `Narrowing`, `Targets`, `Statements`, and `Evaluator` itself. What a layer needs from
one above it declares without a body.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from asyncgen import effects, knowledge
from asyncgen.analysis.foreign import foreign_level, is_pure, may_wait
from asyncgen.analysis.frame import Environment, Frame, joined
from asyncgen.analysis.roles import Roles
from asyncgen.analysis.specials import ABSTRACT, MIXED_IN, MIXINS, RECORD_METHODS, RECORDS
from asyncgen.analysis.values import (
    NOTHING,
    Bound,
    ClassObject,
    Foreign,
    Given,
    Instance,
    Key,
    Level,
    Outcome,
    Type,
    Value,
    merged,
    objects_in,
    shut,
    unknown,
)
from asyncgen.annotation import last_word
from asyncgen.definitions import Alias, Definition
from asyncgen.django.accessors import PREFIXES, Accessors
from asyncgen.facts import (
    Assign,
    Block,
    Call,
    Display,
    Evaluate,
    Expression,
    Get,
    Item,
    Lambda,
    Literal,
    Name,
    Raise,
    nodes,
    walk,
)
from asyncgen.fixpoint import Trace
from asyncgen.problems import Location
from asyncgen.source import Attribute, Class, Function, Look

Member = tuple[Class, Function | Attribute | Class]
ANY_NAME = "*"  # of an attribute whose name is computed


@dataclass
class Core(Roles):
    """Looks up classes, their special methods, and what methods assign."""

    # What the configuration says of packages and functions, by dotted prefix.
    said: Mapping[str, Level] = field(default_factory=dict)
    accessors: Accessors = field(init=False)
    _specials: dict[Class, Mapping[str, tuple[Function, Class]]] = field(default_factory=dict)
    _assigners: dict[Class, dict[str, list[tuple[Function, Class]]]] = field(default_factory=dict)
    _dressers: dict[Class, tuple[tuple[Bound, Given], ...]] = field(default_factory=dict)
    # What methods assigned to attributes of instances of a class, as far as they were evaluated.
    _kept: dict[tuple[Class, str], Value] = field(default_factory=dict)
    _lazy_methods: dict[str, list[tuple[Function, Class]]] | None = None
    # Of functions inside of functions: what the names around them hold, and who runs them there.
    _closures: dict[Function, Environment] = field(default_factory=dict)
    _around: dict[Function, Environment] = field(default_factory=dict)  # each time together
    _definers: dict[Function, Frame] = field(default_factory=dict)
    _applied: set[Function] = field(default_factory=set)  # that decorators made just now
    _free: dict[Function, frozenset[str]] = field(default_factory=dict)
    _lambdas: dict[tuple[str, int, Lambda], Function] = field(default_factory=dict)
    _aliases: dict[tuple[Location, str], tuple[Value, Trace[Key]]] = field(default_factory=dict)
    # Type aliases whose values are being read: one may have itself in it.
    _open_aliases: set[tuple[Location, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.accessors = Accessors(self.relations)

    # -- what layers above give ------------------------------------------------------------------

    @abstractmethod
    def outcome(self, bound: Bound, given: Given = ()) -> Outcome:
        """What calling the function gives, for what is known of the arguments."""

    @abstractmethod
    def body_of(self, function: Function) -> Block:
        """What a function does: what is being answered rests on it."""

    @abstractmethod
    def traced(self, read: Callable[[], Value]) -> tuple[Value, Trace[Key]]:
        """What is read once for all, with what it rests on."""

    @abstractmethod
    def rests_on(self, trace: Trace[Key]) -> None:
        """What is being answered rests on the same."""

    @abstractmethod
    def rests_on_more(self) -> None:
        """What is being answered rests on what was asked before."""

    @abstractmethod
    def does_more(self) -> None:
        """What is being answered may come to something else when it is asked again."""

    @abstractmethod
    def grew(self, key: tuple[Class, str]) -> None:
        """Methods assigned more to an attribute than whoever read it so far knows."""

    @abstractmethod
    def moves(self) -> None:
        """Something is known that was not: what is evaluated again may come to something else."""

    @abstractmethod
    def kept_now(self, key: tuple[Class, str]) -> Value:
        """What methods assigned to an attribute so far."""

    @abstractmethod
    def value(self, expression: Expression, frame: Frame) -> Value:
        """What the expression may be; its effects are noted in `frame`."""

    @abstractmethod
    def method(self, receiver: Instance, name: str, frame: Frame) -> Value:
        """Call `receiver.name()` as Python itself would."""

    @abstractmethod
    def module_member(self, module: str, name: str) -> Value:
        """What `module.name` is."""

    @abstractmethod
    def defined(self, definition: Definition) -> Value:
        """What a name that was resolved stands for."""

    @abstractmethod
    def alias(self, alias: Alias) -> Value:
        """What a module-level or class-level assignment holds."""

    @abstractmethod
    def class_attribute(self, owner: ClassObject, name: str, frame: Frame) -> Value:
        """What `Class.name` is."""

    @abstractmethod
    def put(self, owner: Expression, value: Value, frame: Frame) -> None:
        """Put the value into the list, set or dict that `owner` names."""

    # -- what is not read --------------------------------------------------------------------------

    def level(self, dotted: str) -> Level:
        """What calling, entering or running through something that is not read may do."""
        said = self.level_said(dotted)
        if said is not None:
            return said
        if is_pure(dotted):
            return Level.CLEAN
        if ".signals." in dotted and dotted.endswith(knowledge.KEEPING):
            return Level.ASSUMED
        top = dotted.partition(".")[0]
        is_told = top in effects.BLOCKING_PACKAGES or top in knowledge.STANDARD_LIBRARY
        if is_told or dotted.startswith(effects.BLOCKING) or self.resolver.knows_django(top):
            return foreign_level(dotted)
        return Level.ASSUMED

    def may_wait(self, dotted: str) -> bool:
        """Whether calling it may wait for something else than a database, whether it queries or
        not."""
        said = self.level_said(dotted)
        return may_wait(dotted) if said is None else said > Level.CLEAN

    def level_said(self, dotted: str) -> Level | None:
        """What the configuration says of it; the longest prefix counts."""
        found = [name for name in self.said if f"{dotted}.".startswith(f"{name}.")]
        return self.said[max(found, key=len)] if found else None

    # -- classes ---------------------------------------------------------------------------------

    def lookup(self, cls: Class, name: str, after: Class | None = None) -> Member | None:
        """`Resolver.lookup`, and what Django makes of a model's fields. Where Django's own class is
        not among the bases (a mixin for querysets, a base that cannot be found), as if it were the
        last of them."""
        known = self.resolver.lookup(cls, name, after)
        role = self.role(cls)
        if known is None and role == "model" and name.startswith(PREFIXES):
            for each in self.resolver.mro(cls):
                if name in self.made_by_django(each):
                    return each, self.made_by_django(each)[name]
        if known is None and role:
            root = self.root(knowledge.ROOT_CLASSES[role])
            if root and root not in self.resolver.mro(cls):
                return self.resolver.lookup(root, name)
        return known

    def made_by_django(self, cls: Class) -> Mapping[str, Function]:
        """The methods, by name, that Django makes of what a model itself declares."""
        return self.accessors.of(cls) if self.inherited_role(cls) == "model" else {}

    def bound(self, function: Function, where: Class, receiver: Type | None) -> Bound:
        module = self.resolver.readable(where.module)
        assert module is not None, where.dotted
        known = receiver if isinstance(receiver, Instance | ClassObject) else None
        return Bound(function, module, where, known)

    def queryset(self, row: Class | None = None) -> Value:
        return self._of_django("queryset", row)

    def manager(self, row: Class | None = None) -> Value:
        return self._of_django("manager", row)

    def model_instance(self, row: Class | None = None) -> Value:
        if row:
            return frozenset({Instance(row)})
        return self._of_django("model", None)

    def model_class(self, row: Class | None = None) -> Value:
        cls = row or self.root(knowledge.ROOT_CLASSES["model"])
        return frozenset({ClassObject(cls)}) if cls else unknown("a model")

    def _of_django(self, role: str, row: Class | None) -> Value:
        cls = self.root(knowledge.ROOT_CLASSES[role])
        if cls is None:
            return unknown(f"a {role}", from_queryset=role != "model")
        return frozenset({Instance(cls, row)})

    def lazy_methods(self, name: str) -> list[tuple[Function, Class]]:
        """The methods of that name in the querysets and managers of the sources, and in those that
        they inherit from, Django's aside."""
        if self._lazy_methods is None:
            self._lazy_methods = {}
            for cls in self._lazy_classes():
                for function in cls.functions.values():
                    if not is_abstract(function):
                        table = self._lazy_methods.setdefault(function.name, [])
                        table.append((function, cls))
        return self._lazy_methods.get(name, [])

    def _lazy_classes(self) -> Iterator[Class]:
        for module in self.relations.around:
            if not module.name.startswith("django."):
                for cls in module.classes.values():
                    if self.role(cls) in ("queryset", "manager"):
                        yield cls

    # -- special methods ---------------------------------------------------------------------------

    def specials(self, cls: Class) -> Mapping[str, tuple[Function, Class]]:
        """The special methods of a class by name, but for those of Django's querysets, managers and
        models, of which it is known what they do."""
        if cls not in self._specials:
            self._specials[cls] = {
                name: (known.functions[name], known)
                for known in reversed(self.resolver.mro(cls))
                if not known.module.startswith("django.db.models")
                for name in known.functions
                if name.startswith("__") and name.endswith("__")
            }
        return self._specials[cls]

    def overridden(self, owner: Type, name: str, frame: Frame) -> None:
        """What `owner.name` may do where the owner is of a class of the sources below its own,
        which overrides it."""
        if frame.module.name.startswith("django.") or not isinstance(owner, Instance | ClassObject):
            return
        for where, function, user in self.relations.overriding(owner.cls, name):
            if not is_abstract(function):
                outcome = self.outcome(self.bound(function, where, type(owner)(user)))
                frame.include(outcome.effect, f"may run {where.name}.{name}, an override")

    def special(
        self, type_: Type, names: Iterable[str], frame: Frame, passed: Value = NOTHING
    ) -> Value | None:
        """Call those of the special methods that an object's class has, of a class its metaclass:
        what they give. None where it has none of them. `passed` is the argument, where that is
        known."""
        value: Value | None = None
        if isinstance(type_, Foreign) and type_.dotted.startswith(knowledge.LAZY_OBJECTS):
            frame.note(Level.DOUBT, "makes what a lazy object stands for")
        owner = self.metaclass(type_.cls) if isinstance(type_, ClassObject) else type_
        if not isinstance(owner, Instance):
            return None
        table = self.specials(owner.cls)
        for name in names:
            if name in table:
                function, where = table[name]
                first = [each.name for each in function.signature.parameters[1:2] if passed]
                given = tuple((each, passed) for each in first)
                outcome = self.outcome(self.bound(function, where, owner), given)
                frame.include(outcome.effect, f"calls {where.name}.{name}")
                value = (value or NOTHING) | outcome.returns
                if owner == frame.receiver:
                    self.overridden(owner, name, frame)
            elif name in RECORD_METHODS and is_record(owner.cls):
                self.by_fields(owner, name, frame)
            elif name in MIXED_IN and self.has_mixins(owner.cls):
                made_of = self.special(owner, ABSTRACT, frame)
                value = value if made_of is None else (value or NOTHING) | unknown(f"{name}()")
        return value

    def has_mixins(self, cls: Class) -> bool:
        """Whether the class has methods of `collections.abc`, which call its own."""
        return any(each.startswith(MIXINS) for each in self.resolver.outer_bases(cls))

    @abstractmethod
    def by_fields(self, owner: Instance, name: str, frame: Frame) -> None:
        """What a special method does that a dataclass, or a named tuple, has of its fields."""

    def metaclass(self, cls: Class) -> Instance | None:
        """The class as an instance of its metaclass, where that is not Python's or Django's."""
        for known in self.resolver.mro(cls):
            module = self.resolver.readable(known.module)
            named = dict(known.keywords).get("metaclass")
            if named is not None and module and not module.name.startswith("django."):
                meta = self.resolver.expression(module, named)
                return Instance(meta) if isinstance(meta, Class) else None
        return None

    # -- functions inside of functions -----------------------------------------------------------

    def enclosed(self, function: Function, frame: Frame) -> None:
        """The function is made in `frame`, whose names it sees."""
        self.rests_on_more()
        self.does_more()
        before = self._around.get(function)
        now = frame.environment
        self._around[function] = joined((before, now)) if before is not None else dict(now)
        self._closures[function] = now
        self._definers[function] = frame

    def is_enclosed(self, function: Function) -> bool:
        """Whether the function stands inside of another."""
        return function in self._closures

    def closure(self, function: Function) -> Environment:
        """What the names of enclosing functions hold that the function reads: now, while that in
        which it stands runs; else whatever they held when it was made."""
        if function not in self._closures:
            return {}
        self.rests_on_more()
        self.does_more()
        definer = self._definers[function]
        around = self._around[function]
        if definer.is_running:
            around = definer.environment
        elif function in self._applied:
            around = self._closures[function]
        if function not in self._free:
            self._free[function] = frozenset(_names_in(function.body))
        return {name: shut(around[name]) for name in self._free[function] if name in around}

    # -- attributes that methods assign ----------------------------------------------------------

    def assigners(self, cls: Class, name: str) -> list[tuple[Function, Class]]:
        """The methods of the class, and of those it inherits from, that set `name` on self."""
        return self._assigning(cls).get(name, [])

    def assigned_names(self, cls: Class) -> set[str]:
        """The attributes that methods set on self, and those that others are known to set."""
        others = {name for each, name in self._kept if each is cls}
        declared = (each.attributes for each in self.resolver.mro(cls))
        return others.union(self._assigning(cls), *declared)

    def _assigning(self, cls: Class) -> dict[str, list[tuple[Function, Class]]]:
        if cls not in self._assigners:
            table: dict[str, list[tuple[Function, Class]]] = {}
            for known in self.resolver.mro(cls):
                for function in known.functions.values():
                    for attribute in function.look(assigned_to_self):
                        table.setdefault(attribute, []).append((function, known))
            self._assigners[cls] = table
        return self._assigners[cls]

    def keep(self, receiver: Instance, name: str, value: Value) -> None:
        """Remember what a method assigned to an attribute of self."""
        self.rests_on_more()
        key = (receiver.cls, name)
        before = self._kept.get(key, NOTHING)
        self._kept[key] = before | value
        if not value <= before:
            self.moves()
        if not objects_in(value) <= objects_in(before):
            names = sorted(self.assigned_names(receiver.cls)) if name == ANY_NAME else [name]
            for each in names:
                self.grew((receiver.cls, each))

    def kept(self, receiver: Instance, name: str) -> Value:
        """What the methods of the class assign to the attribute."""
        assigners = self.assigners(receiver.cls, name)
        if assigners or (receiver.cls, name) in self._kept:
            self.rests_on_more()
        for function, where in assigners:
            if not where.module.startswith("django.db.models"):
                self.outcome(self.bound(function, where, receiver))
        return merged(self.kept_now((receiver.cls, name)))

    def changed(self, bound: Bound, frame: Frame) -> None:
        """A method of the receiver runs: attributes may hold what methods assign to them."""
        receiver = frame.receiver
        if not isinstance(receiver, Instance) or bound.receiver != receiver:
            return
        for path, value in frame.environment.items():
            owner, _, name = path.partition(".")
            if name and receiver in frame.environment.get(owner, NOTHING):
                self.rests_on_more()
                kept = self.kept_now((receiver.cls, name))
                if not kept <= value:
                    frame.environment[path] = merged(value | kept)


_ABSTRACT = tuple(
    f"abc.abstract{each}" for each in ("method", "property", "classmethod", "staticmethod")
)


def is_record(cls: Class) -> bool:
    """Whether the class is a dataclass, one of attrs, or a named tuple."""
    made_by = (*cls.decorators, *cls.bases)
    heads = (each.function if isinstance(each, Call) else each for each in made_by)
    return not RECORDS.isdisjoint(map(last_word, heads))


def is_abstract(function: Function) -> bool:
    """Whether only subclasses give the function a body."""
    return function.is_decorated(*_ABSTRACT) or function.look(_only_raises)


@Look
def is_empty(block: Block) -> bool:
    """Whether there is nothing but a docstring, `pass` or `...`."""
    return not block


@Look
def _only_raises(block: Block) -> bool:
    match block:
        case (Raise(value=Name(name) | Call(Name(name))),):
            return name in ("NotImplementedError", "NotImplemented")  # the latter by mistake
    return False


@Look
def assigned_to_self(block: Block) -> frozenset[str]:
    """The attributes that a method sets on self."""
    return frozenset(_self_assignments(block))


@Look
def sets_any_of_self(block: Block) -> bool:
    """Whether a method sets attributes of self by names that are computed."""
    for node in nodes(block):
        match node:
            case Call(Name("setattr"), (Name("self"), name, _)) if not isinstance(name, Literal):
                return True
            case Call(Get(Get(Name("self"), "__dict__"), "update")):
                return True
    return False


def _names_in(block: Block) -> Iterator[str]:
    """The names that are read in a block, and in the functions inside of it."""
    for node in nodes(block):
        if isinstance(node, Name):
            yield node.id
        elif isinstance(node, Function):
            yield from _names_in(node.body)


def _self_assignments(block: Block) -> Iterator[str]:
    for statement in walk(block):
        match statement:
            case Assign(targets=targets):
                for target in targets:
                    parts = target.elements if isinstance(target, Display) else (target,)
                    for part in parts:
                        inner = part.value if isinstance(part, Item) else part  # self.x[…] = …
                        if isinstance(inner, Get) and inner.value == Name("self"):
                            yield inner.name
            case Evaluate(value=Call(function=Get(value=Get(Name("self"), name), name=method))):
                if method in knowledge.PUTTING_METHODS:  # self.x.append(…)
                    yield name
