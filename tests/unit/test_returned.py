"""An oracle for types: what methods return when they are run on rows, against what is inferred.

The cases say what is inferred of each body. Beside them, ways to get something are combined with
what a body does with it. Every value that comes must be within the type; and a type has no part of
which no value ever came.

    python tests/unit/test_returned.py    what is not right, with what came of it
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import indent

import pytest
import returned
from asyncgen.analysis import Evaluator, Spelling
from asyncgen.analysis.django_stubs import DjangoStubs
from asyncgen.analysis.types import ANY, NONE, Known, Types, has, text
from asyncgen.django.relations import Relations
from asyncgen.read import read_file
from asyncgen.surface import Decision, Kind

from tests.support.cases import cases
from tests.unit.analysis import SITE_PACKAGES, resolver

OWNERS = {"querysets": "BookQuerySet", "models": "Book"}
CASES = cases("returned")
RIGHT, RIGHT_ALONE, RIGHT_OF_PRODUCT = 565, 561, 387  # what there was when this was written

# What a method of a book queryset can get …
PARTS = {
    "a count": "self.count()",
    "a row": "self.order_by('pk').first()",
    "a title": "self.get(pk=1).title",
    "a price": "self.get(pk=1).price",
    "a weight": "self.order_by('pk').last().weight",
    "an author": "self.get(pk=2).author",
    "titles": "[book.title for book in self]",
    "pages": "list(self.values_list('pages', flat=True))",
    "a total": "sum(book.price for book in self)",
    "an aggregate": "self.aggregate(n=Max('pages'))['n']",
    "by title": "{book.title: book for book in self}",
    "a pair": "(self.count(), 'x')",
    "a date": "self.get(pk=1).printed",
}
# … and what it does with it.
FORMS = {
    "returned": "return {}",
    "named": "found = {}\nreturn found",
    "or none": "return {} if flag else None",
    "unless none": "if flag:\n    return None\nreturn {}",
    "or a text": "found = 'none'\nif flag:\n    found = {}\nreturn found",
    "in a list": "return [{}]",
    "in a tuple": "return {}, 1",
    "in a dict": "return {{'found': {}}}",
    "appended": "found = []\nif flag:\n    found.append({})\nreturn found",
    "appended to more": "found = [1.5]\nfound.append({})\nreturn found",
    "assigned to an item": "found = {{}}\nfound['x'] = {}\nreturn found",
    "in each": "return [{} for _ in range(2)]",
    "yielded": "yield {}",
    "by a walrus": "if (found := {}) is not None:\n    return found\nreturn 1.5",
    "suppressed": "found = 1.5\nwith suppress(Exception):\n    found = {}\nreturn found",
    "tried": "try:\n    found = {}\nexcept Exception:\n    return 'x'\nreturn found",
    "at last": "found = 1.5\ntry:\n    self.count()\nfinally:\n    found = {}\nreturn found",
    "returned at last": "try:\n    return 1.5\nfinally:\n    return {}",
    "asserted": "found = {}\nassert found is not None\nreturn found",
    "matched": "match {}:\n    case None:\n        return 1\n    case found:\n        return found",
    "from within": "def inner():\n    return {}\nreturn inner()",
    "in a loop": "found = None\nfor _ in range(2):\n    found = {}\nreturn found",
    "in a transaction": "with transaction.atomic():\n    return {}",
    "unpacked": "found, other = {}, 1\nreturn found",
    "next": "return next(iter([{}]), 1.5)",
    "set by default": "found = {{}}\nfound.setdefault('x', []).append({})\nreturn found",
    "any instance": "found = {}\nif isinstance(found, str):\n    return found\nreturn 1.5",
    "or": "return {} or 1.5",
    "and": "return {} and 1.5",
    "kept": "self.found = {}\nreturn self.found",
}
PRODUCT = {
    f"{part}, {form}": template.format(code)
    for (part, code), (form, template) in product(PARTS.items(), FORMS.items())
}


@dataclass(frozen=True)
class Method:
    owner: str
    name: str
    body: str


@dataclass(frozen=True)
class Answer:
    """What was inferred of a method, and what came of it when it was run."""

    method: Method
    inferred: Types | None
    values: list[returned.Observed]

    @property
    def verdict(self) -> str:
        if self.inferred is None:
            return "unknown"
        if not all(is_within(each, self.inferred) for each in self.values):
            return "wrong"
        if has(self.inferred, ANY):
            return "Any"
        return "right" if is_needed(self.inferred, self.values) else "wide"

    def __str__(self) -> str:
        came = "; ".join(sorted({shown(each) for each in self.values}))
        said = "?" if self.inferred is None else text(self.inferred)
        body = indent(self.method.body, " " * 4)
        return f"{self.method.name}: {self.verdict}: {said}\n  came: {came}\n{body}"


def shown(value: returned.Observed) -> str:
    classes, arguments = value
    inner = ", ".join(" | ".join(map(shown, each)) for each in arguments)
    name = classes[0].rpartition(".")[2]
    return f"{name}[{inner}]" if arguments else name


# -- types of values -------------------------------------------------------------------------------


def name_of(known: Known) -> str:
    return "builtins.NoneType" if known in NONE else f"{known.module}.{known.name}"


def is_within(value: returned.Observed, types: Types) -> bool:
    return any(is_instance(value, each) for each in types)


def is_instance(value: returned.Observed, known: Known) -> bool:
    classes, arguments = value
    if known in ANY:
        return True
    if name_of(known) == "typing.Self":
        return True
    if not {name_of(known), f"{known.module}.{known.name.rpartition('.')[2]}"} & set(classes):
        return False
    return all(
        is_within(each, wanted) for parts, wanted in paired(arguments, known) for each in parts
    )


def paired(
    arguments: list[list[returned.Observed]], known: Known
) -> Iterable[tuple[list[returned.Observed], Types]]:
    """What was found for each type argument."""
    wanted = list(known.arguments)
    if known.name == "tuple" and len(wanted) == 2 and not wanted[1]:
        wanted = [wanted[0]] * len(arguments)
    if known.name == "tuple" and len(wanted) != len(arguments):
        return [([[["another length"], []]], wanted[0])]
    if "QuerySet" in known.name and len(wanted) == 1:
        wanted = wanted * 2
    return zip(arguments, wanted, strict=False)


def is_needed(types: Types, values: list[returned.Observed]) -> bool:
    """Whether each part of the type was seen; of what is in an empty container nothing is known."""
    for known in types:
        mine = [each for each in values if is_instance(each, known)]
        if not mine:
            return False
        pairs = [list(paired(each[1], known)) for each in mine]
        for number in range(min(map(len, pairs), default=0)):
            parts = [each for one in pairs for each in one[number][0]]
            if parts and not is_needed(pairs[0][number][1], parts):
                return False
    return True


# -- both sides ------------------------------------------------------------------------------------


def source(methods: Iterable[Method]) -> str:
    written = dict.fromkeys(OWNERS.values(), "")
    for each in methods:
        body = indent(each.body.strip(), " " * 8)
        written[each.owner] += f"    def {each.name}(self, flag=False):\n{body}\n\n"
    made = returned.MODELS
    for part, owner in OWNERS.items():
        made = made.replace(f"{{{part}}}", written[owner])
    return made


def inferred(methods: list[Method], *, with_stubs: bool) -> list[Types | None]:
    made = resolver({"shop.models": source(methods)})
    stubs = DjangoStubs.find((SITE_PACKAGES,), lambda path, name: read_file(path, name, str(path)))
    evaluator = Evaluator(made, Relations(made, made.known), django=stubs if with_stubs else None)
    module = made.module("shop.models")
    assert module
    spelling = Spelling(evaluator)

    def answer(method: Method) -> Types | None:
        owner = module.classes[method.owner]
        function = owner.functions[method.name]
        return spelling.returns(Decision(function, owner, Kind.VALUE, ()), module)

    return [answer(each) for each in methods]


def run(methods: list[Method]) -> list[list[returned.Observed]]:
    with TemporaryDirectory() as folder:
        package = Path(folder, "shop")
        package.mkdir()
        (package / "__init__.py").touch()
        Path(folder, "a.html").write_text("x", "utf-8")
        (package / "urls.py").write_text("urlpatterns = []\n", "utf-8")
        (package / "models.py").write_text(source(methods), "utf-8")
        calls = [(each.owner, each.name) for each in methods]
        Path(folder, "calls.json").write_text(json.dumps(calls), "utf-8")
        program = [sys.executable, "-W", "ignore", returned.__file__, folder]
        result = subprocess.run(program, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        found: list[list[returned.Observed]] = json.loads(result.stdout)
        return found


def methods() -> list[Method]:
    cased = [(OWNERS[case.path.stem], case.source) for case in CASES.values()]
    every = [*cased, *(("BookQuerySet", body) for body in PRODUCT.values())]
    return [Method(owner, f"method_{number}", body) for number, (owner, body) in enumerate(every)]


@cache
def answers(*, with_stubs: bool) -> dict[str, Answer]:
    every = methods()
    names = [*CASES, *PRODUCT]
    both = zip(every, inferred(every, with_stubs=with_stubs), values(), strict=True)
    return {name: Answer(*each) for name, each in zip(names, both, strict=True)}


@cache
def values() -> list[list[returned.Observed]]:
    return run(methods())


def verdicts(names: Iterable[str], *, with_stubs: bool = True) -> Counter[str]:
    found = answers(with_stubs=with_stubs)
    return Counter(found[name].verdict for name in names)


@pytest.mark.parametrize("name", CASES)
def test_what_is_inferred(name: str) -> None:
    types = answers(with_stubs=True)[name].inferred
    CASES[name].came("?" if types is None else text(types))


def test_every_method_returns_something() -> None:
    """What only ever raises shows nothing."""
    assert [name for name, each in answers(with_stubs=True).items() if not each.values] == []


@pytest.mark.parametrize("with_stubs", [True, False])
def test_no_type_is_wrong(with_stubs: bool) -> None:
    """With django-stubs, and without."""
    wrong = [each for each in answers(with_stubs=with_stubs).values() if each.verdict == "wrong"]
    assert "\n".join(map(str, wrong)) == ""


def test_most_types_are_right(told: Callable[[str], None]) -> None:
    """With nothing that is not needed in them, and no Any."""
    found = verdicts(CASES)
    told(f"types of {len(CASES)} methods that were run: {dict(found)}")
    assert found["right"] >= RIGHT
    assert verdicts(CASES, with_stubs=False)["right"] >= RIGHT_ALONE


def test_what_is_done_with_something_does_not_hide_its_type() -> None:
    """Whether such a value came is chance: of some parts, one on one row only."""
    found = verdicts(PRODUCT)
    assert found["right"] + found["wide"] >= RIGHT_OF_PRODUCT


def report() -> None:
    for with_stubs in (True, False):
        print(with_stubs, dict(verdicts(CASES, with_stubs=with_stubs)))
        print(with_stubs, dict(verdicts(PRODUCT, with_stubs=with_stubs)))
    for name, each in answers(with_stubs=True).items():
        if each.verdict != "right":
            print(f"\n{name} | {each}")


if __name__ == "__main__":
    report()
