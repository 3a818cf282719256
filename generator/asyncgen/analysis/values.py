"""What an expression may be, and what evaluating it may do.

A value is a set of all that something may be; the empty set is "not known yet" (a recursion) or
"never returns". Part of it may be a guess, of which a kind may be made. Where every way to it is
understood, it is `Proved`, and has types that a stub may say.
Effects are ordered, from what is proved to do nothing to what is seen to query.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from enum import Enum, IntEnum
from functools import lru_cache, reduce
from operator import or_
from typing import TypeAlias, get_args

from asyncgen.analysis.growth import shut as shut_types
from asyncgen.analysis.types import NONE as NONE_TYPE
from asyncgen.analysis.types import Types, all_of
from asyncgen.source import Class, Evidence, Function, Module

WIDTH_LIMIT = 8  # how many variants of one builtin are told apart
UNTOLD_LIMIT = 24  # how many things that are not read are told apart
NESTING_LIMIT = 4  # how deep in lists of lists of lists something is told from what holds it
ITEM, RESULT = "an item of ", "the result of "  # steps from what is not known


class Level(IntEnum):
    CLEAN = 0  # proved neither to query nor to block
    ASSUMED = 1  # rests on a guess, or on what is assumed of a package without Django
    DOUBT = 2  # nothing is proved
    LIKELY = 3  # nothing is proved, and such things do query more often than not
    REACHES = 4  # seen to query, or to block

    @property
    def is_harmless(self) -> bool:
        return self <= Level.ASSUMED


class Cause(Enum):
    """What kind of thing an effect comes from."""

    QUERY = "a query"
    EVALUATION = "the evaluation of a queryset"
    RELATION = "a relation or field that is loaded when it is read"
    TRANSACTION = "a transaction"
    # Those below only the audit tells apart.
    FORM = "a form or serializer"
    TEMPLATE = "a template"
    ACCOUNT = "a user or session"
    WAITING = "a network, a file, sleep, or another process"
    STORAGE = "a storage, mail, or a cache"
    COMPUTING = "hashing"
    THREADED = "the evaluation of a queryset that only was made in a thread"
    RECEIVER = "a receiver of a signal"
    NEVER_AWAITED = "a coroutine that nobody awaits"
    NOT_ASYNC = "async syntax for what is not asynchronous, or the reverse"
    LATER = "a lazy value that the framework evaluates"


class Trait(Enum):
    """What does nothing by itself, but does with something else."""

    RAISES_TEXTS = "an exception whose text may query may leave it"
    SHOWS_HANDLED = "it makes a text of whatever exception is being handled"
    SHOWS_UNKNOWN = "it makes a text of what it knows nothing of"
    TESTS_UNKNOWN = "it tests the truth of what it knows nothing of"


@dataclass(frozen=True, slots=True)
class Effect:
    """The worst that evaluating something may do to the event loop, and why.

    `besides` is why it may do more than query, where the worst is a query: of two effects the worse
    one stays, but a bridge on the event loop is for what is proved to do nothing else.
    `traits` are harmless by themselves.
    """

    level: Level = Level.CLEAN
    evidence: tuple[Evidence, ...] = ()
    cause: Cause = Cause.QUERY
    besides: tuple[Evidence, ...] = field(default=(), compare=False)
    traits: frozenset[Trait] = frozenset()

    @property
    def waits(self) -> tuple[Evidence, ...]:
        """Why it may wait for something else than a database; empty where it is proved not to."""
        is_open = Level.CLEAN < self.level < Level.REACHES
        return self.besides or (self.evidence if is_open else ())

    def __or__(self, other: Effect) -> Effect:
        worse = other if other.level > self.level else self
        besides = self.waits or other.waits
        traits = self.traits | other.traits
        if besides == worse.besides and traits == worse.traits:
            return worse
        return replace(worse, besides=besides, traits=traits)


CLEAN = Effect()


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance of a class; `row` is the model of a queryset's or manager's rows.

    `state` is what the audit knows besides: which relations are loaded, whether a queryset was
    evaluated (see `audit.state`). It is empty for everybody else.
    """

    cls: Class
    row: Class | None = None
    state: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ClassObject:
    """The class itself."""

    cls: Class


@dataclass(frozen=True, slots=True)
class Super:
    """`super()` in a method of `owner`."""

    owner: Class
    receiver: Instance | ClassObject


@dataclass(frozen=True, slots=True)
class Bound:
    """A function, looked up on `receiver`; `owner` is the class that defines it."""

    function: Function
    module: Module
    owner: Class | None = None
    receiver: Instance | ClassObject | None = None


