"""What a test tells of the names in it, where it holds and where it does not."""

from __future__ import annotations

from asyncgen.analysis.expressions import Expressions, attribute_path, named_classes
from asyncgen.analysis.frame import NARROWED, Frame
from asyncgen.analysis.types import NONE as NONE_TYPE
from asyncgen.analysis.types import Known, Types
from asyncgen.analysis.values import (
    NONE,
    NOTHING,
    Argument,
    Bound,
    Builtin,
    ClassObject,
    Instance,
    Method,
    ModuleObject,
    Type,
    Unknown,
    Value,
    builtin,
    proved,
    types_of,
)
from asyncgen.facts import (
    Bind,
    Call,
    Choice,
    Expression,
    Get,
    Literal,
    Name,
    Operation,
)


class Narrowing(Expressions):
    """Keeps, of what names may hold, what a test leaves."""

    def truth(self, test: Expression, frame: Frame) -> bool | None:
        """Whether a test of local names is sure to hold, or not to; None where it is open."""
        match test:
            case Operation(operator="not", operands=(inner,)):
                known = self.truth(inner, frame)
                return None if known is None else not known
            case Operation(operator="is" | "is not" as operator, operands=(Name(id=name), right)):
                if right == Literal("None") and name in frame.environment:
                    return _is_none(frame.environment[name], operator == "is")
            case Operation(
                operator="==" | "!=" as operator,
                operands=(Name(id=name), Literal(type="str", text=text)),
            ):
                equal = _is_text(frame.environment.get(name, NOTHING), text)
                return None if equal is None else equal is (operator == "==")
            case Choice(operator="and" | "or" as operator, options=options):
                stops = operator == "or"
                parts = [self.truth(option, frame) for option in options]
                if stops in parts:
                    return stops
                return None if None in parts else not stops
            case Call(function=Name(id="isinstance"), arguments=(Name() as what, wanted)):
                held = frame.environment.get(what.id, NOTHING)
                return self.is_instance(held, named_classes(self.value(wanted, frame)))
            case Name(id=name):
                return _truth_of(frame.environment.get(name, NOTHING))
            case Literal(type="bool", text=text):
                return text == "True"
        return None

    def is_instance(self, value: Value, classes: list[Type]) -> bool | None:
        """Whether the value is sure to be an instance of one of the classes, or of none."""
        known = all(isinstance(each, Builtin | Instance | Bound) for each in value)
        told = all(isinstance(each, Builtin | Instance) for each in classes)
        if not (value and known and classes and told):
            return None
        answers = {self.is_one_of(each, classes) for each in value}
        if len(answers) != 1:
            return None
        if True not in answers and any(self._may_become(e, c) for e in value for c in classes):
            return None
        return answers.pop()

    def _may_become(self, type_: Type, wanted: Type) -> bool:
        """Whether an instance of a class below `type_` may be one of the wanted class, too."""
        if isinstance(type_, Bound):
            return wanted != Builtin("type")
        if isinstance(type_, Builtin):
            named = wanted.name if isinstance(wanted, Builtin) else ""
            return type_.name not in _CLOSED or (type_.name, named) in _ALSO
        if not (isinstance(type_, Instance) and isinstance(wanted, Instance)):
            return True
        return bool(self.role(type_.cls)) == bool(self.role(wanted.cls))

    def narrow(self, test: Expression, holds: bool, frame: Frame) -> None:
        """Keep of the names in a test what they may still be after it."""
        match test:
            case Operation(operator="not", operands=(inner,)):
                self.narrow(inner, not holds, frame)
            case Choice(operator="and", options=options) if holds:
                for option in options:
                    self.narrow(option, True, frame)
            case Choice(operator="or", options=options) if not holds:
                for option in options:
                    self.narrow(option, False, frame)
            case Call(function=Name(id="isinstance"), arguments=(Name() | Get() as what, wanted)):
                classes = named_classes(self.value(wanted, frame))
                types = self.instances(wanted, frame) if holds else None
                self.keep_instances(what, classes, holds, frame, types)
            case Operation(operator="is not", operands=operands):
                self.narrow(Operation("is", operands), not holds, frame)
            case Operation(operator="is", operands=(what, Literal(type="None"))):
                self.keep_none(what, holds, frame)
            case Operation(operator="in", operands=(Literal(type="str"), Name(id=name))) if holds:
                # A queryset is not looked for a text in, so it is a text or a container.
                known = frame.environment.get(name, NOTHING)
                if any(isinstance(each, Argument) for each in known):
                    told = frozenset(each for each in known if not isinstance(each, Argument))
                    frame.environment[name] = proved(told | builtin("container"), types_of(known))
            case Name() | Get() | Bind() if holds:
                self.keep_none(test, False, frame)

    def keep_none(self, what: Expression, is_none: bool, frame: Frame) -> None:
        """A name, or an attribute of one, is None, or is not."""
        match what:
            case Name(id=name) | Bind(name=name) if name in frame.environment:
                value = frame.environment[name]
                types = _narrowed(types_of(value), is_none)
                frame.environment[name] = proved(value if is_none else value - NONE, types)
            case Get():
                # The members are read anew each time, for what reading does.
                path = attribute_path(what)
                if path and frame.is_typed:
                    value = self.value(what, self.scratch(frame))
                    types = _narrowed(types_of(value), is_none)
                    frame.environment[f"{NARROWED}{path}"] = proved(NOTHING, types)

    def scratch(self, frame: Frame) -> Frame:
        """A frame with the same names, whose effects do not count."""
        made = Frame(frame.module, None, frame.owner, frame.receiver, frame.environment, frame.line)
        made.is_typed, made.growth = frame.is_typed, frame.growth
        return made

    def keep_instances(
        self,
        what: Expression,
        classes: list[Type],
        holds: bool,
        frame: Frame,
        types: Types | None = None,
    ) -> None:
        """Keep the instances of the classes, or what is none; `types` are what the classes mean,
        where nothing is proved yet."""
        path = attribute_path(what)
        if not path or not classes:
            return
        known = self.value(what, self.scratch(frame))
        if types_of(known) is not None:
            types = self.narrowed_to(types_of(known), classes, holds, frame)
        inside = frozenset(each for each in known if self.is_one_of(each, classes))
        if not holds:
            frame.environment[path] = proved(known - inside or known, types)
            return
        is_open = any(isinstance(each, Argument | Unknown) or each == _JSON for each in known)
        if is_open or not inside:
            inside |= frozenset(_as_json(each) if _JSON in known else each for each in classes)
        frame.environment[path] = proved(inside, types)

    def narrowed_to(
        self, types: Types | None, classes: list[Type], holds: bool, frame: Frame
    ) -> Types | None:
        """The types without those that are sure to be of none of the classes; or, where the test
        does not hold, of one of them."""
        answers = {each: self.is_kind_of(each, classes, frame) for each in types or ()}
        left = frozenset(each for each, answer in answers.items() if answer is not (not holds))
        return left if left or not types else types

    def is_kind_of(self, known: Known, classes: list[Type], frame: Frame) -> bool | None:
        """Whether an instance is sure to be of one of the classes, or of none."""
        if known.module == "builtins":
            names = {e.name if isinstance(e, Builtin) else "" for e in classes}
            if known.name in names:
                return True
            is_closed = known.name in _CLOSED and (known.name, "int") not in _ALSO
            return False if is_closed or known in NONE_TYPE else None
        cls = self.klass(known, frame)
        if cls is None:
            return None
        order = self.resolver.mro(cls)
        if any(isinstance(each, Instance) and each.cls in order for each in classes):
            return True
        told = all(isinstance(each, Builtin | Instance) for each in classes)
        is_apart = told and not any(self._may_become(Instance(cls), each) for each in classes)
        return False if is_apart else None

    def is_one_of(self, type_: Type, classes: list[Type]) -> bool:
        match type_:
            case Instance(cls=cls):
                order = self.resolver.mro(cls)
                return any(isinstance(each, Instance) and each.cls in order for each in classes)
            case Builtin(name=name):
                return any(isinstance(each, Builtin) and each.name == name for each in classes)
        return False


