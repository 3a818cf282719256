"""The methods that Django makes of a model's fields and options: which, and what is decided."""

from __future__ import annotations

import pytest
from asyncgen.candidates import Rules, candidates
from asyncgen.source import Class

from tests.unit.analysis import PRELUDE, classifier, decisions, kinds

NEIGHBOURS = {"get_next_by_day", "get_previous_by_day"}


def made(declaration: str, before: str = "") -> set[str]:
    """The methods of a model with one field, `day`."""
    found = decisions(f"{before}\nclass Event(models.Model):\n    day = {declaration}\n")
    return {
        each.function.name
        for each in found.values()
        if each.owner and each.owner.name == "Event" and each.function.made_of
    }


@pytest.mark.parametrize(
    "declaration",
    [
        "models.DateField()",
        "models.DateTimeField('the day', auto_now_add=True)",
        "models.DateField(null=False)",
        "models.DateField(**BLANK)",
        "models.DateField(**{'blank': True})",
        "Moment()",
        "other.Moment()",
    ],
)
def test_of_a_date_field(declaration: str) -> None:
    before = (
        "import other\nBLANK = {'blank': True}\n"
        "class Moment(models.DateTimeField):\n"
        "    def __init__(self, **options):\n        super().__init__(**options)"
    )
    sources = {"other": f"{PRELUDE}class Moment(models.DateField): pass\n"}
    found = decisions(
        f"{before}\nclass Event(models.Model):\n    day = {declaration}\n", None, **sources
    )
    assert {each.function.name for each in found.values() if each.owner and each.twin} == NEIGHBOURS


@pytest.mark.parametrize(
    "declaration",
    [
        "models.DateField(null=True)",
        "models.DateField(null=NULLABLE)",
        "models.DateField(**NULL)",
        "models.DateField(**unknown)",
        "Nullable()",
        "Assigned()",
        "models.TimeField()",
        "models.ForeignKey('self', models.CASCADE)",
        "DateField()",
        "DAY",
        "None",
    ],
)
def test_of_no_other_field(declaration: str) -> None:
    before = (
        "NULL = {'null': True}\nNULLABLE = True\n"
        "class Nullable(models.DateField):\n"
        "    def __init__(self, **options):\n        super().__init__(null=True, **options)\n"
        "class Assigned(models.DateField):\n"
        "    def __init__(self, **options):\n"
        "        options['null'] = True\n        super().__init__(**options)\n"
        "class DateField: pass"
    )
    assert made(declaration, before) == set()


def test_the_class_that_declares_the_field_has_the_twins() -> None:
    found = kinds(
        """
        class Dated(models.Model):
            day = models.DateField()
            class Meta:
                abstract = True
        class Event(Dated):
            pass
        class Plain:  # Django takes no fields from what is no model
            day = models.DateField()
        class Mixed(Plain, models.Model):
            pass
        """
    )
    assert found == {"Dated.get_next_by_day": "value", "Dated.get_previous_by_day": "value"}


def test_a_subclass_gets_those_of_the_bases() -> None:
    known = classifier(
        {
            "shop": f"{PRELUDE}from base import Dated\nclass Event(Dated): pass\n",
            "base": f"{PRELUDE}class Dated(models.Model):\n    day = models.DateField()\n",
        }
    )
    event = known.evaluator.resolver.dotted("shop.Event")
    assert isinstance(event, Class)
    found = [
        known.decide(each, Rules()) for each in candidates(known.evaluator, event, inherited=True)
    ]
    assert {each.twin for each in found} == {"aget_next_by_day", "aget_previous_by_day"}


def test_django_puts_its_own_in_the_place_of_a_method_of_the_class() -> None:
    found = decisions(
        """
        class Event(models.Model):
            day = models.DateField()
            def get_next_by_day(self, wrap=False):
                return "x"
        """
    )["Event.get_next_by_day"]
    assert found.function.made_of
    assert [each.name for each in found.function.signature.parameters] == ["self", "kwargs"]


ORDERED = """
class Question(models.Model):
    def answers(self):
        return self.get_answer_order()
class Answer(models.Model):
    question = models.ForeignKey(Question, models.CASCADE)
    class Meta:
        order_with_respect_to = "question"
"""


