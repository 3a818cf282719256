"""Static managers as what other modules may inherit from, before they are written."""

from __future__ import annotations

from collections.abc import Iterable

from asyncgen.plan.selection import Selected
from asyncgen.resolve import Resolver
from asyncgen.source import Class, Module
from asyncgen.stub.statics import manager_base, manager_name

_QUERYSET = "django.db.models.query.QuerySet"


def add_static_managers(
    resolver: Resolver, selected: Iterable[Selected], modules: Iterable[Module]
) -> None:
    """Have the resolver know the managers of the modules that the project imports.

    A manager of one's own, `class BookManager(BookManagerAsync, books_managers.BookManager)`, is
    then one of that queryset class, on the first build as on any other.
    """
    modules = list(modules)
    by_name = {each.name: each for each in modules}
    imported = {
        name
        for module in modules
        for import_ in module.imports.values()
        for name in (import_.module, f"{import_.module}.{import_.name}")
    }
    for each in selected:
        source = by_name.get(each.name)
        if source and each.managers_module in imported:
            text = _text(source, resolver)
            if text:
                from asyncgen.read.tree import read_source  # LibCST, which most runs do without

                resolver.add(read_source(text, each.managers_module, each.managers or each.name))


def _text(source: Module, resolver: Resolver) -> str:
    """What the module will say, as far as classes go."""
    found = [each for each in source.classes.values() if _is_queryset(each, resolver)]
    lines = [f"from {source.name} import {each.name}" for each in found]
    for each in found:
        base = manager_base(each, resolver)
        lines += [
            f"from {base.module} import {base.name}",
            f"class {manager_name(each.name)}({base.name}.from_queryset({each.name})): pass",
        ]
    return "\n".join([*lines, ""]) if found else ""


def _is_queryset(cls: Class, resolver: Resolver) -> bool:
    return any(known.dotted == _QUERYSET for known in resolver.mro(cls))
