"""What an audit of a project takes: from nothing, once more, and after an edit of one file.

    python benchmarks/audit.py [lines]

The project is generated: apps with models, services and views of 250 lines each. One function in
eight is asynchronous and calls the service of its app, which calls that of another; an eighth of
these block the loop. Prints CPU seconds, for each 1,000 lines, and beside what LibCST alone takes
to parse the same text; and how many findings there were.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import ROOT

LINES = 250_000
MODELS = """\
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=99)


class Book(models.Model):
    title = models.CharField(max_length=99)
    author = models.ForeignKey(Author, models.CASCADE)
"""
METHOD = """
    def pages_{number}(self, limit=None):
        found = [self.title.strip(), str(limit)]
        for number in range({number}):
            if number % 7:
                found.append("-".join(found))
            elif limit is not None and number > limit:
                break
        return found
"""
SERVICE = """

def total_{number}(author):
    books = Book.objects.filter(author=author)
    if author is None:
        return 0
    return books.count() + {called}(author)
"""
VIEW = """

def view_{number}(request):
    names = request.GET.getlist("name")
    return {{"names": [name.strip() for name in names], "number": {number}}}
"""
BLOCKING = """

async def aview_{number}(request):
    return {{"total": total_{number}(request)}}
"""
ASYNC = """

async def aview_{number}(request):
    return {{"total": await sync_to_async(total_{number})(request)}}
"""
TIMED = """\
import resource, sys
from asyncgen.start import main
sys.argv = ["asyncgen", "audit", "--output-format", "json"]
try:
    main()
except SystemExit as done:
    assert done.code in (0, 1), done.code
usage = resource.getrusage(resource.RUSAGE_SELF)
print(usage.ru_utime + usage.ru_stime, file=sys.stderr)
"""


def write(folder: Path, lines: int) -> int:
    """Write apps until the project has as many lines; return how many it has."""
    count = app = 0
    while count < lines:
        package = folder / f"app{app}"
        package.mkdir()
        earlier = max(app - 1, 0)
        services = f"from app{earlier}.services import total_0 as before\n" if app else ""
        services += f"from app{app}.models import Book\n"
        views = f"from asgiref.sync import sync_to_async\n\nfrom app{app}.services import *\n"
        for number in range(12):
            called = f"total_{number + 1}" if number < 11 else "before" if app else "len"
            services += SERVICE.format(number=number, called=called)
            views += VIEW.format(number=number) * 4
        for number in range(7):
            views += (ASYNC if number else BLOCKING).format(number=number)
        texts = {
            "__init__.py": "",
            "models.py": MODELS + "".join(METHOD.format(number=each) for each in range(25)),
            "services.py": services,
            "views.py": views,
        }
        for name, text in texts.items():
            (package / name).write_text(text)
            count += text.count("\n")
        app += 1
    (folder / "pyproject.toml").write_text('[tool.asyncgen]\nsources = ["app*/models.py"]\n')
    (folder / "manage.py").touch()
    return count


def audited(folder: Path, cache: Path) -> tuple[float, int]:
    """The CPU seconds of an audit, and how much it found."""
    done = subprocess.run(
        [sys.executable, "-c", TIMED],
        cwd=folder,
        env={**os.environ, "XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(ROOT / "generator")},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stderr.split()[-1]), len(done.stdout.splitlines())


PARSED = """\
import resource, sys
from pathlib import Path
import libcst
for path in Path().rglob("*.py"):
    libcst.parse_module(path.read_text())
usage = resource.getrusage(resource.RUSAGE_SELF)
print(usage.ru_utime + usage.ru_stime)
"""


def main(lines: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, cache = Path(name, "project"), Path(name, "cache")
        folder.mkdir()
        count = write(folder, lines)
        parse = [sys.executable, "-c", PARSED]
        alone = float(subprocess.check_output(parse, cwd=folder, text=True))
        print(f"{count:,} lines; LibCST alone: {alone:.1f} s")
        print("| audit | CPU | for 1,000 lines | to LibCST alone | findings |")
        print("| --- | ---: | ---: | ---: | ---: |")
        edited = folder / "app1" / "services.py"
        for kind in ("from nothing", "once more", "one file edited"):
            if kind == "one file edited":
                edited.write_text(edited.read_text().replace("return 0", "return len(books)", 1))
            seconds, found = audited(folder, cache)
            share = seconds / count * 1000
            print(f"| {kind} | {seconds:.1f} s | {share:.3f} s | {seconds / alone:.2f} | {found} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else LINES)
