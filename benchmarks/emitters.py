"""What stub emitters keep of one file: `python benchmarks/emitters.py`; `--write` puts the table
into docs/reference/typing.md, `--keep FOLDER` keeps what each of them emitted.

Each emitter reads the same module. What it wrote is parsed, and each feature is looked for in the
syntax tree: of asyncgen in the twin of the method, of the others in the method itself. The
environment is the one of generators.py.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from measure import ROOT, environment

DOCUMENT = ROOT / "docs" / "reference" / "typing.md"
MARKS = ("<!-- table: benchmarks/emitters.py -->", "<!-- end of emitters -->")
Definition = ast.FunctionDef | ast.AsyncFunctionDef

_NO_PYTHON = "NO_PYTHON"
_REPR = re.compile(r"<[\w. ]+ at 0x[0-9a-f]+>")

SOURCE = '''\
from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Concatenate, Literal, ParamSpec, Self, TypeVar, overload

from django.db import models, transaction
from typing_extensions import deprecated

if TYPE_CHECKING:
    from shelf.models import Book

P = ParamSpec("P")
T = TypeVar("T")
M = TypeVar("M", bound=models.Model)

EPOCH = datetime.date(1970, 1, 1)
MISSING = object()


class BookQuerySet(models.QuerySet["Book"]):
    def revenue(self) -> Decimal:
        """What the books earned."""
        return Decimal(self.count())

    @overload
    def titles(self, as_text: Literal[True]) -> str: ...
    @overload
    def titles(self, as_text: Literal[False] = False) -> list[str]: ...
    def titles(self, as_text: bool = False) -> str | list[str]:
        found = [book.title for book in self]
        return ", ".join(found) if as_text else found

    def between(self, low: int, high: int, /, *, inclusive: bool = True) -> int:
        return self.filter(pages__gte=low, pages__lte=high).count()

    def sold_since(self, day: datetime.date = EPOCH) -> int:
        return self.filter(sold__gte=day).count()

    def fallback(self, title: str, default: object = MISSING) -> object:
        found = self.filter(title=title).first()
        return default if found is None else found

    def apply(
        self, func: Callable[Concatenate[Book, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> list[T]:
        return [func(book, *args, **kwargs) for book in self]

    def cheapest(self) -> Self:
        first = self.first()
        return self.filter(pk=first.pk if first else None)

    @deprecated("use revenue()")
    def income(self) -> Decimal:
        return self.revenue()

    @transaction.atomic
    def archive(self, when: datetime.date | None = None, *, force: bool = False) -> int:
        return self.update(archived=when)

    @classmethod
    def total(cls, *, using: str = "default") -> int:
        return cls().using(using).count()

    @staticmethod
    def largest(books: BookQuerySet) -> Book | None:
        return books.first()

    def stream(self, size: int = 10) -> Iterator[Book]:
        yield from self.iterator(chunk_size=size)

    @contextmanager
    def locked(self) -> Iterator[Book]:
        with transaction.atomic():
            yield self.select_for_update()[0]

    def how_many(self):
        return self.filter(pages__gt=100).count()

    def newest(self):
        return self.order_by("-pk").first()


class OwnedQuerySet(models.QuerySet[M]):
    def eldest(self) -> M | None:
        return self.order_by("pk").first()
'''
MODELS = """\
from django.db import models


class Book(models.Model):
    title = models.CharField(max_length=100)
    pages = models.IntegerField()
"""
PROJECT = """\
[tool.asyncgen]
sources = ["shelf/querysets.py"]
"""
# It evaluates annotations, so that what is imported for type checkers has to be there.
SYNCHRONICITY = """\
import django
from django.conf import settings

settings.configure(INSTALLED_APPS=["shelf"])
django.setup()

from django.db.models import query, utils
from shelf import models, querysets
from synchronicity import Synchronizer

querysets.Book = models.Book

synchronizer = Synchronizer()
for module, name in (
    (utils, "AltersData"),
    (query, "QuerySet"),
    (querysets, "BookQuerySet"),
    (querysets, "OwnedQuerySet"),
):
    globals()[name] = synchronizer.create_blocking(getattr(module, name), name, __name__)
