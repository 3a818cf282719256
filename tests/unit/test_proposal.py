"""What `asyncgen init` proposes: few globs that find nothing else, services, other packages."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Project = Callable[[dict[str, str]], Path]
Run = Callable[..., Result]

ROOT = Path(__file__).resolve().parents[2]

MODEL = "from django.db import models\n\n\nclass Book(models.Model):\n    pass\n"
PLAIN = "class Plain:\n    pass\n"

LAYOUTS = {
    "files of one name": (
        {"a/models.py": MODEL, "b/models.py": MODEL, "c/models.py": ""},
        ["*/models.py"],
    ),
    "folders of one name": (
        {"src/a/models/x.py": MODEL, "src/b/models/y.py": MODEL, "src/b/models/__init__.py": ""},
        ["src/*/models/*.py"],
    ),
    "files of one folder": ({"a/x.py": MODEL, "a/y.py": MODEL}, ["a/*.py"]),
    "a single file": ({"a/x.py": MODEL, "b/y.py": MODEL}, ["a/x.py", "b/y.py"]),
    "folders of many names are not one": (
        {"a/b/models.py": MODEL, "a/b/managers.py": MODEL, "a/b/views.py": "", "a/b/urls.py": ""},
        ["a/b/*.py"],
    ),
    "a folder with much else": (
        {"a/x.py": MODEL, "a/y.py": MODEL, **{f"a/view{number}.py": "" for number in range(9)}},
        ["a/x.py", "a/y.py"],
    ),
    "tests are not found by chance": (
        {"a/models.py": MODEL, "b/models.py": MODEL, "tests/models.py": MODEL},
        ["a/models.py", "b/models.py"],
    ),
    "nor is what cannot be read": (
        {"a/x.py": MODEL, "a/y.py": MODEL, "a/broken.py": "class Broken(:\n"},
        ["a/x.py", "a/y.py"],
    ),
    "classes of another kind do no harm": (
        {"a/models.py": MODEL, "b/models.py": MODEL, "c/models.py": PLAIN},
        ["*/models.py"],
    ),
}


def listed(root: Path) -> list[str]:
    lines = (root / "pyproject.toml").read_text().splitlines()
    return [line.strip().strip('",') for line in lines if line.startswith("    ")]


@pytest.mark.parametrize("name", LAYOUTS)
def test_few_globs_that_find_nothing_else(project: Project, run: Run, name: str) -> None:
    files, expected = LAYOUTS[name]
    packages = {f"{path.rpartition('/')[0]}/__init__.py": "" for path in files}
    root = project(packages | files)
    assert run("init").exit_code == 0
    assert listed(root) == expected
    assert run("check").exit_code in (0, 1, 2), "what is proposed can be read"


SERVICES = """\
from django.db import transaction
from django.db.transaction import atomic


@transaction.atomic
def decorated(): ...


@atomic(durable=True)
def called(): ...


def inside(books):
    for book in books:
        with transaction.atomic():
            book.save()


def nothing(): ...


@atomic
def _private(): ...


@atomic
def view(request): ...


@atomic
async def already(): ...


@receiver(post_save)
@atomic
def of_a_signal(instance, **kwargs): ...


@atomic
def of_another(sender, instance, **kwargs): ...


