"""All sources of the largest pinned package: `python benchmarks/packages.py [rounds]`.

Of the packages in tests/projects/packages.toml, the one with the most lines of Python is copied,
`asyncgen init` proposes its sources, and building and checking them is timed, in whole processes
that take turns. `--files` lists which files were parsed.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from measure import ROOT, Command, Cost, environment, medians, table

sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "tests" / "projects"))
from download import Package, fetch, packages


def import_packages(package: Package) -> list[Path]:
    """The import packages that a source distribution is made of, by the modules labelled in it."""
    tops = dict.fromkeys(module.partition(".")[0] for module in package.modules)
    roots = [fetch(package) / root for root in package.roots]
    return [root / top for top in tops for root in roots if (root / top).is_dir()]


def line_count(paths: Iterable[Path]) -> int:
    return sum(path.read_bytes().count(b"\n") for path in paths)


def python_files(folders: Iterable[Path]) -> list[Path]:
    return [path for folder in folders for path in sorted(folder.rglob("*.py"))]


def largest() -> Package:
    return max(
        packages().values(), key=lambda each: line_count(python_files(import_packages(each)))
    )


class Project:
    """A copy of a package, with the configuration that `asyncgen init` proposes for it."""

    def __init__(self, folder: Path, package: Package, asyncgen: Path) -> None:
        self.folder = folder
        needed = [each for name in package.needs for each in import_packages(packages()[name])]
        self.own = [folder / each.name for each in import_packages(package)]
        for source in import_packages(package):
            shutil.copytree(source, folder / source.name)
        self.files = python_files(self.own)
        Command([asyncgen, "init"], folder).run()
        for source in needed:
            shutil.copytree(source, folder / source.name)

    def clean(self) -> None:
        """Take away all that a build wrote."""
        shutil.rmtree(self.folder / ".asyncgen_cache", ignore_errors=True)
        for path in set(python_files(self.own)) - set(self.files):
            path.with_suffix(".pyi").unlink(missing_ok=True)
            path.unlink()

    def parsed(self) -> tuple[list[Path], list[Path]]:
        """The files that the last build read: of the package, and of others."""
        stamp = self.folder / ".asyncgen_cache" / "pyproject.toml" / "stamp"
        lines = [line.split("\t") for line in stamp.read_text("utf-8").split("\n")]
        read = [Path(line[1]) for line in lines if line[0] == "file" and line[1].endswith(".py")]
        own = set(self.files)
        written = set(python_files(self.own)) - own
        others = [
            path
            for path in read
            if path not in own | written and "/asyncgen/" not in path.as_posix()
        ]
        return [path for path in read if path in own], others


class Edits:
    """Edits of the longest file that a build of the project has parsed: each another one."""

    def __init__(self, project: Project) -> None:
        self.path = max(project.parsed()[0], key=lambda path: path.stat().st_size)
        self.text = self.path.read_text(encoding="utf-8")
        self.number = 0

    def comment(self) -> None:
        """A comment above everything, so that all lines have other numbers."""
        self.number += 1
        self.path.write_text(f"# edit {self.number}\n{self.text}", encoding="utf-8")

    def body(self) -> None:
        """A statement more in the first method that returns something: what it comes to is what it
        was."""
        self.number += 1
        edited = f"        edit = {self.number}\n"
        text, count = re.subn(r"^ {8}return ", f"{edited}\\g<0>", self.text, count=1, flags=re.M)
        assert count, f"no method of {self.path} returns anything"
        self.path.write_text(text, encoding="utf-8")

    def function(self) -> None:
        """A function at the end."""
        self.number += 1
        new = f"\n\ndef edit_{self.number}():\n    return {self.number}\n"
        self.path.write_text(f"{self.text}{new}", encoding="utf-8")

    def undo(self) -> None:
        self.path.write_text(self.text, encoding="utf-8")


def main(rounds: int, *, show_files: bool) -> None:
    package, asyncgen = largest(), environment() / "asyncgen"
    with tempfile.TemporaryDirectory() as name:
        facts, no_facts = Path(name, "facts"), Path(name, "no-facts")
        folder = Path(name, "built")
        folder.mkdir()
        project = Project(folder.resolve(), package, asyncgen)
        same = Path(name, "same")
        same.mkdir()
        unchanged = Project(same.resolve(), package, asyncgen)
        kept = {"XDG_CACHE_HOME": str(facts)}
        Command([asyncgen, "build"], unchanged.folder, variables=kept).run()

        def cold() -> None:
            project.clean()
            shutil.rmtree(no_facts, ignore_errors=True)

        edits = Edits(unchanged)
        check = [asyncgen, "check"]
        commands = {
            "build, nothing cached": Command(
                [asyncgen, "build"], project.folder, cold, {"XDG_CACHE_HOME": str(no_facts)}
            ),
            "build, facts kept": Command([asyncgen, "build"], project.folder, project.clean, kept),
            "check, a function added": Command(check, unchanged.folder, edits.function, kept),
            "check, a body edited": Command(check, unchanged.folder, edits.body, kept),
            "check, a comment added": Command(check, unchanged.folder, edits.comment, kept),
            "check, no change": Command(check, unchanged.folder, edits.undo, kept),
            "python -c pass": Command([asyncgen.with_name("python"), "-c", "pass"], same),
        }
        costs = medians(commands, rounds)
        own, others = unchanged.parsed()
        print(f"{package.name} {package.version}\n")
        print(report(costs, unchanged.files, own, others))
        if show_files:
            for path in unchanged.files:
                mark = "parsed" if path in set(own) else "      "
                print(mark, path.relative_to(unchanged.folder).as_posix())


def report(costs: dict[str, Cost], files: list[Path], own: list[Path], others: list[Path]) -> str:
    all_lines, own_lines = line_count(files), line_count(own)
    read_lines = own_lines + line_count(others)
    rows = [
        [
            name,
            f"{cost.cpu * 1e3:.0f} ms",
            f"{cost.wall * 1e3:.0f} ms",
            f"{cost.cpu * 1e6 / all_lines:.1f} ms",
            f"{cost.cpu * 1e6 / read_lines:.1f} ms",
        ]
        for name, cost in costs.items()
    ]
    head = ["", "CPU", "wall", "CPU per 1000 lines of the package", "per 1000 lines parsed"]
    times = table(head, rows)
    rows = [
        ["of the package", f"{len(own)} of {len(files)}", f"{own_lines} of {all_lines}"],
        ["of Django and others", str(len(others)), str(line_count(others))],
    ]
    return f"{times}\n\n{table(['parsed', 'files', 'lines'], rows)}"


if __name__ == "__main__":
    numbers = [argument for argument in sys.argv[1:] if argument.isdigit()]
    main(int(numbers[0]) if numbers else 5, show_files="--files" in sys.argv)