def _narrowed(types: Types | None, is_none: bool) -> Types | None:
    if types is None:
        return None
    return types & NONE_TYPE if is_none else types - NONE_TYPE


_JSON = Builtin("json")
# Builtin types of which an instance is of no other class in question, and those that are.
_CLOSED = frozenset({"None", "bool", "bytes", "float", "int", "str"})
_ALSO = frozenset({("bool", "int"), ("int", "bool")})


def _as_json(type_: Type) -> Type:
    """Of JSON data, a list or dict has JSON data in it."""
    if isinstance(type_, Builtin) and type_.name in ("list", "dict"):
        return Builtin(type_.name, frozenset({_JSON}))
    return type_


def _is_none(value: Value, wanted: bool) -> bool | None:
    """Whether `value is None` (or, when not `wanted`, is not None) is sure."""
    if value == NONE:
        return wanted
    told = Builtin | Instance | ClassObject | Bound | Method | ModuleObject
    certain = all(isinstance(each, told) for each in value)
    return not wanted if value and certain and not value & NONE else None


def _is_text(value: Value, text: str) -> bool | None:
    """Whether the value is sure to be a text, or not to be."""
    texts = {each.text if isinstance(each, Builtin) else "" for each in value}
    known = texts.pop() if len(texts) == 1 else ""
    return known == text if known and text.isidentifier() else None


def _truth_of(value: Value) -> bool | None:
    if value == NONE:
        return False
    texts = {
        each.text if isinstance(each, Builtin) and each.name == "bool" else "" for each in value
    }
    return {"True": True, "False": False}.get(texts.pop()) if len(texts) == 1 else None
