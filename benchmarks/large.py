"""A source of 100,003 lines: what reading and building it take, beside LibCST's own parse.

    python benchmarks/large.py [--lines 100003]

Each in a process of its own. Prints CPU seconds, the ratio to LibCST's parse, and peak memory.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

HEAD = """\
from django.db import models
class BookQuerySet(models.QuerySet):
    def total(self): return self.count()
"""
METHOD = """\
    def total_{0}(self, value):
        found = self.filter(pk=value)
        return found.count() + {0}

"""
# What follows the head, by line: statements of the module, or methods of the class.
SHAPES = {
    "assignments": lambda lines: HEAD + "".join(f"x{n} = {n} + {n}\n" for n in range(lines - 3)),
    "methods": lambda lines: HEAD + "".join(METHOD.format(n) for n in range((lines - 3) // 4)),
}
MEASURED = """\
import gc, resource, sys, time
from pathlib import Path
gc.disable()
began = time.process_time()
{}
print(time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
STEPS = {
    "LibCST's parse": "import libcst; libcst.parse_module(Path('shop/books.py').read_text())",
    "reading": (
        "from asyncgen.read import read_file\n"
        "read_file(Path('shop/books.py'), 'shop.books', 'shop/books.py')"
    ),
    "asyncgen build": (
        "from asyncgen.start import main\nsys.argv = ['asyncgen', 'build', '-q']\n"
        "try: main()\nexcept SystemExit as done: assert not done.code"
    ),
}


def measured(step: str, folder: Path) -> tuple[float, float]:
    """CPU seconds and megabytes."""
    command = [sys.executable, "-c", MEASURED.format(step)]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    seconds, memory = done.stdout.split()
    return float(seconds), float(memory)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=100_003)
    lines = parser.parse_args().lines
    print("| source | step | CPU | to LibCST's parse | memory |")
    print("| --- | --- | ---: | ---: | ---: |")
    for shape, source in SHAPES.items():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "shop").mkdir()
            (folder / "shop/__init__.py").touch()
            (folder / "shop/books.py").write_text(source(lines))
            table = '[tool.asyncgen]\nsources = ["shop/books.py"]\nunwired = ["*"]\n'
            (folder / "pyproject.toml").write_text(table)
            parse = 0.0
            for step, code in STEPS.items():
                seconds, memory = measured(code, folder)
                parse = parse or seconds
                row = f"| {shape} | {step} | {seconds:.1f} s | {seconds / parse:.2f} "
                print(f"{row}| {memory:.0f} MB |", flush=True)


if __name__ == "__main__":
    main()
