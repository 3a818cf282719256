"""Names across files, and the order that Python looks attributes up in."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from asyncgen.definitions import External, FunctionIn, ModuleReference
from asyncgen.modules import every_class
from asyncgen.read import read_file
from asyncgen.resolve import Resolver
from asyncgen.source import Class, Function, Module
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.analysis import class_named, resolver

BOOKS = {
    "shop": "",
    "shop.base": """
        from django.db import models
        class Base(models.QuerySet): pass
        class _Private(models.QuerySet): pass
        def helper(): pass
        """,
    "shop.star": "from shop.base import *\n__all__ = ['Base']\n",
    "shop.reexport": "from .base import Base as Renamed, helper as renamed_helper\n",
    "shop.module": "import shop.base as other\nimport shop.base\nfrom . import base\n",
    "shop.alias": "from shop.base import Base\nAlias = Base\nAgain = Alias\n",
    "shop.guarded": """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from shop.base import Base
        else:
            from shop.base import Base
        try:
            from nowhere import Missing
        except ImportError:
            Missing = None
        """,
}


def bases(text: str) -> list[str]:
    """The names of the classes that `Thing` in module `shop.here` inherits from."""
    made = resolver({**BOOKS, "shop.here": text})
    return [base.name for base in made.bases(class_named(made, "shop.here", "Thing"))[0]]


@pytest.mark.parametrize(
    ("imported", "base"),
    [
        ("from shop.base import Base", "Base"),
        ("from .base import Base", "Base"),
        ("from . import base", "base.Base"),
        ("import shop.base", "shop.base.Base"),
        ("import shop.base as other", "other.Base"),
        ("from shop.reexport import Renamed", "Renamed"),
        ("from shop.star import *", "Base"),
        ("from shop.star import Base", "Base"),
        ("from shop import star", "star.Base"),
        ("from shop.module import other", "other.Base"),
        ("from shop.module import base", "base.Base"),
        ("from shop.alias import Again", "Again"),
        ("from shop.guarded import Base", "Base"),
        ("from shop.base import Base", "Base[Book]"),
        ("from shop.base import Base", "Base['Book', int]"),
        ("from shop.base import Base\nX = Base[int]", "X"),
        ("from shop.base import Base\nX = Base if a else object", "X"),
        ("from shop.base import Base\nX = Y = Base", "Y"),
        ("from shop.base import Base\ntry:\n    X = Base\nexcept E:\n    X = None", "X"),
        ("from six import with_metaclass\nfrom shop.base import Base", "with_metaclass(M, Base)"),
        ("from load import get_class", "get_class('base', 'Base')"),
        ("from load import get_classes\nA, B = get_classes('base', ['Other', 'Base'])", "B"),
    ],
)
def test_a_base_is_found(imported: str, base: str) -> None:
    assert bases(f"{imported}\nclass Thing({base}): pass\n") == ["Base"]


@pytest.mark.parametrize("base", ["models.QuerySet", "models.query.QuerySet", "QuerySet['Book']"])
def test_django_s_own_classes_are_found(base: str) -> None:
    imports = "from django.db import models\nfrom django.db.models import QuerySet\n"
    assert bases(f"{imports}class Thing({base}): pass\n") == ["QuerySet"]


def test_what_a_star_import_leaves_out() -> None:
    made = resolver({**BOOKS, "shop.here": "from shop.star import *\nfrom shop.base import *\n"})
    here = made.module("shop.here")
    assert here is not None
    assert made.name(here, "_Private") is None
    assert isinstance(made.name(here, "helper"), FunctionIn)


def test_names_that_lead_in_a_circle_end() -> None:
    made = resolver({"a": "from b import x\n", "b": "from a import x\n", "c": "x = y\ny = x\n"})
    for name in ("a", "b", "c"):
        module = made.module(name)
        assert module is not None
        made.name(module, "x")
    assert made.mro(class_named(resolver({"d": "class A(A): pass"}), "d", "A"))


def test_what_stands_in_no_module_below_the_roots_is_external() -> None:
    made = resolver({"a": "import threading\nfrom nowhere.deep import Thing\n"})
    module = made.module("a")
    assert module is not None
    assert made.name(module, "Thing") == External("nowhere.deep.Thing")
    assert isinstance(made.name(module, "threading"), ModuleReference)


def test_a_base_that_cannot_be_told_is_evidence_and_no_crash() -> None:
    text = (
        "from nowhere import Base\nclass Thing(Base, dict, Unheard): pass\nclass Sub(Thing): pass"
    )
    made = resolver({"a": text})
    said = [each.message for each in made.missing(class_named(made, "a", "Sub"))]
    assert said == [
        "Thing inherits from Base, which cannot be found",
        "Thing inherits from Unheard, which only running it can tell",
    ]
    assert made.builtin_base(class_named(made, "a", "Sub")) == "dict"


def test_a_base_that_is_computed_and_one_that_is_another_name_for_object() -> None:
    text = """
    from typing import TYPE_CHECKING
    import nowhere
    if TYPE_CHECKING:
        _Base = nowhere.Base
    else:
        _Base = object
    class Mixin(_Base): pass
    class Made(nowhere.base().__class__, nowhere.Base): pass
    """
    made = resolver({"a": text})
    assert made.missing(class_named(made, "a", "Mixin")) == ()
    computed, imported = made.missing(class_named(made, "a", "Made"))
    assert (computed.is_imported, imported.is_imported) == (False, True)


def test_bases_from_the_standard_library_and_from_written_modules_are_not_missing() -> None:
    text = """
    import threading
    from shop_async import BooksAsync
    class Thing(BooksAsync, threading.local): pass
    """
    made = resolver({"a": text})
    made.outputs = frozenset({"shop_async"})
    assert made.missing(class_named(made, "a", "Thing")) == ()


# -- the method resolution order ------------------------------------------------------------------


@st.composite
def hierarchies(draw: st.DrawFn) -> list[list[int]]:
    """For each class, the earlier classes that it inherits from."""
    count = draw(st.integers(1, 9))
    return [
        draw(st.lists(st.integers(0, n - 1), unique=True, max_size=3)) if n else []
        for n in range(count)
    ]


@settings(max_examples=200, deadline=None)
@given(hierarchies())
def test_the_order_is_python_s_own(hierarchy: list[list[int]]) -> None:
    source = "\n".join(
        f"class C{n}({', '.join(f'C{base}' for base in bases)}): pass"
        for n, bases in enumerate(hierarchy)
    )
    names: dict[str, type] = {}
    try:
        exec(source, names)
    except TypeError:  # no consistent order: Python makes no such class, and we do not crash
        made = resolver({"m": source})
        assert made.mro(class_named(made, "m", f"C{len(hierarchy) - 1}"))
        return
    made = resolver({"m": source})
    for n in range(len(hierarchy)):
        ours = [each.name for each in made.mro(class_named(made, "m", f"C{n}"))]
        assert ours == [each.__name__ for each in names[f"C{n}"].__mro__[:-1]]


def _found(made: Resolver, owner: Class, name: str, after: Class | None = None) -> str:
    found = made.lookup(owner, name, after)
    return found[0].name if found else ""


def test_lookup_and_super_follow_the_order() -> None:
    text = """
    class A:
        def f(self): pass
        def g(self): pass
    class B(A):
        def f(self): pass
    class C(A):
        def g(self): pass
    class D(B, C): pass
    """
    made = resolver({"m": dedent(text)})
    a, b, d = (class_named(made, "m", name) for name in "ABD")
    assert _found(made, d, "f") == "B"
    assert _found(made, d, "g") == "C"
    assert _found(made, d, "g", after=b) == "C"
    assert _found(made, d, "f", after=b) == "A"
    assert _found(made, d, "f", after=a) == ""


def test_a_declaration_for_type_checkers_shadows_nothing() -> None:
    text = """
    from typing import TYPE_CHECKING
    class A:
        def f(self): return 1
    class B(A):
        if TYPE_CHECKING:
            def f(self) -> int: ...
            def g(self) -> int: ...
    """
    made = resolver({"m": dedent(text)})
    assert _found(made, class_named(made, "m", "B"), "f") == "A"
    assert _found(made, class_named(made, "m", "B"), "g") == "B"


# -- from_queryset --------------------------------------------------------------------------------

MANAGERS = """
from django.db import models
class Books(models.QuerySet):
    def public(self): pass
    def _private(self): pass
    def hidden(self): pass
    hidden.queryset_only = True
    def forced(self): pass
    def _shared(self): pass
    _shared.queryset_only = False
    @classmethod
    def of_class(cls): pass
    @property
    def a_property(self): pass
    @staticmethod
    def static(): pass
    def taken(self): pass
