"""Stubs and manager modules, decided line by line, for the templates to lay out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from asyncgen.render.layout import INDENT, lay_out
from asyncgen.render.surface import (
    REGENERATE,
    environment,
    grouped,
    parameter_texts,
    twin_imports,
    twin_lines,
)
from asyncgen.surface import (
    HEADER,
    Dispatch,
    ImportLine,
    ManagerModule,
    Rendered,
    StaticManager,
    StubClass,
    StubFunction,
    StubModule,
    Twin,
)

_TOLERANT = (
    "# Where an override in the source does not fit, its twin does not either.",
    '# mypy: disable-error-code="misc, override"',
    "# pyright: reportIncompatibleMethodOverride=false",
    "# pyright: reportIncompatibleVariableOverride=false",
)


def render_stub(stub: StubModule, width: int) -> Rendered:
    """The .pyi file for `stub`, as ruff and black lay stubs out."""
    return _rendered(
        stub.path,
        header=[*_header(stub.sources), *(_TOLERANT if stub.joins_overrides else ())],
        imports=grouped(stub.imports, 0, stub.first_party, width),
        variables=[line for each in stub.variables for line in lay_out(each, 0, width)],
        classes=list(_classes(stub.classes, width)),
        functions=[line for each in stub.functions for line in _function(each, 0, width)],
    )


def render_dispatch_stub(dispatch: Dispatch, path: str, width: int) -> Rendered:
    """The stub of a module that chooses among surfaces: it has the types of the newest."""
    newest = dispatch.choices[-1]
    return _rendered(
        path,
        header=_header((dispatch.source,)),
        imports=grouped(
            [ImportLine(newest.module, name) for name in newest.names], 0, frozenset(), width
        ),
        exports=_exports(newest.names, width),
    )


def render_managers(made: ManagerModule, width: int) -> Rendered:
    """The module of static manager classes."""
    imports = {ImportLine("django.db.models", "Manager")}
    for each in made.managers:
        imports.add(ImportLine(each.queryset.module, each.queryset.name))
        imports.update(each.mixins)
        imports |= twin_imports(each.methods, made.bridge)
    names = ", ".join(f"`{each.queryset.name}`" for each in made.managers)
    classes = [
        {
            "definition": lay_out(
                f"class {each.name}({_bases(each)}):",
                0,
                width,
                is_definition=True,
            ),
            "docstring": f"A manager with the methods of `{each.queryset.name}`, and their twins.",
            "methods": [
                lines
                for twin in each.methods
                for lines in (_copy_lines(twin), list(twin_lines(twin, made, 1, width)))
            ],
        }
        for each in made.managers
    ]
    template = environment().get_template("managers.py.jinja")
    text = template.render(
        header=_header(made.sources),
        has_stub=made.has_stub,
        docstring=f"Static managers for {names}.",
        imports=grouped(imports, 0, made.first_party, width),
        classes=classes,
    )
    return Rendered(made.path, text)


def _copy_lines(twin: Twin) -> list[str]:
    """A static method as the manager has it. What from_queryset copies claims to be static."""
    name = twin.decision.function.name
    return [
        f"    def {name}(self, *args, **kwargs):",
        f'        """`{name}()` of the queryset."""',
        f"        return self.get_queryset().{name}(*args, **kwargs)",
    ]


def _bases(manager: StaticManager) -> str:
    mixins = [str(line.name) for line in manager.mixins]
    return ", ".join([*mixins, f"Manager.from_queryset({manager.queryset.name})"])


def _rendered(path: str, **lines: object) -> Rendered:
    nothing: dict[str, object] = {
        "imports": [],
        "variables": [],
        "exports": [],
        "classes": [],
        "functions": [],
    }
    template = environment().get_template("stub.pyi.jinja")
    return Rendered(path, template.render({**nothing, **lines}))


def _header(sources: tuple[str, ...]) -> list[str]:
    return [HEADER + ", ".join(sources) + ".", REGENERATE]


def _exports(names: tuple[str, ...], width: int) -> list[str]:
    quoted = ", ".join(f'"{name}"' for name in names)
    return lay_out(f"__all__ = [{quoted}]", 0, width)


def _classes(classes: Iterable[StubClass], width: int) -> Iterator[list[str]]:
    """The classes in blocks that blank lines part: empty ones stand together."""
    block: list[str] = []
    was_empty = False
    for each in classes:
        is_empty = not (each.functions or each.meta)
        if block and not (was_empty and is_empty):
            yield block
            block = []
        block += _class(each, width)
        was_empty = is_empty
    if block:
        yield block


def _class(found: StubClass, width: int) -> Iterator[str]:
    yield from (f"@{decorator}" for decorator in found.decorators)
    bases = f"({', '.join(found.bases)})" if found.bases else ""
    end = ":" if found.functions or found.meta else ": ..."
    first, *rest = lay_out(
        f"class {found.name}{found.type_parameters}{bases}{end}", 0, width, is_definition=True
    )
    yield f"{first}  # type: ignore[misc]" if found.is_incompatible else first
    yield from rest
    yield from (INDENT + line for line in found.meta)
    if found.meta and found.functions:
        yield ""
    for each in found.functions:
        yield from _function(each, 1, width)


def _function(function: StubFunction, depth: int, width: int) -> Iterator[str]:
    for decorator in function.decorators:
        yield from lay_out(f"@{decorator}", depth, width)
    keyword = "async def" if function.is_async else "def"
    parameters = ", ".join(parameter_texts(function.parameters))
    head = f"{keyword} {function.name}{function.type_parameters}"
    line = f"{head}({parameters}) -> {function.returns}: ..."
    first, *rest = lay_out(line, depth, width, is_definition=True)
    yield f"{first}  # type: ignore" if function.is_incompatible else first
    yield from rest
