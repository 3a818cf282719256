"""A surface to the text of a module. The only module that imports Jinja2.

Everything is decided here; the templates lay out the lines that they are handed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import jinja2

from asyncgen.annotate import passed
from asyncgen.render.layout import INDENT, lay_out
from asyncgen.source import Binding, Parameter, ParameterKind, Signature
from asyncgen.surface import (
    HEADER,
    Choosable,
    Dispatch,
    ImportLine,
    Kind,
    ManagerModule,
    Rendered,
    Surface,
    SurfaceClass,
    Twin,
)

REGENERATE = "# Do not edit: change the source, then run `asyncgen build`."
RUNTIME = "asyncgen_runtime"
_SENSITIVE = ImportLine("django.views.decorators.debug", "sensitive_variables")


def render(surface: Surface, width: int) -> Rendered:
    """The Python module for `surface`, formatted for lines of `width` characters."""
    template = environment().get_template("surface.py.jinja")
    text = template.render(
        header=list(header(surface)),
        has_stub=surface.has_stub,
        docstring=_module_docstring(surface, width),
        imports=_import_lines(surface, width),
        type_imports=grouped(surface.type_imports, 1, surface.first_party, width),
        has_sentinels=any(twin.sentinels for twin in _twins(surface)),
        needs_leading=any(_uses(twin, "_leading(") for twin in _twins(surface)),
        needs_given=any(_uses(twin, "_given(") for twin in _twins(surface)),
        classes=[_class(each, surface, width) for each in surface.classes],
        functions=[list(twin_lines(each, surface, 0, width)) for each in surface.functions],
    )
    return Rendered(surface.path, text)


def render_dispatch(dispatch: Dispatch, width: int) -> Rendered:
    """The module that takes one of several surfaces by the installed version of Django."""
    series = [".".join(map(str, each.series)) for each in dispatch.choices]
    supported = ", ".join(series[:-1]) + f" and {series[-1]}" if len(series) > 1 else series[0]
    text = (
        environment()
        .get_template("dispatch.py.jinja")
        .render(
            header=[HEADER + dispatch.source + ".", REGENERATE],
            choices=[
                {
                    "test": f"django.VERSION[:2] == {each.series}:",
                    "lines": import_lines(
                        {ImportLine(each.module, name) for name in each.names}, 1, width
                    ),
                    "more": _more_exports(each, dispatch, width),
                }
                for each in dispatch.choices
            ],
            package=dispatch.choices[0].module.partition(".")[0],
            supported=supported,
            names=dispatch.names,
        )
    )
    return Rendered(dispatch.path, text)


def _more_exports(choice: Choosable, dispatch: Dispatch, width: int) -> list[str]:
    """The statement that exports what not all the surfaces have."""
    more = ", ".join(f'"{name}"' for name in choice.names if name not in dispatch.names)
    return lay_out(f"__all__ += [{more}]", 1, width) if more else []


@cache
def environment() -> jinja2.Environment:
    source = resources.files("asyncgen_templates")

    def load(name: str) -> str:
        return source.joinpath(name).read_text(encoding="utf-8")

    return jinja2.Environment(
        loader=jinja2.FunctionLoader(load),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def header(surface: Surface) -> Iterator[str]:
    yield HEADER + ", ".join(surface.sources) + "."
    yield REGENERATE


def _module_docstring(surface: Surface, width: int) -> str:
    classes = [f"`{each.source.name}`" for each in surface.classes]
    functions = [f"`{each.decision.function.name}()`" for each in surface.functions]
    names = ", ".join([*classes, *functions])
    if len(names) + 30 > width:
        counts = [(len(classes), "class", "classes"), (len(functions), "function", "functions")]
        names = " and ".join(
            f"{count} {one if count == 1 else several}" for count, one, several in counts if count
        )
    return f"The async surface of {names}."


def _twins(surface: Surface) -> Iterator[Twin]:
    for each in surface.classes:
        yield from each.twins
        yield from each.subclass.methods if each.subclass else ()
    yield from surface.functions


def _uses(twin: Twin, helper: str) -> bool:
    return any(helper in argument for argument in passed(twin))


_UNBRIDGED = (Kind.ITERATOR, Kind.CONTEXT, Kind.QUERYSET)

# -- imports --------------------------------------------------------------------------------------


def _import_lines(surface: Surface, width: int) -> list[list[str]]:
    """The imports of the module, by group."""
    twins = list(_twins(surface))
    wanted = {*surface.imports, *twin_imports(twins, surface.bridge)}
    if any(each.protocol for each in surface.classes):
        wanted.add(bridge_import(surface.bridge))
    if any(each.shortcut and "__aiter__" in each.protocol for each in surface.classes):
        wanted.add(ImportLine(RUNTIME, "read_rows"))
    if surface.type_imports:
        wanted.add(ImportLine("typing", "TYPE_CHECKING"))
    return grouped(wanted, 0, surface.first_party, width)


def bridge_import(bridge: str) -> ImportLine:
    module, _, name = bridge.rpartition(".")
    return ImportLine(module, name)


def twin_imports(twins: Sequence[Twin], bridge: str) -> set[ImportLine]:
    """What the definitions of twins use."""
    wanted: set[ImportLine] = set()
    if any(each.kind not in _UNBRIDGED for each in twins):
        wanted.add(bridge_import(bridge))
    for name, needed in (
        ("context_to_async", any(each.kind is Kind.CONTEXT for each in twins)),
        ("iterator_to_async", any(each.kind is Kind.ITERATOR for each in twins)),
        ("no_stop_iteration", any(each.guarded for each in twins)),
        ("static_twin", any(each.binding is Binding.STATICMETHOD for each in twins)),
    ):
        if needed:
            wanted.add(ImportLine(RUNTIME, name))
    if any(map(_is_sensitive, twins)):
        wanted.add(_SENSITIVE)
    if any(_is_annotated(each.signature) for each in twins):
        wanted.add(ImportLine("__future__", "annotations"))
    if any(_uses(each, "_leading(") for each in twins):
        wanted.add(ImportLine("itertools", "takewhile"))
    return wanted


def grouped(
    lines: Iterable[ImportLine], depth: int, first_party: frozenset[str], width: int
) -> list[list[str]]:
    """The imports in isort's groups: the future, the standard library, others', the project's."""
    groups: list[list[ImportLine]] = [[], [], [], []]
    for line in set(lines):
        groups[_group(line, first_party)].append(line)
    return [import_lines(group, depth, width) for group in groups if group]


