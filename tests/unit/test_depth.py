"""What is nested takes time by how much there is of it, not by how deep it is."""

from __future__ import annotations

from itertools import islice, product
from textwrap import indent

import pytest
from asyncgen.analysis import Evaluator
from asyncgen.analysis.values import Bound, Instance
from asyncgen.facts import nodes
from asyncgen.read.tree import read_source

from tests.unit.analysis import PRELUDE, class_named, classifier

# A form of an expression, with the one inside of it, and what is in the innermost.
NESTED = {
    "a call": "str({})",
    "a method": "{}.strip()",
    "an item of a dict": '{}.get("a", {{}})',
    "an item": '{}["a"]',
    "an item's index": "data[{}]",
    "a list": "[{}]",
    "getattr": 'getattr({}, "a")',
    "hasattr": 'hasattr({}, "a")',
    "type": "type({})",
    "append": "rows.append({})",
    "setattr": 'setattr(data, "a", {})',
    "next": "next(iter({}))",
    "lambda": "sorted(data, key=lambda each: {})",
    "a comprehension": "[each for each in {}]",
    "a condition": "(1 if {} else 2)",
    "many or": "({} or data.a)",
    "many and": "({} and data.a)",
    "or at the right": "(data.a or {})",
    "and in or": "(data and ({} or 1))",
    "a sum": "({} + 1)",
    "a chain of comparisons": "(data < {} < rows)",
    "a chain with not in": "(1 not in {} in rows)",
}
BLOCKS = {
    "if": "if data.a:\n{}",
    "for": "for row in data.a:\n{}",
    "while": "while data.a:\n{}",
    "try": "try:\n{}except ValueError:\n    data = rows\n",
    "with": "with data.a:\n{}",
    "finally": "try:\n    data.c()\nfinally:\n{}",
    "finally of many ways": "try:\n    if data.c():\n        return rows\nfinally:\n{}",
    "for, which binds one name": "for rows in rows:\n{}",
    "while, which binds one name": "while rows:\n{}    rows = rows.c\n",
}


def evaluated(body: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many expressions are evaluated for a method, with types."""
    count = 0
    original = Evaluator.value

    def counted(self: Evaluator, *arguments: object) -> object:
        nonlocal count
        count += 1
        return original(self, *arguments)  # type: ignore[arg-type]

    lines = indent(f"rows = []\n{body}", "        ")
    text = f"{PRELUDE}\nclass Rows(models.QuerySet):\n    def m(self, data):\n{lines}\n"
    evaluator = classifier({"shop": text}).evaluator
    owner = class_named(evaluator.resolver, "shop", "Rows")
    module = evaluator.resolver.readable("shop")
    assert module
    with monkeypatch.context() as patched:
        patched.setattr(Evaluator, "value", counted)
        bound = Bound(owner.functions["m"], module, owner, Instance(owner))
        evaluator.outcome_of(bound, (), is_typing=True)
    return count


@pytest.mark.parametrize("name", NESTED)
def test_expressions(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def nested(depth: int) -> str:
        inner = "data"
        for _ in range(depth):
            inner = NESTED[name].format(inner)
        return f"return {inner}"

    few, many = (evaluated(nested(depth), monkeypatch) for depth in (4, 12))
    assert many <= 7 * few  # narrowing a chain of `and` takes its square


@pytest.mark.parametrize("name", BLOCKS)
def test_blocks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def nested(depth: int) -> str:
        inner = "rows = data.b(rows)\n"
        for _ in range(depth):
            inner = BLOCKS[name].format(indent(inner, "    "))
        return inner

    few, many = (evaluated(nested(depth), monkeypatch) for depth in (4, 12))
    assert many <= 8 * few  # a loop runs once more for each that it is in


@pytest.mark.parametrize("form", [*NESTED.values(), *BLOCKS.values()])
def test_facts_stand_once(form: str) -> None:
    """Who walks over all of them meets as many as there are."""

    def walked(depth: int) -> int:
        inner = "rows = data.b(rows)\n" if form in BLOCKS.values() else "data"
        for _ in range(depth):
            inner = form.format(indent(inner, "    ") if inner.endswith("\n") else inner)
        lines = indent(inner, "    ")
        module = read_source(f"def m(data, rows):\n{lines}\n", "module", "module.py")
        return sum(1 for _ in nodes(module.functions["m"].body))

    assert walked(12) <= 4 * walked(4)


def calling(many: int) -> str:
    """Functions that each loop over what all the others give."""
    functions = (
        f"def f{one}(a):\n    for each in a:\n"
        + "".join(f"        a = f{other}(each)\n" for other in range(many) if other != one)
        + "    return a\n"
        for one in range(many)
    )
    return "".join(functions) + "return f0(data)\n"


def test_functions_that_loop_and_call_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = (evaluated(calling(number), monkeypatch) for number in (3, 6))
    assert many <= 20 * few  # in each, and in two that call it, each calls each


@pytest.mark.parametrize("step", ["for each in data: data = each", "while data: data = data()"])
def test_a_loop_over_what_is_not_known_settles(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert evaluated(f"{step}\nreturn data", monkeypatch) <= 20


def handing(many: int) -> str:
    """A function that runs one inside it for so many types, and that another for as many each."""
    types = islice(product(("1", "''", "1.0", "None", "[]", "()"), repeat=3), many)
    given = [", ".join(each) for each in types]
    inner = "".join(f"        inner({each}, a, b, c)\n" for each in given)
    outer = "".join(f"    outer({each})\n" for each in given)
    return (
        "def handing():\n    def inner(a, b, c, d, e, f):\n        return a or f\n"
        f"    def outer(a, b, c):\n{inner}        return c\n{outer}    return outer(1, 1, 1)\n"
    )


@pytest.mark.parametrize(("many", "is_told"), [(5, True), (40, False)])
def test_what_runs_for_the_types_that_it_is_passed_is_within_the_limit(
    many: int, is_told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has types of its own, so nothing is known from before: 40 take 1,600 runs, which are
    in no question of their own."""
    runs = 0
    original = Evaluator._result

    def counted(self: Evaluator, *arguments: object) -> object:
        nonlocal runs
        runs += 1
        return original(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Evaluator, "_result", counted)
    evaluator = classifier({"shop": f"{PRELUDE}\n{handing(many)}"}).evaluator
    evaluator.outcomes.effort_limit = 200
    module = evaluator.resolver.readable("shop")
    assert module
    found = evaluator.returned(Bound(module.functions["handing"], module))
    assert (found is not None) == is_told
    assert runs <= 200 + 1
