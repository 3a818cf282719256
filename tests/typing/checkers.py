"""The type checkers, at the versions that requirements/typing.txt pins, over the hard cases.

    python tests/typing/checkers.py          print the table of docs/typing.md
    python tests/typing/checkers.py --write  and put it into docs/typing.md

The checkers live in an environment of their own, which is made on first use in
`.asyncgen_cache/typing`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from asyncgen.config import load
from asyncgen.output import drift, write
from asyncgen.pipeline import Run, rendered

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PROJECT = HERE / "project"
PINS = ROOT / "requirements" / "typing.txt"
ENVIRONMENT = ROOT / ".asyncgen_cache" / "typing"
DOCUMENT = ROOT / "docs" / "typing.md"
MARKS = ("<!-- table: tests/typing/checkers.py -->", "<!-- end of table -->")
CHECKERS = ("mypy", "mypy with plugin", "basedpyright", "ty", "pyrefly")
_LOCATION = re.compile(r"(?P<file>\w+)\.py:(?P<line>\d+)")


@dataclass(frozen=True)
class Case:
    """A row of the table: its lines in uses.py and in errors.py, and which must be errors."""

    name: str
    uses: frozenset[int]
    errors: frozenset[int]


def environment() -> Path:
    """The folder of the checkers' programs."""
    stamp = ENVIRONMENT / "pins.txt"
    programs = ENVIRONMENT / "venv" / "bin"
    if not stamp.is_file() or stamp.read_bytes() != PINS.read_bytes():
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        ENVIRONMENT.mkdir(parents=True)
        _run(sys.executable, "-m", "venv", str(programs.parent))
        install = (str(programs / "python"), "-m", "pip", "--disable-pip-version-check", "install")
        _run(*install, "--quiet", "--require-hashes", "--requirement", str(PINS))
        shutil.copy(PINS, stamp)
    return programs


def _run(*command: str) -> None:
    subprocess.run(command, check=True, cwd=ROOT)


def build(folder: Path, programs: Path) -> Path:
    """A copy of the project in `folder`, with what `asyncgen build` writes."""
    shutil.copytree(PROJECT, folder, dirs_exist_ok=True)
    path = folder / "pyproject.toml"
    path.write_text(path.read_text() + f'python = "{programs.parent}"\n')
    config = load(path)
    result = Run(config).result()
    assert not result.problems, result.problems
    texts = list(rendered(result, config))
    write(config.root, texts, drift(config.root, texts))
    (folder / "mypy.ini").write_text("[mypy]\nstrict = True\n")
    (folder / "plugin.ini").write_text(
        "[mypy]\nstrict = True\nplugins = mypy_django_plugin.main\n"
        "[mypy.plugins.django-stubs]\ndjango_settings_module = settings\n"
    )
    (folder / "pyrightconfig.json").write_text(
        json.dumps(
            {
                "typeCheckingMode": "strict",
                "venvPath": str(programs.parents[1]),
                "venv": programs.parent.name,
            }
        )
    )
    return folder


def complaints(checker: str, folder: Path, programs: Path) -> tuple[dict[str, set[int]], str]:
    """The lines of uses.py and errors.py that the checker calls errors, and all that it said."""
    files = ["uses.py", "errors.py", *sorted(_stubs(folder))]
    python = str(programs / "python")
    command = {
        "mypy": ["mypy", "--config-file", "mypy.ini", *files],
        "mypy with plugin": ["mypy", "--config-file", "plugin.ini", *files],
        "basedpyright": ["basedpyright", "--level", "error", *files],
        "ty": [
            "ty",
            "check",
            "--python",
            str(programs.parent),
            "--output-format",
            "concise",
            *files,
        ],
        "pyrefly": [
            *("pyrefly", "check", "--python-interpreter-path", python),
            *("--output-format", "min-text", *files),
        ],
    }[checker]
    found = subprocess.run(
        [str(programs / command[0]), *command[1:]],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT / 'runtime'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    lines: dict[str, set[int]] = {"uses": set(), "errors": set(), "other": set()}
    for line in found.stdout.splitlines():
        if "error" not in line.lower() or ": note:" in line:
            continue
        place = _LOCATION.search(line)
        if place:
            lines.setdefault(place["file"], set()).add(int(place["line"]))
        elif ".pyi:" in line:
            lines["other"].add(0)
    return lines, found.stdout + found.stderr


def _stubs(folder: Path) -> Iterator[str]:
    yield from (path.relative_to(folder).as_posix() for path in (folder / "library").glob("*.pyi"))


def cases() -> list[Case]:
    """The rows, in the order of uses.py and then of errors.py."""
    uses, errors = _cases("uses.py"), _cases("errors.py")
    marked = {
        number
        for number, line in enumerate((PROJECT / "errors.py").read_text().splitlines(), start=1)
        if line.endswith("# error")
    }
    return [
        Case(name, frozenset(uses.get(name, ())), frozenset(errors.get(name, ())) & marked)
        for name in dict.fromkeys([*uses, *errors])
    ]


def _cases(file: str) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    name = ""
    for number, line in enumerate((PROJECT / file).read_text().splitlines(), start=1):
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


def table(folder: Path) -> str:
    programs = environment()
    build(folder, programs)
    found = {checker: complaints(checker, folder, programs)[0] for checker in CHECKERS}
    rows = [["case", *CHECKERS], ["---"] * (len(CHECKERS) + 1)]
    rows += [
        [case.name, *("yes" if holds(case, found[c]) else "no" for c in CHECKERS)]
        for case in cases()
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def main() -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        text = table(Path(folder))
    if "--write" in sys.argv:
        before, _, rest = DOCUMENT.read_text().partition(MARKS[0])
        after = rest.partition(MARKS[1])[2]
        DOCUMENT.write_text(f"{before}{MARKS[0]}\n\n{text}\n{MARKS[1]}{after}")
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