def _is_annotated(signature: Signature) -> bool:
    return bool(signature.returns) or any(each.annotation for each in signature.parameters)


def _group(line: ImportLine, first_party: frozenset[str]) -> int:
    root = line.module.partition(".")[0]
    if root == "__future__":
        return 0
    if root in first_party:
        return 3
    return 1 if root in sys.stdlib_module_names else 2


def import_lines(lines: Iterable[ImportLine], depth: int, width: int) -> list[str]:
    """Import statements as isort sorts them: plain imports first, then by module and name."""
    lines = set(lines)
    plain = sorted(line for line in map(_plain, lines) if line)
    modules: dict[str, set[str]] = {}
    renamed: dict[str, set[str]] = {}
    for line in lines:
        if line.name is not None and line.alias:
            renamed.setdefault(line.module, set()).add(f"{line.name} as {line.alias}")
        elif line.name is not None:
            modules.setdefault(line.module, set()).add(line.name)
    result = [INDENT * depth + line for line in plain]
    for module in sorted(modules.keys() | renamed.keys(), key=str.lower):
        if module in modules:
            result += _from_import(module, modules[module], depth, width)
        for name in sorted(renamed.get(module, ()), key=_isort_key):
            result += _from_import(module, {name}, depth, width)
    return result


def _from_import(module: str, names: set[str], depth: int, width: int) -> list[str]:
    ordered = sorted(names, key=_isort_key)
    text = f"{INDENT * depth}from {module} import {', '.join(ordered)}"
    if len(text) <= width:
        return [text]
    inner = [f"{INDENT * (depth + 1)}{name}," for name in ordered]
    return [f"{INDENT * depth}from {module} import (", *inner, f"{INDENT * depth})"]


