"""What `apply` does to a source, for every class of a package: it compiles, no other line has
changed, formatters and isort have nothing new to say, and it is taken away byte for byte.

The mixins are made up, one for each class, for what joins a class with one asks nothing else of it.
"""

from __future__ import annotations

import ast
import difflib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from asyncgen.config import Config, Source
from asyncgen.globs import Globber
from asyncgen.mend import Mended, mended
from asyncgen.modules import every_class
from asyncgen.plan import own_files
from asyncgen.problems import AsyncgenError
from asyncgen.read import read_file
from asyncgen.source import Class
from asyncgen.surface import ImportLine
from asyncgen.wiring import Fault, FaultKind

from tests.projects.download import DownloadError, fetch, packages

NAMES = (
    "django-model-utils",
    "django-taggit",
    "django-guardian",
    "django-mptt",
    "django-reversion",
    "django-polymorphic",
    "django-treebeard",
)


@dataclass(frozen=True)
class Joined:
    """The sources of a package with classes, as they are and with their mixins."""

    config: Config
    before: dict[str, bytes]
    after: dict[str, bytes]
    outcome: Mended

    def changed(self) -> Iterator[tuple[str, bytes, bytes]]:
        for path, after in self.after.items():
            if after != self.before[path]:
                yield path, self.before[path], after


def classes(config: Config, path: str) -> list[Class]:
    try:
        module = read_file(config.root / path, dotted(path), path)
    except AsyncgenError:
        return []  # Python's own syntax, and not that of this version
    # A name that two classes have is that of two mixins only in files of their own.
    found = {each.flat_name: each for each in every_class(module)}
    return list(found.values())


def dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def fault(kind: FaultKind, path: str, owner: Class, text: str = "") -> Fault:
    module = f"{dotted(path)}_async"
    line = ImportLine(module, f"{owner.flat_name}Async")
    return Fault(kind, path, dotted(path), owner, line, text)


@pytest.fixture(scope="module", params=NAMES)
def joined(request: pytest.FixtureRequest) -> Joined:
    package = packages()[request.param]
    try:
        root = fetch(package) / package.roots[0]
    except DownloadError as error:
        pytest.skip(str(error))
    config = Config(root, root / "pyproject.toml", (Source(),), search=(root,))
    paths = [each.relative_to(root).as_posix() for each in own_files(root, Globber())]
    known = {each: found for each in paths if (found := classes(config, each))}
    faults = [fault(FaultKind.MISSING, path, each) for path in known for each in known[path]]
    before = {path: (root / path).read_bytes() for path in known}
    outcome = mended(config, faults)
    after = before | {each.path: each.after for each in outcome.changes}
    return Joined(config, before, after, outcome)


def test_each_class_inherits_its_mixin_first_and_nothing_else_has_changed(joined: Joined) -> None:
    count = 0
    for path, before, after in joined.changed():
        plain, made = ast.parse(before), ast.parse(after)
        mixins = {alias.name for each in made.body for alias in added_names(each, path)}
        for node in ast.walk(made):
            if isinstance(node, ast.ClassDef):
                first = node.bases[0] if node.bases else None
                if isinstance(first, ast.Name) and first.id in mixins:
                    count += 1
                    mixins.discard(first.id)
                    del node.bases[0]
        assert not mixins, f"{path} imports what no class inherits"
        made.body = [each for each in made.body if not added_names(each, path)]
        assert ast.dump(made) == ast.dump(plain), path
    wanted = sum(len(classes(joined.config, path)) for path in joined.before)
    assert count + len(joined.outcome.left) == wanted > 0


def added_names(node: ast.stmt, path: str) -> list[ast.alias]:
    """What a statement imports of the mixins."""
    if not isinstance(node, ast.ImportFrom):
        return []
    last = dotted(path).rpartition(".")[2]
    return [each for each in node.names if f".{node.module}".endswith(f".{last}_async")]


def test_only_imports_and_class_statements_have_other_lines(joined: Joined) -> None:
    for path, before, after in joined.changed():
        lines = after.splitlines()
        named = statement_lines(ast.parse(after)) | {
            number for number, line in enumerate(lines, start=1) if not line.strip()
        }
        matcher = difflib.SequenceMatcher(None, before.splitlines(), lines, autojunk=False)
        for tag, _, _, start, end in matcher.get_opcodes():
            if tag != "equal":
                assert set(range(start + 1, end + 1)) <= named, (path, lines[start:end])


def statement_lines(tree: ast.Module) -> set[int]:
    """The lines of imports, and of class statements up to their bodies."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found.update(range(node.lineno, (node.end_lineno or 0) + 1))
        elif isinstance(node, ast.ClassDef):
            found.update(range(node.lineno, node.body[0].lineno + 1))
    return found


def test_formatters_have_nothing_new_to_say(joined: Joined, tmp_path: Path) -> None:
    said: list[set[str]] = []
    for name, texts in (("before", joined.before), ("after", joined.after)):
        for path, data in texts.items():
            target = tmp_path / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        said.append(complaints(tmp_path / name))
    assert said[1] <= said[0]


def complaints(root: Path) -> set[str]:
    """The files that ruff would format, or sort imports in."""
    ruff = [sys.executable, "-m", "ruff"]
    own = [each.name for each in root.iterdir()]
    first_party = f"lint.isort.known-first-party = {own}"
    options = ["--isolated", "--config", first_party, "--target-version", "py312"]
    lint = [*ruff, "check", *options, "--select", "I", "--output-format", "json", str(root)]
    found = json.loads(subprocess.run(lint, capture_output=True, text=True, check=False).stdout)
    said = {f"I {Path(each['filename']).relative_to(root)}" for each in found}
    layout = [*ruff, "format", "--isolated", "--check", str(root)]
    lines = subprocess.run(layout, capture_output=True, text=True, check=False).stdout.splitlines()
    mark = "Would reformat: "
    names = (line.removeprefix(mark) for line in lines if line.startswith(mark))
    return said | {f"F {Path(each).relative_to(root)}" for each in names}


def whole(source: bytes) -> str:
    """The text without what tells a statement on one line from the same one on several: a class
    statement that the mixin made too long stays broken."""
    return "".join(source.decode().split()).replace(",)", ")")


def test_what_is_stale_is_taken_away_byte_for_byte(joined: Joined, tmp_path: Path) -> None:
    config = Config(tmp_path, tmp_path / "pyproject.toml", (Source(),), search=(tmp_path,))
    faults: list[Fault] = []
    for path, _, after in joined.changed():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(after)
        for each in classes(config, path):
            name = f"{each.flat_name}Async"
            if name in each.base_texts:
                faults.append(fault(FaultKind.STALE, path, each, name))
    again = mended(config, faults)
    assert not again.left
    restored = joined.after | {each.path: each.after for each in again.changes}
    other = [path for path, before in joined.before.items() if restored[path] != before]
    other = [path for path in other if whole(restored[path]) != whole(joined.before[path])]
    assert other == []