"""


@dataclass(frozen=True)
class Emitter:
    """A command, run in a folder with the package `shelf`, and the file that comes of it."""

    command: tuple[str | Path, ...]
    path: str
    prefix: str = ""  # of the names of what stands for a method


def emitters(binaries: Path) -> Mapping[str, Emitter]:
    stubgen = binaries / "stubgen"
    return {
        "asyncgen": Emitter((binaries / "asyncgen", "build"), "shelf/querysets_async.pyi", "a"),
        "stubgen": Emitter(
            (stubgen, "-q", "-o", "out", "shelf/querysets.py"), "out/shelf/querysets.pyi"
        ),
        "stubgen --inspect-mode": Emitter(
            (stubgen, "-q", "--inspect-mode", "-o", "out", "-m", "shelf.querysets"),
            "out/shelf/querysets.pyi",
        ),
        "pyright --createstub": Emitter(
            (binaries / "basedpyright", "--createstub", "shelf.querysets"),
            "typings/shelf/querysets.pyi",
        ),
        "pyrefly stubgen": Emitter(
            (binaries / "pyrefly", "stubgen", "-o", "out", "shelf/querysets.py"),
            "out/querysets.pyi",
        ),
        "synchronicity": Emitter(
            (binaries / "python", "-m", "synchronicity.type_stubs", "surface"), "surface.pyi"
        ),
    }


def emitted(emitter: Emitter, folder: Path) -> str:
    """The stub's text; empty where the emitter failed."""
    files = {
        "shelf/__init__.py": "",
        "shelf/models.py": MODELS,
        "shelf/querysets.py": SOURCE,
        "surface.py": SYNCHRONICITY,
        "pyproject.toml": PROJECT + f'python = "{Path(emitter.command[0]).parents[1]}"\n',
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    subprocess.run(
        emitter.command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        check=False,
    )
    path = folder / emitter.path
    return path.read_text(encoding="utf-8") if path.is_file() else ""


class Stub:
    """An emitted stub, by the names of the methods that it was made of."""

    def __init__(self, text: str, prefix: str) -> None:
        # What is no Python does not hide the rest; `_is_valid` tells of it.
        self.tree = ast.parse(_REPR.sub(_NO_PYTHON, text))
        self.text = text
        self.prefix = prefix

    def method(self, name: str, owner: str = "BookQuerySet") -> list[Definition]:
        """The definitions (overloads) of what stands for a method."""
        return [
            each
            for node in self.tree.body
            if isinstance(node, ast.ClassDef) and node.name.startswith(owner)
            for each in node.body
            if isinstance(each, Definition) and each.name == self.prefix + name
        ]

    def unbound(self) -> set[str]:
        """The names that are read and that nothing in the stub binds."""
        found = set(dir(builtins))
        read: set[str] = set()
        for node in ast.walk(self.tree):
            match node:
                case ast.alias(name, asname):
                    found.add((asname or name).partition(".")[0])
                case ast.ClassDef(name) | ast.FunctionDef(name) | ast.AsyncFunctionDef(name):
                    found.add(name)
                case ast.Name(name, ast.Store()):
                    found.add(name)
                case ast.Name(name):
                    read.add(name)
        return read - found - {_NO_PYTHON}


Check = Callable[[Stub], bool]


def returns(name: str, *texts: str, owner: str = "BookQuerySet") -> Check:
    """Whether the method says that it gives one of these types; a twin's `async` is left out."""

    def check(stub: Stub) -> bool:
        found = stub.method(name, owner)
        return len(found) == 1 and _text(found[0].returns) in texts

    return check


def default(name: str, parameter: str, *texts: str) -> Check:
    """Whether a parameter has one of these defaults, all of whose names the stub binds."""

    def check(stub: Stub) -> bool:
        values = [_defaults(each).get(parameter) for each in stub.method(name)]
        return [_text(v) for v in values if v] in [[t] for t in texts] and not any(
            isinstance(node, ast.Name) and node.id in stub.unbound()
            for value in values
            if value
            for node in ast.walk(value)
        )

    return check


def decorated(name: str, decorator: str) -> Check:
    return lambda stub: any(decorator in _decorators(each) for each in stub.method(name))


def _text(node: ast.expr | None) -> str:
    """An expression with double quotes; types without their modules, and with `|`."""
    text = ast.unparse(node).replace("'", '"') if node else ""
    text = text if '"' in text else re.sub(r"\b(?:\w+\.)+(?=\w)", "", text)
    return re.sub(r"\bOptional\[(\w+)\]", r"\1 | None", text)


def _decorators(function: Definition) -> list[str]:
    return [_text(each) for each in function.decorator_list]


def _defaults(function: Definition) -> dict[str, ast.expr]:
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    last = positional[len(positional) - len(arguments.defaults) :]
    found = {a.arg: value for a, value in zip(last, arguments.defaults, strict=True)}
    keywords = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return found | {a.arg: value for a, value in keywords if value}


def _overloads(stub: Stub) -> bool:
    found = [each for each in stub.method("titles") if "overload" in _decorators(each)]
    return [_text(each.returns) for each in found] == ["str", "list[str]"]


def _positional_only(stub: Stub) -> bool:
    names = [[each.arg for each in f.args.posonlyargs] for f in stub.method("between")]
    return names == [["self", "low", "high"]]


def _keyword_only(stub: Stub) -> bool:
    names = [[each.arg for each in f.args.kwonlyargs] for f in stub.method("between")]
    return names == [["inclusive"]]


def _signature_of_decorated(stub: Stub) -> bool:
    return [
        [(each.arg, _text(each.annotation)) for each in (*f.args.args[1:], *f.args.kwonlyargs)]
        for f in stub.method("archive")
    ] == [[("when", "date | None"), ("force", "bool")]]


def _param_spec(stub: Stub) -> bool:
    """`*args: P.args`, with the P of the module that was read or one of the stub's own."""
    found = stub.method("apply")
    if len(found) != 1 or not (found[0].args.vararg and found[0].args.vararg.annotation):
        return False
    module, _, name = ast.unparse(found[0].args.vararg.annotation)[: -len(".args")].rpartition(".")
    variables = [
        _text(each.targets[0])
        for each in stub.tree.body
        if isinstance(each, ast.Assign) and ast.unparse(each.value).startswith("ParamSpec(")
    ]
    own = name in variables or module == "shelf.querysets"
    return own and f"Concatenate[Book, {name}]" in _text(found[0].args.args[1].annotation)


def _generic(stub: Stub) -> bool:
    classes = [n for n in stub.tree.body if isinstance(n, ast.ClassDef) and "Owned" in n.name]
    bases = [base for each in classes for base in each.bases if isinstance(base, ast.Subscript)]
    results = [_text(each.returns) for each in stub.method("eldest", "OwnedQuerySet")]
    return bool(bases) and results == [f"{_text(bases[0].slice)} | None"]


def _context(stub: Stub) -> bool:
    found = stub.method("locked")
    return len(found) == 1 and (
        "contextmanager" in _decorators(found[0]) or "ContextManager[" in _text(found[0].returns)
    )


def _twins(stub: Stub) -> bool:
    texts = {ast.unparse(each).split("\n")[0] for each in ast.walk(stub.tree)
             if isinstance(each, Definition)}  # fmt: skip
    return "async def arevenue(self) -> Decimal:" in texts


def _is_valid(stub: Stub) -> bool:
    try:
        compile(stub.text, "stub", "exec")
    except SyntaxError:
        return False
    return True


def _docstrings(stub: Stub) -> bool:
    return any(ast.get_docstring(each) for each in stub.method("revenue"))


_EPOCH = ("EPOCH", "date(1970, 1, 1)")
FEATURES: Mapping[str, Check] = {
    "annotations": returns("revenue", "Decimal"),
    "overloads with Literal": _overloads,
    "positional-only parameters": _positional_only,
    "keyword-only parameters": _keyword_only,
    "literal default, its value": default("between", "inclusive", "True"),
    "default that is no literal: optional": default("sold_since", "day", "...", *_EPOCH),
    "default that is no literal: its value": default("sold_since", "day", *_EPOCH),
    "sentinel default: optional": default("fallback", "default", "...", "MISSING"),
    "signature behind a decorator": _signature_of_decorated,
    "ParamSpec": _param_spec,
    "generic class": _generic,
    "Self": returns("cheapest", "Self"),
    "`@deprecated`, with its message": decorated("income", 'deprecated("use revenue()")'),
    "class method": decorated("total", "classmethod"),
    "static method": decorated("largest", "staticmethod"),
    "iterator": returns("stream", "Iterator[Book]", "AsyncIterator[Book]"),
    "context manager": _context,
    "no annotation, inferred: `.count()`": returns("how_many", "int"),
    "no annotation, inferred: `.first()`": returns("newest", "Book | None"),
    "docstrings": _docstrings,
    "the stub compiles": _is_valid,
    "every name in it is bound": lambda stub: not stub.unbound(),
    "async twins": _twins,
}


def column(text: str, prefix: str) -> list[str]:
    """Of each feature, whether the stub has it."""
    stub = Stub(text, prefix)
    return ["yes" if check(stub) else "no" for check in FEATURES.values()]


def table(columns: Mapping[str, list[str]]) -> str:
    """A row a feature, a column an emitter."""
    rows = [["", *columns], ["---"] * (len(columns) + 1)]
    rows += [list(row) for row in zip(FEATURES, *columns.values(), strict=True)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    columns: dict[str, list[str]] = {}
    for name, emitter in emitters(environment()).items():
        with tempfile.TemporaryDirectory() as folder:
            found = emitted(emitter, Path(folder))
        columns[name] = column(found, emitter.prefix)
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            (options.keep / f"{name.replace(' ', '_')}.pyi").write_text(found, encoding="utf-8")
    text = table(columns)
    if options.write:
        before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(MARKS[0])
        after = rest.partition(MARKS[1])[2]
        DOCUMENT.write_text(f"{before}{MARKS[0]}\n\n{text}\n{MARKS[1]}{after}", encoding="utf-8")
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