@app.task(ignore_result=True)
@atomic
def of_a_worker(number): ...
"""


def test_functions_that_open_transactions_are_named(project: Project, run: Run) -> None:
    root = project({"shop/__init__.py": "", "shop/models.py": MODEL, "shop/services.py": SERVICES})
    assert "further sources in comments" in run("init").stdout
    text = (root / "pyproject.toml").read_text()
    assert (
        '# sources = ["shop/services.py"]\n# functions = ["decorated", "called", "inside"]\n'
        in text
    )


def sources_in(text: str) -> set[str]:
    """All sources of a configuration, dotted names as files."""
    table = tomllib.loads(text)["tool"]["asyncgen"]
    named = [*table["sources"], *(name for each in table["source"] for name in each["sources"])]
    return {each if "/" in each else f"{each.replace('.', '/')}.py" for each in named}


def test_services_are_sources_where_that_is_asked_for(project: Project, run: Run) -> None:
    """At once, or later; what a source names is not named again."""
    files = {"shop/__init__.py": "", "shop/models.py": MODEL, "shop/services.py": SERVICES}
    root = project({**files, "shop/further.py": SERVICES, "blog/services.py": SERVICES})
    configuration = root / "pyproject.toml"
    assert "  shop/services.py\n" in run("init", "--services").stdout
    at_once = configuration.read_text()
    built = run("build")
    assert (built.exit_code, built.stderr) == (0, "")
    assert "wrote blog/services_async.py" in built.stdout

    configuration.unlink()
    said = run("init").stdout
    assert "in comments: services, which `asyncgen init --services` adds." in said
    proposed = configuration.read_text()
    assert "further sources" not in run("init", "--services").stdout
    assert configuration.read_text() == at_once  # in the place of the comment
    assert "is left without a source" in run("init", "--services").stdout
    assert configuration.read_text() == at_once

    functions = 'functions = ["decorated", "called", "inside"]'
    table = f'[[tool.asyncgen.source]]\nsources = ["{{}}"]\n{functions}\n'
    before = proposed + table.format("shop/further.py") + table.format("blog.services")
    configuration.write_text(before)
    assert run("init", "--services").exit_code == 0
    added = configuration.read_text().removeprefix(before)
    assert sources_in(before + added) == sources_in(at_once)
    assert "further" not in added


def test_services_are_sources_where_there_is_nothing_else(project: Project, run: Run) -> None:
    root = project({"shop/__init__.py": "", "shop/services.py": SERVICES})
    assert "  shop/services.py\n" in run("init").stdout
    assert "sources = []" not in (root / "pyproject.toml").read_text()
    built = run("build")
    assert built.exit_code == 0, built.output
    assert "3 callables read in 1 file, 3 twins" in built.stdout
    assert built.stderr == ""


def test_models_without_methods_are_nothing_to_complain_of(project: Project, run: Run) -> None:
    project({"shop/__init__.py": "", "shop/models.py": MODEL})
    for verb in ("init", "build", "apply", "check"):
        answer = run(verb)
        assert answer.exit_code == 0, answer.output
        assert answer.stderr == ""


QUERYSET = """\
from django.db import models


class BookQuerySet(models.QuerySet):
    def total(self):
        return self.count()


class Book(models.Model):
    objects = BookQuerySet.as_manager()
