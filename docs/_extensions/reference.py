"""Pages of the reference that are made of what the program has, before Sphinx reads the others.

They go to docs/reference/made, which is not committed; a page is written only when it changed, so
that Sphinx reads only those anew.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

import asyncgen_django
import click
from asyncgen.cli import main
from asyncgen.codes import Code, codes
from asyncgen.sphinx.pairs import summary
from docutils.nodes import Element, Node
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.ext.intersphinx import resolve_reference_any_inventory
from sphinx.ext.intersphinx._shared import InventoryAdapter

MADE = Path(__file__).parents[1] / "reference" / "made"

# Where Django's reference has what stands in another module.
PUBLIC = {
    "django.db.models.base": "django.db.models",
    "django.db.models.manager": "django.db.models",
    "django.forms.models": "django.forms",
    "django.forms.forms": "django.forms",
    "django.contrib.auth.base_user": "django.contrib.auth.models",
}


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", make)
    app.connect("autodoc-process-docstring", plain_text, priority=400)
    app.connect("autodoc-process-docstring", link_to_django, priority=600)
    app.connect("missing-reference", public_name)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def make(app: Sphinx) -> None:
    """Write the pages; delete those that are made no more."""
    pages = {**dict(django_pages()), **dict(code_pages()), "include/commands.md": commands_page()}
    for name, text in pages.items():
        path = MADE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
    for path in MADE.rglob("*.*"):
        if path.relative_to(MADE).as_posix() not in pages:
            path.unlink()


# -- asyncgen_django ------------------------------------------------------------------------------


def django_pages() -> Iterator[tuple[str, str]]:
    """One page for each module of asyncgen_django that has a surface, and the list of them."""
    names = []
    for module in surfaces():
        name = module.__name__.removeprefix("asyncgen_django").removeprefix(".") or "querysets"
        names.append(name)
        yield f"django/{name}.rst", django_page(module)
    entries = "\n".join(f"   {name}" for name in names)
    yield (
        "django/index.rst",
        f"{heading('asyncgen_django', '=')}"
        "Django's own async surface, module by module: each method with its twin. What it is and\n"
        "where it differs from Django's is on :doc:`/reference/django-surface`.\n\n"
        f".. toctree::\n   :maxdepth: 1\n\n{entries}\n",
    )


def surfaces() -> Iterator[ModuleType]:
    """asyncgen_django, and each module in it that chooses by the version of Django."""
    yield asyncgen_django
    root = Path(asyncgen_django.__file__).parent
    for path in sorted(root.glob("*/**/__init__.py")):
        name = ".".join(path.parent.relative_to(root).parts)
        if not name.startswith("everywhere"):
            yield importlib.import_module(f"asyncgen_django.{name}")


def series(module: ModuleType) -> list[type | object]:
    """What a module takes from the surface of the Django that is installed."""
    own = (each for name, each in vars(module).items() if not name.startswith("_"))
    return [
        each
        for each in own
        if (inspect.isclass(each) or inspect.isfunction(each))
        and each.__module__.startswith("asyncgen_django.")
        and each.__module__.rpartition(".")[2].startswith("v")
    ]


def django_page(module: ModuleType) -> str:
    members = {each.__name__: each for each in series(module)}
    of = module.__name__.removeprefix("asyncgen_").removesuffix(".")
    title = f"{of}" if module is not asyncgen_django else "django.db.models: querysets, managers"
    parts = [heading(title, "="), f".. module:: {module.__name__}\n\n"]
    for name, member in members.items():
        full = f"{module.__name__}.{name}"
        if not inspect.isclass(member):
            parts.append(f".. autofunction:: {full}\n\n")
        elif name.endswith("Async"):
            joined = members.get(f"Async{name.removesuffix('Async')}")
            shown = [] if joined else [*twins_of(member).values(), *additions_to(member)]
            parts.append(entry(full, shown))
        else:
            pairs = [each for pair in twins_of(member).items() for each in pair]
            parts.append(entry(full, [*pairs, *additions_to(member)]))
    return "".join(parts)


def twins_of(cls: type) -> Mapping[str, str]:
    """Sync name to twin, of what asyncgen generated and not of what Django has by hand."""
    found = {
        match[1]: name
        for base in cls.__mro__
        if base.__module__.startswith("asyncgen_django.")
        for name, member in vars(base).items()
        if (match := summary(getattr(member, "__func__", member)))
    }
    return {sync: twin for sync, twin in found.items() if inspect.isroutine(getattr(cls, twin))}


def additions_to(cls: type) -> list[str]:
    """The methods that asyncgen wrote and that are the twin of none, such as `alist`."""
    written = [base for base in cls.__mro__ if base.__module__.startswith("asyncgen_django.")]
    members = {name: member for base in written for name, member in vars(base).items()}
    return [
        name
        for name, member in members.items()
        if not name.startswith("_")
        and inspect.isroutine(getattr(cls, name))
        and not summary(getattr(member, "__func__", member))
    ]


def entry(full: str, members: list[str]) -> str:
    shown = f"   :members: {', '.join(members)}\n" if members else ""
    return f".. autoclass:: {full}\n   :undoc-members:\n{shown}\n"


def heading(text: str, line: str) -> str:
    return f"{text}\n{line * len(text)}\n\n"


# -- codes ----------------------------------------------------------------------------------------


def code_pages() -> Iterator[tuple[str, str]]:
    """A page for each code, and the table of all."""
    for code in codes().values():
        yield f"codes/{code.code}.md", rule_page(code) if code.name else problem_page(code)
    table = "\n".join(
        f"| [{each.code}](made/codes/{each.code}.md) | {each.severity.value} | {each.what} |"
        for each in codes().values()
    )
    yield "include/codes.md", f"| code | level | what |\n|---|---|---|\n{table}\n"


def problem_page(code: Code) -> str:
    first, _, rest = code.example.partition("\n")
    language = "text" if code.code == "AG102" else "toml" if "toml" in first else "python"
    example = f"## For example\n\n```{language}\n{first}\n{rest}```\n\n" if code.example else ""
    return (
        f"# {code.code}: {code.what}\n\n*{code.severity.value.capitalize()}.*\n\n{code.why}\n"
        f"{example}## The way out\n\n{code.way}"
    )


def rule_page(rule: Code) -> str:
    why = re.sub(r"https://\S+", r"<\g<0>>", rule.why)
    return (
        f"# {rule.code}: {rule.what}\n\n*{rule.severity.value.capitalize()}*, `{rule.name}`.\n\n"
        f"{why}\n"
        f"## Instead of\n\n```python\n{rule.example}```\n\n## Write\n\n"
        f"```python\n{rule.way}```\n\n## Ignore one\n\n"
        f"```python\ncall()  # asyncgen: ignore[{rule.code}] why\n```\n"
    )


# -- the command line -----------------------------------------------------------------------------


def commands_page() -> str:
    """Every verb with its help, as click prints it."""
    context = click.Context(main, info_name="asyncgen", max_content_width=88)
    parts = [f"```text\n{main.get_help(context)}\n```\n"]
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context, max_content_width=88)
        parts.append(f"## asyncgen {name}\n\n```text\n{command.get_help(inner)}\n```\n")
    return "\n".join(parts)


# -- Django's docstrings and names ----------------------------------------------------------------


def plain_text(
    app: Sphinx, what: str, name: str, member: object, options: object, lines: list[str]
) -> None:
    """Django's docstrings are prose, no reStructuredText: their first paragraph, as it stands."""
    if not name.startswith("asyncgen_django."):
        return
    text = "\n".join(lines)
    if match := summary(member):
        start, rest = text[: match.end()], text[match.end() :].strip()
        paragraph = rest.partition("\n\n")[0]
        lines[:] = [*start.splitlines(), "", *escaped(paragraph), ""]
    else:
        lines[:] = [*escaped(text.partition("\n\n")[0]), ""]


