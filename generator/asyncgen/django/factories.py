"""Classes that no class statement makes: what `from_queryset()` and `as_manager()` give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from asyncgen.facts import Call, Display, Expression, Get, Literal, Name, Return, Star
from asyncgen.problems import Location
from asyncgen.source import (
    Attribute,
    Binding,
    Class,
    Function,
    Parameter,
    ParameterKind,
)


def made_class(name: str, module: str, location: Location) -> Class:
    """A class of that name with nothing in it."""
    return Class(
        name=name,
        qualname=name,
        module=module,
        bases=(),
        base_texts=(),
        keywords=(),
        functions={},
        attributes={},
        classes={},
        location=location,
    )


def manager_class(
    name: str,
    module: str,
    queryset: Class,
    bases: tuple[Expression, Expression],
    functions: dict[str, Function],
) -> Class:
    """The manager that `manager.from_queryset(queryset)` makes: the two are `bases` as written."""
    manager, argument = bases
    attribute = Attribute("_queryset_class", argument, None, queryset.location)
    return replace(
        made_class(name, module, queryset.location),
        bases=(manager,),
        functions=functions,
        attributes={attribute.name: attribute},
        queryset=queryset,
    )


def copied(manager: Iterable[Class], queryset: Iterable[Class]) -> dict[str, Function]:
    """The methods that `BaseManager.from_queryset` copies: the public ones of the queryset that the
    manager has not. Both are given as their method resolution order."""
    taken = {each for known in manager for each in known.functions}
    functions: dict[str, Function] = {}
    for known in queryset:
        for name, function in known.functions.items():
            if name not in taken and name not in functions and is_copied(function):
                functions[name] = _proxy(function)
    return functions


def is_copied(function: Function) -> bool:
    """The rule of `BaseManager._get_queryset_methods`, with its `queryset_only`."""
    if function.binding not in (Binding.METHOD, Binding.STATICMETHOD):
        return False
    only = function.marks.get("queryset_only")
    if only is None:
        return not function.name.startswith("_")
    return only == "False"


def _proxy(function: Function) -> Function:
    """The manager's copy: `return getattr(self.get_queryset(), name)(*args, **kwargs)`.

    It is a method of the manager, also where the queryset's is static.
    """
    queryset = Call(Get(Name("self"), "get_queryset"))
    forward = Call(Get(queryset, function.name), (Star(Name("args")),), ((None, Name("kwargs")),))
    parameters = function.called.parameters
    if function.binding is Binding.STATICMETHOD:
        parameters = (Parameter("self", ParameterKind.POSITIONAL_OR_KEYWORD), *parameters)
    return replace(
        function,
        signature=replace(function.called, parameters=parameters),
        decorated=None,
        binding=Binding.METHOD,
        block=(Return(function.location.line, forward),),
    )


def named_class(call: Call, position: int = 0) -> tuple[str, str]:
    """The module and the class that a call names by strings, of several classes the one at that
    position; empty texts where it names none."""
    texts = _strings(call.arguments)
    if len(texts) == 1:
        texts = list(texts[0].rpartition(".")[::2])
    if len(texts) < 2 or not all(each.isidentifier() for each in texts[0].split(".")):
        return "", ""
    return texts[0], texts[min(position + 1, len(texts) - 1)]


def _strings(arguments: Sequence[Expression]) -> list[str]:
    """The strings among arguments, those of a list or tuple of them too."""
    texts: list[str] = []
    for each in arguments:
        if isinstance(each, Literal) and each.type == "str":
            texts.append(each.text)
        elif isinstance(each, Display):
            texts += _strings(each.elements)
    return texts
