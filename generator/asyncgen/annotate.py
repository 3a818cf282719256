"""Decisions to twins: what each is called, takes, says of itself, and passes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from asyncgen import knowledge
from asyncgen.namespace import BUILTINS
from asyncgen.source import (
    BY_POSITION,
    Binding,
    Class,
    Function,
    Module,
    Parameter,
    ParameterKind,
    Signature,
)
from asyncgen.surface import Decision, Kind, Twin

COPIED_MARKS = ("alters_data", "queryset_only", "do_not_call_in_templates", "dependencies")
# Decorators to which it is not all the same how an argument was passed, or whether it was.
_AS_PASSED = (
    "functools.cache",
    "functools.lru_cache",
    "functools.singledispatch",
    "functools.singledispatchmethod",
)
ANYTHING = (
    Parameter("args", ParameterKind.VAR_POSITIONAL),
    Parameter("kwargs", ParameterKind.VAR_KEYWORD),
)


def twin(
    decision: Decision,
    module: Module,
    definer: Class | None,
    *,
    guarded: bool,
    call_now: bool,
    marks: Mapping[str, str],
    sensitive: str | None = None,
) -> Twin:
    """The twin that `decision` asks for, of a callable that `definer` defines in `module`."""
    function = decision.function
    assert decision.twin is not None
    parameters = tuple(_mangled(each, definer) for each in _taken(function, decision.owner))
    return Twin(
        name=decision.twin,
        kind=decision.kind,
        binding=function.binding,
        signature=Signature(parameters, function.called.returns),
        summary=_summary(function, decision),
        docstring=_first_paragraph(function.docstring),
        marks=tuple((name, marks[name]) for name in COPIED_MARKS if marks.get(name)),
        sentinels=frozenset(_sentinels(parameters, module)),
        decision=decision,
        module=module.name,
        definer=definer,
        receiver=_receiver(parameters, function, decision.owner),
        guarded=guarded,
        call_now=call_now,
        sensitive=sensitive,
    )


def conversion(decision: Decision, module: Module, converts: tuple[tuple[Class, str], ...]) -> Twin:
    """The method that calls its namesake in the base class and makes what it returns async."""
    function = decision.function
    parameters = receiving(function, decision.owner)
    return Twin(
        name=function.name,
        kind=Kind.QUERYSET,
        binding=function.binding,
        signature=Signature(parameters),
        summary=f"`{function.name}()`, with async twins on what it returns.",
        docstring=None,
        marks=(),
        sentinels=frozenset(_sentinels(parameters, module)),
        decision=decision,
        module=module.name,
        receiver="super()",
        converts=converts,
    )


def with_docstring(twin_: Twin, how: str) -> Twin:
    """The twin with as much of a docstring as the configuration asks for: `full`, `none`, or in one
    line (`short`), which is the sync callable's where that has one line to begin with."""
    if how == "full":
        return twin_
    lines = (twin_.docstring or "").splitlines()
    short = lines[0] if len(lines) == 1 else f"{twin_.summary.partition(':')[0].rstrip('.')}."
    return replace(twin_, summary=short if how == "short" else "", docstring=None)


def receiving(function: Function, owner: Class | None) -> tuple[Parameter, ...]:
    """The parameters, with a receiver where a method takes it by `*args`."""
    parameters = function.called.parameters
    if owner is None or function.binding is Binding.STATICMETHOD:
        return parameters
    if parameters and parameters[0].kind in BY_POSITION:
        return parameters
    name = _fresh("self", parameters)
    return (Parameter(name, ParameterKind.POSITIONAL_OR_KEYWORD), *parameters)


def _taken(function: Function, owner: Class | None) -> tuple[Parameter, ...]:
    """The parameters of the twin. What keeps results by its arguments is handed just what was
    passed, for it keeps `f()`, `f(1)` and `f(x=1)` apart; and so is what has an implementation for
    each type, for these have defaults of their own."""
    parameters = receiving(function, owner)
    has_receiver = owner is not None and function.binding is not Binding.STATICMETHOD
    if not function.is_decorated(*_AS_PASSED) or len(parameters) == has_receiver:
        return parameters
    return (*parameters[:has_receiver], *ANYTHING)


def _mangled(parameter: Parameter, definer: Class | None) -> Parameter:
    """A parameter by the name that Python gives to `__name` in a class statement, by which it may
    be passed: that of the mixin would be another.
    https://docs.python.org/3/reference/expressions.html#private-name-mangling"""
    name = parameter.name
    is_private = name.startswith("__") and not name.endswith("__")
    if definer is None or not is_private or parameter.kind is ParameterKind.POSITIONAL_ONLY:
        return parameter
    return replace(parameter, name=f"_{definer.name.lstrip('_')}{name}")


