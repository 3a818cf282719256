"""What mypy reads in the generated stubs of the project of hard cases, beside the sync callables.

A twin has the parameters of its sync callable, and gives what it gives, awaited. A static manager
has the methods of its queryset class. So every signature in a stub is known from another one, and
no expectation is written down: `expected` says what it is. What a callable without annotations
gives is asserted in uses.py.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Which object has the functions of a stub's class, and which has the sync ones.
RECEIVERS = {
    "BookQuerySetAsync": ("library.querysets.BookQuerySet",) * 2,
    "NovelQuerySetAsync": ("library.inherited.NovelQuerySet",) * 2,
    "AuthorQuerySetAsync": ("library.inherited.AuthorQuerySet",) * 2,
    "OwnedQuerySetAsync": ("library.generic.OwnedQuerySet[library.models.Author]",) * 2,
    "LoanAsync": ("library.loans.Loan",) * 2,
    "ReaderAsync": ("library.loans.Reader",) * 2,
    "BookManager": ("library.querysets_managers.BookManager", "library.querysets.BookQuerySet"),
    "NovelManager": ("library.inherited_managers.NovelManager", "library.inherited.NovelQuerySet"),
    "AuthorManager": (
        "library.inherited_managers.AuthorManager",
        "library.inherited.AuthorQuerySet",
    ),
    "OwnedManager": (
        "library.generic_managers.OwnedManager[library.models.Author]",
        "library.generic.OwnedQuerySet[library.models.Author]",
    ),
}
_LINE = re.compile(r"probe\.py:(?P<line>\d+): (?P<said>.*)")
_REVEALED = re.compile(r'note: Revealed type is "(?P<type>.*)"')
_CONTEXT = re.compile(r"contextlib\._GeneratorContextManager\[(.*), None, None\]")
_DEPRECATED = re.compile(r"error: function \S+ is deprecated: (?P<why>.*?)  \[deprecated\]")


@dataclass(frozen=True)
class Stubbed:
    """A function of a stub: of a class, or (owner empty) of the module."""

    stem: str
    owner: str
    name: str

    @property
    def is_manager(self) -> bool:
        return self.stem.endswith("_managers")

    @property
    def expression(self) -> str:
        """What has it, as an expression of the probe."""
        return f"{self.owner or f'library.{self.stem}'}.{self.name}"

    @property
    def source(self) -> str:
        """The callable that it has to be like, as an expression of the probe."""
        if self.is_manager:
            # A manager gives what a queryset gives that has everything.
            return f"{self.owner}_sync.{'all' if self.name == 'get_queryset' else self.name}"
        owner = f"{self.owner}_sync" if self.owner else f"library.{self.stem[: -len('_async')]}"
        return f"{owner}.{self.name.removeprefix('a')}"

    @property
    def twin(self) -> str:
        """The twin of the callable that a manager has from its queryset class."""
        return f"{self.owner}_sync.a{self.name}"


@dataclass(frozen=True)
class Signature:
    """As mypy prints it: (parameters, type of the result), one an overload."""

    overloads: tuple[tuple[str, str], ...]
    deprecated: str = ""

    @property
    def is_typed(self) -> bool:
        return all(returns != "Any" for _, returns in self.overloads)

    def awaited(self) -> Signature:
        """That of the twin of a callable with this one."""
        return replace(self, overloads=tuple((head, _awaited(r)) for head, r in self.overloads))

    def parameters(self) -> Signature:
        return replace(self, overloads=tuple((head, "") for head, _ in self.overloads))


def _awaited(returns: str) -> str:
    head, _, rest = returns.partition("[")
    first = _split(rest[:-1])[0] if rest else ""
    if head in ("typing.Iterator", "typing.Generator"):
        return f"typing.AsyncIterator[{first}]"
    if head == "contextlib.AbstractContextManager":
        return f"contextlib.AbstractAsyncContextManager[{first}, bool | None]"
    return f"typing.Coroutine[Any, Any, {returns}]"


def parsed(text: str, deprecated: str = "") -> Signature:
    """The signature that mypy printed. What a stub calls `_T` its source may call `T`, and
    what `@contextmanager` makes is declared as the context manager that it is."""
    text = _CONTEXT.sub(r"contextlib.AbstractContextManager[\1, bool | None]", text)
    text = re.sub(r"\b_(?=[A-Z])", "", text)
    inner = text.removeprefix("Overload(").removesuffix(")") if "Overload(" in text else text
    return Signature(tuple(map(_divided, _split(inner))), deprecated)


def _split(text: str) -> list[str]:
    """The parts between the outermost commas."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "[(") - (character in ")]")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _divided(text: str) -> tuple[str, str]:
    """`def (…) -> T` at the arrow that is not in brackets; without one it gives None."""
    depth = 0
    for place, character in enumerate(text):
        depth += (character in "[(") - (character in ")]")
        if not depth and text.startswith(" -> ", place):
            return text[:place], text[place + len(" -> ") :]
    return text, "None"


