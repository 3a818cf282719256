"""What Python does without a call being written: `if x`, `for y in x`, `with x`, `y in x`."""

from __future__ import annotations

from asyncgen import knowledge
from asyncgen.analysis.attributes import Attributes
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.values import (
    NOTHING,
    Argument,
    Builtin,
    Cause,
    Foreign,
    Instance,
    Level,
    Type,
    Unknown,
    Value,
    is_tainted,
    unknown,
)
from asyncgen.source import Function


class Protocols(Attributes):
    """Evaluates the implicit calls; those that go through a queryset run its query."""

    def test(self, value: Value, frame: Frame) -> None:
        """`if value`"""
        for each in value:
            if self.is_queryset(each):
                frame.note(Level.REACHES, "tests a queryset, which evaluates it", Cause.EVALUATION)
            elif isinstance(each, Instance) and self.role(each.found) in ("", "model"):
                for name in ("__bool__", "__len__"):
                    if self.lookup(each.found, name):
                        self.method(each, name, frame)
                        break

    def text(self, value: Value, frame: Frame, method: str = "__str__") -> None:
        """`str(value)` or `repr(value)`; that of a container has the latter of its items."""
        for each in value:
            if isinstance(each, Builtin) and each.name in knowledge.SHOW_ITEMS:
                self.text(each.elements, frame, "__repr__")
            elif is_tainted(each):
                frame.note(Level.DOUBT, "prints what may be a queryset")
            elif self.is_queryset(each):
                frame.note(Level.REACHES, "prints a queryset, which evaluates it", Cause.EVALUATION)
            elif isinstance(each, Instance):
                self.text_of(each, method, frame)

    def text_of(self, instance: Instance, method: str, frame: Frame) -> None:
        """What a class of the project shows of itself: `str()` asks `__repr__()` where there is no
        `__str__()`, and the `__repr__()` of a model the `__str__()`."""
        others = ("__str__",) if self.role(instance.found) == "model" else ()
        for name in (method, *(("__repr__",) if method == "__str__" else others)):
            found = self.lookup(instance.found, name)
            if found and not found[0].module.startswith("django.db.models"):
                self.method(instance, name, frame)
                return

    def contains(self, value: Value, is_text: bool, frame: Frame) -> None:
        """`… in value`; no queryset is looked for a text in."""
        for each in value:
            if self.is_queryset(each):
                frame.note(
                    Level.REACHES,
                    "looks for something in a queryset, which evaluates it",
                    Cause.EVALUATION,
                )
            elif isinstance(each, Instance) and self.lookup(each.found, "__contains__"):
                self.method(each, "__contains__", frame)
            elif isinstance(each, Builtin):
                frame.include(each.effect, "reads an iterator")
            elif is_tainted(each) or (isinstance(each, Argument) and not is_text):
                frame.note(Level.DOUBT, "looks for something in what may be a queryset")

    def measure(self, value: Value, frame: Frame) -> None:
        """`len(value)`"""
        for each in value:
            if self.is_queryset(each):
                frame.note(
                    Level.REACHES,
                    "takes the length of a queryset, which evaluates it",
                    Cause.EVALUATION,
                )
            elif isinstance(each, Instance) and not self.resolver.builtin_base(each.found):
                self.method(each, "__len__", frame)
            elif isinstance(each, Argument) or is_tainted(each):
                frame.note(Level.DOUBT, "takes the length of what may be a queryset")

    def iterate(self, value: Value, frame: Frame) -> Value:
        """Run through `value`: what the items may be."""
        items: set[Type] = set()
        for each in value:
            items |= self.items(each, frame)
        return frozenset(items)

    def items(self, type_: Type, frame: Frame) -> Value:
        match type_:
            case Instance(found=found, row=row) if self.role(found) == "queryset":
                frame.note(Level.REACHES, "iterates over a queryset", Cause.EVALUATION)
                return self.model_instance(row)
            case Instance(found=found):
                if self.lookup(found, "__next__"):
                    return self.next_of(type_, frame)
                if self.lookup(found, "__iter__"):
                    return self.iterate(self.method(type_, "__iter__", frame) - {type_}, frame)
                return unknown(f"an item of {found.name}")
            case Builtin(name="json"):
                return frozenset({type_})
            case Builtin(name=name) if name in knowledge.SCALARS:
                return NOTHING  # raises TypeError
            case Builtin(elements=elements, effect=effect):
                frame.include(effect, "reads an iterator")
                return elements or unknown("an item")
            case Foreign(dotted=dotted):
                frame.note(min(self.level(dotted), Level.DOUBT), f"iterates over {dotted}")
                return frozenset({Foreign(f"{dotted}()")})
            case Argument(name=name):
                frame.note(Level.DOUBT, f"iterates over the argument {name}")
                return unknown(f"an item of {name}")
            case Unknown(reason=reason):
                frame.note(Level.DOUBT, f"iterates over {reason}")
                return unknown(f"an item of {reason}")
        return unknown("an item")

    def next_of(self, iterator: Instance, frame: Frame) -> Value:
        """An item of an iterator; the StopIteration that ends it does not leave the loop."""
        frame.guarded += 1
        items = self.method(iterator, "__next__", frame)
        frame.guarded -= 1
        return items

    def enter(self, value: Value, frame: Frame) -> Value:
        """`with value as …`: what is bound."""
        entered: set[Type] = set()
        for each in value:
            match each:
                case Builtin(name="context", elements=elements, effect=effect):
                    frame.include(effect, "enters a context manager")
                    entered |= elements or unknown("what a context manager gives")
                case Instance():
                    entered |= self.method(each, "__enter__", frame)
                    self.method(each, "__exit__", frame)
                case Foreign(dotted=dotted):
                    frame.note(self.level(dotted), f"enters {dotted}")
                    entered.add(Foreign(f"{dotted}()"))
                case _:
                    frame.note(Level.DOUBT, "enters an unknown context manager")
                    entered |= unknown("what a context manager gives")
        return frozenset(entered)

    def swallows(self, value: Value) -> bool | None:
        """Whether leaving the context manager may end an exception; None where that is open."""
        answers = {self._swallows(each) for each in value}
        return True if True in answers else None if None in answers or not answers else False

    def _swallows(self, type_: Type) -> bool | None:
        match type_:
            case Builtin(name="context", text=text):
                return text == SWALLOWING
            case Builtin(name="file"):
                return False
            case Foreign(dotted=dotted):
                name = dotted.removesuffix("()")
                return False if name in knowledge.TRANSPARENT_CONTEXTS else None
            case Instance(found=found):
                known = self.lookup(found, "__exit__")
                if not known or not isinstance(known[1], Function):
                    return None
                outcome = self.outcome(self.bound(known[1], known[0], type_))
                return not all(_is_false(each) for each in outcome.inferred)
        return None


SWALLOWING = "swallows"  # the text of a context manager that does so


def _is_false(type_: Type) -> bool:
    return isinstance(type_, Builtin) and (type_.name == "None" or type_.text == "False")
