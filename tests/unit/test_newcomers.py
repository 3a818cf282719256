"""Wrong things that newcomers do: each has a message that names the next step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import Result

Project = Callable[[dict[str, str]], Path]
Run = Callable[..., Result]

MODEL = """\
from django.db import models


class Book(models.Model):
    day = models.DateField()

    def close(self):
        self.delete()
"""
SERVICES = "def place_order():\n    pass\n"
TABLE = '[tool.asyncgen]\nsources = ["shop/models.py"]\n'


@dataclass(frozen=True)
class Wrong:
    """What somebody does, and the next step that the message has to name."""

    next: str
    table: str = TABLE
    verb: str = "build"
    status: int = 2
    files: dict[str, str] = field(default_factory=dict)


def table(text: str) -> str:
    return f"[tool.asyncgen]\n{text}\n"


WRONG = {
    "source for sources": Wrong(
        'write `sources = ["shop/models.py"]`', table('source = ["shop/models.py"]')
    ),
    "a string for a list": Wrong(
        'write `sources = ["shop/models.py"]`', table('sources = "shop/models.py"')
    ),
    "no pyproject.toml": Wrong("where `asyncgen init` makes one", ""),
    "a pyproject.toml without the table": Wrong("run `asyncgen init` to add one", "[project]\n"),
    "no sources": Wrong('name modules, such as sources = ["shop/models.py"]', table("")),
    "a dotted name with .py": Wrong(
        "did you mean 'shop/models.py'?", table('sources = ["shop.models.py"]')
    ),
    "a file of a near name": Wrong(
        "did you mean 'shop/models.py'?", table('sources = ["shop/model.py"]')
    ),
    "a module of a near name": Wrong(
        "did you mean 'shop/models.py'?", table('sources = ["shop.model"]')
    ),
    "a package that is not installed": Wrong(
        "install django-guardian in the project's environment",
        table('sources = ["guardian.managers"]'),
    ),
    "a module of another package": Wrong(
        'for example output = "shop/{stem}_async.py"',
        table('sources = ["django.contrib.auth.models"]'),
    ),
    "a module without classes": Wrong(
        "`asyncgen init` proposes what the project has",
        table('sources = ["shop/services.py"]'),
    ),
    "a callable of a near name": Wrong(
        "did you mean 'Book.close'?", TABLE + 'exclude = ["Book.clsoe"]\n'
    ),
    "a class of a near name": Wrong("did you mean 'Book'?", TABLE + 'classes = ["Boook"]\n'),
    "a class outside of the sources": Wrong(
        "shop/orders.py has it: name that in `sources`",
        TABLE + 'classes = ["Order"]\n',
        files={"shop/orders.py": MODEL.replace("Book", "Order")},
    ),
    "a function outside of the sources": Wrong(
        "shop/services.py has it: name that in `sources`", TABLE + 'functions = ["place_order"]\n'
    ),
    "an underscore in a key": Wrong("did you mean 'line-length'?", TABLE + "line_length = 99\n"),
    "a style that is none": Wrong("one of mixin, subclass, inline", TABLE + 'style = "mixins"\n'),
    "a prefix that is no name": Wrong("must begin an identifier", TABLE + 'prefix = "async-"\n'),
    "a bridge without its module": Wrong(
        "like asgiref.sync.sync_to_async", TABLE + 'bridge = "sync_to_async"\n'
    ),
    "a kind that is none": Wrong(
        "skip, queryset, eager, value", TABLE + 'kinds = { "Book.close" = "sync" }\n'
    ),
    "a syntax error": Wrong(
        "correct the source, then run again", status=3, files={"shop/models.py": "class Book(\n"}
    ),
    "an output outside of the project": Wrong(
        "a path below the pyproject.toml", TABLE + 'output = "../{stem}_async.py"\n', status=3
    ),
    "an output that somebody wrote": Wrong(
        "move the file, or set another `output`", status=3, files={"shop/models_async.py": "x = 1"}
    ),
    "an output with a wrong field": Wrong(
        "it may use {directory}, {stem}", TABLE + 'output = "{dir}/x.py"\n'
    ),
    "a comment with a wrong word": Wrong(
        "it may be one of skip, queryset",
        status=0,
        files={"shop/models.py": MODEL.replace("    def", "    # asyncgen: skipp\n    def")},
    ),
    "explain with a typing mistake": Wrong("did you mean 'Book.close'?", verb="explain Book.clos"),
    "init twice": Wrong("edit it, add sources with --preset or --services", verb="init"),
    "check before build": Wrong("run `asyncgen build`", verb="check", status=1),
    "apply before build": Wrong("run `asyncgen build`", verb="apply", status=1),
    "an environment that is none": Wrong(
        "name a Python executable, or the folder of a virtual environment",
        verb="--python nowhere build",
    ),
    "a verb with a typing mistake": Wrong("Did you mean 'build'?", verb="biuld"),
    "a preset that is none": Wrong("is not one of 'drf', 'guardian'", verb="init --preset d"),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_message_names_the_next_step(project: Project, run: Run, name: str) -> None:
    wrong = WRONG[name]
    files = {"shop/__init__.py": "", "shop/models.py": MODEL, "shop/services.py": SERVICES}
    if wrong.table:
        files["pyproject.toml"] = wrong.table
    project({**files, **wrong.files})
    answer = run(*wrong.verb.split())
    assert wrong.next in answer.stderr
    assert answer.exit_code == wrong.status
    assert "Traceback" not in answer.output


def test_they_are_two_dozen_at_least() -> None:
    assert len(WRONG) >= 24
