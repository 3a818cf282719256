"""What a stub says, case by case: the source of a queryset's method, and the lines of its twin."""

from __future__ import annotations

from pathlib import Path

import pytest
from asyncgen.config import load
from asyncgen.plan import Run, rendered
from asyncgen.stub.companions import types
from asyncgen.surface import Origin, Rendered

HEAD = """\
from __future__ import annotations
import datetime, os, typing as t
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Optional
from django.contrib.auth import get_user_model
from django.db import models
if TYPE_CHECKING:
    from shop.models import Book

class Pattern: ...
_T = t.TypeVar("_T")
class Shelf(t.Generic[_T]): ...

LIMIT = 3
User = get_user_model()
Key = t.NewType("Key", int)

class BookQuerySet(models.QuerySet["Book"]):
"""


def built(root: Path, source: str, settings: str = "", others: str = "") -> dict[str, Rendered]:
    package = root / "shop"
    package.mkdir(exist_ok=True)
    (package / "__init__.py").write_text("")
    (package / "models.py").write_text(
        "from django.db import models\n"
        "class Book(models.Model):\n    pages = models.IntegerField()\n"
    )
    (package / "querysets.py").write_text(source)
    (root / "pyproject.toml").write_text(
        f'[tool.asyncgen]\nsources = ["shop/querysets.py", {others}]\n{settings}\n'
    )
    config = load(root / "pyproject.toml")
    result = Run(config).result()
    return {each.path: each for each in rendered(result, config)}


def stub(root: Path, method: str) -> str:
    """The members of the mixin's stub, without the class line."""
    lines = "".join(f"    {line}\n" for line in method.splitlines())
    text = built(root, HEAD + lines)["shop/querysets_async.pyi"].text
    body = text.partition("class BookQuerySetAsync:\n")[2]
    return "\n".join(line.removeprefix("    ") for line in body.splitlines())


