"""Decisions to twins: signature, annotations, and the imports that they need."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from asyncgen.source import Binding, Class, Function, Module, Parameter, ParameterKind, Signature
from asyncgen.surface import Decision, ImportLine, Kind, Twin

_SELF = re.compile(r"\bSelf\b")
_BUILTINS = frozenset(vars(builtins))
COPIED_MARKS = ("alters_data", "queryset_only", "do_not_call_in_templates")

# What an awaited twin gives for what the sync callable returns, where they differ by kind.
_ASYNC_NAMES: Mapping[str, str] = {
    "Iterator": "AsyncIterator",
    "Iterable": "AsyncIterator",
    "Generator": "AsyncIterator",
    "ContextManager": "AbstractAsyncContextManager",
    "AbstractContextManager": "AbstractAsyncContextManager",
}


@dataclass(frozen=True, slots=True)
class Names:
    """What the annotations and defaults of a module's twins need to be imported."""

    runtime: frozenset[ImportLine] = frozenset()
    typing: frozenset[ImportLine] = frozenset()

    def __or__(self, other: Names) -> Names:
        return Names(self.runtime | other.runtime, self.typing | other.typing)


def twin(
    decision: Decision,
    module: Module,
    *,
    guarded: bool,
    call_now: bool,
    marks: Mapping[str, str],
    sensitive: str | None = None,
    copied_from: Class | None = None,
) -> tuple[Twin, Names]:
    """The twin that `decision` asks for, and the names that its text uses.

    `copied_from` is the queryset class from which `from_queryset` has the callable: its `Self`.
    """
    function = decision.function
    assert decision.twin is not None
    if copied_from:
        function = _with_self(function, copied_from.name)
    parameters, sentinels, names = _parameters(receiving(function, decision.owner), module)
    returns, returned = _returns(function, decision.kind, module)
    if copied_from and function.called != decision.function.called:
        line = ImportLine(copied_from.module, copied_from.name)
        returned |= Names(typing=frozenset({line}))
    made = Twin(
        name=decision.twin,
        target=_target(function, decision.owner, module),
        kind=decision.kind,
        binding=function.binding,
        signature=Signature(parameters, returns),
        summary=_summary(function, decision.owner, decision.kind),
        docstring=_first_paragraph(function.docstring),
        marks=tuple((name, marks[name]) for name in COPIED_MARKS if name in marks),
        guarded=guarded,
        call_now=call_now,
        sentinels=sentinels,
        decision=decision,
        module=module.name,
        sensitive=sensitive,
    )
    return made, names | returned


def _with_self(function: Function, name: str) -> Function:
    """The function, with the class of that name where its signature says `Self`."""

    def named(text: str | None) -> str | None:
        return _SELF.sub(name, text) if text else text

    signature = function.called
    parameters = tuple(
        replace(each, annotation=named(each.annotation)) for each in signature.parameters
    )
    return replace(function, decorated=Signature(parameters, named(signature.returns)))


def receiving(function: Function, owner: Class | None) -> tuple[Parameter, ...]:
    """The parameters, with a receiver where a method takes it by `*args`."""
    parameters = function.called.parameters
    if owner is None or function.binding is Binding.STATICMETHOD:
        return parameters
    by_position = (ParameterKind.POSITIONAL_ONLY, ParameterKind.POSITIONAL_OR_KEYWORD)
    if parameters and parameters[0].kind in by_position:
        return parameters
    return (Parameter("self", ParameterKind.POSITIONAL_OR_KEYWORD), *parameters)


def conversion(
    decision: Decision, module: Module, converts: tuple[tuple[str, str], ...]
) -> tuple[Twin, Names]:
    """The method that calls its namesake in the base class and makes what it returns async."""
    function = decision.function
    parameters, sentinels, names = _parameters(function.called.parameters, module)
    made = Twin(
        name=function.name,
        target=f"super().{function.name}",
        kind=Kind.QUERYSET,
        binding=function.binding,
        signature=Signature(parameters),
        summary=f"`{function.name}()`, with async twins on what it returns.",
        docstring=None,
        marks=(),
        guarded=False,
        call_now=False,
        sentinels=sentinels,
        decision=decision,
        module=module.name,
        converts=converts,
    )
    return made, names


def _target(function: Function, owner: Class | None, module: Module) -> str:
    """The expression through which the twin reaches the sync callable, decorators and all."""
    if owner is None:
        return f"{module.name.rpartition('.')[2]}.{function.name}"
    if function.binding is Binding.STATICMETHOD:
        return f"owner.{function.name}"
    return f"{receiving(function, owner)[0].name}.{function.name}"


def _summary(function: Function, owner: Class | None, kind: Kind) -> str:
    name = f"{owner.name}.{function.name}" if owner else function.name
    read = function.binding is Binding.PROPERTY
    called = f"Asynchronous `{name}`" if read else f"Asynchronous `{name}()`"
    match kind:
        case Kind.ITERATOR:
            return f"{called}: iterate on a worker thread, chunk by chunk."
        case Kind.CONTEXT:
            return f"{called}: enter and exit on one worker thread."
        case _:
            return f"{called}: {'read' if read else 'run'} it on a worker thread."


def _first_paragraph(docstring: str | None) -> str | None:
    if not docstring:
        return None
    lines = docstring.strip().split("\n\n")[0].splitlines()
    return "\n".join(line.rstrip() for line in lines)


