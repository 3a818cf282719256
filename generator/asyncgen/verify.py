"""`asyncgen build --verify`: mypy and stubtest over what was written.

They are the project's own, run by its Python in its folder; stubtest imports the modules, which
nothing else in asyncgen does. What they find points at the sync callable that a stub is for.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from asyncgen.config import Config
from asyncgen.environment import interpreter
from asyncgen.problems import Location, Problem
from asyncgen.surface import StubFunction, StubModule

# A file is called as the nearest root says, and not as all `__init__.py` above it.
_MYPY_OPTIONS = ("--no-error-summary", "--namespace-packages", "--explicit-package-bases")
_MYPY_LINE = re.compile(r"(?P<path>.+?\.pyi?):(?P<line>\d+)(?::\d+)?: error: (?P<message>.*)")
_STUBTEST_LINE = re.compile(r"error: (?P<name>[\w.]+) (?P<message>.+)")
_STUBTEST = (
    "import os, sys\n"
    "if os.environ.get('DJANGO_SETTINGS_MODULE'):\n"
    "    import django; django.setup()\n"
    "from mypy.stubtest import main\n"
    "sys.exit(main())\n"
)


@dataclass(frozen=True, slots=True)
class Written:
    """A stub that was written, and its text."""

    stub: StubModule
    text: str


def verify(config: Config, written: Sequence[Written]) -> list[Problem]:
    """What mypy (AG601) and stubtest (AG602) say of the stubs; AG603 where they are missing, AG604
    where one of them fails otherwise than by what it says of a stub."""
    if not written:
        return []
    python = interpreter(config)
    roots = _roots(config, written)
    mypy = [python, "-m", "mypy", *_MYPY_OPTIONS, *_paths(written)]
    status, said = _run(config, roots, mypy)
    if "No module named mypy" in said:
        return [
            Problem(
                "AG603",
                "mypy is not installed in the project's environment",
                "install mypy there, or name the environment with --python",
                Location(str(config.path), 1),
            )
        ]
    problems = list(_mypy_problems(said, written))
    if status > 1 and not problems:  # 1: errors, here of files that are none of ours
        return [_failure("mypy", status, said, config)]
    with TemporaryDirectory() as folder:
        allowed = Path(folder, "allowed")
        allowed.write_text("\n".join(_allowed(written)), encoding="utf-8")
        options = ["--allowlist", str(allowed), "--ignore-unused-allowlist"]
        modules = [each.stub.module for each in written]
        status, said = _run(config, roots, [python, "-c", _STUBTEST, *options, *modules])
    found = list(_stubtest_problems(said, written))
    if status and not found:
        found = [_failure("stubtest", status, said, config)]
    return [*problems, *found]


def _failure(program: str, status: int, said: str, config: Config) -> Problem:
    last = (said.strip().splitlines() or ["it said nothing"])[-1]
    return Problem(
        "AG604",
        f"{program} failed with exit status {status}: {last}",
        "run it by hand for all that it says; it needs DJANGO_SETTINGS_MODULE where a module reads "
        "settings when it is imported",
        Location(str(config.path), 1),
    )


def _paths(written: Iterable[Written]) -> list[str]:
    return [each.stub.path for each in written]


def _allowed(written: Iterable[Written]) -> Iterator[str]:
    """What stubtest is wrong about: it goes by what inspect tells of a method."""
    for each in written:
        for cls in each.stub.classes:
            for method in cls.functions:
                if method.is_copied_static:
                    yield f"{each.stub.module}.{cls.name}.{method.name}"


def _roots(config: Config, written: Iterable[Written]) -> list[str]:
    """Where imports start: where they are looked for, and where the names of stubs start."""
    own = ((config.root / each.stub.path).parents[each.stub.module.count(".")] for each in written)
    return [*map(str, dict.fromkeys((*config.search, *own))), *_inherited_path()]


def _run(config: Config, roots: Iterable[str], command: list[str]) -> tuple[int, str]:
    """The exit status of a program in the project's folder, and all that it printed."""
    path = os.pathsep.join(roots)
    finished = subprocess.run(
        command,
        cwd=config.root,
        env={**os.environ, "PYTHONPATH": path, "MYPYPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    return finished.returncode, finished.stdout + finished.stderr


def _inherited_path() -> tuple[str, ...]:
    known = os.environ.get("PYTHONPATH")
    return (known,) if known else ()


def _mypy_problems(text: str, written: Sequence[Written]) -> Iterator[Problem]:
    by_path = {Path(each.stub.path).as_posix(): each for each in written}
    for line in text.splitlines():
        match = _MYPY_LINE.fullmatch(line)
        each = by_path.get(Path(match["path"]).as_posix()) if match else None
        if match and each:
            name = name_at(each.text, int(match["line"]))
            yield Problem(
                "AG601",
                f"mypy, of {each.stub.path}:{match['line']}: {match['message']}",
                "correct the annotation of the sync callable, or annotate it",
                source_of(each.stub, name),
            )


def _stubtest_problems(text: str, written: Sequence[Written]) -> Iterator[Problem]:
    for line in text.splitlines():
        match = _STUBTEST_LINE.fullmatch(line)
        if not match:
            continue
        for each in written:
            module = each.stub.module
            if match["name"] == module or match["name"].startswith(f"{module}."):
                name = match["name"].removeprefix(module).removeprefix(".")
                yield Problem(
                    "AG602",
                    f"stubtest, of {match['name']}: {match['message']}",
                    "run `asyncgen build`; if it stays, report it with the sync callable",
                    source_of(each.stub, name),
                )
                break


def name_at(text: str, line: int) -> str:
    """The dotted name of the innermost definition that the line is in; of a stub that is no
    Python, none."""
    names: list[str] = []
    try:
        body: Sequence[ast.stmt] = ast.parse(text).body
    except SyntaxError:
        return ""
    while True:
        inner = next((each for each in body if _holds(each, line)), None)
        if not isinstance(inner, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            return ".".join(names)
        names.append(inner.name)
        body = inner.body


def _holds(node: ast.stmt, line: int) -> bool:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    start = min([node.lineno, *(each.lineno for each in decorators)])
    return start <= line <= (node.end_lineno or node.lineno)


def source_of(stub: StubModule, name: str) -> Location | None:
    """Where the sync callable or class is that `name` in the stub is for."""
    first, _, rest = name.partition(".")
    functions: Iterable[StubFunction] = stub.functions
    for each in stub.classes:
        if each.name == first:
            location = next((f.location for f in each.functions if f.name == rest), None)
            return location or each.location
    location = next((each.location for each in functions if each.name == first), None)
    return location or (Location(stub.sources[0], 1) if stub.sources else None)
