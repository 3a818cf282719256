"""A large application, as it is published: `python benchmarks/weblate.py [rounds]`.

The wheel of weblate, and those of what its models inherit from, are unpacked into one folder.
`asyncgen init` proposes the sources, and building them is timed, from nothing and with the facts
of what was read kept.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from measure import Command, environment, medians, table

WEBLATE = "weblate==5.14.3"
NEEDED = (
    "django-appconf==1.1.0",
    "django-celery-beat==2.8.1",
    "django-compressor==4.6.0",
    "django-crispy-forms==2.5",
    "django-filter==25.2",
    "django-otp==1.7.5",
    "django-otp-webauthn==0.7.0",
    "django-redis==6.0.0",
    "djangorestframework==3.16.1",
    "social-auth-app-django==5.9.0",
    "social-auth-core==4.9.1",
    "celery==5.5.3",
    "siphashc==2.9.1",
    "translate-toolkit==3.16.3",
    "translation-finder==2.24",
    "weblate-language-data==2026.11",
)


def main(rounds: int) -> None:
    asyncgen = environment() / "asyncgen"
    with tempfile.TemporaryDirectory() as name:
        folder, facts, nothing = (Path(name).resolve() / each for each in ("p", "facts", "nothing"))
        target = ["--no-deps", "--only-binary", ":all:", "--target", folder]
        pip = [asyncgen.with_name("python"), "-m", "pip", "install", "--quiet", *target]
        Command([*pip, WEBLATE], Path(name)).run()
        (folder / "pyproject.toml").touch()
        Command([asyncgen, "init"], folder).run()
        Command([*pip, *NEEDED], Path(name)).run()
        text = (folder / "pyproject.toml").read_text(encoding="utf-8")
        sources = [line for line in text.splitlines() if line.startswith('    "weblate/')]
        print("sources:", *(line.strip(' ",') for line in sources), end="\n\n")

        def clean() -> None:
            shutil.rmtree(folder / ".asyncgen_cache", ignore_errors=True)
            for path in folder.glob("weblate/**/*_async.py*"):
                path.unlink()

        def cold() -> None:
            clean()
            shutil.rmtree(nothing, ignore_errors=True)

        build = [asyncgen, "build"]
        commands = {
            "build, nothing cached": Command(build, folder, cold, {"XDG_CACHE_HOME": str(nothing)}),
            "build, facts kept": Command(build, folder, clean, {"XDG_CACHE_HOME": str(facts)}),
        }
        costs = medians(commands, rounds)
    rows = [[name, f"{cost.cpu:.1f} s", f"{cost.wall:.1f} s"] for name, cost in costs.items()]
    print(table(["weblate 5.14.3", "CPU", "wall"], rows))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
