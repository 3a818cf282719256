"""What Python does without a call being written: `if x`, `for y in x`, `with x`, `y in x`."""

from __future__ import annotations

from collections.abc import Iterable

from asyncgen import guesses, knowledge
from asyncgen.analysis.attributes import Attributes
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.specials import CHECKING, HASHING, ITEMS, SIZE
from asyncgen.analysis.values import (
    ITEM,
    NOTHING,
    Argument,
    Arguments,
    Builtin,
    Cause,
    ClassObject,
    Foreign,
    Instance,
    Level,
    Partial,
    Trait,
    Type,
    Unknown,
    Value,
    builtin,
    further,
    in_order,
    is_tainted,
    unknown,
)
from asyncgen.facts import Call, Literal
from asyncgen.source import Attribute, Class, Function


class Protocols(Attributes):
    """Evaluates the implicit calls; those that go through a queryset run its query."""

    def test(self, value: Value, frame: Frame) -> None:
        """`if value`"""
        for each in in_order(value):
            if self.is_queryset(each):
                frame.note(Level.REACHES, "tests a queryset, which evaluates it", Cause.EVALUATION)
            elif is_tainted(each):
                frame.note(Level.DOUBT, "tests what may be a queryset")
            elif isinstance(each, Argument | Unknown):
                frame.mark(Trait.TESTS_UNKNOWN)
            elif self.special(each, ("__bool__",), frame) is None:
                self.special(each, ("__len__",), frame)

    def text(self, value: Value, frame: Frame, method: str = "__str__") -> None:
        """`str(value)` or `repr(value)`; that of a container has the latter of its items."""
        for each in in_order(value):
            if isinstance(each, Builtin) and each.name in knowledge.SHOW_ITEMS:
                self.text(each.elements or unknown("an item"), frame, "__repr__")
            elif isinstance(each, Builtin) and each.name.startswith("dict_"):
                self.text(each.elements, frame, "__repr__")
            elif isinstance(each, Partial):
                for value in each.first.values:
                    self.text(value, frame, "__repr__")
            elif is_tainted(each):
                frame.note(Level.DOUBT, "prints what may be a queryset")
            elif self.is_queryset(each):
                frame.note(Level.REACHES, "prints a queryset, which evaluates it", Cause.EVALUATION)
            elif isinstance(each, Foreign) and each.shows:
                frame.note(Level.DOUBT, f"prints {each.dotted}, whose text may query")
            elif isinstance(each, Argument | Unknown):
                frame.mark(Trait.SHOWS_UNKNOWN)
            else:
                self.text_of(each, method, frame)

    def does_with(self, value: Value, traits: frozenset[Trait], frame: Frame) -> None:
        """What is passed, but not told to a function that has the traits."""
        if Trait.SHOWS_UNKNOWN in traits:
            self.text(value, frame)
        if Trait.TESTS_UNKNOWN in traits:
            self.test(value, frame)

    def is_quiet_text(self, arguments: Arguments, frame: Frame) -> bool:
        """Whether the texts of what is passed may be made without a query."""
        shown = Frame(frame.module, None, None, None, {}, frame.line)
        for value in arguments.values:
            self.text(value, shown)
        return shown.effect.level.is_harmless

    def text_of(self, type_: Type, method: str, frame: Frame) -> None:
        """What a class of the project shows of itself: `str()` asks `__repr__()` where there is no
        `__str__()`, and the `__repr__()` of a model the `__str__()`."""
        is_model = isinstance(type_, Instance) and self.role(type_.cls) == "model"
        if method == "__str__":
            self.special(type_, ("__format__", "__html__"), frame)
        for name in (method, "__repr__" if method == "__str__" else "__str__" if is_model else ""):
            if self.special(type_, (name,), frame) is not None:
                return
        if isinstance(type_, Instance) and (type_.cls, ARGS) in self._kept:  # of an exception
            self.text(self.kept(type_, ARGS), frame)

    def by_fields(self, owner: Instance, name: str, frame: Frame) -> None:
        """What a special method does that a dataclass, or a named tuple, has of its fields."""
        if frame.compared is not None:
            self._asked_of_fields(owner, name, frame, frame.compared)
            return
        scratch = Frame(frame.module, None, None, None, {}, frame.line, compared=set())
        self.by_fields(owner, name, scratch)
        frame.include(scratch.effect, f"asks the fields of {owner.cls.name}")

    def _asked_of_fields(
        self, owner: Instance, name: str, frame: Frame, compared: set[tuple[Class, str]]
    ) -> None:
        """The same, each class once: fields hold others that hold others, in circles, too."""
        if (owner.cls, name) in compared:
            return
        compared.add((owner.cls, name))
        module = self.resolver.readable(owner.cls.module)
        for known in self.resolver.mro(owner.cls) if module else ():
            for attribute in known.attributes.values():
                value = self.field_of_record(known, attribute, name)
                if name == "__repr__":
                    self.text(value, frame, name)
                else:
                    self.compared(value, (name, *HASHING), frame)

    def field_of_record(self, where: Class, attribute: Attribute, method: str) -> Value:
        """What a field holds; nothing where the method leaves it out."""
        module = self.resolver.readable(where.module)
        if attribute.annotation is None or module is None:
            return NOTHING
        if isinstance(attribute.value, Call):
            flag = "repr" if method == "__repr__" else "compare"
            if dict(attribute.value.keywords).get(flag) == Literal("bool", "False"):
                return NOTHING
        if attribute.annotation.rpartition(".")[2] in knowledge.OPEN_ANNOTATIONS:
            return unknown(f"the field {attribute.name}", from_queryset=True)
        return self.annotation_in(attribute.annotation, module) or NOTHING

    def hashed(self, value: Value, frame: Frame) -> None:
        """`{value}`, `items[value]`: what it is, or is an item of, is hashed and compared."""
        self.compared(value, HASHING, frame)

    def compared(self, value: Value, names: Iterable[str], frame: Frame) -> None:
        """Call these special methods of a value; those of a container are made of its items'."""
        for each in value:
            if isinstance(each, Builtin) and each.name in knowledge.SHOW_ITEMS:
                self.compared(each.elements, names, frame)
            else:
                self.special(each, names, frame)

    def each_special(self, value: Value, names: Iterable[str], frame: Frame) -> None:
        for each in value:
            self.special(each, names, frame)

    def checked(self, classes: Value, frame: Frame) -> None:
        """`isinstance(…, classes)`: what their metaclasses have to say, or they themselves as
        abstract classes."""
        for each in in_order(classes):
            if isinstance(each, ClassObject):
                self.special(each, CHECKING, frame)
                self.special(Instance(each.cls), CHECKING, frame)
            elif isinstance(each, Builtin):
                self.checked(each.elements, frame)

    def contains(self, value: Value, is_text: bool, frame: Frame) -> None:
        """`… in value`; no queryset is looked for a text in."""
        for each in in_order(value):
            if self.is_queryset(each):
                frame.note(
                    Level.REACHES,
                    "looks for something in a queryset, which evaluates it",
                    Cause.EVALUATION,
                )
            elif isinstance(each, Instance | ClassObject):
                if self.special(each, ("__contains__",), frame) is None:
                    self.items(each, frame)
            elif isinstance(each, Builtin):
                frame.include(each.effect, "reads an iterator")
                self.each_special(each.elements, HASHING, frame)
            elif isinstance(each, Foreign):
                self.special(each, ("__contains__",), frame)
                frame.note(min(self.level(each.dotted), Level.DOUBT), f"looks into {each.dotted}")
            elif isinstance(each, Argument) and self.is_no_queryset(each, value, frame):
                pass
            elif is_tainted(each) or (isinstance(each, Argument) and not is_text):
                frame.note(Level.DOUBT, "looks for something in what may be a queryset")

    def measure(self, value: Value, frame: Frame) -> None:
        """`len(value)`"""
        for each in in_order(value):
            if self.is_queryset(each):
                frame.note(
                    Level.REACHES,
                    "takes the length of a queryset, which evaluates it",
                    Cause.EVALUATION,
                )
            elif isinstance(each, Instance) and not self.resolver.builtin_base(each.cls):
                self.method(each, "__len__", frame)
            elif isinstance(each, Builtin) and each.name == "file":
                frame.note(Level.DOUBT, "asks a file's storage for its size")
            elif isinstance(each, ClassObject | Foreign):
                self.special(each, ("__len__",), frame)
            elif isinstance(each, Argument) and self.is_no_queryset(each, value, frame):
                pass
            elif isinstance(each, Argument) or is_tainted(each):
                frame.note(Level.DOUBT, "takes the length of what may be a queryset")

    def collect(self, value: Value, frame: Frame) -> Value:
        """Make a list of `value`, which is asked for its length first: what the items may be."""
        self.each_special(value, SIZE, frame)
        return self.iterate(value, frame)

    def unpack_mapping(self, value: Value, frame: Frame) -> None:
        """`{**value}`, `call(**value)`, `dict(value)`: its keys, and the item of each."""
        for each in in_order(value):
            if isinstance(each, Instance) and not self.role(each.cls):
                if self.lookup(each.cls, "keys"):
                    self.iterate(self.method(each, "keys", frame), frame)
                self.special(each, ("__iter__", *ITEMS), frame)

    def iterate(self, value: Value, frame: Frame) -> Value:
        """Run through `value`: what the items may be."""
        items: set[Type] = set()
        for each in in_order(value):
            if isinstance(each, Argument) and self.is_no_queryset(each, value, frame):
                items |= unknown(f"an item of {each.name}")
            else:
                items |= self.items(each, frame)
        return frozenset(items)

    @staticmethod
    def is_no_queryset(argument: Argument, value: Value, frame: Frame) -> bool:
        """Whether an argument is taken for a mapping, a set or a text: by its name, or as what
        stands in for it is one (`x or {}`), where a queryset would not do."""
        stand_ins = (each.name for each in value if isinstance(each, Builtin))
        if argument.name in guesses.MAPPING_PARAMETERS:
            told = "dict"
        else:
            told = next((each for each in sorted(stand_ins) if each in _NO_ROWS), "")
        if told:
            message = f"runs through the argument {argument.name}: taken for one of {told}"
            frame.note(Level.ASSUMED, message)
        return bool(told)

    def items(self, type_: Type, frame: Frame) -> Value:
        match type_:
            case Instance(cls=cls, row=row) if self.role(cls) == "queryset":
                frame.note(Level.REACHES, "iterates over a queryset", Cause.EVALUATION)
                return self.model_instance(row)
            case Instance(cls=cls):
                if self.lookup(cls, "__next__"):
                    return self.next_of(type_, frame)
                if self.lookup(cls, "__iter__"):
                    return self.iterate(self.method(type_, "__iter__", frame) - {type_}, frame)
                given = self.special(type_, ("__getitem__",), frame)
                if given is None and self.resolver.missing(cls):
                    frame.note(Level.DOUBT, f"iterates over a {cls.name}")
                return given or unknown(f"an item of {cls.name}")
            case ClassObject(cls=cls) if self.is_enumeration(cls):
                return frozenset({Instance(cls)})
            case ClassObject():
                given = self.special(type_, ("__iter__",), frame)
                return self.iterate(given, frame) if given else unknown("a member of a class")
            case Builtin(name="file"):
                frame.note(Level.DOUBT, "reads a file")
                return builtin("bytes")
            case Builtin(name="json"):
                return frozenset({type_})
            case Builtin(name=name) if name in knowledge.SCALARS:
                return NOTHING  # raises TypeError
            case Builtin(elements=elements, effect=effect):
                frame.include(effect, "reads an iterator")
                return elements or unknown("an item")
            case Foreign(dotted=dotted, shows=shows):
                level = Level.DOUBT if shows else min(self.level(dotted), Level.DOUBT)
                frame.note(level, f"iterates over {dotted}")
                return frozenset({Foreign(f"{dotted}()")})
            case Argument(name=name):
                frame.note(Level.DOUBT, f"iterates over the argument {name}")
                return unknown(f"an item of {name}")
            case Unknown(reason=reason):
                frame.note(Level.DOUBT, f"iterates over {reason}")
                return unknown(further(ITEM, reason))
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
        for each in in_order(value):
            match each:
                case Builtin(name="context", elements=elements, effect=effect):
                    frame.include(effect, "enters a context manager")
                    entered |= elements or unknown("what a context manager gives")
                case Instance():
                    entered |= self.method(each, "__enter__", frame)
                    self.method(each, "__exit__", frame)
                case Foreign(dotted=knowledge.STACK):
                    entered.add(each)
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
                if name in knowledge.SWALLOWING_CONTEXTS:
                    return True
                return False if name in knowledge.TRANSPARENT_CONTEXTS else None
            case Instance(cls=cls):
                known = self.lookup(cls, "__exit__")
                if not known or not isinstance(known[1], Function):
                    return None
                outcome = self.outcome(self.bound(known[1], known[0], type_))
                return not all(_is_false(each) for each in outcome.inferred)
        return None


# Builtin types that nobody puts in the place of a queryset.
_NO_ROWS = frozenset({"bytes", "dict", "float", "int", "set", "str"})
ARGS = "args"  # what an exception was made with
SWALLOWING = "swallows"  # the text of a context manager that does so


def _is_false(type_: Type) -> bool:
    return isinstance(type_, Builtin) and (type_.name == "None" or type_.text == "False")