def stubbed(folder: Path) -> Iterator[Stubbed]:
    """Every function in the generated stubs."""
    for path in sorted((folder / "library").glob("*.pyi")):
        for owner, function in functions(ast.parse(path.read_text())):
            yield Stubbed(path.stem, owner, function.name)


def functions(
    tree: ast.Module,
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """The functions of a module and of its classes, with the classes' names."""
    for node in tree.body:
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        owner = node.name if isinstance(node, ast.ClassDef) else ""
        for each in inside:
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
                yield owner, each


def probe(lines: Iterable[str]) -> str:
    """A module with a function, in whose arguments the stubs' classes and their sync ones are."""
    objects = [name for pair in RECEIVERS.values() for name in pair]
    modules = {name.partition("[")[0].rpartition(".")[0] for name in objects}
    modules |= {f"library.{name}" for name in ("models", "services", "services_async")}
    parameters = [
        f"    {owner}{suffix}: {name},"
        for owner, pair in RECEIVERS.items()
        for suffix, name in zip(("", "_sync"), pair, strict=True)
    ]
    imports = [f"import {name}" for name in sorted(modules)]
    return "\n".join([*imports, "def probe(", *parameters, ") -> None:", *lines, ""])


def revealed(
    expressions: Iterable[str], folder: Path, programs: Path
) -> tuple[Mapping[str, Signature | None], str]:
    """The signature of each expression, None of one without any; and all that mypy said."""
    wanted = list(dict.fromkeys(expressions))
    text = probe(f"    reveal_type({each})" for each in wanted)
    (folder / "probe.py").write_text(text)
    first = len(text.splitlines()) - len(wanted) + 1
    types: dict[int, str] = {}
    deprecations: dict[int, str] = {}
    said = mypy(folder, programs, "probe.py")
    for line in said.splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            continue
        if shown := _REVEALED.fullmatch(match["said"]):
            types[int(match["line"])] = shown["type"]
        elif reported := _DEPRECATED.fullmatch(match["said"]):
            deprecations[int(match["line"])] = reported["why"]
    found = {
        each: parsed(types[line], deprecations.get(line, ""))
        if types.get(line, "").startswith(("def ", "Overload("))
        else None
        for line, each in enumerate(wanted, first)
    }
    return found, said


def mypy(folder: Path, programs: Path, *files: str) -> str:
    """What mypy says of files in the folder of a built project, and of its stubs."""
    stubs = [str(path.relative_to(folder)) for path in (folder / "library").glob("*.pyi")]
    done = subprocess.run(
        [
            *(programs / "mypy", "--config-file", "mypy.ini", "--enable-error-code", "deprecated"),
            *files,
            *stubs,
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT / 'runtime'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def agrees(
    function: Stubbed, found: Signature | None, known: Mapping[str, Signature | None]
) -> bool:
    """Whether a function's signature is the one that comes of the others in `known`."""
    source = known[function.source]
    if source is None or found is None:
        return False
    if source.is_typed:
        return found == (source if function.is_manager else source.awaited())
    if function.is_manager:
        return found.awaited() == known[function.twin]
    return found.parameters() == source.parameters()


def signatures(
    functions: Iterable[Stubbed], folder: Path, programs: Path
) -> Mapping[str, Signature | None]:
    """The signatures of functions and of all that `agrees` compares them with."""
    wanted = [e for each in functions for e in (each.expression, each.source, each.twin)]
    return revealed(wanted, folder, programs)[0]
