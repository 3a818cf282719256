"""What is laid out stays as it is under black and ruff, however long the annotations are."""

from __future__ import annotations

import ast
import random
import subprocess
import sys
from pathlib import Path

import black
import pytest
from asyncgen.render.layout import formatted, lay_out

LONG = "first_of_all_the_things | second_of_all_the_things"
NAMES = ["int", "None", '"Book"', "AccountQuerySet", "ChartOfAccounts", "AVeryLongClassName" * 2]
HEADS = ["list", "Dict", "Tuple", "Union", "Callable"]
DEFAULTS = ["...", "None", '"abc, def"']


def annotation(choose: random.Random, depth: int = 0) -> str:
    kind = choose.choice(["name", "name", "subscript", "union"])
    if kind == "name" or depth > 2:
        return choose.choice(NAMES)
    parts = [annotation(choose, depth + 1) for _ in range(choose.randint(1, 4))]
    if kind == "subscript":
        return f"{choose.choice(HEADS)}[{', '.join(parts)}]"
    return " | ".join([*parts, "str"])


def definition(choose: random.Random, number: int, end: str) -> str:
    """A method with up to five parameters, or none, of any length."""
    name = f"amethod{number}_{'y' * choose.randint(0, 25)}"
    if number % 20 == 0:
        return f"async def {name}() -> {annotation(choose)}{end}"
    parameters = ["self"]
    for position in range(choose.randint(0, 4)):
        text = f"p{position}_{'x' * choose.randint(0, 12)}: {annotation(choose)}"
        parameters.append(f"{text} = {choose.choice(DEFAULTS)}" if position % 2 else text)
        if position == 0:
            parameters.append("*")
    if parameters[-1] == "*":
        parameters[-1] = "**kwargs"
    return f"async def {name}({', '.join(parameters)}) -> {annotation(choose)}{end}"


@pytest.mark.parametrize("suffix", [".py", ".pyi"])
def test_definitions_of_any_length(suffix: str, tmp_path: Path) -> None:
    choose = random.Random(suffix)
    lines = ["class A:"]
    for number in range(200):
        end = ": ..." if suffix == ".pyi" else ":"
        lines += lay_out(definition(choose, number, end), 1, 88, is_definition=True)
        lines += ["        pass", ""] if suffix == ".py" else []
    text = "\n".join(lines).rstrip() + "\n"
    path = tmp_path / f"a{suffix}"
    path.write_text(text, encoding="utf-8")
    assert black.format_str(text, mode=black.Mode(is_pyi=suffix == ".pyi")) == text
    ruff = [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", str(path)]
    done = subprocess.run(ruff, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


TYPE_PARAMETERS = {
    "class A[T](B[T]): ...": "class A[T](B[T]): ...",
    "def called[**P, R](self, function: Callable[P, R], *args: P.args) -> R: ...": """\
def called[**P, R](
    self, function: Callable[P, R], *args: P.args
) -> R: ...""",
    "def long[Long: models.Model, Another: (int, str)](self, given: int) -> Another: ...": """\
def long[Long: models.Model, Another: (int, str)](
    self, given: int
) -> Another: ...""",
    "def longer[Longer: models.Model, Another: (int, str) = int](self) -> Another: ...": """\
def longer[
    Longer: models.Model,
    Another: (int, str) = int,
](self) -> Another: ...""",
    "class OwnedQuerySetAsync[Long: models.Model](OwnedQuerySet[Long]): ...": """\
class OwnedQuerySetAsync[Long: models.Model](
    OwnedQuerySet[Long]
): ...""",
    "class OwnedQuerySetAsync[Long: models.Model = models.Book]: ...": """\
class OwnedQuerySetAsync[
    Long: models.Model = models.Book
]: ...""",
}


@pytest.mark.parametrize("line", TYPE_PARAMETERS)
def test_type_parameters_are_divided_last(line: str, tmp_path: Path) -> None:
    """As ruff has it; black needs a Python that knows them."""
    path = tmp_path / "a.pyi"
    path.write_text(TYPE_PARAMETERS[line] + "\n", encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length=58", "--diff"]
    done = subprocess.run([*ruff, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n".join(lay_out(line, 0, 58, is_definition=True)) == TYPE_PARAMETERS[line]


@pytest.mark.parametrize(
    "default",
    [f"({LONG} | third_of_all_the_things)", f"({LONG}, third_of_all_the_things)", f"({LONG},)"],
)
def test_parentheses_stay_what_they_are(default: str) -> None:
    """A tuple with its only element, and an expression that is none."""
    line = f"async def amethod_with_a_long_name(self, parameter=f({default})): ..."
    lines = lay_out(line, 0, 60, is_definition=True)
    assert len(lines) > 4
    assert ast.dump(ast.parse("\n".join(lines))) == ast.dump(ast.parse(line))


def test_definitions_stay_what_they_are() -> None:
    choose = random.Random("definitions")
    for number in range(300):
        line = definition(choose, number, ": ...")
        lines = lay_out(line, 0, 88, is_definition=True)
        assert ast.dump(ast.parse("\n".join(lines))) == ast.dump(ast.parse(line))


def test_the_words_of_a_string_are_no_clauses() -> None:
    """As in the messages of @deprecated, which a stub copies."""
    said = f"The default for this is another if it is not given {'x' * 60}"
    text = formatted(f'@deprecated("{said}")\ndef f() -> None: ...\n', 88)
    assert ast.literal_eval(ast.parse(text).body[0].decorator_list[0].args[0]) == said  # type: ignore[attr-defined]


BROKEN = {
    # Lines as templates write them, and as black leaves them at 40.
    "if a_first_condition and another_condition:\n    pass\n": None,
    "if a_first_condition_that_is_long is not another_one:\n    pass\n": None,
    "elif_ = a_name_that_is_too_long_for_the_line\n": None,
    "name_of_it = another_name_that_is_longer\n": None,
    "from shop.querysets_async import BookAsync\n": None,
    "found = [one_row async for one_row in all_rows]\n": None,
    "found = [row async for row in rows if row.is_wanted_here]\n": None,
    "a_long_name_of_something_or_other = True\n": None,
}


@pytest.mark.parametrize("text", BROKEN)
def test_what_templates_write_is_broken_as_black_breaks_it(text: str) -> None:
    made = formatted(text, 40)
    assert made == black.format_str(text, mode=black.Mode(line_length=40))
    assert ast.unparse(ast.parse(made)) == ast.unparse(ast.parse(text))
