"""Calls of what is not read, by name: the standard library, most of Django, other packages."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import replace

from asyncgen import effects, knowledge
from asyncgen.analysis.builtin_calls import BuiltinCalls, is_scalar
from asyncgen.analysis.foreign import is_setting
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.library import runs_through
from asyncgen.analysis.protocols import ARGS, SWALLOWING
from asyncgen.analysis.specials import (
    ANY,
    LIBRARY,
)
from asyncgen.analysis.values import (
    NO_ARGUMENTS,
    NONE,
    NOTHING,
    SHOWING,
    Arguments,
    Bound,
    Builtin,
    ClassObject,
    Effect,
    Foreign,
    Instance,
    Level,
    ModuleObject,
    Partial,
    Trait,
    Type,
    Value,
    builtin,
    in_order,
    objects_in,
    showing,
    union,
    unknown,
)
from asyncgen.source import Evidence, Function


class ForeignCalls(BuiltinCalls):
    """Evaluates calls of what is not read: the standard library, most of Django, other packages."""

    def call_foreign(self, dotted: str, arguments: Arguments, frame: Frame) -> Value:
        module, _, name = dotted.rpartition(".")
        if self.may_wait(dotted):
            frame.wait(f"calls {dotted}")
        self.show_to(dotted, arguments, frame)
        if module == "operator" and (told := self.call_operator(name, arguments, frame)):
            return told
        self.hand_to_library(dotted, arguments, frame)
        if dotted in knowledge.MODULE_IMPORTERS:
            return self.imported_by_name(dotted, arguments)
        if module == knowledge.EXCEPTIONS:
            return self.made_exception(f"{dotted}()", arguments, frame)
        if module == "builtins":
            return self.call_builtin(name, arguments, frame)
        if module.startswith("builtins."):
            return self.call_of_builtin(dotted, arguments, frame)
        if name in knowledge.MODEL_LOADERS:
            return self.model_class()
        if dotted in knowledge.PROPERTIES:
            return builtin("property", union(arguments.positional[:1]))
        if name == "__get__":
            frame.note(Level.DOUBT, "runs a descriptor")
        if dotted == knowledge.CLOSING:
            return self.closing(arguments, frame)
        if dotted in knowledge.CONTEXT_MANAGERS:
            return self.context_manager(dotted, arguments)
        if dotted.startswith(knowledge.STACK):
            return self.put_on_stack(name, arguments, frame)
        if dotted in knowledge.COPIES and arguments.positional:
            return self.copied(name, arguments, frame)
        if dotted == knowledge.REDUCE and len(arguments.positional) > 1:
            return self.reduced(arguments, frame)
        if dotted == knowledge.DEFAULTS:
            made = self.call_all(union(arguments.positional[:1]), NO_ARGUMENTS, frame)
            return builtin("dict", made)
        if dotted in knowledge.LAZY_ITERATORS:
            return self.iterator_of(arguments, frame, name)
        return self.call_other(dotted, arguments, frame)

    def show_to(self, dotted: str, arguments: Arguments, frame: Frame) -> None:
        """What is made a text of, by what does so with all that it is passed, or with the exception
        that is being handled."""
        is_logged = dotted.startswith("logging.") and (
            dotted.endswith(".exception") or arguments.keyword("exc_info") - _FALSE
        )
        if is_logged or dotted.startswith(knowledge.SHOWING_HANDLED):
            frame.mark(Trait.SHOWS_HANDLED)
        if dotted.startswith(knowledge.SHOWING_PREFIXES):
            for value in arguments.values:
                self.text(value, frame)

    def hand_to_library(self, dotted: str, arguments: Arguments, frame: Frame) -> None:
        """What the standard library calls of the objects that it is passed."""
        root = dotted.partition(".")[0]
        if root in knowledge.STANDARD_LIBRARY and root != "builtins":
            for value in arguments.values:
                self.compared(value, LIBRARY.get(root, ANY), frame)
        if dotted.startswith("logging."):
            names = knowledge.LOGGING_METHODS.get(dotted.rpartition(".")[2], ())
            for each in in_order(union(arguments.positional)):
                self.called_by(each, names, frame)
        if root == "json":
            self.encode(dotted, arguments, frame)
        if dotted == knowledge.MEMBERS and any(map(objects_in, arguments.values)):
            frame.note(Level.DOUBT, f"calls {dotted}, which reads all attributes")

    def call_of_builtin(self, dotted: str, arguments: Arguments, frame: Frame) -> Value:
        """Call a method that is looked up on a builtin class: ``str.join(",", rows)``."""
        module, _, name = dotted.rpartition(".")
        if name in knowledge.CONSUMING_METHODS:
            for value in arguments.values:
                self.iterate(value, frame)
        if dotted == _INIT and isinstance(frame.receiver, Instance):
            self.keep(frame.receiver, ARGS, union(arguments.positional))
            base = self.resolver.builtin_base(frame.receiver.cls)
            if base in knowledge.CONSUMERS:  # a list takes what it is made of, say
                self.call_builtin(base, arguments, frame)
        return self.call_member(module, name, frame)

    def context_manager(self, dotted: str, arguments: Arguments) -> Value:
        level = self.level(dotted)
        evidence = (Evidence(f"{dotted} runs queries"),) if level else ()
        text = SWALLOWING if dotted in knowledge.SWALLOWING_CONTEXTS else ""
        given = union(arguments.positional) if dotted == knowledge.NULL_CONTEXT else NOTHING
        return frozenset({Builtin("context", given, Effect(level, evidence), text)})

    def copied(self, name: str, arguments: Arguments, frame: Frame) -> Value:
        """What `copy`, `deepcopy`, `replace` or `cast` returns: the like of what it is passed."""
        value = arguments.positional[-1 if name == "cast" else 0]
        if name == "copy":  # the state of a queryset, which is copied, has its rows
            self.iterate(frozenset(filter(self.is_queryset, value)), frame)
            self.made_again(value, frame)
        elif name == "replace":
            self.each_special(value, ("__init__", "__post_init__"), frame)
        return value

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
        level = self.level_of_call(dotted, arguments)
        if level > Level.ASSUMED:
            frame.note(level, f"calls {dotted}")
            for value in arguments.values if level is Level.REACHES else ():
                self.run_passed(value, dotted, frame)
            return unknown(f"the result of {dotted}", from_queryset=lazy)
        frame.note(level, f"calls {dotted}, of a package without Django: assumed not to query")
        self.call_passed(dotted, arguments, frame)
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

    def level_of_call(self, dotted: str, arguments: Arguments) -> Level:
        if dotted == effects.HASHING and arguments.values == (NONE,):
            return Level.CLEAN  # an unusable password, of which nothing is hashed
        of_result = dotted.endswith("()") and dotted.startswith("django.")
        of_result &= not dotted.startswith(effects.PURE_RESULTS)
        level = self.level(dotted)
        return max(level, Level.DOUBT) if of_result or is_setting(dotted) else level

    def call_passed(self, dotted: str, arguments: Arguments, frame: Frame) -> None:
        """Call the functions that are passed, as what they are passed to may."""
        for value in arguments.values:
            functions = frozenset(each for each in value if isinstance(each, Bound | Partial))
            if not dotted.endswith(knowledge.KEEPING):
                self.call_back(functions, (unknown(f"what {dotted} passes"),), frame)
            if value & _TEXT_OF:  # json.dumps(rows, default=str)
                for shown in arguments.values:
                    self.text(shown, frame)

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

    def imported_by_name(self, dotted: str, arguments: Arguments) -> Value:
        """What import_string() and import_module() find: for a constant, what it names."""
        names = next(iter(arguments.positional), NOTHING)
        texts = {each.text for each in names if isinstance(each, Builtin)}
        if dotted in knowledge.FINDS_MODULES:
            read = {each for each in texts if each and self.resolver.readable(each)}
            if read and read == texts:
                return frozenset(map(ModuleObject, read))
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