def _plain(line: ImportLine) -> str | None:
    if line.name is not None:
        return None
    return f"import {line.module} as {line.alias}" if line.alias else f"import {line.module}"


def _isort_key(name: str) -> tuple[int, str, str]:
    """Constants, then classes, then the rest, as isort's order-by-type has it."""
    bare = name.partition(" ")[0]
    if bare.isupper() and len(bare) > 1:
        order = 0
    elif bare[:1].isupper():
        order = 1
    else:
        order = 2
    return order, bare.lower(), bare


# -- classes --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RenderedClass:
    name: str
    docstring: str
    members: list[list[str]]
    subclass: list[str]
    subclass_docstring: str
    subclass_members: list[list[str]]


def _class(found: SurfaceClass, surface: Surface, width: int) -> RenderedClass:
    members = [list(_subscription(found))] if found.is_generic else []
    members += [list(twin_lines(each, surface, 1, width)) for each in found.twins]
    members += [list(_protocol(name, found, surface, width)) for name in found.protocol]
    subclass: list[str] = []
    if found.subclass:
        bases = ", ".join(found.subclass.bases)
        subclass = lay_out(f"class {found.subclass.name}({bases}):", 0, width, is_definition=True)
    return RenderedClass(
        name=found.name,
        docstring=f'"""Async twins of `{found.source.name}`."""',
        members=members,
        subclass=subclass,
        subclass_docstring=f'"""`{found.source.name}` with its async twins."""',
        subclass_members=list(_subclass_members(found, surface, width)),
    )


def _subscription(found: SurfaceClass) -> Iterator[str]:
    yield "    def __class_getitem__(cls, *args, **kwargs):"
    yield f'        """`{found.name}[…]` is for type checkers, as Django has it."""'
    yield "        return cls"


_AS_MANAGER = """\
    @classmethod
    def as_manager(cls):
        \"\"\"A manager with the methods of this class, whose twins are coroutine functions.\"\"\"
        manager = {manager}.from_queryset(cls)()
        manager._built_with_as_manager = True
        return manager

    as_manager.queryset_only = True"""


def _subclass_members(found: SurfaceClass, surface: Surface, width: int) -> Iterator[list[str]]:
    subclass = found.subclass
    if subclass is None:
        return
    if subclass.model:
        base = f"({found.source.name}.Meta)" if subclass.keeps_meta else ""
        yield [f"    class Meta{base}:", f"        {subclass.model} = True"]
    if subclass.manager:
        yield _AS_MANAGER.format(manager=subclass.manager).splitlines()
    for each in subclass.methods:
        yield list(twin_lines(each, surface, 1, width))


def _protocol(name: str, found: SurfaceClass, surface: Surface, width: int) -> Iterator[str]:
    """A special twin: `__aiter__`, `alist` or `__await__`."""
    bridge = surface.bridge.rpartition(".")[2]
    is_queryset = "__aiter__" in found.protocol
    # get_queryset() is the user's, so all() is left to the worker thread too.
    read = "list)(self)" if is_queryset else "lambda: list(self.all()))()"
    if name == "__aiter__":
        yield "    async def __aiter__(self):"
        yield '        """Read all rows on a worker thread, as `for` does; then give each."""'
        if found.shortcut:
            yield from _condition(found.shortcut, 2, width)
            yield "            rows = self"
            yield "        else:"
            yield f"            rows = await {bridge}(read_rows)(self)"
            yield "        for row in rows:"
        else:
            yield f"        for row in await {bridge}(list)(self):"
        yield "            yield row"
    elif name == "__await__":
        yield "    def __await__(self):"
        yield '        """`await queryset`: its rows in a list."""'
        yield f"        return {bridge}(list)(self).__await__()"
    else:
        yield f"    async def {name}(self):"
        yield '        """The rows in a list, read on a worker thread."""'
        if found.shortcut:
            yield from _condition(found.shortcut, 2, width)
            yield "            return list(self)"
        yield f"        return await {bridge}({read}"


