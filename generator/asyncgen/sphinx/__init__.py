"""A Sphinx extension: each sync callable and its twin in one entry, both to be linked to.

    extensions = ["sphinx.ext.autodoc", "asyncgen.sphinx"]
    autodoc_default_options = {"members": True, "inherited-members": "QuerySet,Manager,Model"}

`asyncgen_pairs = "stacked"`, the default, shows the signatures of a method and its twin one below
the other, with one text for both, as Django's own reference does. `"linked"` gives each an entry of
its own, the twin behind its sync method, with a link to the other. Functions, whose twins stand in
another module, are always linked. Twins are marked `async`, `async for` or `async with`; their
types are those of the .pyi.

Only public events of Sphinx are used. Needs Sphinx, which `asyncgen[sphinx]` installs.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib.metadata import version
from typing import TypedDict

from docutils.nodes import Element
from sphinx import addnodes
from sphinx.application import Sphinx

from asyncgen.sphinx.pairs import imported, mark, partner, summary, twins
from asyncgen.sphinx.stubs import signature, unwrapped

LAYOUTS = ("stacked", "linked")
_ROLES = {"method": "meth", "function": "func"}


class Metadata(TypedDict):
    version: str
    parallel_read_safe: bool
    parallel_write_safe: bool


def setup(app: Sphinx) -> Metadata:
    """What Sphinx calls: https://www.sphinx-doc.org/en/master/extdev/index.html"""
    from sphinx.config import ENUM

    app.setup_extension("sphinx.ext.autodoc")
    app.add_config_value("asyncgen_pairs", LAYOUTS[0], "env", ENUM(*LAYOUTS))
    app.connect("autodoc-skip-member", show_sync_method)
    app.connect("autodoc-process-signature", sign)
    app.connect("autodoc-process-docstring", link)
    app.connect("object-description-transform", arrange)
    return {
        "version": version("asyncgen"),
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }


def show_sync_method(
    app: Sphinx, what: str, name: str, member: object, skip: bool, options: dict[str, object]
) -> bool | None:
    """Show a sync method that has a twin, though it has no docstring of its own."""
    function = unwrapped(member)
    if not skip or what != "class" or not inspect.isfunction(function):
        return None
    outer = function.__qualname__.rpartition(".")[0]
    stops = options.get("inherited_members") or ()
    if not outer or "<locals>" in outer or (isinstance(stops, set | tuple) and outer in stops):
        return None
    return False if name in twins(imported(f"{function.__module__}.{outer}")) else None


def sign(
    app: Sphinx,
    what: str,
    name: str,
    member: object,
    options: object,
    parameters: str | None,
    returns: str | None,
) -> tuple[str, str | None] | None:
    """The signature of a twin as its stub has it."""
    function = unwrapped(member)
    if what not in _ROLES or not inspect.isfunction(function) or not summary(function):
        return None
    declared = signature(function)
    return (declared.parameters, declared.returns) if declared else None


def link(
    app: Sphinx, what: str, name: str, member: object, options: object, lines: list[str]
) -> None:
    """Name the other of the pair where it has an entry of its own."""
    other = partner(name) if what in _ROLES else None
    if other is None or (what == "method" and app.config.asyncgen_pairs == "stacked"):
        return
    role = f":py:{_ROLES[what]}:`~{other.name}`"
    if other.is_twin:
        lines += ["", f"*Asynchronous version:* {role}.", ""]
    else:
        lines[: bool(summary(member))] = [f"*Asynchronous version of* {role}.", ""]


def arrange(app: Sphinx, domain: str, objtype: str, content: Element) -> None:
    """Mark `async for` and `async with`; put each twin of a class to its sync method.

    Sphinx sends this before it collects the table of contents, so ids and entries stay right.
    """
    entry = content.parent
    if domain != "py" or not isinstance(entry, addnodes.desc):
        return
    if objtype in _ROLES:
        _mark(entry)
    elif objtype == "class":
        _pair(content, app.config.asyncgen_pairs == "stacked")


def _mark(entry: addnodes.desc) -> None:
    for signed in _signatures(entry):
        other = partner(full := _full_name(signed))
        if other is not None and not other.is_twin and (words := mark(imported(full))):
            signed.insert(0, addnodes.desc_annotation(words, f"{words} "))


def _pair(content: Element, is_stacked: bool) -> None:
    entries = {
        _full_name(signed): entry
        for entry in content.findall(addnodes.desc)
        for signed in _signatures(entry)
    }
    for name, twin in entries.items():
        other = partner(name)
        sync = entries.get(other.name) if other and not other.is_twin else None
        if sync is None or sync is twin:
            continue
        home, place = twin.parent, sync.parent
        index = home.index(twin)
        # The index entries stand in a node of their own right before.
        moved = home[index - 1 : index + 1]
        for each in moved:
            home.remove(each)
        if is_stacked:
            place.insert(place.index(sync), moved[0])
            last = max(sync.index(each) for each in _signatures(sync))
            sync.insert(last + 1, list(_signatures(twin)))
        else:
            at = place.index(sync) + 1
            place[at:at] = moved


def _signatures(entry: addnodes.desc) -> Iterator[addnodes.desc_signature]:
    return (each for each in list(entry.children) if isinstance(each, addnodes.desc_signature))


def _full_name(signed: addnodes.desc_signature) -> str:
    module, name = signed.get("module"), signed.get("fullname")
    return f"{module}.{name}" if module and name else ""