def test_orders() -> None:
    assert kinds(ORDERED) == {
        "Question.answers": "queryset",
        "Question.get_answer_order": "queryset",
        "Question.set_answer_order": "value",
        "Answer.get_next_in_order": "value",
        "Answer.get_previous_in_order": "value",
    }


def test_their_signatures_are_djangos() -> None:
    found = decisions(ORDERED)["Question.set_answer_order"].function.signature.parameters
    assert [(each.name, each.default) for each in found] == [
        ("self", None),
        ("id_list", None),
        ("using", "None"),
    ]


def test_a_proxy_has_no_neighbours_in_its_order() -> None:
    found = kinds(ORDERED, Rules(makes_proxies=True))
    assert found["Answer.get_next_in_order"] == "skipped"
    assert found["Question.set_answer_order"] == "value"


@pytest.mark.parametrize("target", ["Question", "'Question'", "'shop.Question'", "to=Question"])
def test_the_target_of_an_order(target: str) -> None:
    source = ORDERED.replace("ForeignKey(Question", f"ForeignKey({target}")
    source = source.replace("models.CASCADE", "on_delete=models.CASCADE")
    assert "Question.set_answer_order" in kinds(source)


def test_an_order_from_an_abstract_base() -> None:
    """Django makes the methods when the class is concrete, and of the options that it then has."""
    found = kinds(
        """
        class Node(models.Model):
            parent = models.ForeignKey("self", models.CASCADE)
            class Meta:
                abstract = True
                order_with_respect_to = "parent"
        class Leaf(Node):
            pass
        class Twig(Node):
            class Meta(Node.Meta):
                verbose_name = "twig"
        class Loose(Node):
            class Meta:
                verbose_name = "loose"
        """
    )
    assert {name for name in found if "next" in name or "set" in name} == {
        "Leaf.get_next_in_order",
        "Leaf.set_leaf_order",
        "Twig.get_next_in_order",
        "Twig.set_twig_order",
    }


def test_an_order_from_another_file_names_both() -> None:
    nodes = f"""{PRELUDE}

class Node(models.Model):
    class Meta:
        abstract = True
        order_with_respect_to = "parent"
"""
    leaf = "from nodes import Node\nclass Leaf(Node): pass\n"
    found = decisions(leaf, nodes=nodes)["Leaf.get_next_in_order"]
    assert [str(each.location) for each in found.evidence[:2]] == ["nodes.py:7", "shop.py:3"]


def test_no_order_of_an_abstract_model() -> None:
    """The name of a model of which only the abstract base is known: what is made of it has it."""
    source = ORDERED.replace("(Question,", "('Question',").replace(
        "class Question(models.Model):",
        "class AbstractQuestion(models.Model):\n    class Meta:\n        abstract = True",
    )
    assert not any("set_answer_order" in name for name in kinds(source))


def test_the_child_of_an_ordered_model_is_not_ordered() -> None:
    child = "class Remark(Answer): pass\n"
    assert kinds(ORDERED + child) == kinds(ORDERED)


def test_the_evidence_names_the_declaration() -> None:
    found = decisions(ORDERED.replace("def answers", "asked = models.DateField()\n    def answers"))
    first = found["Question.get_next_by_asked"].evidence[0]
    assert first.message == "Django makes get_next_by_asked of the date field asked"
    assert str(first.location) == "shop.py:4"
    first = found["Question.set_answer_order"].evidence[0]
    assert (
        first.message == "Django makes set_answer_order of Answer, ordered with respect to question"
    )
    assert str(first.location) == "shop.py:10"


def test_patterns_names_and_twins_by_hand() -> None:
    source = """
    class Event(models.Model):
        day = models.DateField()
        async def aget_next_by_day(self, **kwargs): ...
    """
    assert kinds(source)["Event.get_next_by_day"] == "handwritten"
    rules = Rules(prefix="async_", exclude=("Event.get_next*",), rename={"*previous*": "earlier"})
    found = decisions(source, rules)
    assert found["Event.get_next_by_day"].kind.value == "skipped"
    assert found["Event.get_previous_by_day"].twin == "earlier"