# -- twins ----------------------------------------------------------------------------------------


def twin_lines(
    twin: Twin, surface: Surface | ManagerModule, depth: int, width: int
) -> Iterator[str]:
    """The lines of a twin's definition, and of the marks after it."""
    indent = INDENT * depth
    for decorator in _decorators(twin):
        yield f"{indent}@{decorator}"
    yield from definition(twin, depth, width)
    yield from docstring(twin, depth + 1, width)
    if not twin.decision.owner:
        for line in _source_import(twin):
            yield f"{INDENT * (depth + 1)}{line}".rstrip()
    yield from body(twin, surface, depth + 1, width)
    if twin.marks:
        yield ""
        for name, value in twin.marks:
            yield f"{indent}{twin.name}.{name} = {value}"


def _source_import(twin: Twin) -> Iterator[str]:
    """A function's twin imports it when it runs: importing it with the module would be a cycle."""
    package, _, name = twin.module.rpartition(".")
    yield f"from {package} import {name}" if package else f"import {name}"
    yield ""


def _decorators(twin: Twin) -> Iterator[str]:
    match twin.binding:
        case Binding.CLASSMETHOD:
            yield "classmethod"
        case Binding.STATICMETHOD:
            yield "static_twin"
    if _is_sensitive(twin):
        yield f"{_SENSITIVE.name}({twin.sensitive})"


def _is_sensitive(twin: Twin) -> bool:
    return twin.sensitive is not None and twin.kind not in _UNBRIDGED


def definition(twin: Twin, depth: int, width: int) -> list[str]:
    parameters = list(parameter_texts(twin.signature.parameters))
    if twin.binding is Binding.STATICMETHOD and twin.decision.owner:
        parameters = _with_owner(parameters)
    is_plain = twin.kind in _UNBRIDGED
    keyword = "def" if is_plain else "async def"
    returns = f" -> {twin.signature.returns}" if twin.signature.returns else ""
    line = f"{keyword} {twin.name}({', '.join(parameters)}){returns}:"
    return lay_out(line, depth, width, is_definition=True)


def _with_owner(parameters: list[str]) -> list[str]:
    """`owner` first; positional-only, so that a parameter of that name stays free."""
    if "/" in parameters:
        return ["owner", *parameters]
    return ["owner", "/", *parameters]


def parameter_texts(parameters: Iterable[Parameter]) -> Iterator[str]:
    """The parameters as in a `def`, with `/` and `*` where they belong."""
    parameters = list(parameters)
    positional_only = [p for p in parameters if p.kind is ParameterKind.POSITIONAL_ONLY]
    starred = any(p.kind is ParameterKind.VAR_POSITIONAL for p in parameters)
    for number, parameter in enumerate(parameters):
        if parameter.kind is ParameterKind.KEYWORD_ONLY and not starred:
            yield "*"
            starred = True
        yield _parameter(parameter)
        if positional_only and number == len(positional_only) - 1:
            yield "/"


def _parameter(parameter: Parameter) -> str:
    stars = {ParameterKind.VAR_POSITIONAL: "*", ParameterKind.VAR_KEYWORD: "**"}
    text = stars.get(parameter.kind, "") + parameter.name
    if parameter.annotation:
        text += f": {parameter.annotation}"
    if parameter.default is not None:
        equals = " = " if parameter.annotation else "="
        text += f"{equals}{parameter.default}"
    return text


