"""Calls of what is not read: builtins and their methods, the standard library, most of Django."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import replace

from asyncgen import declared, knowledge
from asyncgen.analysis.calls import Calls
from asyncgen.analysis.foreign import is_setting
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.library import runs_through
from asyncgen.analysis.protocols import ARGS, SWALLOWING
from asyncgen.analysis.specials import (
    ADDING,
    ANY,
    BUILTINS,
    CHECKING,
    HASHING,
    LIBRARY,
    ORDER,
)
from asyncgen.analysis.values import (
    NO_ARGUMENTS,
    NONE,
    NOTHING,
    SHOWING,
    Arguments,
    Bound,
    Builtin,
    Cause,
    ClassObject,
    Effect,
    Foreign,
    Instance,
    Level,
    Method,
    Partial,
    Trait,
    Type,
    Value,
    builtin,
    in_order,
    showing,
    union,
    unknown,
)
from asyncgen.source import Evidence, Function


class ForeignCalls(Calls):
    """Evaluates calls of what is not read: builtins, the standard library, most of Django."""

    @abstractmethod
    def told_of(self, dotted: str, frame: Frame) -> Value | None:
        """What calling something gives whatever it is passed, as the library says; None where that
        does not know it."""

    def call_foreign(self, dotted: str, arguments: Arguments, frame: Frame) -> Value:
        module, _, name = dotted.rpartition(".")
        if self.may_wait(dotted):
            frame.wait(f"calls {dotted}")
        if dotted.startswith(knowledge.SHOWING_HANDLED) or (
            dotted.startswith("logging.")
            and (name == "exception" or arguments.keyword("exc_info") - _FALSE)
        ):
            frame.mark(Trait.SHOWS_HANDLED)
        if dotted.startswith(knowledge.SHOWING_PREFIXES):
            for value in arguments.values:
                self.text(value, frame)
        if module == "operator" and (told := self.call_operator(name, arguments, frame)):
            return told
        root = dotted.partition(".")[0]
        if root in knowledge.STANDARD_LIBRARY and root != "builtins":
            for value in arguments.values:
                self.compared(value, LIBRARY.get(root, ANY), frame)
        if dotted.startswith("logging."):
            for each in in_order(union(arguments.positional)):
                self.called_by(each, knowledge.LOGGING_METHODS.get(name, ()), frame)
        if dotted in knowledge.MODULE_IMPORTERS:
            return self.imported_by_name(dotted, arguments)
        if module == knowledge.EXCEPTIONS:
            return self.made_exception(f"{dotted}()", arguments, frame)
        if root == "json":
            self.encode(dotted, arguments, frame)
        if module == "builtins":
            return self.call_builtin(name, arguments, frame)
        if name in knowledge.CONSUMING_METHODS and module.startswith("builtins."):
            for value in arguments.values:  # str.join(",", rows), dict.fromkeys(rows)
                self.iterate(value, frame)
        if dotted == _INIT and isinstance(frame.receiver, Instance):
            self.keep(frame.receiver, ARGS, union(arguments.positional))
            base = self.resolver.builtin_base(frame.receiver.cls)
            if base in knowledge.CONSUMERS:  # a list takes what it is made of, say
                self.call_builtin(base, arguments, frame)
        if module.startswith("builtins."):
            return self.call_member(module, name, frame)
        if name in knowledge.MODEL_LOADERS:
            return self.model_class()
        if dotted == knowledge.CLOSING:
            return self.closing(arguments, frame)
        if dotted in knowledge.CONTEXT_MANAGERS:
            level = self.level(dotted)
            evidence = (Evidence(f"{dotted} runs queries"),) if level else ()
            text = SWALLOWING if dotted in knowledge.SWALLOWING_CONTEXTS else ""
            given = union(arguments.positional) if dotted == knowledge.NULL_CONTEXT else NOTHING
            return frozenset({Builtin("context", given, Effect(level, evidence), text)})
        if dotted.startswith(knowledge.STACK):
            return self.put_on_stack(name, arguments, frame)
        if dotted in knowledge.COPIES and arguments.positional:
            copied = arguments.positional[-1 if name == "cast" else 0]
            if name == "copy":  # the state of a queryset, which is copied, has its rows
                self.iterate(frozenset(filter(self.is_queryset, copied)), frame)
                self.made_again(copied, frame)
            elif name == "replace":
                self.each_special(copied, ("__init__", "__post_init__"), frame)
            return copied
        if dotted == knowledge.REDUCE and len(arguments.positional) > 1:
            return self.reduced(arguments, frame)
        if dotted == knowledge.DEFAULTS:
            return builtin(
                "dict", self.call_all(union(arguments.positional[:1]), NO_ARGUMENTS, frame)
            )
        if dotted in knowledge.LAZY_ITERATORS:
            return self.iterator_of(arguments, frame, name)
        return self.call_other(dotted, arguments, frame)

    def made_again(self, copied: Value, frame: Frame) -> None:
        """What `__reduce__()` says that a copy is made of."""
        for each in in_order(copied):
            parts = self.special(each, ("__reduce_ex__", "__reduce__"), frame)
            if parts and self.holds_queryset(parts):
                frame.note(Level.DOUBT, "makes a copy of what may be a queryset")

    @abstractmethod
    def call_operator(self, name: str, arguments: Arguments, frame: Frame) -> Value | None:
        """What a function of the module `operator` gives; None where it is like any other."""

    def put_on_stack(self, name: str, arguments: Arguments, frame: Frame) -> Value:
        """A method of an ExitStack: it enters, or calls when it is left, what it is given."""
        first, *rest = arguments.positional or (NOTHING,)
        if name == "callback":
            passed = Arguments(tuple(rest), arguments.keywords, arguments.is_complete)
            self.call_all(first, passed, frame)
        elif name in ("enter_context", "push"):
            entered = self.enter(first, frame)
            return entered if name == "enter_context" else first
        return frozenset({Foreign(knowledge.STACK)})

    def closing(self, arguments: Arguments, frame: Frame) -> Value:
        """`contextlib.closing(thing)`: its `close()` runs when the block is left."""
        inner = Frame(frame.module, None, None, None, {}, frame.line)
        things = union(arguments.positional[:1])
        self.call_all(self.attribute(things, "close", inner), NO_ARGUMENTS, inner)
        return frozenset({Builtin("context", things, inner.effect)})

    def encode(self, dotted: str, arguments: Arguments, frame: Frame) -> None:
        """`json.dumps(…, cls=Encoder)`: its methods make texts of what JSON has none for. So may an
        encoder that was made with `default=str`."""
        for each in in_order(arguments.keyword("cls")):
            if isinstance(each, ClassObject):
                self.called_by(Instance(each.cls), knowledge.CODING_METHODS, frame)
        if dotted.startswith("json.JSONEncoder()."):
            for value in arguments.values:
                self.text(value, frame)

    def called_by(self, owner: Type, names: Iterable[str], frame: Frame) -> None:
        """Call those of the methods that a class of the sources gives the object."""
        for name in names:
            member = self.lookup(owner.cls, name) if isinstance(owner, Instance) else None
            if member and isinstance(member[1], Function):
                self.call_bound(self.bound(member[1], member[0], owner), NO_ARGUMENTS, frame)

    def call_all(self, functions: Value, arguments: Arguments, frame: Frame) -> Value:
        return union(self.call_type(each, arguments, frame) for each in functions)

    def reduced(self, arguments: Arguments, frame: Frame) -> Value:
        """`functools.reduce(function, items, start)`: the function is called with what it gave."""
        function, items, *start = arguments.positional
        each = self.iterate(items, frame)
        value = start[0] if start else each
        for _ in range(2):
            passed = Arguments((value, each))
            value |= self.call_all(function, passed, frame)
        return value

    def call_other(self, dotted: str, arguments: Arguments, frame: Frame) -> Value:
        lazy = any(map(self.holds_queryset, arguments.values))
        if dotted in knowledge.DYNAMIC:
            return self.imported_by_name(dotted, arguments)
        if dotted in knowledge.WRAPPERS and arguments.positional:
            first, *rest = arguments.positional
            passed = Arguments(tuple(rest), arguments.keywords, arguments.is_complete)
            return frozenset(Partial(each, passed) if rest else each for each in first)
        if f"{dotted}()" in knowledge.LAZY_OBJECTS:
            return frozenset({Foreign(f"{dotted}()")})
        of_result = dotted.endswith("()") and dotted.startswith("django.")
        of_result &= not dotted.startswith(knowledge.PURE_RESULTS)
        level = self.level(dotted)
        if dotted == knowledge.HASHING and arguments.values == (NONE,):
            level = Level.CLEAN  # an unusable password, of which nothing is hashed
        if of_result or is_setting(dotted):
            level = max(level, Level.DOUBT)
        if level > Level.ASSUMED:
            frame.note(level, f"calls {dotted}")
            for value in arguments.values if level is Level.REACHES else ():
                self.run_passed(value, dotted, frame)
            return unknown(f"the result of {dotted}", from_queryset=lazy)
        frame.note(level, f"calls {dotted}, of a package without Django: assumed not to query")
        for value in arguments.values:
            functions = frozenset(each for each in value if isinstance(each, Bound | Partial))
            if not dotted.endswith(knowledge.KEEPING):
                self.call_back(functions, (unknown(f"what {dotted} passes"),), frame)
            if value & _TEXT_OF:  # json.dumps(rows, default=str)
                for shown in arguments.values:
                    self.text(shown, frame)
        ran = runs_through(dotted)
        named = ((name, value) for name, value in arguments.keywords if name)
        for key, value in (*enumerate(arguments.positional), *named):
            if ran and key in ran:
                self.iterate(value, frame)
        if lazy and not dotted.startswith("django.db.models"):
            frame.note(Level.DOUBT, f"hands a queryset to {dotted}")
            told = self.told_of(dotted, frame)
            hands_out = ran is None and dotted.partition(".")[0] not in knowledge.DATA_MODULES
            return told or unknown(f"the result of {dotted}", from_queryset=hands_out)
        if dotted.startswith(knowledge.HOLDERS) or any(map(self.holds_objects, arguments.values)):
            return self.handed_out(dotted, arguments, frame)
        return self.made_of(dotted, arguments, frame)

    def made_of(self, dotted: str, arguments: Arguments, frame: Frame) -> Value:
        """What something that is not read makes of what it is passed."""
        made = frozenset({Foreign(f"{dotted}()")})
        return made if self.is_quiet_text(arguments, frame) else showing(made)

    def holds_objects(self, value: Value) -> bool:
        """Whether an object of a class that is read is, or is somewhere in, the value."""
        return any(
            isinstance(each, Instance)
            or (isinstance(each, Builtin) and self.holds_objects(each.elements))
            for each in value
        )

    def handed_out(self, dotted: str, arguments: Arguments, frame: Frame) -> Value:
        """What comes out of something that objects went into: it may be one of these."""
        told = self.told_of(dotted, frame) or NOTHING
        if told and all(isinstance(each, Builtin) and is_scalar(each) for each in told):
            return told
        if dotted.partition(".")[0] not in knowledge.STANDARD_LIBRARY:
            return self.made_of(dotted, arguments, frame)
        made = unknown(f"the result of {dotted}")
        return (
            made
            if self.is_quiet_text(arguments, frame)
            else made | {replace(SHOWING, dotted=dotted)}
        )

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
        if name == "property":
            return builtin(name, union(arguments.positional[:1]))
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

    def made_exception(self, dotted: str, arguments: Arguments, frame: Frame) -> Value:
        """An exception, whose text is made of what it is made with."""
        if not self.is_quiet_text(arguments, frame):
            frame.mark(Trait.RAISES_TEXTS)
            return frozenset({SHOWING})
        return frozenset({Foreign(dotted)})

    def made_class(self, arguments: Arguments, frame: Frame) -> Value:
        """`type(name, bases, members)`: like a class statement with these bases."""
        bases = self.iterate(arguments.positional[1], frame)
        for each in in_order(bases):
            if isinstance(each, ClassObject):
                self.special(Instance(each.cls), ("__init_subclass__",), frame)
                if (meta := self.metaclass(each.cls)) is not None:
                    self.instantiate(meta.cls, NO_ARGUMENTS, frame)
        return bases | unknown("a class that type() makes")

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

    def call_back(self, callback: Value, passed: tuple[Value, ...], frame: Frame) -> Value:
        """Call what was passed to be called with items."""
        called = (each for each in callback if each != Builtin("None"))
        return union(self.call_type(each, Arguments(passed), frame) for each in called)

    def call_method(self, method: Method, arguments: Arguments, frame: Frame) -> Value:
        receiver, name = method.receiver, method.name
        lazy = any(map(self.holds_queryset, arguments.values))
        if receiver.name == "file" and name in knowledge.FILE_METHODS:
            frame.note(Level.DOUBT, f"calls {name} of a file")
        if receiver.name == "coroutine" and name in _RUNNING:
            frame.note(Level.DOUBT, f"runs a coroutine by {name}()")
        if receiver.name in ("generator", "iterator") and name in _STEPS:
            frame.include(receiver.effect, "takes a step of a generator")
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
        if receiver.name == "json":
            return union((frozenset({receiver}), *arguments.positional[1:]))
        if name == "items":
            return builtin("dict_items", builtin("tuple", receiver.elements))
        if name in knowledge.COPYING_METHODS:
            return builtin(receiver.name, receiver.elements)
        if name in knowledge.HANDING_OUT and receiver.elements:
            return union((receiver.elements, *arguments.positional[1:]))
        if receiver.name == "type" and name in knowledge.LISTING_METHODS:
            return builtin("list", receiver.elements)
        if name == "get" and (default := _like_default(arguments)):
            frame.note(Level.ASSUMED, "takes an item of a dict for one like its default")
            return default
        result = self.told_of(f"builtins.{receiver.name}.{name}", frame)
        if result is not None:
            return result
        handed = name in knowledge.HANDING_OUT and lazy
        return unknown(f"the result of {receiver.name}.{name}", from_queryset=handed)

    def call_member(self, dotted: str, name: str, frame: Frame) -> Value:
        """Call an attribute of something that is no more than known to be there."""
        if dotted.startswith("builtins.plain"):
            frame.note(Level.DOUBT, f"calls {name} of something that is not declared")
        if dotted == "builtins.function" and name not in knowledge.FUNCTION_ATTRIBUTES:
            frame.note(Level.DOUBT, f"calls {name} of a function")
        return unknown(f"the result of {name}")

    def imported_by_name(self, dotted: str, arguments: Arguments) -> Value:
        """What import_string() and import_module() find: for a constant, what it names."""
        value = unknown(f"what {dotted} finds")
        if dotted in knowledge.MODULE_IMPORTERS:
            value = frozenset({Foreign(knowledge.IMPORTED_MODULE)})
        for each in next(iter(arguments.positional), NOTHING):
            definition = (
                self.resolver.dotted(each.text)
                if isinstance(each, Builtin) and "." in each.text
                else None
            )
            if definition is not None:
                value |= self.defined(definition)
        return value


_FALSE = frozenset({Builtin("bool", text="False"), Builtin("None")})
_TEXT_OF = frozenset({Foreign("builtins.str"), Foreign("builtins.repr")})
_INIT = "builtins.object.__init__"  # of a base that is not read, by super()
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