@dataclass(frozen=True, slots=True)
class Builtin:
    """An instance of a builtin type. `effect` is what iterating or entering it does; `text` the
    value itself, of a constant that names something or is true or false.

    Very many elements are merged (see `merged`). What is nested deeper than the limit stands right
    in the innermost container: `tree[key] = [tree]` in a loop would nest without end.
    """

    name: str
    elements: frozenset[Type] = frozenset()
    effect: Effect = CLEAN
    text: str = ""
    nesting: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        elements = self.elements
        if len(elements) > WIDTH_LIMIT:
            elements = merged(elements)
        nesting = 1 + max((_nesting(each) for each in elements), default=0)
        if nesting > NESTING_LIMIT:
            elements, nesting = _cut(elements, NESTING_LIMIT), NESTING_LIMIT
        object.__setattr__(self, "elements", elements)
        object.__setattr__(self, "nesting", nesting)


@dataclass(frozen=True, slots=True)
class Partial:
    """What `functools.partial` makes: a call passes `first` before its own arguments."""

    function: Type
    first: Arguments


@dataclass(frozen=True, slots=True)
class Method:
    """A method (or attribute) of an instance of a builtin type."""

    receiver: Builtin
    name: str


@dataclass(frozen=True, slots=True)
class Foreign:
    """Something of a module that is not read, by dotted name; `()` marks a call's result.

    `row` is the model whose options (`_meta`) it is. With `shows` its text may query, as that of
    what it was made of may: `Q(author=author)`, `ValueError(author)`.
    """

    dotted: str
    row: Class | None = None
    shows: bool = False


@dataclass(frozen=True, slots=True)
class ModuleObject:
    name: str


