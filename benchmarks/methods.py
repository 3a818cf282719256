"""Projects of ever more models, whose methods lead to each other: what deciding takes for each.

    python benchmarks/methods.py [models ...]

An app has 20 models with five methods each, which call methods of their model, of two other models
of the app, in circles, and of one of the app before. Prints CPU seconds of a build for which the
facts of Django and of the sources are kept, all and for each thousand methods, and peak memory.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

SIZES = (100, 1_000, 3_000, 10_000)
APP = 20  # models
HEAD = "from django.db import models\n"
MODEL = """

class M{number}(models.Model):
    title = models.CharField(max_length=99)
    next = models.ForeignKey("app{app}.M{next}", models.CASCADE, related_name="+")
    far = models.ForeignKey("app{app}.M{far}", models.CASCADE, related_name="+")
    before = models.ForeignKey("app{earlier}.M{before}", models.CASCADE, related_name="+")

    def total(self, depth):
        found = self.siblings().count()
        return found + self.next.total(depth - 1) if depth else found

    def siblings(self):
        return type(self).objects.filter(title=self.name())

    def name(self):
        text = self.title.strip()
        return text or self.far.name()

    def path(self):
        names = [self.name(), *self.next.path()]
        return names + self.before.path()

    def move(self, depth):
        if self.far.total(depth):
            self.next.move(depth - 1)
        self.save()
"""
MEASURED = """\
import resource, sys, time
from asyncgen.start import main
began = time.process_time()
sys.argv = ['asyncgen', 'build', '-q']
try: main()
except SystemExit as done: assert not done.code
print(time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def write(folder: Path, models: int) -> None:
    for app in range(models // APP):
        package = folder / f"app{app}"
        package.mkdir()
        (package / "__init__.py").touch()
        first, earlier = app * APP, max(app - 1, 0)
        text = HEAD
        for place in range(APP):
            text += MODEL.format(
                number=first + place,
                app=app,
                next=first + (place + 1) % APP,
                far=first + (place + 7) % APP,
                earlier=earlier,
                before=earlier * APP + place,
            )
        (package / "models.py").write_text(text)
    table = '[tool.asyncgen]\nsources = ["app*/models.py"]\nunwired = ["*"]\n'
    (folder / "pyproject.toml").write_text(table)


def main(sizes: list[int]) -> None:
    print("| models | methods | CPU | CPU per 1000 methods | memory |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for models in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name, "project")
            folder.mkdir()
            write(folder, models)
            kept = {**os.environ, "XDG_CACHE_HOME": str(Path(name, "facts"))}
            seconds = memory = ""
            for _ in range(2):  # the second time with the facts of the first
                (folder / ".asyncgen_cache/pyproject.toml/stamp").unlink(missing_ok=True)
                command = [sys.executable, "-c", MEASURED]
                done = subprocess.run(
                    command, cwd=folder, env=kept, check=True, capture_output=True, text=True
                )
                seconds, memory = done.stdout.split()[-2:]
            methods = models * MODEL.count("def ")
            share = float(seconds) / methods * 1000
            print(
                f"| {models} | {methods} | {float(seconds):.1f} s | {share:.1f} s "
                f"| {float(memory):.0f} MB |",
                flush=True,
            )


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or list(SIZES))