class Own(models.Manager):
    def taken(self): pass
Assigned = Own.from_queryset(Books)
class Based(Own.from_queryset(Books, "Name")): pass
class OfAssigned(Assigned): pass
"""


@pytest.mark.parametrize("name", ["Assigned", "Based", "OfAssigned"])
def test_from_queryset_copies_what_django_copies(name: str) -> None:
    made = resolver({"m": MANAGERS})
    owner = class_named(made, "m", name)
    copied = {
        each: isinstance(found[1], Function)
        for each in ("public", "forced", "_shared", "static", "_private", "hidden", "of_class")
        if (found := made.lookup(owner, each))
    }
    assert copied == {"public": True, "forced": True, "_shared": True, "static": True}
    assert made.lookup(owner, "a_property") is None
    assert _found(made, owner, "taken") == "Own"
    assert any(each.queryset and each.queryset.name == "Books" for each in made.mro(owner))


def test_classes_made_inside_functions_are_found_with_the_functions() -> None:
    text = """
    def outer(base):
        if base:
            class Inner(base):
                def f(self): pass
        def deeper():
            class Innermost: pass
            return Innermost
        return Inner
    if TYPE_CHECKING:
        class Pretended: ...
        class Outer: ...
    else:
        class Outer: ...
    """
    made = resolver({"m": dedent(text)})
    module = made.module("m")
    assert module is not None
    assert [found.name for found in every_class(module)] == ["Outer", "Inner", "Innermost"]


def test_packages_that_have_nothing_to_do_with_django() -> None:
    made = resolver({})
    assert made.knows_django("django.db.models")
    assert not made.knows_django("yaml.scanner")


def test_a_word_about_django_in_a_comment_is_no_import(tmp_path: Path) -> None:
    packages = {"talks": "# as in django\n", "uses": "from django.db import models\n"}
    for name, text in packages.items():
        folder = tmp_path / "site-packages" / name
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(text)
    made = Resolver((tmp_path / "site-packages",), _unread)
    assert made.knows_django("uses.models")
    assert not made.knows_django("talks.about")


def _unread(path: Path, name: str) -> Module:
    raise AssertionError(f"{name} is read")


@pytest.mark.parametrize(
    ("imports", "test", "is_type_only"),
    [
        ("from typing import TYPE_CHECKING", "TYPE_CHECKING", True),
        ("from typing import TYPE_CHECKING as types", "types", True),
        ("from typing_extensions import TYPE_CHECKING", "TYPE_CHECKING", True),
        ("from shop.compat import TYPE_CHECKING", "TYPE_CHECKING", True),
        ("import typing as t", "t.TYPE_CHECKING", True),
        ("TYPE_CHECKING = False", "TYPE_CHECKING", True),
        ("from shop.flags import DEBUG as TYPE_CHECKING", "TYPE_CHECKING", False),
        ("from django.conf import settings", "settings.TYPE_CHECKING", False),
        ("from typing import TYPE_CHECKING", "not TYPE_CHECKING", False),
    ],
)
def test_what_is_only_for_types(imports: str, test: str, is_type_only: bool) -> None:
    text = f"{imports}\nif {test}:\n    class Thing: ...\n"
    module = resolver({"shop.here": text}).module("shop.here")
    assert module is not None
    assert module.classes["Thing"].is_type_only is is_type_only


def test_what_is_only_for_types_may_stand_in_an_else() -> None:
    text = "from typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n    class Thing: ...\n"
    text += "else:\n    class Other: ...\n"
    module = resolver({"shop.here": text}).module("shop.here")
    assert module is not None
    assert not module.classes["Thing"].is_type_only
    assert module.classes["Other"].is_type_only


def test_a_module_in_folders_without_init_is_found_by_its_whole_name(tmp_path: Path) -> None:
    inner = tmp_path / "acme" / "shop" / "stock"
    inner.mkdir(parents=True)
    (inner / "models.py").write_text("class Book: pass\n", encoding="utf-8")
    (tmp_path / "uses.py").write_text(
        "import acme.shop.stock.models\nimport acme.nothing\n"
        "class Own(acme.shop.stock.models.Book): pass\nclass Lost(acme.nothing.Book): pass\n",
        encoding="utf-8",
    )
    made = Resolver((tmp_path,), lambda path, name: read_file(path, name, path.name))
    found, missing = made.bases(class_named(made, "uses", "Own"))
    assert ([each.dotted for each in found], missing) == (["acme.shop.stock.models.Book"], ())
    assert made.bases(class_named(made, "uses", "Lost")) == ((), ("acme.nothing.Book",))
    # What would change the answer is among what was looked for in vain.
    assert tmp_path / "acme" / "nothing.py" in set(made.absent())