def _receiver(parameters: tuple[Parameter, ...], function: Function, owner: Class | None) -> str:
    """The name on which a twin calls the method."""
    if owner is None:
        return ""
    is_static = function.binding is Binding.STATICMETHOD
    return _fresh("owner", parameters) if is_static else parameters[0].name


def _fresh(wanted: str, parameters: Iterable[Parameter]) -> str:
    names = {each.name for each in parameters}
    while wanted in names:
        wanted = f"_{wanted}"
    return wanted


def _summary(function: Function, decision: Decision) -> str:
    owner = decision.owner
    name = f"{owner.name}.{function.name}" if owner else function.name
    read = function.binding is Binding.PROPERTY
    called = f"Asynchronous `{name}`" if read else f"Asynchronous `{name}()`"
    thread = "a worker thread of its own" if decision.exclusive else "a worker thread"
    match decision.kind:
        case Kind.ITERATOR:
            how = "step by step" if decision.exclusive or decision.stepped else "chunk by chunk"
            return f"{called}: iterate on {thread}, {how}."
        case Kind.CONTEXT if decision.exclusive:
            return f"{called}: enter and exit on {thread}."
        case Kind.CONTEXT:
            return f"{called}: enter and exit on one worker thread."
        case _:
            on_loop = decision.bridge in knowledge.LOOP_BRIDGES
            where = "the event loop" if on_loop else "a worker thread"
            return f"{called}: {'read' if read else 'run'} it on {where}."


def _first_paragraph(docstring: str | None) -> str | None:
    if not docstring:
        return None
    lines = docstring.strip().split("\n\n")[0].splitlines()
    return "\n".join(line.rstrip() for line in lines)


# -- defaults --------------------------------------------------------------------------------------


def _sentinels(parameters: tuple[Parameter, ...], module: Module) -> Iterator[str]:
    """The parameters that have a sentinel for a default: where only the source can evaluate it."""
    for each in parameters:
        if not all(is_importable(name, module) for name in each.default_names):
            yield each.name


def is_importable(name: str, module: Module) -> bool:
    """Whether a name that a default uses can be had without importing the module itself."""
    import_ = module.imports.get(name)
    if import_ and import_.module != module.name:
        return not (import_.is_type_only or import_.is_conditional)
    own = {*module.classes, *module.functions, *module.attributes}
    return name in BUILTINS and name not in own and not import_


# -- arguments -------------------------------------------------------------------------------------


def passed(twin_: Twin, own: Callable[[str], str]) -> Iterator[str]:
    """The arguments with which a twin calls on: by position what goes by position, by keyword what
    is keyword-only.

    Sentinels are left out where nothing was passed for them, by helpers for which `own` has the
    names: what comes before the first one left out goes by position (`_leading`), what comes after
    it by keyword (`_named`), and of keyword-only parameters what was passed (`_given`).
    """
    parameters = twin_.signature.parameters
    if twin_.decision.owner and twin_.binding is not Binding.STATICMETHOD:
        parameters = parameters[1:]
    positional = [each for each in parameters if each.kind in BY_POSITION]
    is_certain = [each.name not in twin_.sentinels for each in positional]
    first = is_certain.index(False) if False in is_certain else len(positional)
    doubtful = positional[first:]
    yield from (each.name for each in positional[:first])
    if doubtful:
        yield f"*{own('_leading')}({', '.join(each.name for each in doubtful)})"
    yield from (f"*{p.name}" for p in parameters if p.kind is ParameterKind.VAR_POSITIONAL)
    keywords = [each.name for each in parameters if each.kind is ParameterKind.KEYWORD_ONLY]
    yield from (f"{name}={name}" for name in keywords if name not in twin_.sentinels)
    yield from (f"**{p.name}" for p in parameters if p.kind is ParameterKind.VAR_KEYWORD)
    by_name = [each for each in doubtful if each.kind is ParameterKind.POSITIONAL_OR_KEYWORD]
    if by_name and by_name != doubtful[:1]:
        told = [p.name for p in doubtful if p in by_name or p.name in twin_.sentinels]
        yield f"**{own('_named')}({', '.join(f'{name}={name}' for name in told)})"
    optional = [name for name in keywords if name in twin_.sentinels]
    if optional:
        yield f"**{own('_given')}({', '.join(f'{name}={name}' for name in optional)})"