def escaped(text: str) -> list[str]:
    special = "\\*_|" if re.fullmatch(r"[^`]*(`[^`]+`[^`]*)*", text) else "\\*_|`"
    marked = "".join(f"\\{each}" if each in special else each for each in text)
    marked = re.sub(r"\\\*(\w+)\\\*", r"*\1*", marked)  # one word that is *stressed*
    return [" ".join(marked.split())] if marked else []


def link_to_django(
    app: Sphinx, what: str, name: str, member: object, options: object, lines: list[str]
) -> None:
    """Name Django's method, and the twin that Django has by hand, where its reference has them."""
    if what not in ("method", "function") or not name.startswith("asyncgen_django."):
        return
    if match := summary(member):
        lines[: len(match[0].splitlines())] = []
    known = InventoryAdapter(app.env).named_inventory.get("django", {})
    objects = {**known.get("py:method", {}), **known.get("py:function", {})}
    found = [each for each in django_names(name) if each in objects]
    if found:
        role = "meth" if what == "method" else "func"
        links = (f":py:{role}:`{short(each)}() <{each}>`" for each in found)
        lines += ["", f"In Django: {', '.join(links)}.", ""]


def short(name: str) -> str:
    """`QuerySet.get` for a method, `aserialize` for a function."""
    *_, owner, last = name.split(".")
    return f"{owner}.{last}" if owner[:1].isupper() else last