@dataclass(frozen=True, slots=True)
class Argument:
    """Whatever the caller passes for a parameter."""

    name: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing is known; `from_queryset` when a queryset went in, so that one may come out."""

    reason: str
    from_queryset: bool = False


Type: TypeAlias = (
    Instance
    | ClassObject
    | Super
    | Bound
    | Builtin
    | Partial
    | Method
    | Foreign
    | ModuleObject
    | Argument
    | Unknown
)
Value: TypeAlias = frozenset[Type]
_PARTS = {each: tuple(part.name for part in fields(each)) for each in get_args(Type)}


class Proved(frozenset[Type]):
    """A value that is understood: `types` are its types, with type arguments.

    Unknown beats wrong: what set operations make of it is a plain set again, of which nothing is
    proved. Who wants more says so, by `proved` and `union`.
    """

    __slots__ = ("types",)
    types: Types

    def __new__(cls, members: Iterable[Type], types: Types) -> Proved:
        made = super().__new__(cls, members)
        made.types = types
        return made


def proved(value: Value, types: Types | None) -> Value:
    """The value, with these types and no others; without any where they are None."""
    if types is not None:
        return Proved(value, types)
    return frozenset(value) if isinstance(value, Proved) else value


def shut(value: Value) -> Value:
    """The value, as another body sees it: what its containers hold is not followed there."""
    return proved(value, shut_types(value.types)) if isinstance(value, Proved) else value


def types_of(value: Value) -> Types | None:
    """The types that are proved; None where something is open, or a guess."""
    return value.types if isinstance(value, Proved) else None


def is_same(one: Value | None, other: Value | None) -> bool:
    """Whether two values may be the same, and as much is proved of both."""
    if one is None or other is None:
        return one is other
    return one is other or (one == other and types_of(one) == types_of(other))


NOTHING: Value = frozenset()
SHOWING = Foreign("builtins.exception.instance", shows=True)
_MUTABLE = frozenset({"list", "dict", "set"})
NONE: Value = Proved({Builtin("None")}, NONE_TYPE)

# What is passed for parameters, by their names.
Given: TypeAlias = tuple[tuple[str, Value], ...]
# A question to the evaluator: a function, its receiver, what is known of its arguments and of the
# names around it, and whether types are asked for.
Key: TypeAlias = tuple[Function, object, Given, frozenset[tuple[str, Value]], bool]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What calling a function gives: `stops` when a StopIteration may leave it.

    `inferred` is what the body returns, where `returns` is what the annotation says. `types` are
    those that are proved of what is returned; none while that is being found out.
    """

    returns: Value
    effect: Effect
    stops: bool = False
    inferred: Value = NOTHING
    types: Types | None = None


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a call passes; `is_complete` when nothing is unpacked into it. `written` are all by
    position, also those after one that is unpacked."""

    positional: tuple[Value, ...] = ()
    keywords: tuple[tuple[str | None, Value], ...] = ()
    is_complete: bool = True
    written: tuple[Value, ...] = ()

    @property
    def values(self) -> tuple[Value, ...]:
        return (*self.positional, *(value for _, value in self.keywords))

    def keyword(self, name: str) -> Value:
        return next((value for each, value in self.keywords if each == name), NOTHING)

    def after(self, first: Arguments) -> Arguments:
        """The same, after what was passed before."""
        positional = self.positional if first.is_complete else ()
        return Arguments(
            (*first.positional, *positional),
            (*first.keywords, *self.keywords),
            first.is_complete and self.is_complete,
            (*first.written, *self.written),
        )


NO_ARGUMENTS = Arguments()


def in_order(value: Value) -> Iterable[Type]:
    """The members in an order that is the same in every run: of two that do something, the first
    is told."""
    return value if len(value) < 2 else sorted(value, key=_rank)


@lru_cache(maxsize=4096)
def _rank(type_: Type) -> tuple[str, ...]:
    """What a member is sorted by: its words, and the names of what stands in files."""
    return tuple(_words(type_))


def _words(part: object) -> Iterator[str]:
    match part:
        case str():
            yield part
        case Class():
            yield part.dotted
        case Function(location=location):
            yield from (location.path, f"{location.line:09}", part.name)
        case frozenset():
            yield from sorted(" ".join(_words(each)) for each in part)
        case None | int() | Effect() | Module():
            pass
        case _ if type(part) in _PARTS:
            yield type(part).__name__
            for name in _PARTS[type(part)]:
                yield from _words(getattr(part, name))


def unknown(reason: str, *, from_queryset: bool = False) -> Value:
    return frozenset({Unknown(reason, from_queryset)})


def further(step: str, reason: str) -> str:
    """Why nothing is known of what one of the steps leads to from what is not known for a reason.
    More than one is not told, or each turn of a loop would come to something else."""
    return reason if reason.startswith((ITEM, RESULT)) else f"{step}{reason}"


def builtin(name: str, elements: Value = NOTHING, effect: Effect = CLEAN) -> Value:
    return frozenset({Builtin(name, elements, effect)})


def showing(value: Value) -> Value:
    """The value, where what it was made of may query when it is shown."""
    if not any(isinstance(each, Foreign) and not each.shows for each in value):
        return value
    marked = (replace(e, shows=True) if isinstance(e, Foreign) else e for e in value)
    return proved(frozenset(marked), types_of(value))


def objects_in(value: Value) -> frozenset[Type]:
    """What of the value, and of what it holds, may do something where an argument that nothing is
    known of is taken to do nothing: when it is tested, shown or compared."""
    inside = (objects_in(each.elements) for each in value if isinstance(each, Builtin))
    own = (
        each
        for each in value
        if isinstance(each, Instance) or (isinstance(each, Foreign) and each.shows)
    )
    return frozenset(own).union(*inside)


def is_tainted(type_: Type) -> bool:
    """Whether a queryset went into what is not known any more."""
    return isinstance(type_, Unknown) and type_.from_queryset


def is_only(value: Value, name: str) -> bool:
    """Whether the value can be nothing but instances of one builtin type."""
    return bool(value) and all(isinstance(each, Builtin) and each.name == name for each in value)


def union(values: Iterable[Value]) -> Value:
    """All that one or the other may be; proved where each of them is."""
    parts = tuple(values)
    if len(parts) == 1:
        return parts[0]
    together: Value = frozenset().union(*parts)
    return proved(together, all_of(map(types_of, parts))) if parts else together


def _nesting(type_: Type) -> int:
    return type_.nesting if isinstance(type_, Builtin) else 0


def _cut(value: Value, limit: int) -> Value:
    """The value nested less than `limit` deep, with everything that it holds."""
    result: set[Type] = set()
    for each in value:
        if not isinstance(each, Builtin) or each.nesting < limit:
            result.add(each)
        elif limit > 1:
            result.add(replace(each, elements=_cut(each.elements, limit - 1)))
        else:
            result |= _cut(each.elements, limit)
    return frozenset(result)


def merged(value: Value) -> Value:
    """The value with all that may be one list, dict or set as one that may have all the elements;
    so too other builtins of which it has many variants, and what cannot be told anyway. As much is
    proved of it as before.

    Without it each `if …: found["x"] = y` on the way would double the number of dicts, and each
    turn of a loop over what is not read would add to what an item may be.
    """
    containers: dict[str, list[Builtin]] = {}
    for each in value:
        if isinstance(each, Builtin) and not each.text:
            containers.setdefault(each.name, []).append(each)
    result = value
    for name, many in containers.items():
        if len(many) > (1 if name in _MUTABLE else WIDTH_LIMIT):
            effect = reduce(or_, (each.effect for each in many))
            one = Builtin(name, union(each.elements for each in many), effect)
            result = result.difference(many) | {one}
    untold = [each for each in result if isinstance(each, Foreign | Unknown)]
    if len(untold) > UNTOLD_LIMIT:
        lazy = any(map(is_tainted, untold))
        result = result.difference(untold) | unknown("one of many things", from_queryset=lazy)
    return value if result is value else proved(result, types_of(value))
