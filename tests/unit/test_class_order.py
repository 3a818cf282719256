"""How the classes of the sources stand to each other: what comes before a class, and below it.

Compared with Python, which makes the classes and looks their attributes up.
"""

from __future__ import annotations

import itertools

import pytest
from asyncgen.source import Class
from asyncgen.sources import Sources

from tests.unit.analysis import resolver

DIAMOND = """
class Base:
    size = 1
    def get(self): ...
    def save(self): ...

class Left(Base):
    def get(self): ...

class Right(Base):
    size = 2
    def get(self): ...

class Both(Left, Right):
    def save(self): ...

class Apart:
    size = 3
    def get(self): ...
"""
MIXED = """
class Mixin:
    size = 1
    def get(self): ...

class Base:
    size = 2
    def get(self): ...

class Other(Mixin):
    def get(self): ...

class Used(Mixin, Base): ...

class Behind(Base, Other): ...

class Both(Other, Used): ...
"""
ALREADY_BELOW = """
class Base:
    def get(self): ...

class First(Base):
    def get(self): ...

class Second(Base):
    size = 1
    def get(self): ...

class Joined(Second, First): ...
"""
TEXTS = {"diamond": DIAMOND, "mixed": MIXED, "below": ALREADY_BELOW}


def read(text: str) -> tuple[Sources, dict[str, Class]]:
    found = resolver({"shop": text})
    module = found.module("shop")
    assert module is not None
    return Sources(found, found.known), dict(module.classes)


def made(text: str) -> dict[str, type]:
    namespace: dict[str, type] = {}
    exec(text, namespace)  # the texts above
    return {name: each for name, each in namespace.items() if not name.startswith("_")}


def users(each: type, cls: type, classes: dict[str, type]) -> list[str]:
    """The classes that look in `each` no later than in `cls`; only `each`, if it is one."""
    orders = {
        name: user.__mro__
        for name, user in classes.items()
        if {each, cls} <= {*user.__mro__} and user.__mro__.index(each) <= user.__mro__.index(cls)
    }
    return [each.__name__] if each.__name__ in orders else list(orders)


@pytest.mark.parametrize("text", TEXTS)
def test_what_comes_before_a_class_is_what_python_finds_before_it(text: str) -> None:
    sources, read_classes = read(TEXTS[text])
    classes = made(TEXTS[text])
    for name, attribute in itertools.product(classes, ("get", "save")):
        found = sources.overriding(read_classes[name], attribute)
        # The first class below, in the order of the source, stands for all.
        expected = [
            (each, found_in[0])
            for each, known in classes.items()
            if each != name and attribute in vars(known)
            if (found_in := users(known, classes[name], classes))
        ]
        assert [(each.qualname, user.qualname) for each, _, user in found] == expected
        assert all(function is each.functions[attribute] for each, function, _ in found)


@pytest.mark.parametrize("text", TEXTS)
def test_an_attribute_is_declared_by_the_class_itself_and_by_what_comes_before(text: str) -> None:
    sources, read_classes = read(TEXTS[text])
    classes = made(TEXTS[text])
    for name in classes:
        found = sources.declared_below(read_classes[name], "size")
        expected = [
            each
            for each, known in classes.items()
            if "size" in vars(known) and users(known, classes[name], classes)
        ]
        assert [each.qualname for each, _ in found] == expected
        assert all(attribute is each.attributes["size"] for each, attribute in found)


@pytest.mark.parametrize("text", TEXTS)
def test_classes_below_are_subclasses_in_the_order_of_the_source(text: str) -> None:
    sources, read_classes = read(TEXTS[text])
    classes = made(TEXTS[text])
    for name, cls in classes.items():
        expected = [
            each for each, known in classes.items() if known is not cls and issubclass(known, cls)
        ]
        assert [each.qualname for each in sources.below(read_classes[name])] == expected


def test_what_is_no_source_overrides_nothing() -> None:
    found = resolver({"kit": MIXED, "shop": "import kit\nclass Own(kit.Mixin, kit.Base): ...\n"})
    kit, shop = found.module("kit"), found.module("shop")
    assert kit is not None
    assert shop is not None
    sources = Sources(found, [shop])
    assert sources.overriding(kit.classes["Base"], "get") == []
    assert sources.declared_below(kit.classes["Base"], "size") == []
    assert sources.below(kit.classes["Base"]) == [shop.classes["Own"]]
