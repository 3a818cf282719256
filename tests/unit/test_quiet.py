"""Options for those who want less: short docstrings, no twins of what Django makes and nobody
calls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Project = Callable[[dict[str, str]], Path]
Run = Callable[..., Result]

EVENTS = '''\
from django.db import models


class Event(models.Model):
    day = models.DateField()
    created = models.DateTimeField()

    def tickets_left(self):
        """How many are for sale."""
        return self.ticket_set.count()

    def refund(self):
        """Give the money back,
        to everybody."""
        self.delete()

    def close(self):
        self.delete()
'''


def shop(option: str, **files: str) -> dict[str, str]:
    table = f'[tool.asyncgen]\nsources = ["shop/models.py"]\nstubs = "none"\n{option}\n'
    more = {f"shop/{name}.py": text for name, text in files.items()}
    return {"pyproject.toml": table, "shop/__init__.py": "", "shop/models.py": EVENTS, **more}


@pytest.mark.parametrize(
    ("how", "lines"),
    [
        (
            "short",
            [
                "How many are for sale.",
                "Asynchronous `Event.refund()`.",
                "Asynchronous `Event.close()`.",
            ],
        ),
        ("none", []),
    ],
)
def test_docstrings_of_one_line_or_none(
    project: Project, run: Run, how: str, lines: list[str]
) -> None:
    root = project(shop(f'docstrings = "{how}"\nexclude = ["get_*"]'))
    assert run("build").exit_code == 0
    text = (root / "shop/models_async.py").read_text()
    assert "worker thread" not in text
    docstrings = [line.strip().strip('"') for line in text.splitlines() if '"""' in line]
    assert docstrings[2:] == lines  # those of the module and the class go before
    assert text.count("async def") == 3


CALLERS = {
    "nobody": ("", set()),
    "its own name": ("def f(event):\n    return event.get_next_by_day()\n", {"aget_next_by_day"}),
    "its twin": (
        "async def f(event):\n    return await event.aget_previous_by_created()\n",
        {"aget_previous_by_created"},
    ),
}


@pytest.mark.parametrize("caller", CALLERS)
def test_accessors_that_are_called_have_twins(project: Project, run: Run, caller: str) -> None:
    text, expected = CALLERS[caller]
    root = project(shop('accessors = "called"', views=text))
    assert run("build").exit_code == 0
    written = (root / "shop/models_async.py").read_text()
    assert {name for name in written.split() if name.startswith("aget_")} == {
        f"{name}(self," for name in expected
    }
    said = run("explain", "get_next_by_day").stdout
    assert ("nothing in the project calls it" in said) is ("aget_next_by_day" not in expected)


def test_a_new_call_is_seen_though_no_source_changed(project: Project, run: Run) -> None:
    root = project(shop('accessors = "called"\nunwired = ["*"]', views=""))
    assert run("build").exit_code == 0
    assert run("check").exit_code == 0
    (root / "shop/views.py").write_text("def f(event):\n    return event.get_next_by_day()\n")
    assert run("check").exit_code == 1
    assert run("build").exit_code == 0
    (root / "shop/more.py").write_text("def f(event):\n    return event.get_next_by_created()\n")
    assert run("check").exit_code == 1