"""
BUILT = "[project]\nname = 'shop'\n\n[build-system]\nrequires = []\n"
PUBLISHED = BUILT.replace("\n\n", "\nclassifiers = ['Framework :: Django']\n\n")
NO_MANAGERS, INLINE = 'managers = "none"', 'style = "inline"'
EVERYWHERE = "asyncgen_django.everywhere"
STRANGERS = "If strangers install"
CHOICES = {
    "nobody checks types": ({}, {NO_MANAGERS, EVERYWHERE}),
    "mypy": ({"pyproject.toml": "[tool.mypy]\nstrict = true\n"}, {EVERYWHERE}),
    "mypy, in a file of its own": ({"mypy.ini": "[mypy]\n"}, {EVERYWHERE}),
    "mypy, in setup.cfg": ({"setup.cfg": "[mypy]\nstrict = true\n"}, {EVERYWHERE}),
    "pyright": ({"pyrightconfig.json": "{}"}, {EVERYWHERE}),
    "mypy with its plugin": (
        {"mypy.ini": "[mypy]\nplugins = mypy_django_plugin.main\n"},
        {NO_MANAGERS, EVERYWHERE},
    ),
    "managers of its own alone": ({"shop/models.py": MODEL}, {NO_MANAGERS}),
    "a package": ({"pyproject.toml": PUBLISHED}, {INLINE}),
    "a package of old": (
        {"setup.py": "setup(classifiers=['License :: OSI Approved'])\n"},
        {INLINE},
    ),
    "a package in setup.cfg": (
        {"setup.py": "", "setup.cfg": "[metadata]\nclassifiers =\n    Framework :: Django\n"},
        {INLINE},
    ),
    "what is built for oneself": (
        {"pyproject.toml": BUILT},
        {NO_MANAGERS, EVERYWHERE, STRANGERS},
    ),
    "a setup.py for oneself": ({"setup.py": ""}, {NO_MANAGERS, EVERYWHERE, STRANGERS}),
    "what is not to be published": (
        {"pyproject.toml": PUBLISHED.replace("['", "['Private :: Do Not Upload', '")},
        {NO_MANAGERS, EVERYWHERE, STRANGERS},
    ),
    "a package with a project to try it on": (
        {"pyproject.toml": PUBLISHED, "tests/settings.py": "INSTALLED_APPS = []\n"},
        {INLINE},
    ),
    "an application that is built": (
        {"pyproject.toml": PUBLISHED, "config/settings.py": "INSTALLED_APPS = []\n"},
        {NO_MANAGERS, EVERYWHERE},
    ),
}


@pytest.mark.parametrize("name", CHOICES)
def test_what_suits_the_project_is_chosen(project: Project, run: Run, name: str) -> None:
    """And a first run after it has nothing to complain of."""
    files, expected = CHOICES[name]
    root = project({"shop/__init__.py": "", "shop/models.py": QUERYSET, **files})
    said = run("init").stdout
    text = (root / "pyproject.toml").read_text()
    for word in (NO_MANAGERS, INLINE, EVERYWHERE, STRANGERS):
        assert (word in text) is (word in expected), word
        assert (word in said) is (word in expected), word
    for verb in ("build", "apply", "check"):
        answer = run(verb)
        assert answer.exit_code == 0, answer.output
        assert answer.stderr == ""


def test_an_environment_that_was_named_stays_so(project: Project, run: Run) -> None:
    django = ".tox/py/lib/python3.12/site-packages/django"
    root = project(
        {
            f"{django}/__init__.py": "VERSION = (5, 2, 0, 'final', 0)\n",
            "shop/__init__.py": "",
            "shop/models.py": MODEL,
        }
    )
    assert run("--python", ".tox/py", "init").exit_code == 0
    assert 'python = ".tox/py"\n' in (root / "pyproject.toml").read_text()


def test_stubs_of_a_tools_own_environment_are_not_required(project: Project, run: Run) -> None:
    """As of one that pipx made, in which asyncgen runs, beside the project's."""
    packages = ".venv/lib/python3.12/site-packages"
    django = {f"{packages}/django/__init__.py": "VERSION = (5, 2, 0, 'final', 0)\n"}
    root = project({"shop/__init__.py": "", "shop/models.py": MODEL, **django})
    assert run("init").exit_code == 0
    assert 'django-stubs = "ignored"' in (root / "pyproject.toml").read_text()
    (root / "pyproject.toml").unlink()
    (root / packages / "django-stubs").mkdir()
    assert run("init").exit_code == 0
    assert 'django-stubs = "required"' in (root / "pyproject.toml").read_text()


def test_without_django_nothing_is_proposed(project: Project, run: Run) -> None:
    root = project({"shop/models.py": MODEL, ".venv/lib/python3.12/site-packages/x.py": ""})
    answer = run("--python", ".venv", "init")
    assert answer.exit_code == 2
    assert "Django's source cannot be found [AG204]" in answer.stderr
    assert not (root / "pyproject.toml").exists()


def test_classes_of_other_packages_are_named(project: Project, run: Run) -> None:
    packages = ".venv/lib/python3.12/site-packages"
    base = "from django.db import models\n\n\nclass Dated(models.QuerySet):\n    pass\n"
    own = "from tides.dated import Dated\n\n\nclass Books(Dated):\n    pass\n"
    root = project(
        {
            f"{packages}/tides/__init__.py": "",
            f"{packages}/tides/dated.py": base,
            "shop/__init__.py": "",
            "shop/books.py": own,
        }
    )
    said = run("init").stdout
    assert "further sources in comments: classes of other packages." in said
    table = (root / "pyproject.toml").read_text().partition("# Classes of another package")[2]
    assert '# sources = ["tides.dated"]\n# style = "subclass"\n' in table
    assert '# output = "shop/tides_dated_async.py"\n' in table
    assert "django.db" not in table


UNCOVERED = {
    "a model": (MODEL, True),
    "a manager of a package's": (
        "from django.db import models\nfrom tides import (\n    TideManager,\n)\n\n\n"
        "class Books(\n    TideManager\n):\n    pass\n",
        True,
    ),
    "something else": (PLAIN, False),
    "a manager of tasks beside Django": (
        "from django.conf import settings\n\n\nclass BaseManager:\n    pass\n\n\n"
        "class PlaybookManager(BaseManager):\n    pass\n",
        False,
    ),
    "a manager of tasks": ("class Tasks(TaskManager):\n    pass\n", False),
    "a model in a string": (f"from django.db import models\n\nTEXT = '''\n{MODEL}'''\n", False),
    "what is skipped": (MODEL.replace("class", "# asyncgen: skip\nclass"), False),
}


