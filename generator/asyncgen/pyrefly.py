"""What pyrefly infers for callables that nothing else tells the type of: one run for all of them.

The questions are `reveal_type` calls in a scratch file, outside the project. pyrefly prints the
last word of a class's name, unless two in the same type have it: then it prints both in full. So
beside each answer stand decoys, classes of ours with the names that an answer may have.
"""

from __future__ import annotations

import ast
import json
import subprocess
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from asyncgen.config import Config
from asyncgen.environment import interpreter, site_packages
from asyncgen.infer.revealed import RECEIVER
from asyncgen.problems import AsyncgenError, Location, Problem
from asyncgen.surface import Question

_DECOYS = "asyncgen_decoys"
_HEAD = f"from typing import Any, TypeVar, reveal_type\nimport {_DECOYS}\n"
_PREFIX = "revealed type: "


def missing(config: Config) -> Problem:
    return Problem(
        "AG206",
        'infer = "pyrefly" asks for pyrefly, which is not installed',
        "install pyrefly in the project's environment, or take the key out",
        Location(str(config.path), 1),
    )


def ask(
    config: Config,
    program: Path,
    questions: Collection[Question],
    roots: Iterable[Path],
    outputs: Collection[str],
) -> dict[Question, str]:
    """The printed type of each callable's result. Without one are those in whose own lines pyrefly
    finds an error. `roots` are folders of source; `outputs`, the modules that asyncgen writes, are
    not looked at: a second build is to find what the first one did.

    Raises AsyncgenError (AG207) when pyrefly gives no report.
    """
    if not questions:
        return {}
    with TemporaryDirectory(prefix="asyncgen-") as name:
        folder = Path(name).resolve()
        scratch = _Scratch.of(questions)
        (folder / "pyrefly.toml").write_text("enabled-ignores = []\n", encoding="utf-8")
        (folder / f"{_DECOYS}.py").write_text(scratch.decoys, encoding="utf-8")
        file = folder / "asyncgen_questions.py"
        file.write_text(scratch.text, encoding="utf-8")
        command = [str(program), "check", "--config", str(folder / "pyrefly.toml")]
        command += ["--output-format", "json", "--summary", "none", "--relative-to", str(folder)]
        command += ["--python-interpreter-path", interpreter(config), "--python-platform", "linux"]
        places = site_packages(config)
        for root in dict.fromkeys((folder, *roots)):
            if root.is_dir() and root not in places:
                command += ["--search-path", str(root)]
        for place in filter(Path.is_dir, places):
            command += ["--site-packages-path", str(place)]
        for output in sorted(outputs):
            command += ["--replace-imports-with-any", output]
        sources = sorted({question.path for question in questions})
        reports = _reports(config, [*command, str(file), *sources], folder)
    return dict(_answers(scratch, str(file), reports))


@dataclass(frozen=True, slots=True)
class _Report:
    path: str
    line: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class _Scratch:
    """The scratch file, and the question that each of its lines asks."""

    text: str
    decoys: str
    lines: Mapping[int, Question]

    @classmethod
    def of(cls, questions: Iterable[Question]) -> _Scratch:
        lines = _HEAD.splitlines()
        asked: dict[int, Question] = {}
        decoys: set[str] = set()
        for number, question in enumerate(questions):
            decoys.update(question.names)
            lines += _asking(question, number)
            asked[len(lines)] = question
        made = "".join(f"class {name}: ...\n" for name in sorted(decoys))
        return cls("\n".join(lines) + "\n", made, asked)


def _asking(question: Question, number: int) -> Iterator[str]:
    """The lines that ask, the last of which reveals the answer."""
    yield f"import {question.module}"
    variable = f"{RECEIVER}{number}"
    target, receiver = question.module, ""
    if question.owner:
        yield f'{variable} = TypeVar("{variable}", bound={question.module}.{question.owner})'
        target, receiver = "self", f"self: {variable}, "
    decoys = ", ".join(f"{_DECOYS}.{name}" for name in question.names)
    yield f"def _({receiver}args: Any, kwargs: Any, decoys: tuple[{decoys}]) -> None:"
    call = "(*args, **kwargs)" if question.is_called else ""
    yield f"    reveal_type((decoys, {target}.{question.name}{call}))"


def _reports(config: Config, command: list[str], folder: Path) -> list[_Report]:
    finished = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False
    )
    try:
        found = json.loads(finished.stdout)["errors"]
        return [
            _Report(
                _resolved(folder / each["path"]), each["line"], each["name"], each["description"]
            )
            for each in found
        ]
    except (ValueError, KeyError, TypeError) as error:
        said = finished.stderr.strip().splitlines() or [repr(error)]
        raise AsyncgenError(
            Problem(
                "AG207",
                f"pyrefly gave no report: {said[-1]}",
                "install a newer pyrefly (1.4 is known to work), or take out the key infer",
                Location(str(config.path), 1),
            )
        ) from error


def _resolved(path: Path) -> str:
    return str(path.resolve())


def _answers(
    scratch: _Scratch, file: str, reports: Iterable[_Report]
) -> Iterator[tuple[Question, str]]:
    wrong: dict[str, set[int]] = {}
    answers: dict[Question, str] = {}
    for each in reports:
        question = scratch.lines.get(each.line) if each.path == file else None
        if question and each.kind == "reveal-type":
            answers[question] = each.text
        else:
            wrong.setdefault(each.path, set()).add(each.line)
    trees = {path: _tree(Path(path)) for path in {question.path for question in answers}}
    for question, text in answers.items():
        answer = _printed(text)
        lines = wrong.get(_resolved(Path(question.path)), set())
        body = _body(question, trees[question.path])
        if answer and body and lines.isdisjoint(body):
            yield question, answer


def _tree(path: Path) -> ast.Module:
    """Empty where this Python cannot read what the project's can."""
    try:
        return ast.parse(path.read_bytes())
    except SyntaxError:
        return ast.Module([], [])


def _body(question: Question, tree: ast.Module) -> range:
    """The lines of a callable's body: what is wrong with its signature (it may not fit a base
    class's) says nothing of what it returns."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == question.name:
            start = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            end = node.end_lineno or node.lineno
            if start <= question.line <= end:
                return range(node.body[0].lineno, end + 1)
    return range(0)


def _printed(text: str) -> str | None:
    """The second part of the revealed tuple; None where it is not an expression (a callable)."""
    try:
        node = ast.parse(text.removeprefix(_PREFIX), mode="eval").body
    except SyntaxError:
        return None
    match node:
        case ast.Subscript(slice=ast.Tuple(elts=[_, answer])):
            return ast.unparse(answer)
    return None
