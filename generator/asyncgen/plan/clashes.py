"""Names that two imports of one surface would bind to different things.

Twins of methods from several modules may use the same name for different things: `_All` of one
module and `_All` of another. Annotations with such a name are left out, and defaults become
sentinels; the stub, which renames what it imports, has both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from asyncgen.annotate import uses
from asyncgen.source import Parameter
from asyncgen.surface import ImportLine, Surface, SurfaceClass, Twin


def unclashed(surface: Surface) -> Surface:
    """The surface without what needs a name that means two things in it."""
    names = clashing(surface)
    if not names:
        return surface
    classes = tuple(_class(each, names) for each in surface.classes)
    functions = tuple(_twin(each, names) for each in surface.functions)
    used = frozenset().union(*(_annotations(each) for each in functions), *map(_uses, classes))
    return replace(
        surface,
        classes=classes,
        functions=functions,
        imports=tuple(_kept(surface.imports, names, surface)),
        type_imports=tuple(
            line for line in _kept(surface.type_imports, names, surface) if _name(line) in used
        ),
    )


def _uses(made: SurfaceClass) -> frozenset[str]:
    """The names in the annotations of a class."""
    methods = made.subclass.methods if made.subclass else ()
    return frozenset().union(*(_annotations(each) for each in (*made.twins, *methods)))


def _annotations(twin: Twin) -> frozenset[str]:
    signature = twin.signature
    texts = (signature.returns, *(each.annotation for each in signature.parameters))
    return frozenset().union(*(uses(text) for text in texts if text))


def clashing(surface: Surface) -> frozenset[str]:
    """The names that more than one import binds, or an import and a class of the surface."""
    bound: dict[str, set[ImportLine | None]] = {}
    for line in (*surface.imports, *surface.type_imports):
        bound.setdefault(_name(line), set()).add(_bound(line))
    for made in surface.classes:
        bound.setdefault(made.name, set()).add(None)
        if made.subclass:
            bound.setdefault(made.subclass.name, set()).add(None)
    return frozenset(name for name, lines in bound.items() if len(lines) > 1)


def _name(line: ImportLine) -> str:
    return line.alias or line.name or line.module.partition(".")[0]


def _bound(line: ImportLine) -> ImportLine:
    """What the name stands for: `import a.b` and `import a.c` both bind `a`."""
    if line.name is None and line.alias is None:
        return ImportLine(_name(line), None)
    return replace(line, alias=None)


def _kept(
    lines: Iterable[ImportLine], names: frozenset[str], surface: Surface
) -> Iterable[ImportLine]:
    """The imports without those of clashing names, but for the classes that the surface joins and
    those that its methods convert, which are imported from where they are."""
    joined = {(made.source.module, made.source.name) for made in surface.classes if made.subclass}
    converted = {
        name
        for made in surface.classes
        if made.subclass
        for method in made.subclass.methods
        for pair in method.converts
        for name in pair
    }
    for line in lines:
        is_needed = _name(line) in converted and line in surface.imports
        if _name(line) not in names or is_needed or (line.module, line.name) in joined:
            yield line


def _class(made: SurfaceClass, names: frozenset[str]) -> SurfaceClass:
    twins = tuple(_twin(each, names) for each in made.twins)
    if made.subclass is None:
        return replace(made, twins=twins)
    methods = tuple(_twin(each, names) for each in made.subclass.methods)
    return replace(made, twins=twins, subclass=replace(made.subclass, methods=methods))


def _twin(twin: Twin, names: frozenset[str]) -> Twin:
    signature = twin.signature
    unclear = {each.name for each in signature.parameters if names & {*each.default_names}}
    returns = signature.returns
    return replace(
        twin,
        signature=replace(
            signature,
            parameters=tuple(_parameter(each, names) for each in signature.parameters),
            returns=None if returns and uses(returns) & names else returns,
        ),
        sentinels=tuple(
            each.name
            for each in signature.parameters
            if each.name in twin.sentinels or each.name in unclear
        ),
    )


def _parameter(parameter: Parameter, names: frozenset[str]) -> Parameter:
    if names & {*parameter.default_names}:
        parameter = replace(parameter, default="_DEFAULT", default_names=())
    if parameter.annotation and uses(parameter.annotation) & names:
        parameter = replace(parameter, annotation=None)
    return parameter