@pytest.mark.parametrize("name", UNCOVERED)
def test_modules_that_no_source_names_are_mentioned(project: Project, run: Run, name: str) -> None:
    text, is_mentioned = UNCOVERED[name]
    body = "    def close(self):\n        self.delete()\n"
    project(
        {
            "pyproject.toml": '[tool.asyncgen]\nsources = ["shop/models.py"]\nunwired = ["*"]\n',
            "shop/__init__.py": "",
            "shop/models.py": MODEL.replace("    pass\n", body),
            "shop/other.py": text,
            "shop/tests/__init__.py": "",
            "shop/tests/models.py": MODEL,
        }
    )
    said = "no source names shop/other.py, with querysets"
    for verb in ("check", "build", "build", "check"):  # what was said of what is unchanged, too
        answer = run(verb)
        assert (said in answer.stderr) is is_mentioned
        assert "shop/tests" not in answer.stderr


def test_what_is_to_be_pasted_works_as_it_stands(project: Project, run: Run) -> None:
    """Git knows the attribute of what a build wrote, and the hooks are those that are shipped."""
    root = project({"shop/__init__.py": "", "shop/models.py": QUERYSET})
    run("init")
    lines = [each.lstrip("# ") for each in (root / "pyproject.toml").read_text().splitlines()]
    attributes = [each for each in lines if each.endswith("linguist-generated=true")]
    (root / ".gitattributes").write_text("\n".join(attributes) + "\n")
    run("build")
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    written = sorted(each.relative_to(root).as_posix() for each in root.glob("shop/models_*.py*"))
    said = subprocess.run(
        ["git", "check-attr", "linguist-generated", "shop/models.py", *written],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    assert said[0].endswith(": unspecified")
    assert written
    assert all(each.endswith(": true") for each in said[1:]), said

    hooks = set(re.findall(r"- id: ([\w-]+)", "\n".join(lines)))
    shipped = re.findall(r"- id: ([\w-]+)", (ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hooks
    assert hooks <= set(shipped)


def test_hooks_are_told_of_a_configuration_that_is_not_in_the_repositorys_folder(
    project: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = project({".git/HEAD": "", "web/shop/__init__.py": "", "web/shop/models.py": QUERYSET})
    monkeypatch.chdir(top / "web")
    run("init")
    (line,) = re.findall(r"args: \[(.*)\]", (top / "web/pyproject.toml").read_text())
    assert run("build").exit_code == 0
    monkeypatch.chdir(top)
    assert run("build", "--fail-on-change", *line.split(", ")).exit_code == 0
    for text in (None, "[project]\n"):
        if text:
            (top / "pyproject.toml").write_text(text)
        answer = run("check")
        assert answer.exit_code == 2, answer.output
        assert answer.stderr.endswith("with --config, such as web/pyproject.toml\n")


def test_git_is_told_of_what_a_build_writes(project: Project, run: Run) -> None:
    root = project({"shop/__init__.py": "", "shop/models.py": QUERYSET})
    run("init")
    assert "*_managers.py" not in (root / "pyproject.toml").read_text()  # managers = "none"
    (root / "pyproject.toml").write_text("[tool.mypy]\n")
    run("init")
    assert "*_managers.py" in (root / "pyproject.toml").read_text()


def test_what_a_build_wrote_changes_no_proposal(project: Project, run: Run) -> None:
    """`init` again, where the table was taken out: generated files are read by no glob."""
    names = ("books", "shelves")
    root = project({f"shop/models/{name}.py": QUERYSET for name in names})
    project({"shop/__init__.py": "", "shop/models/__init__.py": ""})
    run("init")
    proposed = (root / "pyproject.toml").read_text()
    assert '"shop/models/*.py"' in proposed
    assert run("build").exit_code == 0
    assert len(list(root.glob("shop/models/*_async.py"))) == len(names)
    (root / "pyproject.toml").unlink()
    run("init")
    assert (root / "pyproject.toml").read_text() == proposed
