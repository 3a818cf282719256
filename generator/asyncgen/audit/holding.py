"""What an object holds that was made, a dict that was written down, and what a call passes.

An audit tells the calls of a function apart by more than the analysis does: by the texts that it
compares, and by the keys in `**options`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from asyncgen.analysis import Evaluator
from asyncgen.analysis.called import matched, own_parameters
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.values import (
    NONE,
    Arguments,
    Bound,
    Builtin,
    Given,
    Instance,
    Type,
    Value,
    union,
)
from asyncgen.facts import (
    Assign,
    Block,
    Call,
    Display,
    Expression,
    Get,
    Item,
    Literal,
    Name,
    Operation,
    Star,
    nodes,
    walk,
)
from asyncgen.source import BY_POSITION, Class, Function, Look, ParameterKind

_KEYS_LIMIT = 40  # of how many items of a dict each is told from the others


@dataclass(frozen=True, slots=True)
class Holder(Instance):
    """An object of the project that was made with these attributes: of another object of its class
    they may be others."""

    held: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True, slots=True)
class Keyed(Builtin):
    """A dict, or the tuple of `*rest`, of which it is known what stands under each key, and that
    there are no others."""

    items: tuple[tuple[str, Value], ...] = ()


def keyed(name: str, items: Iterable[tuple[str, Value]]) -> Value:
    """One of them. What is in one that is in it is not told apart: it might nest without end."""
    told = tuple((key, frozenset(map(_flat, value))) for key, value in items)
    return frozenset({Keyed(name, union(value for _, value in told), items=told)})


def _flat(type_: Type) -> Type:
    if not isinstance(type_, Keyed):
        return type_
    items = ((key, frozenset(map(_plain, value))) for key, value in type_.items)
    return replace(type_, items=tuple(items))


def _plain(type_: Type) -> Type:
    return Builtin(type_.name, type_.elements) if isinstance(type_, Keyed) else type_


def _kept_parameters(block: Block) -> Iterator[tuple[str, str]]:
    """The attributes that a method sets to one of its parameters, always, and which."""
    for statement in block:
        match statement:
            case Assign(targets=(Get(value=Name(id="self"), name=name),), value=Name(id=parameter)):
                yield name, parameter


def _is_deep(holder: Holder) -> bool:
    return any(isinstance(each, Holder) for _, value in holder.held for each in value)


@Look
def compared_texts(block: Block) -> frozenset[str]:
    """The names that a body compares with texts: `mode == "full"`."""
    return frozenset(_compared(block))


def _compared(block: Block) -> Iterator[str]:
    for each in nodes(block):
        match each:
            case Operation(operator="==" | "!=", operands=(Name(id=name), Literal(type="str"))):
                yield name
            case Operation(operator="in", operands=(Name(id=name), Display())):
                yield name


class Holding(Evaluator):
    """Tells what is in what was made."""

    def instantiate(self, cls: Class, arguments: Arguments, frame: Frame) -> Value:
        value = super().instantiate(cls, arguments, frame)
        if self.role(cls):
            return value
        held = frozenset(self.holding(each, arguments) for each in value)
        # Once more of a dataclass, with what it holds.
        self.each_special(held - value, ("__post_init__",), frame)
        return held

    # -- objects that hold what they were made with ------------------------------------------------

    def holding(self, made: Type, arguments: Arguments) -> Type:
        """An object, with what its `__init__` keeps of what it was passed, where nothing else
        assigns that."""
        known = self.resolver.lookup(made.cls, "__init__") if isinstance(made, Instance) else None
        match made, known:
            case Instance(), (where, Function() as function):
                pass
            case Instance(), _:
                return self.holding_fields(made, arguments)
            case _:
                return made
        passed = dict(self.given(self.bound(function, where, made), arguments))
        block = self.body_of(function)
        assigned = {
            each.id
            for statement in walk(block)
            if isinstance(statement, Assign)
            for each in statement.targets
            if isinstance(each, Name)
        }
        held = tuple(
            (name, passed[parameter])
            for name, parameter in _kept_parameters(block)
            if parameter in passed
            and parameter not in assigned
            and self.assigners(made.cls, name) == [(function, where)]
            and not any(isinstance(each, Holder) and _is_deep(each) for each in passed[parameter])
        )
        return Holder(made.cls, made.row, made.state, held) if held else made

    def holding_fields(self, made: Instance, arguments: Arguments) -> Type:
        """The same of a dataclass or named tuple, whose annotations are its parameters."""
        fields = [
            name
            for each in reversed(self.resolver.mro(made.cls))
            for name, attribute in each.attributes.items()
            if attribute.annotation and not attribute.annotation.startswith("ClassVar")
        ]
        passed = (*zip(fields, arguments.positional, strict=False), *arguments.keywords)
        held = tuple((name, value) for name, value in passed if name in fields and name)
        deep = any(isinstance(one, Holder) and _is_deep(one) for _, each in held for one in each)
        is_known = held and not deep and arguments.is_complete
        return Holder(made.cls, made.row, made.state, held) if is_known else made

    def instance_attribute(self, owner: Instance, name: str, frame: Frame) -> Value:
        if isinstance(owner, Holder) and name in dict(owner.held):
            return dict(owner.held)[name]
        return super().instance_attribute(owner, name, frame)

    # -- dicts -------------------------------------------------------------------------------------

    def display(self, type_: str, elements: tuple[Expression, ...], frame: Frame) -> Value:
        keys = [each.text for each in elements[::2] if isinstance(each, Literal)]
        is_told = type_ == "dict" and 0 < len(elements) == 2 * len(keys) <= 2 * _KEYS_LIMIT
        if not is_told or any(isinstance(each, Star) for each in elements):
            return super().display(type_, elements, frame)
        values = (self.value(each, frame) for each in elements[1::2])
        return keyed("dict", dict(zip(keys, values, strict=True)).items())

    def item_of(self, owner: Type, expression: Item, frame: Frame) -> Value:
        if isinstance(owner, Keyed) and isinstance(expression.index, Literal):
            found = dict(owner.items).get(expression.index.text)
            if found is not None:
                return found
        return super().item_of(owner, expression, frame)

    def special_call(self, call: Call, frame: Frame) -> Value | None:
        """`options.get("key", default)` of what is known by its keys."""
        match call:
            case Call(
                function=Get(value=Name(id=name) as owner, name="get" | "pop"),
                arguments=(Literal(type="str", text=key), *default),
            ):
                held = frame.environment.get(name) or self.value(owner, self.scratch(frame))
                if held and all(isinstance(each, Keyed) for each in held):
                    otherwise = union(self.value(each, frame) for each in default) or NONE
                    return union(
                        dict(each.items).get(key, otherwise)
                        for each in held
                        if isinstance(each, Keyed)
                    )
        return super().special_call(call, frame)

    # -- what a call passes ------------------------------------------------------------------------

    def arguments_of(self, call: Call, frame: Frame) -> Arguments:
        """Also of `**options`, where these are known."""
        arguments = super().arguments_of(call, frame)
        if arguments.is_complete or any(isinstance(each, Star) for each in call.arguments):
            return arguments
        keywords: list[tuple[str | None, Value]] = []
        for name, value in arguments.keywords:
            known = [each for each in value if isinstance(each, Keyed) and each.name == "dict"]
            if name is None and len(known) == len(value) == 1:
                keywords += known[0].items
            else:
                keywords.append((name, value))
        is_complete = all(name for name, _ in keywords)
        return replace(arguments, keywords=tuple(keywords), is_complete=is_complete)

    def given(self, bound: Bound, arguments: Arguments) -> Given:
        decorations = bound.function.decorations
        if bound.function.decorated and all(each.wrapper or each.is_plain for each in decorations):
            # What stands around it calls it with what it is called with itself, as a rule.
            bound = replace(bound, function=replace(bound.function, decorated=None))
        named = tuple(each for each in arguments.keywords if each[0])
        is_starred = len(arguments.written) > len(arguments.positional)
        # What `**options` that nobody knows have in them is mostly not what has a default.
        supposed = replace(arguments, keywords=named, is_complete=not is_starred)
        told = dict(super().given(bound, supposed))
        if bound.function.decorated:
            return tuple(told.items())
        passed = self.passed_to(bound, arguments)
        texts = {
            name: value
            for name, value in passed.items()
            if all(isinstance(each, Builtin) and each.name == "str" for each in value)
        }
        for name in bound.function.look(compared_texts) & texts.keys() if texts else ():
            told[name] = texts[name]
        if arguments.is_complete:
            told |= self.rest(bound, arguments)
        return tuple(told.items())

    def passed_to(self, bound: Bound, arguments: Arguments) -> dict[str, Value]:
        """What the call passes for each parameter, or a text that it has by default."""
        parameters = own_parameters(bound)
        defaults = {
            each.name: frozenset({Builtin("str", text=ast.literal_eval(each.default))})
            for each in parameters
            if each.default and each.default[:1] in "\"'" and arguments.is_complete
        }
        return {**defaults, **dict(matched(bound, arguments))}

    def rest(self, bound: Bound, arguments: Arguments) -> dict[str, Value]:
        """What `*rest` and `**options` of a function hold."""
        parameters = own_parameters(bound)
        named = [each.name for each in parameters if each.kind in BY_POSITION]
        taken = {each.name for each in parameters if not each.kind.name.startswith("VAR_")}
        told: dict[str, Value] = {}
        for each in parameters:
            if each.kind is ParameterKind.VAR_POSITIONAL:
                more = arguments.positional[len(named) :]
                told[each.name] = keyed("tuple", ((str(at), one) for at, one in enumerate(more)))
            elif each.kind is ParameterKind.VAR_KEYWORD:
                pairs = ((name, value) for name, value in arguments.keywords if name)
                told[each.name] = keyed("dict", (one for one in pairs if one[0] not in taken))
        return told

    # -- tests -------------------------------------------------------------------------------------

    def truth(self, test: Expression, frame: Frame) -> bool | None:
        """Also of what is known by its keys, and of texts in a row."""
        match test:
            case Name(id=name):
                held = frame.environment.get(name, frozenset())
                sizes = {bool(each.items) if isinstance(each, Keyed) else None for each in held}
                if len(sizes) == 1 and None not in sizes:
                    return sizes.pop()
            case Operation(operator="in", operands=(Literal(type="str", text=key), Name(id=name))):
                held = frame.environment.get(name, frozenset())
                found = {
                    key in dict(each.items) if isinstance(each, Keyed) else None for each in held
                }
                return found.pop() if len(found) == 1 else None
            case Operation(operator="in", operands=(Name(id=name), Display(elements=elements))) if (
                elements and all(isinstance(each, Literal) for each in elements)
            ):
                held = frame.environment.get(name, frozenset())
                texts = {each.text if isinstance(each, Builtin) else "" for each in held}
                wanted = {each.text for each in elements if isinstance(each, Literal)}
                if texts and all(each.isidentifier() for each in texts):
                    found = {each in wanted for each in texts}
                    return found.pop() if len(found) == 1 else None
            case Call(function=Get(value=Name(), name="get" | "pop")):
                value = self.special_call(test, self.scratch(frame))
                if value and all(isinstance(each, Builtin) for each in value):
                    answers = {
                        False if each == _NONE else _ANSWERS.get(each.text)
                        for each in value
                        if isinstance(each, Builtin)
                    }
                    return answers.pop() if len(answers) == 1 else None
        return super().truth(test, frame)


_ANSWERS = {"True": True, "False": False}
(_NONE,) = NONE
