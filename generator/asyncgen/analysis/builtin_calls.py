"""Calls of builtins and of their methods."""

from __future__ import annotations

from abc import abstractmethod

from asyncgen import declared, knowledge
from asyncgen.analysis.calls import Calls
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.specials import ADDING, BUILTINS, CHECKING, HASHING, ORDER
from asyncgen.analysis.values import (
    NO_ARGUMENTS,
    NONE,
    NOTHING,
    SHOWING,
    Arguments,
    Builtin,
    Cause,
    ClassObject,
    Foreign,
    Instance,
    Level,
    Method,
    Trait,
    Type,
    Value,
    builtin,
    in_order,
    objects_in,
    union,
    unknown,
)


class BuiltinCalls(Calls):
    """Evaluates calls of builtins, and of methods of what they make."""

    @abstractmethod
    def told_of(self, dotted: str, frame: Frame) -> Value | None:
        """What calling something gives whatever it is passed, as the library says; None where that
        does not know it."""

    def call_builtin(self, name: str, arguments: Arguments, frame: Frame) -> Value:
        if name in knowledge.CONSUMERS:
            return self.consume(name, arguments, frame)
        if name in knowledge.ITERATORS:
            return self.iterator_of(arguments, frame, name)
        if name in knowledge.SHOWING:
            for value in arguments.values:
                self.text(value, frame)
        if name == "type" and len(arguments.positional) > 1:
            return self.made_class(arguments, frame)
        if name == "vars" and arguments.values:
            return builtin("dict", union(map(self.holdings, in_order(arguments.values[0]))))
        if name == "getattr" and len(arguments.positional) > 1:  # called by something else
            owner, wanted, *_ = arguments.positional
            return self.attribute_named(owner, wanted, frame)
        if name in ("property", "slice"):
            return builtin(name, union(arguments.positional))
        names = BUILTINS.get(name, ())
        if names is HASHING:
            for value in arguments.positional:
                self.hashed(value, frame)
        if names is CHECKING:
            self.checked(union(arguments.positional[1:]), frame)
        given = [
            self.special(each, names, frame) for value in arguments.positional for each in value
        ]
        if any(given):
            return union(each for each in given if each is not None)
        result = self.told_of(f"builtins.{name}", frame)
        if result is not None:
            return result
        if name[:1].isupper():
            return self.made_exception(f"builtins.{name}.instance", arguments, frame)
        frame.note(Level.DOUBT, f"calls {name}, which cannot be found")
        lazy = any(map(self.holds_queryset, arguments.values))
        return unknown(f"the result of {name}", from_queryset=lazy)

    def call_all(self, functions: Value, arguments: Arguments, frame: Frame) -> Value:
        return union(self.call_type(each, arguments, frame) for each in functions)

    def call_back(self, callback: Value, passed: tuple[Value, ...], frame: Frame) -> Value:
        """Call what was passed to be called with items."""
        called = (each for each in callback if each != Builtin("None"))
        return union(self.call_type(each, Arguments(passed), frame) for each in called)

    def made_class(self, arguments: Arguments, frame: Frame) -> Value:
        """`type(name, bases, members)`: like a class statement with these bases."""
        bases = self.iterate(arguments.positional[1], frame)
        for each in in_order(bases):
            if isinstance(each, ClassObject):
                self.special(Instance(each.cls), ("__init_subclass__",), frame)
                if (meta := self.metaclass(each.cls)) is not None:
                    self.instantiate(meta.cls, NO_ARGUMENTS, frame)
        return bases | unknown("a class that type() makes")

    def made_exception(self, dotted: str, arguments: Arguments, frame: Frame) -> Value:
        """An exception, whose text is made of what it is made with."""
        if not self.is_quiet_text(arguments, frame):
            frame.mark(Trait.RAISES_TEXTS)
            return frozenset({SHOWING})
        return frozenset({Foreign(dotted)})

    def consume(self, name: str, arguments: Arguments, frame: Frame) -> Value:
        """A builtin that runs through its argument, measures, tests or prints it."""
        first = next(iter(arguments.positional), NOTHING)
        elements: Value = NOTHING
        match name:
            case "bool":
                self.test(first, frame)
            case "str" | "repr":
                self.text(first, frame, f"__{name}__")
            case "len":
                self.measure(first, frame)
            case "dict":
                self.unpack_mapping(first, frame)
                pairs = self.iterate(first, frame)
                named = (value for _, value in arguments.keywords)
                elements = frozenset().union(*map(_in_pair, pairs), *named)
            case "max" | "min" if len(arguments.positional) > 1:
                elements = union(arguments.positional)
                self.of_items(name, elements, bool(arguments.keyword("key")), frame)
            case _:
                self.each_special(first, BUILTINS.get(name, ()), frame)
                elements = self.collect(first, frame)
                self.of_items(name, elements, bool(arguments.keyword("key")), frame)
                if name == "next":  # or the default
                    elements = union((elements, *arguments.positional[1:]))
        self.call_back(arguments.keyword("key"), (elements,), frame)
        result = declared.builtin_result(name)
        if not result:
            return elements or unknown(f"the result of {name}")
        return builtin(result, elements)

    def of_items(self, name: str, elements: Value, is_keyed: bool, frame: Frame) -> None:
        """What a builtin that runs through its argument does with the items."""
        match name:
            case "all" | "any":
                self.test(elements, frame)
            case "set" | "frozenset":
                self.hashed(elements, frame)
            case "sum":
                self.each_special(elements, ADDING, frame)
            case "max" | "min" | "sorted" if not is_keyed:
                self.each_special(elements, ORDER, frame)

    def iterator_of(self, arguments: Arguments, frame: Frame, how: str) -> Value:
        """map(), filter(), zip(), itertools.chain() …: an iterator over its arguments."""
        place = knowledge.CALLED_WITH_ITEMS.get(how)
        callback = arguments.keyword("key") | arguments.keyword("func")
        inner = Frame(frame.module, None, None, None, {}, frame.line)
        parts: list[Value] = []
        for number, value in enumerate(arguments.positional):
            if number == place:
                callback |= value
            else:
                parts.append(self.part_of_iterator(how, value, frame, inner))
        elements = union(parts)
        if how == "iter" and len(parts) > 1:  # iter(function, sentinel)
            elements |= self.call_all(arguments.positional[0], NO_ARGUMENTS, inner)
        if how == "filter" and callback >= NONE:
            self.test(elements, inner)
        passed = tuple(parts) if how == "map" else (elements,)
        if how == "accumulate":
            passed = (elements, elements)
        elif how == "starmap":
            passed = (self.iterate(elements, inner),) * _SPREAD
        result = self.call_back(callback, passed, inner)
        if how in knowledge.GIVE_RESULTS:
            elements = result
        elif how in knowledge.MAKE_TUPLES:
            elements = builtin("tuple", elements)
        return builtin("iterator", elements, inner.effect)

    def part_of_iterator(self, how: str, value: Value, frame: Frame, inner: Frame) -> Value:
        """The items of one of the arguments that an iterator is made of; `inner` is the frame of
        its steps."""
        if how == "repeat":
            return value
        if how == "reversed":
            self.each_special(value, ("__reversed__", "__len__"), frame)
        if how not in knowledge.TAKEN_LATER and any(map(self.is_queryset, value)):
            frame.note(Level.REACHES, f"{how}() takes an iterator of a queryset", Cause.EVALUATION)
            inner = Frame(frame.module, None, None, None, {}, frame.line)
        items = self.iterate(value, inner)
        return self.iterate(items, inner) if how == "from_iterable" else items

    def call_method(self, method: Method, arguments: Arguments, frame: Frame) -> Value:
        receiver, name = method.receiver, method.name
        self.run_method(method, arguments, frame)
        if receiver.name == "json":
            return union((frozenset({receiver}), *arguments.positional[1:]))
        if name == "items":
            return builtin("dict_items", builtin("tuple", receiver.elements))
        if name in knowledge.COPYING_METHODS:
            return builtin(receiver.name, receiver.elements)
        defaults = arguments.positional[1:]
        if name in knowledge.HANDING_OUT and (receiver.elements or any(map(objects_in, defaults))):
            return union((receiver.elements or unknown("an item"), *defaults))
        if receiver.name == "type" and name in knowledge.LISTING_METHODS:
            return builtin("list", receiver.elements)
        if name == "get" and (default := _like_default(arguments)):
            frame.note(Level.ASSUMED, "takes an item of a dict for one like its default")
            return default
        result = self.told_of(f"builtins.{receiver.name}.{name}", frame)
        if result is not None:
            return result
        lazy = any(map(self.holds_queryset, arguments.values))
        handed = name in knowledge.HANDING_OUT and lazy
        return unknown(f"the result of {receiver.name}.{name}", from_queryset=handed)

    def run_method(self, method: Method, arguments: Arguments, frame: Frame) -> None:
        """What a method does with what is in its receiver, and with what it is passed."""
        receiver, name = method.receiver, method.name
        if receiver.name == "file" and name in knowledge.FILE_METHODS:
            frame.note(Level.DOUBT, f"calls {name} of a file")
        if receiver.name == "coroutine" and name in _RUNNING:
            frame.note(Level.DOUBT, f"runs a coroutine by {name}()")
        if receiver.name in ("generator", "iterator") and name in _STEPS:
            frame.include(receiver.effect, "takes a step of a generator")
            if any(map(objects_in, arguments.values)):
                frame.note(Level.DOUBT, "hands a generator what may query")
        if name in knowledge.CONSUMING_METHODS:
            for value in arguments.values:
                self.iterate(value, frame)
        if receiver.name == "str" and name in ("format", "format_map"):
            for value in arguments.values:
                self.text(value, frame)
        if name in ("format_map", "update"):
            for value in arguments.values:
                self.unpack_mapping(value, frame)
        self.call_back(arguments.keyword("key"), (receiver.elements,), frame)
        if name == "sort" and not arguments.keyword("key"):
            self.each_special(receiver.elements, ORDER, frame)
        if receiver.name in _HASHED or name in knowledge.COMPARING_METHODS:
            for value in (receiver.elements, *arguments.positional):
                self.hashed(value, frame)
            self.made_exception("", arguments, frame)  # of what is not there

    def call_member(self, dotted: str, name: str, frame: Frame) -> Value:
        """Call an attribute of something that is no more than known to be there."""
        if dotted.startswith("builtins.plain"):
            frame.note(Level.DOUBT, f"calls {name} of something that is not declared")
        if dotted == "builtins.function" and name not in knowledge.FUNCTION_ATTRIBUTES:
            frame.note(Level.DOUBT, f"calls {name} of a function")
        return unknown(f"the result of {name}")


_SPREAD = 8  # how many parameters get what starmap() unpacks
_STEPS = frozenset({"__next__", "close", "send", "throw"})
_RUNNING = frozenset({"__await__", "send", "throw"})  # of a coroutine
_HASHED = frozenset({"dict", "frozenset", "set"})


def is_scalar(type_: Type) -> bool:
    return isinstance(type_, Builtin) and type_.name in knowledge.SCALARS | {"bytes", "str"}


def _like_default(arguments: Arguments) -> Value:
    """The default of `found.get(key, default)`, where it tells what kind of thing is looked for."""
    default = union(arguments.positional[1:2])
    told = all(isinstance(each, Builtin) and each.name in _TELLING for each in default)
    return default if told else NOTHING


# What no queryset stands beside.
_TELLING = frozenset({"bool", "bytes", "dict", "float", "frozenset", "int", "set", "str"})


def _in_pair(type_: Type) -> Value:
    """What stands in a pair of which a dict is made; what is no pair is a value of another dict."""
    if isinstance(type_, Builtin) and type_.name == "tuple":
        return type_.elements
    return frozenset({type_})