CASES = {
    "what is a value to type checkers is no type": (
        "def one(self, user: User) -> User:\n    return self.get(user=user)",
        "async def aone(self, user: Any) -> Incomplete: ...",
    ),
    "a NewType is one": (
        "def one(self, key: Key) -> Key:\n    return self.get(key=key)",
        "async def aone(self, key: Key) -> Key: ...",
    ),
    "a default of None is taken": (
        "def one(self, a: int = None, b: Optional[int] = None, c: int | None = None) -> int:\n"
        "    return self.count()",
        "async def aone(\n    self, a: int | None = None, b: Optional[int] = None, "
        "c: int | None = None\n) -> int: ...",
    ),
    "quoted annotations lose their quotes": (
        'def one(self, a: "Optional[Book]") -> "dict[str, Book]":\n    return list(self)',
        "async def aone(self, a: Optional[Book]) -> dict[str, Book]: ...",
    ),
    "an aliased module keeps its name": (
        "def one(self) -> t.Any:\n    return self.get()",
        "async def aone(self) -> t.Any: ...",
    ),
    "an annotation in parentheses": (
        "def one(self, a: (\n    list[str]\n    | None\n) = None) -> (int | None):\n"
        "    return self.count()",
        "async def aone(self, a: list[str] | None = None) -> int | None: ...",
    ),
    "type arguments that are left out": (
        "def one(self, a: dict, b: Iterator, c: models.QuerySet) -> tuple | t.Sequence[list]:\n"
        "    return list(self)",
        "async def aone(\n    self, a: dict[Any, Any], b: Iterator[Any], c: models.QuerySet[Any]\n"
        ") -> tuple[Any, ...] | t.Sequence[list[Any]]: ...",
    ),
    "classes of one's own with such names": (
        "def one(self, a: Pattern, b: t.Callable) -> Shelf:\n    return Shelf(self.count())",
        "async def aone(self, a: Pattern, b: t.Callable[..., Any]) -> Shelf[Any]: ...",
    ),
    "a default that is no literal": (
        "def one(self, n: int = LIMIT, m: int = 2) -> int:\n    return self.count()",
        "async def aone(self, n: int = ..., m: int = 2) -> int: ...",
    ),
    "a name that cannot be found": (
        "def one(self, a: Missing) -> Lost:\n    return self.get()",
        "async def aone(self, a: Any) -> Incomplete: ...",
    ),
    "a member with the name of a builtin": (
        "def list(self) -> list[int]:\n    return [self.count()]",
        "async def alist(self) -> list[int]: ...",
    ),
    "a path with a str in it": (
        'def one(self):\n    return os.path.join("a", str(self.count()))',
        "async def aone(self) -> str: ...",
    ),
    "a path of whatever is passed": (
        "def one(self, a):\n    self.count()\n    return os.path.join(a, a)",
        "async def aone(self, a: Any) -> Incomplete: ...",
    ),
    "a generator without annotations": (
        "def one(self):\n    yield from self",
        "def aone(self) -> AsyncIterator[Book]: ...",
    ),
    "count() is int": (
        "def one(self):\n    return self.count()",
        "async def aone(self) -> int: ...",
    ),
    "first() or None": (
        "def one(self):\n    return self.filter(pages=1).first()",
        "async def aone(self) -> Book | None: ...",
    ),
    "first() that is raised for": (
        "def one(self):\n    found = self.first()\n    if found is None:\n        raise KeyError\n"
        "    return found",
        "async def aone(self) -> Book: ...",
    ),
    "found in a loop, or not": (
        "def one(self):\n    found = None\n    for book in self:\n        if book.pages:\n"
        "            found = book\n            break\n    return found",
        "async def aone(self) -> Book | None: ...",
    ),
    "what an exception leaves behind": (
        "def one(self):\n    found = None\n    try:\n        found = self.get()\n"
        "    except ValueError:\n        pass\n    return found",
        "async def aone(self) -> Book | None: ...",
    ),
    "a suppressed exception": (
        "def one(self):\n    from contextlib import suppress\n    with suppress(ValueError):\n"
        "        return self.count()",
        "async def aone(self) -> int | None: ...",
    ),
    "a list that grows": (
        "def one(self):\n    found = [1]\n    found.append(self.first())\n    return found",
        "async def aone(self) -> list[Book | int | None]: ...",
    ),
    "a list that others may change": (
        "def one(self, fill):\n    found = [self.count()]\n    fill(found)\n    return found",
        "async def aone(self, fill: Any) -> list[Any]: ...",
    ),
    "an unknown decorator": (
        "@unknown\ndef one(self):\n    return self.count()",
        "async def aone(self, *args: Any, **kwargs: Any) -> Incomplete: ...",
    ),
    "a parameter": (
        "def one(self, given):\n    self.count()\n    return given",
        "async def aone(self, given: Any) -> Incomplete: ...",
    ),
    "get_or_create": (
        "def one(self):\n    return self.get_or_create(pages=1)",
        "async def aone(self) -> tuple[Book, bool]: ...",
    ),
    "self.model": (
        "def one(self):\n    made = self.model(pages=1)\n    made.save()\n    return made",
        "async def aone(self) -> Book: ...",
    ),
    "an override that returns what Django's does": (
        "def delete(self):\n    self.count()\n    return super().delete()",
        "async def adelete(self) -> tuple[int, dict[str, int]]: ...",
    ),
    "an override that returns something narrower": (
        "def first(self):\n    return self.order_by('pages').get()",
        "async def afirst(self) -> Book: ...",
    ),
    "an override that does not return what Django's does": (
        "def delete(self):\n    super().delete()",
        "async def adelete(self) -> Incomplete: ...",
    ),
    "such an override that says what it returns": (
        "def delete(self) -> None:\n    super().delete()",
        "async def adelete(self) -> None: ...",
    ),
    "a queryset of which no more is known": (
        "def one(self):\n    found: models.QuerySet = self.other()\n    self.first()\n"
        "    return found",
        "async def aone(self) -> QuerySet[Any]: ...",
    ),
    "an instance of a generic class": (
        "def one(self):\n    self.count()\n    return Shelf()",
        "async def aone(self) -> Shelf[Any]: ...",
    ),
    "another method of the class": (
        "def _many(self):\n    return self.count()\ndef one(self):\n    return self._many()",
        "async def aone(self) -> int: ...",
    ),
    "type parameters": (
        "def one[K: models.Model, V: (int, str) = int](self, kind: type[K], value: V) -> K:\n"
        "    return self.get()",
        "async def aone[K: models.Model, V: (int, str) = int](\n"
        "    self, kind: type[K], value: V\n) -> K: ...",
    ),
    "a ParamSpec and a TypeVarTuple": (
        "def one[**P, *Ts](self, f: t.Callable[P, tuple[*Ts]], *args: P.args, "
        "**kwargs: P.kwargs) -> tuple[*Ts]:\n    return self.get()",
        "async def aone[**P, *Ts](\n"
        "    self, f: t.Callable[P, tuple[*Ts]], *args: P.args, **kwargs: P.kwargs\n"
        ") -> tuple[*Ts]: ...",
    ),
    "defaults of a ParamSpec and a TypeVarTuple": (
        "def one[*Ts = *tuple[Book, ...], **P = [Book]](self) -> tuple[*Ts]:\n"
        "    return self.get()",
        "async def aone[*Ts = *tuple[Book, ...], **P = [Book]](self) -> tuple[*Ts]: ...",
    ),
    "a type parameter that stands for the receiver": (
        "def one[Q: models.QuerySet](self: Q, n: int) -> dict[str, Q]:\n    return self.get()",
        "async def aone(self, n: int) -> dict[str, Self]: ...",
    ),
    "a type parameter that has the name of a twin": (
        "def one[aone](self, n: aone) -> aone:\n    return self.get()",
        "async def aone[_aone](self, n: _aone) -> _aone: ...",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_method(name: str, tmp_path: Path) -> None:
    method, expected = CASES[name]
    assert stub(tmp_path, method).strip() == expected


METHOD = "    def one(self) -> int:\n        return self.count()\n"


def test_stubs_go_beside_or_into_a_folder_or_nowhere(tmp_path: Path) -> None:
    managers = "shop/querysets_managers.py"
    beside = built(tmp_path, HEAD + METHOD)
    assert {"shop/querysets_async.pyi", f"{managers}i", managers} < beside.keys()
    assert beside["shop/querysets_async.py"].text.startswith("# type: ignore\n\n# Generated by")
    folder = built(tmp_path, HEAD + METHOD, 'stubs = "typings/{directory}"')
    assert {
        "typings/shop/querysets_async.pyi",
        "typings/shop/querysets_managers.pyi",
    } < folder.keys()
    nowhere = built(tmp_path, HEAD + METHOD, 'stubs = "none"')
    assert list(nowhere) == ["shop/querysets_async.py"]
    assert not nowhere["shop/querysets_async.py"].text.startswith("# type")


def test_managers_are_for_querysets_without_models_in_their_module(tmp_path: Path) -> None:
    without = built(tmp_path, HEAD + METHOD, 'managers = "none"')
    assert not any("managers" in path for path in without)
    model = (
        "\nclass Other(models.Model):\n"
        "    def one(self) -> int:\n        return Other.objects.count()\n"
    )
    assert not any("managers" in path for path in built(tmp_path, HEAD + METHOD + model))


@pytest.mark.parametrize(
    ("folder", "signed"), [("django-stubs", "str"), ("no-such-stubs", "Incomplete")]
)
def test_without_django_stubs_the_source_and_our_own_stubs_are_all_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, signed: str
) -> None:
    monkeypatch.setattr("asyncgen.analysis.django_stubs.FOLDER", folder)
    methods = (
        "    def two(self):\n        return self.first()\n"
        "    def three(self):\n"
        "        from django.core import signing\n"
        "        return signing.dumps(self.count())\n"
    )
    written = built(tmp_path, HEAD + METHOD + methods)
    text = written["shop/querysets_async.pyi"].text
    assert "async def aone(self) -> int: ..." in text
    assert "async def atwo(self) -> Book | None: ..." in text
    assert f"async def athree(self) -> {signed}: ..." in text
    managers = written["shop/querysets_managers.pyi"].text
    assert ("RelatedManager" in managers) is (folder == "django-stubs")


def test_self_of_what_a_manager_has_from_a_queryset_is_the_queryset(tmp_path: Path) -> None:
    source = HEAD.replace("Optional", "Optional, Self, TypeVar") + (
        "    def best(self) -> Self:\n"
        "        self.first()\n"
        "        return self.filter()\n"
        "    def like(self, other: Self) -> int:\n"
        "        return other.count()\n"
        "    def pairs(self: _Q) -> dict[str, _Q]:\n"
        "        return {'x': self.filter(pk=self.first().pk)}\n"
        "_Q = TypeVar('_Q', bound='BookQuerySet')\n"
        "class BookManager(models.Manager.from_queryset(BookQuerySet)['Book']):\n"
        "    pass\n"
    )
    files = built(tmp_path, source)
    mixin = files["shop/querysets_async.pyi"].text.partition("class BookManagerAsync:\n")[2]
    assert "async def abest(self) -> BookQuerySet: ...\n" in mixin
    assert "async def apairs(self) -> dict[str, BookQuerySet]: ...\n" in mixin
    assert "async def alike(self, other: BookQuerySet) -> int: ...\n" in mixin
    nowhere = built(tmp_path, source, 'stubs = "none"')
    module = nowhere["shop/querysets_async.py"].text.partition("class BookManagerAsync:\n")[2]
    assert "async def abest(self) -> BookQuerySet:\n" in module
    assert "async def alike(self, other: BookQuerySet) -> int:\n" in module


def test_a_generic_queryset_whose_row_is_not_known_has_a_generic_manager(tmp_path: Path) -> None:
    source = """\
from typing import Generic, TypeVar
from django.db import models
T = TypeVar("T", bound=models.Model)
if models:
    Base = models.QuerySet[T]
else:
    Base = models.QuerySet

class LoanQuerySet(Base, Generic[T]):
    def total(self) -> int:
        return self.count()
"""
    text = built(tmp_path, source)["shop/querysets_managers.pyi"].text
    assert "class LoanManager(Manager[Any], Generic[_T]):" in text
    assert "class LoanRelatedManager(LoanManager[_T], RelatedManager[Any]): ..." in text


ALIASES = """\
from typing import Any, Literal, TypeAlias, Union
from django.db import models

_Tree: TypeAlias = Union[int, "list[_Tree]"]
_Odd: TypeAlias = "dict[str, _Even]"
_Even: TypeAlias = "list[_Odd]"
_Mode: TypeAlias = Literal["r", "w"]
_Note: TypeAlias = tuple[int, ...]
type Rows = list[int]
type _Pair[T] = tuple[T, T]

class BookQuerySet(models.QuerySet[Any]):
    def one(self, a: _Tree, b: _Odd, c: _Mode, d: _Note, e: Rows, f: _Pair[int]) -> int:
        return self.count()
"""


def test_private_aliases_are_written_out(tmp_path: Path) -> None:
    """Others are imported, and so are generic ones; of a recursive one the stub has a copy."""
    text = built(tmp_path, ALIASES)["shop/querysets_async.pyi"].text
    assert "from shop.querysets import Rows, _Pair\n" in text
    assert "_Tree: TypeAlias = Union[int, list[_Tree]]\n" in text
    assert "_Odd: TypeAlias = dict[str, list[_Odd]]\n" in text
    assert 'c: Literal["r", "w"],' in text
    assert "d: tuple[int, ...],\n        e: Rows,\n        f: _Pair[int],\n" in text


GENERIC = """\
from typing import Any, Concatenate
from collections.abc import Callable
from django.db import models

from shop.models import Book

class Owned[M: models.Model, **P, *Ts](models.QuerySet[M]):
    def newest(self) -> M | None:
        return self.first()
    def called(self, f: Callable[P, int], *args: P.args, **kwargs: P.kwargs) -> tuple[*Ts]:
        return (self.count(),)

class BookQuerySet(Owned["Book", [int], str, bytes]):
    def total(self) -> int:
        return self.count()

class AnyQuerySet(Owned):
    def total(self) -> int:
        return self.count()
"""


def test_type_parameters_of_a_class(tmp_path: Path) -> None:
    """Each is what the subclass says; the manager of the class itself has them too."""
    files = built(tmp_path, GENERIC)
    mixin = files["shop/querysets_async.pyi"].text
    assert "class OwnedAsync[M: models.Model, **P, *Ts]:\n" in mixin
    assert "    async def anewest(self) -> M | None: ...\n" in mixin
    text = files["shop/querysets_managers.pyi"].text
    assert "class OwnedManager[M: models.Model, **P, *Ts](Manager[M]):\n" in text
    assert "    def get_queryset(self) -> Owned[M, P, *Ts]: ...\n" in text
    assert "    OwnedManager[M, P, *Ts], RelatedManager[M]\n): ...\n" in text
    of_books = text.partition("class BookManager(")[2]
    assert "    def newest(self) -> Book | None: ...\n" in of_books
    assert "f: Callable[[int], int], *args: Any, **kwargs: Any" in of_books
    assert ") -> tuple[*tuple[str, bytes]]: ...\n" in of_books
    of_any = text.partition("class AnyManager(")[2]
    assert "f: Callable[..., int]" in of_any
    assert ") -> tuple[*tuple[Any, ...]]: ...\n" in of_any


MIXED = """\
from typing import TypeVar as Variable
from django.db import models

_M = Variable("_M", bound=models.Model)

class LoanQuerySet(models.QuerySet[_M]):
    def made[T: (int, str)](self, given: T) -> T:
        self.count()
        return given
"""


def test_a_class_with_type_variables_has_no_methods_with_type_parameters(tmp_path: Path) -> None:
    """PEP 695: both in one signature are an error, as they would be where it is inherited."""
    text = built(tmp_path, MIXED)["shop/querysets_async.pyi"].text
    assert '_T = TypeVar("_T", int, str)\n' in text
    assert "class LoanQuerySetAsync(Generic[_M]):\n" in text
    assert "    async def amade(self, given: _T) -> _T: ...\n" in text


VERSIONS = """\
import sys
from django.db import models

class BookQuerySet(models.QuerySet["Book"]):
    if sys.version_info >= (3, 12):
        def new(self) -> int:
            return self.count()
    elif sys.platform == "win32":
        def new(self, key: str) -> bytes:
            return b""
    else:
        def new(self) -> str:
            return ""
    try:
        import fast
        def either(self, key: int) -> int:
            return self.count()
    except ImportError:
        def either(self, key: int) -> str:
            return ""
    def again(self) -> int:
        return self.count()
    def again(self) -> str:
        return str(self.count())
"""


def test_a_method_that_is_defined_several_times(tmp_path: Path) -> None:
    """All versions count, for what it is as for its type; what one hides does not."""
    files = built(tmp_path, VERSIONS)
    assert (
        files["shop/querysets_async.pyi"].text.partition("class ")[2]
        == """\
BookQuerySetAsync:
    if sys.version_info >= (3, 12):
        async def anew(self) -> int: ...

    if sys.version_info < (3, 12) and sys.platform == "win32":
        async def anew(self, key: str) -> bytes: ...

    if sys.version_info < (3, 12) and sys.platform != "win32":
        async def anew(self) -> str: ...

    async def aeither(self, key: int) -> int | str: ...
    async def aagain(self) -> str: ...
"""
    )
    assert "async def anew(self, *args, **kwargs)" in files["shop/querysets_async.py"].text


def test_rows_of_a_class_that_does_not_say_whose_they_are(tmp_path: Path) -> None:
    """mypy's plugin takes them for a type variable's, so that an override's twin would not fit."""
    source = """\
from django.db import models

class BookQuerySet(models.QuerySet):
    def create(self, **kwargs):
        return super().create(**kwargs)
    def newest(self):
        return self.order_by("-pk").first()
"""
    (tmp_path / "shop").mkdir()
    models = "from django.db import models\nfrom shop.querysets import BookQuerySet\n"
    models += "class Loan(models.Model):\n    objects = BookQuerySet.as_manager()\n"
    (tmp_path / "shop" / "loans.py").write_text(models)
    files = built(tmp_path, source, "", '"shop/loans.py"')
    assert "acreate(self, **kwargs: Any) -> Incomplete" in files["shop/querysets_async.pyi"].text
    assert "anewest(self) -> Loan | None" in files["shop/querysets_async.pyi"].text
    assert "acreate(self, **kwargs: Any) -> Loan:" in files["shop/querysets_managers.pyi"].text


DOCUMENTED = """\
from django.db import models

class BookQuerySet(models.QuerySet["Book"]):
    def total(self) -> int:
        \"\"\"How many there are.

        More of it.
        \"\"\"
        return self.count()
    def quoted(self) -> int:
        'What is called "quoted"'
        return self.count()
"""


def test_a_manager_has_the_docstrings_of_its_queryset(tmp_path: Path) -> None:
    """No other module has them where a checker or an editor looks; of twins the mixin has."""
    files = built(tmp_path, DOCUMENTED)
    assert (
        '''\
    def total(self) -> int:
        """How many there are."""

    async def atotal(self) -> int: ...
    def quoted(self) -> int: ...
'''
        in files["shop/querysets_managers.pyi"].text
    )
    assert '"""' not in files["shop/querysets_async.pyi"].text


def test_an_override_without_a_fitting_type_is_told_from_an_unknown_one(tmp_path: Path) -> None:
    built(tmp_path, f"{HEAD}    def delete(self):\n        super().delete()\n")
    stubs = types(Run(load(tmp_path / "pyproject.toml")).result().stubs)
    origins = {each.name: each.origin for each in stubs.values()}
    assert origins == {"adelete": Origin.MISFIT}