def django_names(name: str) -> Iterator[str]:
    """What Django calls the sync callable that an entry is for, and Django's own twin of it."""
    path, _, last = name.rpartition(".")
    try:
        owner = importlib.import_module(path)
        home = owner.__name__.replace("asyncgen_django", "django", 1)
        known = {}
    except ImportError:
        module, _, cls = path.rpartition(".")
        owner = getattr(importlib.import_module(module), cls)
        known = twins_of(owner)
        plain = cls.removeprefix("Async").removesuffix("Async")
        # Django's reference has the methods of managers where it has those of querysets.
        is_manager = owner.__module__.startswith("asyncgen_django.v") and plain == "Manager"
        home = f"{django_module(owner)}.{'QuerySet' if is_manager else plain}"
        home = home.replace("django.db.models.QuerySet", "django.db.models.query.QuerySet")
    sync = next((sync for sync, twin in known.items() if twin == last), last)
    for each in (sync, known.get(sync, f"a{sync}")):
        yield f"{home}.{each}"


def django_module(cls: type) -> str:
    """The module of Django's class that a generated one stands for, as the reference names it."""
    module = inspect.getmodule(cls)
    assert module is not None
    assert module.__file__
    first = Path(module.__file__).read_text("utf-8").partition("Generated by asyncgen from ")[2]
    path = first.partition(".\n")[0].split(", ")
    names = [each.removesuffix(".py").replace("/", ".") for each in path]
    plain = cls.__name__.removeprefix("Async").removesuffix("Async")
    for name in names:
        if hasattr(importlib.import_module(name), plain):
            found = getattr(importlib.import_module(name), plain).__module__
            return PUBLIC.get(found, found)
    return names[0]


def public_name(
    app: Sphinx, env: BuildEnvironment, node: Element, contnode: Element
) -> Node | None:
    """Look a class of Django's up where its reference has it."""
    target = node.get("reftarget", "")
    module, _, name = target.rpartition(".")
    if target == "concurrent.futures.thread.ThreadPoolExecutor":
        node["reftarget"] = "concurrent.futures.ThreadPoolExecutor"
        return resolve_reference_any_inventory(env, True, node, contnode)
    if not module.startswith("django.") or node.get("refdomain") != "py":
        return None
    for public in (PUBLIC.get(module, module), "django.db.models"):
        node["reftarget"] = f"{public}.{name}"
        if found := resolve_reference_any_inventory(env, True, node, contnode):
            return found
    node["reftarget"] = target
    return None
