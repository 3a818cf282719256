"""What the lists, sets and dicts that a body makes may hold: they grow after they were made.

The type of what is in such a container is a *hole*. It stands for all that the body ever puts into
the container, under whatever name, so that where the type goes, what is put in later goes too. Who
takes an item out gets what was put in so far; if more came afterwards, the body is run again. What
leaves the body, to where it cannot be followed, may hold anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from asyncgen.analysis.types import ANY, NONE, Known, Types
from asyncgen.facts import (
    Assign,
    Block,
    Call,
    Display,
    Expression,
    Get,
    Item,
    Name,
    Operation,
    nodes,
)
from asyncgen.source import Function

ROUNDS = 4  # runs of a body, after which what has not settled may be anything
WIDTH = 4  # different things in one container that are worth telling
_HOLE = "<hole>"
_GROWING = frozenset({"Counter", "OrderedDict", "defaultdict", "deque", "dict", "list", "set"})
_NOTHING: Types = frozenset()
(ANY_MEMBER,) = ANY


def is_hole(known: Known) -> bool:
    return known.module == _HOLE


def is_growing(known: Known) -> bool:
    """Whether it is a container into which something can be put."""
    return known.name in _GROWING and known.module in ("builtins", "collections")


def bounded(types: Types | None) -> Types:
    """The types of what is in a container; Any where they are not known, or too many."""
    if types is None or types & ANY or len(types - NONE) > WIDTH:
        return ANY
    return types


@dataclass
class Growth:
    """The containers of one body."""

    _holes: dict[object, Known] = field(default_factory=dict)  # by where the container is made
    _held: dict[Known, Types] = field(default_factory=dict)
    _read: dict[Known, Types] = field(default_factory=dict)  # what was in it when it was read
    _made: dict[int, object] = field(default_factory=dict)  # what places are told by, kept alive

    def again(self) -> bool:
        """Whether the body has to run again: more was put in than somebody who read has seen."""
        stale = any(self._held.get(hole) != types for hole, types in self._read.items())
        self._read.clear()
        return stale

    def give_up(self) -> None:
        """All may hold anything."""
        self._held = dict.fromkeys(self._held, ANY)

    # -- making ------------------------------------------------------------------------------------

    def placed(self, types: Types, place: tuple[object, ...]) -> Types:
        """The types, where containers in them, however deep, have holes that belong to a place."""
        return frozenset(self._placed(each, (*place, each.name)) for each in types)

    def placed_by(self, types: Types, made: object) -> Types:
        """The same, for what an expression makes."""
        self._made[id(made)] = made
        return self.placed(types, (id(made),))

    def _placed(self, known: Known, place: tuple[object, ...]) -> Known:
        if not known.arguments:
            return known
        parts = []
        for number, part in enumerate(known.arguments):
            inner = part
            if not _is_open(part):
                inner = self.placed(part, (*place, number))
                if is_growing(known):
                    inner = frozenset({self._hole((*place, number), inner)})
            parts.append(inner)
        return Known(known.module, known.name, tuple(parts), known.variable)

    def _hole(self, place: tuple[object, ...], types: Types) -> Known:
        hole = self._holes.setdefault(place, Known(_HOLE, str(len(self._holes))))
        self.put(frozenset({hole}), types)
        return hole

    # -- what is in them ---------------------------------------------------------------------------

    def put(self, argument: Types, types: Types | None) -> None:
        """Put something of these types into what the type argument of a container stands for."""
        for hole in filter(is_hole, argument):
            held = self._held.get(hole, _NOTHING)
            if types is not None:
                types = self.placed(types - {hole}, (hole,))
            self._held[hole] = bounded(None if types is None else held | types)

    def lose(self, types: Types | None) -> None:
        """What has these types was handed to somebody who may put anything into it."""
        for hole in holes(types or _NOTHING):
            held = self._held.get(hole, _NOTHING)
            if held != ANY:
                self._held[hole] = ANY
                self.lose(held)

    def now(self, types: Types) -> Types:
        """The types, with what is in a hole in its place."""
        found: set[Known] = set()
        todo, seen = list(types), set(types)
        while todo:
            each = todo.pop()
            if not is_hole(each):
                found.add(each)
                continue
            self._read[each] = self._held.get(each, ANY)
            new = self._read[each] - seen
            seen |= new
            todo += new
        return ANY if ANY & found else frozenset(found)

    def whole(self, types: Types, inside: frozenset[Known] = frozenset()) -> Types:
        """The types in the end, without holes; a container that is in itself holds anything."""
        found: set[Known] = set()
        for each in types:
            if not is_hole(each):
                parts = tuple(self.whole(part, inside) for part in each.arguments)
                found.add(Known(each.module, each.name, parts, each.variable))
            elif each in inside:
                return ANY
            else:
                found |= self.whole(self._held.get(each, ANY), inside | {each})
        return _without_empty(frozenset(found))


def _is_open(types: Types) -> bool:
    return len(types) == 1 and is_hole(next(iter(types)))


def has_holes(types: Types | None) -> bool:
    return types is not None and any(True for _ in holes(types))


def holes(types: Types) -> Iterator[Known]:
    for each in types:
        if is_hole(each):
            yield each
        for part in each.arguments:
            yield from holes(part)


def shut(types: Types) -> Types:
    """The types, where containers that have holes hold anything."""
    if not has_holes(types):
        return types
    return frozenset(
        ANY_MEMBER
        if is_hole(each)
        else Known(each.module, each.name, tuple(map(shut, each.arguments)), each.variable)
        for each in types
    )


def _is_empty(known: Known) -> bool:
    """Whether nothing was ever seen in a container; a tuple has two arguments then."""
    if known.name == "tuple" and known.module == "builtins":
        return known.arguments[:1] == (_NOTHING,)
    return is_growing(known) and not all(known.arguments)


def _without_empty(types: Types) -> Types:
    """Of an empty list and a `list[str]` the latter; alone, it may get anything later."""
    empty = {each for each in types if _is_empty(each)}
    full = {(each.module, each.name) for each in types - empty}
    left = (each for each in empty if (each.module, each.name) not in full)
    filled = {
        Known(each.module, each.name, (each.arguments[0] or ANY, *each.arguments[1:]))
        if each.name == "tuple"
        else Known(each.module, each.name, tuple(part or ANY for part in each.arguments))
        for each in left
    }
    return types - empty | filled


# -- what a function does with what it is passed ---------------------------------------------------

# Methods that put something into a container.
_PUTTING = frozenset(
    {"add", "append", "appendleft", "extend", "extendleft", "insert", "setdefault", "update"}
)
# They look at what they are passed, and keep nothing of it.
_LOOKING = frozenset(
    {"all", "any", "bool", "dict", "enumerate", "filter", "frozenset", "isinstance", "len", "list"}
    | {"map", "max", "min", "print", "repr", "reversed", "set", "sorted", "str", "sum", "tuple"}
    | {"type", "zip", "iter", "next", "join", "format"}
)


def only_reads(block: Block | Expression, name: str) -> bool:
    """Whether a body is seen to put nothing into what a name holds, nor to hand it on."""
    own = Name(name)
    for node in nodes(block):
        match node:
            case Function() if not only_reads(node.body, name):
                return False
            case Call(function=Get(value=value, name=method)) if (
                value == own and method in _PUTTING
            ):
                return False
            case Call(function=function) if _is_passed(node, own) and not _looks(function):
                return False
            case Display(elements=elements) if own in elements:
                return False
            case Assign(targets=targets, value=value) if (
                value == own
                or any(isinstance(each, Item) and each.value == own for each in targets)
                or (isinstance(value, Operation) and own in targets and own in value.operands)
            ):
                return False
    return True


def _is_passed(call: Call, own: Name) -> bool:
    return own in call.arguments or any(value == own for _, value in call.keywords)


def _looks(function: Expression) -> bool:
    match function:
        case Name(id=name) | Get(name=name):
            return name in _LOOKING
    return False
