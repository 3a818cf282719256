"""Models of one name in several applications: a relation means the one of the label that it says.

https://docs.djangoproject.com/en/stable/ref/models/fields/#django.db.models.ForeignKey
"""

from __future__ import annotations

import pytest
from asyncgen.django.relations import Relations
from asyncgen.source import Class

from tests.unit.analysis import PRELUDE, resolver

LINE = """
class Line(models.Model):
    pass
"""


def relations(**sources: str) -> Relations:
    found = resolver({name.replace("__", "."): PRELUDE + text for name, text in sources.items()})
    return Relations(found, found.known)


def model(found: Relations, module: str, name: str) -> Class:
    read = found.resolver.module(module)
    assert read is not None
    return read.classes[name]


def target(found: Relations, module: str, name: str) -> str:
    """The dotted name of the model that `line` of another points at; empty where it is unknown."""
    where = model(found, module, name)
    value = where.attributes["line"].value
    assert value is not None
    known = found.target(value, where)
    return known.dotted if known else ""


def note(to: str) -> str:
    return f"""
class Note(models.Model):
    line = models.ForeignKey({to!r}, models.CASCADE, related_name="notes")
"""


@pytest.mark.parametrize(
    ("modules", "to", "means"),
    [
        (("basket.models", "order.models"), "order.Line", "order.models.Line"),
        (("basket.models", "order.models"), "basket.Line", "basket.models.Line"),
        (("basket.models", "order.models"), "Line", "basket.models.Line"),
        (("basket.models", "order.models"), "ORDER.Line", ""),
        (("basket.models", "order.models"), "stock.Line", ""),
        (("shop.basket.models", "shop.order.models"), "order.Line", "shop.order.models.Line"),
        (("basket.models.lines", "order.models.lines"), "order.Line", "order.models.lines.Line"),
        (("basket.models", "order.abstract"), "order.Line", "order.abstract.Line"),
    ],
)
def test_the_label_says_which_application_it_is(
    modules: tuple[str, str], to: str, means: str
) -> None:
    own, other = (each.replace(".", "__") for each in modules)
    found = relations(**{own: LINE + note(to), other: LINE})
    assert target(found, modules[0], "Note") == means


@pytest.mark.parametrize(
    ("apps", "meta"),
    [
        ("class Config(AppConfig):\n    name = 'order'\n    label = 'sales'", ""),
        ("", "class Meta:\n        app_label = 'sales'"),
    ],
)
def test_a_label_may_be_set(apps: str, meta: str) -> None:
    found = relations(
        basket__models=LINE + note("sales.Line"),
        order__models=LINE.replace("pass", meta or "pass"),
        order__apps=f"from django.apps import AppConfig\n{apps}",
    )
    assert target(found, "basket.models", "Note") == "order.models.Line"


def test_a_model_has_what_points_at_it_and_not_at_its_namesake() -> None:
    found = relations(
        basket__models=LINE + note("order.Line"),
        order__models=LINE,
        stock__models=LINE + note("Line"),
    )

    def notes(module: str) -> str:
        known = found.reverse([model(found, module, "Line")], "notes")
        return known.model.dotted if known else ""

    assert notes("basket.models") == ""
    assert notes("order.models") == "basket.models.Note"
    assert notes("stock.models") == "stock.models.Note"


@pytest.mark.parametrize("label", ["order", "sales"])
def test_which_package_is_an_application_stands_in_settings(label: str) -> None:
    # "sales", with its AppConfig, may be the application of both modules, or "sales.order" one too.
    found = relations(
        sales__apps="from django.apps import AppConfig\nclass C(AppConfig):\n    name = 'sales'\n",
        sales__order__models=LINE + note("Line"),
        basket__models=LINE + note(f"{label}.Line"),
    )
    assert target(found, "basket.models", "Note") == "sales.order.models.Line"
    assert target(found, "sales.order.models", "Note") == "sales.order.models.Line"
    pointing = found.reverse([model(found, "sales.order.models", "Line")], "notes")
    assert pointing
    assert pointing.model.module in ("basket.models", "sales.order.models")
    assert found.reverse([model(found, "basket.models", "Line")], "notes") is None