def _parameters(
    parameters: Iterable[Parameter], module: Module
) -> tuple[tuple[Parameter, ...], tuple[str, ...], Names]:
    """The twin's parameters: as the source's, but for defaults that only the source can evaluate,
    which become sentinels."""
    result: list[Parameter] = []
    sentinels: list[str] = []
    names = Names()
    for parameter in parameters:
        if parameter.default_names:
            lines = [_default_import(name, module) for name in parameter.default_names]
            if all(line is not None for line in lines):
                found = frozenset(line for line in lines if line is not None and line.module)
                names |= Names(runtime=found)
            else:
                parameter = replace(parameter, default="_DEFAULT")
                sentinels.append(parameter.name)
        if parameter.annotation:
            used = annotation_names(parameter.annotation, module)
            names |= used or Names()
            parameter = parameter if used else replace(parameter, annotation=None)
        result.append(parameter)
    return tuple(result), tuple(sentinels), names


def _default_import(name: str, module: Module) -> ImportLine | None:
    """How to import a name that a default uses; None where that would import the source."""
    found = module.imports.get(name)
    if found and not found.is_type_only and found.module != module.name:
        alias = name if (found.name or found.module) != name else None
        return ImportLine(found.module, found.name, alias)
    known = {*module.classes, *module.functions, *module.attributes}
    if name in _BUILTINS and name not in known:
        return ImportLine("", None)
    return None


def _returns(function: Function, kind: Kind, module: Module) -> tuple[str | None, Names]:
    """The return annotation, made asynchronous where the kind asks for it."""
    text = function.called.returns
    if text is None:
        return None, Names()
    if kind in (Kind.ITERATOR, Kind.CONTEXT):
        return async_annotation(text, kind, module)
    used = annotation_names(text, module)
    return (text, used) if used else (None, Names())


def async_annotation(text: str, kind: Kind, module: Module) -> tuple[str | None, Names]:
    """`Iterator[T]` to `AsyncIterator[T]`, `ContextManager[T]` to its asynchronous twin; None
    where the annotation is something else."""
    unquoted = text.strip("\"'")
    head, bracket, rest = unquoted.partition("[")
    wanted = _ASYNC_NAMES.get(head.rpartition(".")[2])
    if wanted is None:
        return None, Names()
    if kind is Kind.CONTEXT:  # `Iterator[T]` is what a function says that @contextmanager decorates
        wanted = "AbstractAsyncContextManager"
    if head.endswith("Generator"):
        rest = f"{_arguments(rest[:-1])[0]}]" if bracket else rest
    source = "contextlib" if wanted.startswith("Abstract") else "collections.abc"
    used = annotation_names(rest.removesuffix("]"), module) if rest else Names()
    if used is None:
        return None, Names()
    return f"{wanted}{bracket}{rest}", used | Names(typing=frozenset({ImportLine(source, wanted)}))


def _arguments(text: str) -> list[str]:
    """The parts of `A, B[C, D], E` at its outermost commas."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "[(") - (character in "])")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def annotation_names(text: str, module: Module) -> Names | None:
    """The imports, for type checkers only, that make an annotation's names known; None where one
    of them is not the module's own: of the class body, a type parameter, or bound by `*`."""
    try:
        names = uses(text)
    except SyntaxError:
        return None
    own = {*module.classes, *module.functions, *module.attributes}
    if not names <= own | module.imports.keys() | _BUILTINS:
        return None
    return Names(typing=frozenset(_type_imports(names, own, module)))


def uses(annotation: str) -> frozenset[str]:
    """The names in an annotation; raises SyntaxError."""
    return frozenset(_names_in(ast.parse(annotation.strip(), mode="eval").body))


def _names_in(node: ast.AST) -> Iterator[str]:
    """The names in an annotation, those in strings too, but for the strings of a Literal."""
    match node:
        case ast.Name(id=name):
            yield name
        case ast.Constant(value=str(text)):
            with suppress(SyntaxError):
                yield from _names_in(ast.parse(text.strip(), mode="eval").body)
        case ast.Subscript(value=ast.Name(id="Literal") | ast.Attribute(attr="Literal")):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Name):
                    yield inner.id
        case _:
            for inner in ast.iter_child_nodes(node):
                yield from _names_in(inner)


def _type_imports(names: frozenset[str], own: set[str], module: Module) -> Iterator[ImportLine]:
    for name in names:
        found = module.imports.get(name)
        if found:
            alias = name if (found.name or found.module) != name else None
            yield ImportLine(found.module, found.name, alias)
        elif name in own:
            yield ImportLine(module.name, name)


def passed(twin_: Twin) -> tuple[str, ...]:
    """The arguments with which a twin calls on: positional-only ones, and all before `*args`, by
    position; the rest by keyword. Sentinels are left out where nothing was passed for them."""
    parameters = twin_.signature.parameters
    if twin_.decision.owner and twin_.binding is not Binding.STATICMETHOD:
        parameters = parameters[1:]
    variadic = any(each.kind is ParameterKind.VAR_POSITIONAL for each in parameters)
    positions: list[str] = []
    keywords: list[str] = []
    optional: list[str] = []
    for each in parameters:
        by_position = each.kind is ParameterKind.POSITIONAL_ONLY or (
            variadic and each.kind is ParameterKind.POSITIONAL_OR_KEYWORD
        )
        if each.kind is ParameterKind.VAR_POSITIONAL:
            positions.append(f"*{each.name}")
        elif by_position:
            positions.append(each.name)
        elif each.kind is ParameterKind.VAR_KEYWORD:
            keywords.append(f"**{each.name}")
        elif each.name in twin_.sentinels:
            optional.append(f"{each.name}={each.name}")
        else:
            keywords.append(f"{each.name}={each.name}")
    first = next((n for n, name in enumerate(positions) if name in twin_.sentinels), None)
    if first is not None:
        rest = [name for name in positions[first:] if not name.startswith("*")]
        positions[first : first + len(rest)] = [f"*_leading({', '.join(rest)})"]
    if optional:
        keywords.append(f"**_given({', '.join(optional)})")
    return (*positions, *keywords)
