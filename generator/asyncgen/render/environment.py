"""The templates, and what they may use. The only module that imports Jinja2 besides `page`.

A project's own templates go before those of asyncgen, one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import jinja2
from jinja2 import pass_context
from jinja2.runtime import Context

from asyncgen.annotate import passed
from asyncgen.render.imports import isorted
from asyncgen.render.page import Page, bound
from asyncgen.source import Binding, Parameter, ParameterKind
from asyncgen.surface import Kind, Shortcut, StubClass, StubFunction, Surface, Twin

_PACKAGE = "asyncgen_templates"
# Twins of these kinds are plain functions: what they return does the waiting.
_PLAIN = (Kind.ITERATOR, Kind.CONTEXT, Kind.QUERYSET)


@cache
def environment(folder: Path | None = None) -> jinja2.Environment:
    """Jinja2 with the filters and tests of docs/reference/templates.md."""
    own = jinja2.FileSystemLoader(str(resources.files(_PACKAGE)))
    theirs = [jinja2.FileSystemLoader(str(folder))] if folder else []
    made = jinja2.Environment(
        loader=jinja2.ChoiceLoader([*theirs, own]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "arguments": arguments,
        "by_condition": by_condition,
        "condition": condition,
        "covered": covered,
        "docstring": docstring,
        "form": form,
        "guarded": guarded,
        "isorted": isorted,
        "local": local,
        "parameters": parameters,
        "returns": returns,
        "signature": lambda found: ", ".join(parameter_texts(found)),
        "source_import": source_import,
        "target": target,
    }
    made.tests |= {
        "awaited": lambda twin: twin.written_out or twin.kind not in _PLAIN,
        "chunked": is_chunked,
        "classmethod": lambda twin: twin.binding is Binding.CLASSMETHOD,
        "empty_class": is_empty,
        "function": lambda twin: twin.decision.owner is None,
        "sensitive": is_sensitive,
        "static": lambda twin: twin.binding is Binding.STATICMETHOD,
    }
    return made


# -- filters and tests -----------------------------------------------------------------------------


def form(twin: Twin) -> str:
    """The template of the body: its file below `twins/`."""
    if twin.written_out:
        return "chunks"
    if twin.kind in _PLAIN:
        return twin.kind.value
    if is_sensitive(twin):
        return "sensitive"
    return "property" if twin.binding is Binding.PROPERTY else "value"


def is_chunked(twin: Twin) -> bool:
    """Whether it has a parameter `chunk_size` whose value it knows: not one that the source alone
    can evaluate."""
    names = {each.name for each in twin.signature.parameters}
    return "chunk_size" in names.difference(twin.sentinels)


def is_sensitive(twin: Twin) -> bool:
    """Whether the callable keeps its arguments out of error reports."""
    return twin.sensitive is not None and twin.kind not in _PLAIN


def is_empty(cls: StubClass) -> bool:
    return not (cls.functions or cls.meta or cls.attributes)


def by_condition(functions: Iterable[StubFunction]) -> list[tuple[str, list[StubFunction]]]:
    """The functions of a stub, one after the other, in groups that have one condition."""
    return [(key, list(group)) for key, group in groupby(functions, attrgetter("condition"))]


@pass_context
def target(context: Context, twin: Twin) -> str:
    """The sync callable, as the body of its twin calls it: of a property, what reads it."""
    if twin.binding is Binding.PROPERTY:
        return _page(context).name("builtins.getattr", twin)
    return f"{twin.receiver}.{twin.source}" if twin.receiver else twin.alias


@pass_context
def source_import(context: Context, twin: Twin) -> str:
    """The statement that imports a function where its twin runs: with the module it would be a
    cycle, and what is patched later would not be run. None in the module itself."""
    if _page(context).module == twin.module and twin.alias == twin.source:
        return ""
    renamed = f" as {twin.alias}" if twin.alias != twin.source else ""
    return f"from {twin.module} import {twin.source}{renamed}"


@pass_context
def guarded(context: Context, call: str, twin: Twin) -> str:
    """The callable, wrapped where a StopIteration may leave it."""
    if not twin.guarded:
        return call
    return f"{_page(context).name('asyncgen_runtime.no_stop_iteration', twin)}({call})"


@pass_context
def condition(context: Context, shortcut: Shortcut) -> str:
    """The tests of a shortcut, in one expression."""
    cls = _page(context).name(shortcut.cls)
    overridden = (f"type(self).{name} is {cls}.{name}" for name in shortcut.methods)
    return " and ".join((*shortcut.tests, *overridden))


@pass_context
def local(context: Context, wanted: str, twin: Twin) -> str:
    """A name for a local variable of the twin."""
    return _page(context).names.fresh(wanted, bound(twin))


@pass_context
def arguments(context: Context, twin: Twin) -> str:
    """What is passed on to the sync callable."""
    if twin.binding is Binding.PROPERTY:
        return f'{twin.receiver}, "{twin.source}"'
    return ", ".join(passed(twin, _page(context).own))


@pass_context
def parameters(context: Context, twin: Twin) -> str:
    """The parameters of the twin, as in a `def`."""
    page = _page(context)
    sentinel = _sentinel(twin, page) if twin.sentinels else ""
    texts = list(parameter_texts(twin.signature.parameters, twin.sentinels, sentinel))
    if twin.binding is Binding.STATICMETHOD and twin.receiver:
        # Positional-only, so that a keyword argument may have that name.
        texts[:0] = [twin.receiver] if "/" in texts else [twin.receiver, "/"]
    return ", ".join(texts)


def returns(twin: Twin) -> str:
    return f" -> {twin.signature.returns}" if twin.signature.returns else ""


def docstring(twin: Twin) -> str:
    """The twin's summary, and what the sync callable's docstring begins with."""
    summary, rest = _escaped(twin.summary), _escaped(twin.docstring or "")
    return f'"""{summary}\n\n{rest}\n"""' if rest else f'"""{summary}"""'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


@pass_context
def covered(context: Context, surface: Surface) -> str:
    """The names of what a module covers, or how many they are."""
    classes = [f"`{each.source.name}`" for each in surface.classes]
    functions = [f"`{each.source}()`" for each in surface.functions]
    names = ", ".join([*classes, *functions])
    if len(names) + len('"""The async surface of ."""') <= context["width"]:
        return names
    counts = [(len(classes), "class", "classes"), (len(functions), "function", "functions")]
    return " and ".join(
        f"{count} {one if count == 1 else several}" for count, one, several in counts if count
    )


def parameter_texts(
    parameters: Iterable[Parameter],
    sentinels: frozenset[str] = frozenset(),
    sentinel: str = "",
) -> Iterator[str]:
    """The parameters as in a `def`, with `/` and `*` where they belong; those in `sentinels` have
    `sentinel` for a default."""
    parameters = list(parameters)
    positional_only = [p for p in parameters if p.kind is ParameterKind.POSITIONAL_ONLY]
    starred = any(p.kind is ParameterKind.VAR_POSITIONAL for p in parameters)
    for number, parameter in enumerate(parameters):
        if parameter.kind is ParameterKind.KEYWORD_ONLY and not starred:
            yield "*"
            starred = True
        yield _parameter(parameter, sentinel if parameter.name in sentinels else parameter.default)
        if positional_only and number == len(positional_only) - 1:
            yield "/"


def _sentinel(twin: Twin, page: Page) -> str:
    """What stands for a default of the twin that only the source can evaluate."""
    owner = twin.decision.owner
    of = f"{owner.name}.{twin.source}" if owner else twin.source
    return f'{page.own("_Default")}("{of}")'


def _parameter(parameter: Parameter, default: str | None) -> str:
    stars = {ParameterKind.VAR_POSITIONAL: "*", ParameterKind.VAR_KEYWORD: "**"}
    text = stars.get(parameter.kind, "") + parameter.name
    if parameter.annotation:
        text += f": {parameter.annotation}"
    if default is not None:
        text += f"{' = ' if parameter.annotation else '='}{default}"
    return text


def _page(context: Context) -> Page:
    page = context["page"]
    assert isinstance(page, Page)
    return page
