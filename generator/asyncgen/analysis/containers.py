"""Lists, sets and dicts that grow: what is put into them, and who else may put something in."""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen.analysis.called import matched
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.growth import has_holes, is_growing, is_hole, only_reads
from asyncgen.analysis.library import Passed
from asyncgen.analysis.typed_calls import TypedCalls, passed_types
from asyncgen.analysis.types import Known, Types
from asyncgen.analysis.values import (
    Arguments,
    Bound,
    ClassObject,
    Foreign,
    Method,
    Type,
    Value,
    proved,
    types_of,
)
from asyncgen.facts import Block, Call, Expression, Get

# The standard library puts something into what it is passed.
_PUTTING = ("bisect.", "heapq.", "random.shuffle")


class Containers(TypedCalls):
    """Follows what bodies put into containers."""

    # -- where they are made -----------------------------------------------------------------------

    @staticmethod
    def opened(value: Value, frame: Frame) -> Value:
        """The value, where its types are those of what a container holds: as far as is known."""
        types = types_of(value)
        if not types or not any(map(is_hole, types)):
            return value
        return proved(value, frame.growth.now(types) or None)

    def placed(self, value: Value, made: object, frame: Frame) -> Value:
        """The value of an expression that makes a container, or of a name that gets one."""
        types = types_of(value)
        if not types or not frame.is_typed:
            return value
        return proved(value, frame.growth.placed_by(types, made))

    def elements(self, types: Types | None, frame: Frame) -> Types | None:
        found = super().elements(types, frame)
        return frame.growth.now(found) or None if found else found

    # -- what is put in ----------------------------------------------------------------------------

    def put_in(self, known: Known, name: str, passed: Passed, frame: Frame) -> None:
        """What a method of a container puts into it."""
        if is_growing(known):
            for argument, types in self.library(frame).put(known, name, passed):
                frame.growth.put(argument, types)

    def put_item(self, owner: Value, key: Value | None, value: Value | None, frame: Frame) -> None:
        """`owner[key] = value`; without a value it is read, which makes one in a defaultdict."""
        for known in types_of(owner) or ():
            name = "__getitem__" if value is None else "__setitem__"
            parts = (each for each in (key, value) if each is not None)
            self.put_in(known, name, Passed(tuple(map(types_of, parts))), frame)

    def grown_by_operator(self, before: Value, more: Value, frame: Frame) -> bool:
        """`owner += more`, where the owner is a container that has holes: it is the same object."""
        old, new = types_of(before), types_of(more)
        if not old or not all(map(is_growing, old)) or not has_holes(old):
            return False
        for known in old:
            name = "extend" if known.name in ("deque", "list") else "update"
            self.put_in(known, name, Passed((new,)), frame)
        return True

    # -- who else may put something in -------------------------------------------------------------

    def type_of_call(
        self, call: Call, owner: Value, callee: Value, arguments: Arguments, frame: Frame
    ) -> Types | None:
        types = super().type_of_call(call, owner, callee, arguments, frame)
        if not frame.is_typed:
            return None
        for value in self._handed(call, callee, arguments):
            frame.growth.lose(types_of(value))
        if isinstance(call.function, Get):
            for known in types_of(owner) or ():
                self.put_in(known, call.function.name, passed_types(arguments), frame)
        return types

    def _handed(self, call: Call, callee: Value, arguments: Arguments) -> Iterator[Value]:
        """The arguments that somebody may put something into."""
        values = (*arguments.written, *(value for _, value in arguments.keywords))
        held = [each for each in values if has_holes(types_of(each))]
        if not held:
            return
        if not callee or (isinstance(call.function, Get) and call.function.name.startswith("send")):
            yield from held
            return
        for each in callee:
            if isinstance(each, Bound) and not each.module.name.startswith("django."):
                yield from self._kept_by(each, arguments, held)
            elif not self._leaves_alone(each):
                yield from held

    @staticmethod
    def _kept_by(callee: Bound, arguments: Arguments, held: list[Value]) -> Iterator[Value]:
        told = dict(matched(callee, arguments)) if arguments.is_complete else {}
        read = [v for name, v in told.items() if only_reads(callee.function.body_read, name)]
        yield from (each for each in held if not any(each is one for one in read))

    def _leaves_alone(self, callee: Type) -> bool:
        """Whether nothing is put into what it is passed."""
        match callee:
            case Foreign(dotted=dotted):
                return (
                    not dotted.startswith(_PUTTING) and self.level(dotted).is_harmless
                ) or dotted.startswith("django.")
            case ClassObject(cls=cls):
                made = self.specials(cls).get("__init__")
                return made is None or made[1].module.startswith("django.")
        return isinstance(callee, Bound | Method)

    def captured(self, block: Block | Expression, frame: Frame) -> None:
        """A function inside of the one that runs: it may put something into what it sees."""
        for name, value in frame.environment.items():
            types = types_of(value)
            if has_holes(types) and not only_reads(block, name):
                frame.growth.lose(types)