def docstring(twin: Twin, depth: int, width: int) -> Iterator[str]:
    """The twin's summary, and what the sync callable's docstring begins with. A summary too long
    for a line is divided at its colon or comma."""
    indent = INDENT * depth
    first, rest = twin.summary, (twin.docstring or "").splitlines()
    if len(indent) + len(first) + (3 if rest else 6) > width:
        first, how = re.split("[:,] ", first, maxsplit=1)
        first += "."
        rest = [how[:1].upper() + how[1:], *([""] if rest else []), *rest]
    if not rest:
        yield f'{indent}"""{_escaped(first)}"""'
        return
    yield f'{indent}"""{_escaped(first)}'
    yield ""
    for line in rest:
        yield f"{indent}{_escaped(line)}".rstrip()
    yield f'{indent}"""'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def body(twin: Twin, surface: Surface | ManagerModule, depth: int, width: int) -> list[str]:
    """The statement that runs the sync callable."""
    target, arguments = twin.target, ", ".join(passed(twin))
    if twin.binding is Binding.PROPERTY:
        receiver, _, name = target.partition(".")
        target, arguments = "getattr", f'{receiver}, "{name}"'
    match twin.kind:
        case Kind.ITERATOR:
            options = [target]
            if any(p.name == "chunk_size" for p in twin.signature.parameters):
                options.append("chunk_size=chunk_size")
            if twin.call_now:
                options.append("call_now=True")
            line = f"return iterator_to_async({', '.join(options)})({arguments})"
        case Kind.QUERYSET:
            return list(_converting(twin, arguments, depth, width))
        case Kind.CONTEXT:
            line = f"return context_to_async({target})({arguments})"
        case _:
            bridge = surface.bridge.rpartition(".")[2]
            if _is_sensitive(twin):
                return list(_hidden_call(twin, bridge, arguments, depth, width))
            run = f"no_stop_iteration({target})" if twin.guarded else target
            line = f"return await {bridge}({run})({arguments})"
            if twin.shortcut:
                return [
                    *_condition(twin.shortcut, depth, width),
                    *lay_out(f"return {twin.target}({arguments})", depth + 1, width),
                    *lay_out(line, depth, width),
                ]
    return lay_out(line, depth, width)


def _hidden_call(twin: Twin, bridge: str, arguments: str, depth: int, width: int) -> Iterator[str]:
    """Run the callable without passing the arguments through the frames of the bridge, which an
    error report would show."""
    indent = INDENT * depth
    names = {parameter.name for parameter in twin.signature.parameters}
    name = next(each for each in ("call", "call_", "call__") if each not in names)
    yield from [""] if twin.decision.owner else []  # else the import before it ends with one
    yield f"{indent}@{_SENSITIVE.name}()"
    yield f"{indent}def {name}():"
    yield from lay_out(f"return {twin.target}({arguments})", depth + 1, width)
    yield ""
    target = f"no_stop_iteration({name})" if twin.guarded else name
    yield f"{indent}return await {bridge}({target})()"


def _condition(tests: tuple[str, ...], depth: int, width: int) -> list[str]:
    """`if` and all the tests: on one line, or one test a line."""
    indent = INDENT * depth
    line = f"{indent}if {' and '.join(tests)}:"
    if len(line) <= width:
        return [line]
    inner = INDENT * (depth + 1)
    rest = [f"{inner}and {test}" for test in tests[1:]]
    return [f"{indent}if (", inner + tests[0], *rest, f"{indent}):"]


def _converting(twin: Twin, arguments: str, depth: int, width: int) -> Iterator[str]:
    """Call the base class's method, and give its result the async class."""
    indent = INDENT * depth
    yield from lay_out(f"result = {twin.target}({arguments})", depth, width)
    for number, (name, converted) in enumerate(twin.converts):
        yield f"{indent}{'elif' if number else 'if'} type(result) is {name}:"
        yield f"{indent}{INDENT}result.__class__ = {converted}"
    yield f"{indent}return result"
