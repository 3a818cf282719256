"""The type checkers, at the versions that requirements/typing.txt pins, over the hard cases.

    python -m tests.typing.checkers          print the table of docs/reference/typing.md
    python -m tests.typing.checkers --write  and put it into docs/reference/typing.md

The checkers live in an environment of their own, which is made on first use below
`.asyncgen_cache`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support import building
from tests.support.locked import programs_of

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PROJECT = HERE / "project"
BOOKSHOP = HERE / "bookshop"
DOCUMENT = ROOT / "docs" / "reference" / "typing.md"
MARKS = ("<!-- table: tests/typing/checkers.py -->", "<!-- end of table -->")
CHECKERS = ("mypy", "mypy with plugin", "basedpyright", "pyright", "ty", "pyrefly")
USES, ERRORS = "uses.py", "errors.py"
_LOCATION = re.compile(r"(?P<file>\w+)\.py:(?P<line>\d+)")

# Why a case does not hold in a checker, where that is for others to change.
_DYNAMIC = """\
The class is created at run time. django-stubs declare a plain `Manager`, because Python has no
type for a class with the methods of another one (python/typing#213); only their mypy plugin can
express it (typeddjango/django-stubs#19, #1025). Use the static manager."""
_BASE = """\
ty does not support a base class that is a variable (its rule `unsupported-base`), such as the
result of `from_queryset()`. Then it knows nothing about the class."""
UPSTREAM = {
    (case, checker): _DYNAMIC
    for case in ("`from_queryset()` inline", "`as_manager()`")
    for checker in CHECKERS
    if checker != "mypy with plugin"
} | {("bookshop: a manager of one's own", "ty"): _BASE}


@dataclass(frozen=True)
class Case:
    """A row of the table: its lines in uses.py and in errors.py, and which must be errors."""

    name: str
    uses: frozenset[int]
    errors: frozenset[int]


@dataclass(frozen=True)
class Place:
    """Where checkers are run: in `folder`, with the packages that `python` has."""

    folder: Path
    python: Path

    @property
    def stubs(self) -> list[str]:
        """The generated stubs that are to be checked themselves: those that stand here."""
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.glob("*/*.pyi"))


def environment(python: str = sys.executable) -> Path:
    """The folder of the checkers' programs, for one Python; which Django it has depends on that."""
    return programs_of("typing", python)


def newest_python() -> str | None:
    """The newest Python of this machine, from 3.13 on."""
    listed = subprocess.run(
        [str(ROOT / ".ci" / "pythons")], capture_output=True, text=True, check=True
    ).stdout.split()
    found = [each for each in listed if not re.search(r"3\.1[12]\b", each)]
    return found[-1] if found else None


def _run(*command: str) -> None:
    subprocess.run(command, check=True, cwd=ROOT)


def build(folder: Path, programs: Path) -> Path:
    """A copy of the project in `folder`, with what `asyncgen build` writes."""
    shutil.copytree(PROJECT, folder, dirs_exist_ok=True)
    path = folder / "pyproject.toml"
    path.write_text(path.read_text() + f'python = "{programs.parent}"\n')
    building.build(path).write()
    return configured(folder, programs / "python", "settings").folder


def configured(folder: Path, python: Path, settings: str, *, lenient: bool = False) -> Place:
    """The folder, with the checkers' settings in it: strict, or `lenient` towards what has no
    annotations, but for the stubs."""
    mypy = "[mypy]\nstrict = True\n"
    if lenient:
        mypy += "disable_error_code = no-untyped-def, no-untyped-call\n"
    (folder / "mypy.ini").write_text(mypy)
    (folder / "plugin.ini").write_text(
        f"{mypy}plugins = mypy_django_plugin.main\n"
        f"[mypy.plugins.django-stubs]\ndjango_settings_module = {settings}\n"
    )
    venv = python.parents[1]
    pyright = {
        "typeCheckingMode": "standard" if lenient else "strict",
        "strict": ["*/*_async.pyi", "*/*_managers.pyi"],
        "reportDeprecated": "error",
        "pythonPlatform": "Linux",
        "venvPath": str(venv.parent),
        "venv": venv.name,
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(pyright))
    return Place(folder, python)


def installed(built: Path, programs: Path, folder: Path, *options: str) -> Place:
    """A folder with the project's uses alone: `pip install` has put the project itself into an
    environment that has all of the checkers' packages."""
    environment = folder / "venv"
    python = environment / "bin" / "python"
    _run(str(programs / "python"), "-m", "venv", "--without-pip", str(environment))
    (packages,) = environment.glob("lib/python3*/site-packages")
    (shared,) = programs.parent.glob("lib/python3*/site-packages")
    (packages / "checkers.pth").write_text(f"{shared}\n{ROOT / 'runtime'}\n")
    pip = (str(programs / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet")
    alone = ("--no-deps", "--no-index", "--no-build-isolation")
    _run(*pip, "--python", str(python), "install", *alone, *options, str(built))
    uses = folder / "uses"
    uses.mkdir()
    for name in (USES, ERRORS, "settings.py"):
        shutil.copy(PROJECT / name, uses)
    return configured(uses, python, "settings")


def bookshop(folder: Path, programs: Path) -> Place:
    """A copy of the bookshop as it is committed, with the uses of it that are kept here."""
    shutil.copytree(ROOT / "examples" / "bookshop", folder, dirs_exist_ok=True)
    shutil.copytree(BOOKSHOP, folder, dirs_exist_ok=True)
    return configured(folder, programs / "python", "bookshop.settings")


def complaints(checker: str, place: Place, programs: Path) -> tuple[dict[str, set[int]], str]:
    """The lines of uses.py and errors.py that the checker calls errors, and all that it said."""
    found = said(checker, place, programs, [USES, ERRORS, *place.stubs])
    lines: dict[str, set[int]] = {"uses": set(), "errors": set(), "stubs": set()}
    for line in filter(is_error, found.splitlines()):
        place_ = _LOCATION.search(line)
        if place_:
            lines.setdefault(place_["file"], set()).add(int(place_["line"]))
        elif ".pyi:" in line:
            lines["stubs"].add(0)
    return lines, found


def is_error(line: str) -> bool:
    return "error" in line.lower() and ": note:" not in line


def said(checker: str, place: Place, programs: Path, files: Iterable[str]) -> str:
    """What the checker says of files or packages of `place`, one finding a line."""
    python = str(place.python)
    # What is deprecated is an error: basedpyright has it so where it is strict.
    mypy = (python, "-m", "mypy", "--enable-error-code", "deprecated", "--config-file")
    command = {
        "mypy": (*mypy, "mypy.ini"),
        "mypy with plugin": (*mypy, "plugin.ini"),
        "basedpyright": (
            str(programs / "basedpyright"),
            "--level",
            "error",
            "--pythonpath",
            python,
        ),
        "pyright": (str(programs / "pyright"), "--level", "error", "--pythonpath", python),
        "ty": (
            *(str(programs / "ty"), "check", "--error", "deprecated"),
            *("--python", python, "--output-format", "concise"),
        ),
        "pyrefly": (
            *(str(programs / "pyrefly"), "check", "--error", "deprecated"),
            *("--python-interpreter-path", python, "--output-format", "min-text"),
        ),
    }[checker]
    search = os.pathsep.join(map(str, (place.folder, ROOT / "runtime")))
    found = subprocess.run(
        [*command, *files],
        cwd=place.folder,
        env={**os.environ, "PYTHONPATH": search, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout + found.stderr


def cases(folder: Path) -> list[Case]:
    """The rows of a project, in the order of uses.py and then of errors.py."""
    uses, errors = _cases(folder / USES), _cases(folder / ERRORS)
    marked = {
        number
        for number, line in enumerate((folder / ERRORS).read_text().splitlines(), start=1)
        if line.endswith("# error")
    }
    return [
        Case(name, frozenset(uses.get(name, ())), frozenset(errors.get(name, ())) & marked)
        for name in dict.fromkeys([*uses, *errors])
    ]


def _cases(path: Path) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    name = ""
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if "# case: " in line:
            name = line.partition("# case: ")[2]
        elif line and not line.startswith(" "):
            name = ""
        elif name:
            found.setdefault(name, set()).add(number)
    return found


def holds(case: Case, lines: Mapping[str, set[int]]) -> bool:
    """Whether a checker agrees with every use of a case, and refuses every error of it."""
    return not case.uses & lines["uses"] and case.errors <= lines["errors"]


def failing(folder: Path, lines: Mapping[str, set[int]]) -> set[str]:
    """The names of a project's cases that do not hold."""
    return {case.name for case in cases(folder) if not holds(case, lines)}


def explained(folder: Path, checker: str) -> set[str]:
    """The names of a project's cases for which UPSTREAM has a reason why not."""
    return {case.name for case in cases(folder) if (case.name, checker) in UPSTREAM}


def table(failing: Mapping[str, set[str]]) -> str:
    """The table of case and checker, and below it why a cell is not `yes`."""
    reasons = list(dict.fromkeys(UPSTREAM.values()))

    def answer(case: str, checker: str) -> str:
        if case not in failing[checker]:
            return "yes"
        reason = UPSTREAM.get((case, checker))
        return f"no [^{reasons.index(reason) + 1}]" if reason else "no"

    rows = [["case", *CHECKERS], ["---"] * (len(CHECKERS) + 1)]
    names = [case.name for folder in (PROJECT, BOOKSHOP) for case in cases(folder)]
    rows += [[name, *(answer(name, each) for each in CHECKERS)] for name in names]
    notes = [f"[^{number}]: {reason}" for number, reason in enumerate(reasons, start=1)]
    return "\n".join([*(f"| {' | '.join(row)} |" for row in rows), "", *notes, ""])


def documented() -> str:
    """The table as docs/reference/typing.md has it."""
    return DOCUMENT.read_text().partition(MARKS[0])[2].partition(MARKS[1])[0].strip() + "\n"


def main() -> None:
    programs = environment()
    found: dict[str, set[str]] = {each: set() for each in CHECKERS}
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        places = {
            PROJECT: Place(build(Path(first), programs), programs / "python"),
            BOOKSHOP: bookshop(Path(second), programs),
        }
        for folder, place in places.items():
            for each in CHECKERS:
                found[each] |= failing(folder, complaints(each, place, programs)[0])
    text = table(found)
    if "--write" in sys.argv:
        before, _, rest = DOCUMENT.read_text().partition(MARKS[0])
        after = rest.partition(MARKS[1])[2]
        DOCUMENT.write_text(f"{before}{MARKS[0]}\n\n{text}\n{MARKS[1]}{after}")
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
