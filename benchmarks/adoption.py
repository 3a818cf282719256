"""The ten minutes on real applications: from `asyncgen init` to tests that pass, by no hand.

    python benchmarks/adoption.py FOLDER [NAME ...]

Each application is cloned below FOLDER, where it is not there already, gets an environment of its
own, and is tested as it is, given its twins by `init`, `build` and `apply`, and tested again. What
comes out is the table of docs/how-to/adopting.md. Their code is run: its tests, and
`makemigrations --check`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VERBS = ("init", "build", "apply", "check")


@dataclass(frozen=True)
class Application:
    """Where it comes from, and how it is installed and tested; `root` is the folder in which
    asyncgen runs, `inside` that of manage.py. Commands are what follows `python`."""

    url: str
    install: tuple[str, ...]
    tests: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    root: str = "."
    inside: str = "."
    python: str = sys.executable


APPLICATIONS = {
    "healthchecks": Application(
        "https://github.com/healthchecks/healthchecks",
        ("--requirement", "requirements.txt", "time-machine"),
        ("manage.py", "test", "--parallel=1", "-v0"),
        python="python3.12",
    ),
    "takahe": Application(
        "https://github.com/jointakahe/takahe",
        ("--requirement", "requirements-dev.txt", "pytest<8"),
        ("-m", "pytest", "-q", "-p", "no:cacheprovider"),
        {
            "TAKAHE_DEBUG": "true",
            "TAKAHE_DATABASE_SERVER": "postgres://postgres@127.0.0.1/takahe",
            "TAKAHE_SECRET_KEY": "x",
            "TAKAHE_MAIN_DOMAIN": "example.com",
        },
    ),
    "pretalx": Application(
        "https://github.com/pretalx/pretalx",
        ("--editable", ".[dev]"),
        (
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:sugar",
            "--no-cov",
            *(f"tests/{each}/models" for each in ("person", "submission", "schedule", "event")),
        ),
        {"PRETALX_CONFIG_FILE": "/dev/null"},
        inside="src",
        python="python3.13",
    ),
    "venueless": Application(
        "https://github.com/venueless/venueless",
        ("--requirement", "server/requirements.txt"),
        (
            "-m",
            "pytest",
            "-q",
            "-p",
            "patient",
            "-p",
            "no:cacheprovider",
            "-W",
            "ignore",
            "--no-cov",
            "--create-db",
            *(f"tests/{each}" for each in ("core", "api", "control", "storage", "web")),
        ),
        # Its tests empty the Redis that they use.
        {
            "VENUELESS_DB_USER": "postgres",
            "VENUELESS_DB_HOST": "127.0.0.1",
            "VENUELESS_REDIS_PORT": "6390",
            "PYTHONPATH": str(Path(__file__).parent),
        },
        root="server",
        inside="server",
    ),
    "django-tasks-db": Application(
        "https://github.com/RealOrangeOne/django-tasks-db",
        ("--editable", ".", "dj-database-url"),
        ("manage.py", "test", "-v0"),
    ),
}


@dataclass
class Outcome:
    """What one application showed."""

    name: str
    commit: str
    callables: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    before: str = ""
    after: str = ""
    changed: str = ""
    written: str = ""
    migrations: str = ""
    failed: str = ""  # verbs that ended with another status than 0

    def row(self) -> str:
        seconds = " | ".join(f"{self.seconds[verb]:.0f} s" for verb in VERBS)
        parts = [f"{self.name} {self.commit}", self.callables, seconds, self.changed]
        parts += [self.written, self.before, self.after, self.migrations + self.failed]
        return f"| {' | '.join(parts)} |"


HEADER = (
    "| application | callables, twins | `init` | `build` | `apply` | `check` "
    "| own files, lines changed | files, lines written | tests before | tests after "
    "| `makemigrations --check` |\n"
    f"|{'---|' * 11}"
)


def adopted(name: str, folder: Path) -> Outcome:
    """Take one application through the ten minutes, in a copy."""
    application = APPLICATIONS[name]
    clone = folder / name
    if not clone.is_dir():
        run(["git", "clone", "--quiet", "--depth=1", application.url, str(clone)], folder)
    python = environment(application, clone, folder / f"{name}-env")
    copy = folder / f"{name}-adopted"
    shutil.rmtree(copy, ignore_errors=True)
    run(["git", "clone", "--quiet", str(clone), str(copy)], folder)
    (copy / application.root / ".venv").symlink_to(python.parents[1])
    commit = run(["git", "rev-parse", "--short=8", "HEAD"], copy).stdout.strip()
    found = Outcome(name, commit)
    found.before = tested(application, python, copy)
    for verb in VERBS:
        start = time.monotonic()
        done = run([sys.executable, "-m", "asyncgen", verb], copy / application.root, check=False)
        found.seconds[verb] = time.monotonic() - start
        print(done.stdout + done.stderr, file=sys.stderr)
        if done.returncode:
            found.failed += f" {verb}: {done.returncode}"
        counted = re.search(r"(\d+) callables? read in .*?, (\d+) twins?", done.stdout)
        if counted:
            found.callables = f"{counted[1]}, {counted[2]}"
    found.changed = changed(copy)
    found.written = written(copy)
    found.after = tested(application, python, copy)
    command = [str(python), "manage.py", "makemigrations", "--check", "--dry-run"]
    done = run(command, copy / application.inside, application.variables, check=False)
    found.migrations = "no changes" if done.returncode == 0 else "CHANGES"
    if done.returncode:
        print(done.stdout[-2000:] + done.stderr[-2000:], file=sys.stderr)
    return found


def environment(application: Application, clone: Path, target: Path) -> Path:
    """The Python of an environment that has what the application asks for, and the runtime."""
    python = target / "bin" / "python"
    if not python.exists():
        run([application.python, "-m", "venv", str(target)], clone)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        run([*pip, *application.install, str(ROOT / "runtime")], clone)
    return python


def tested(application: Application, python: Path, copy: Path) -> str:
    """How many of its tests ran, and how they ended."""
    done = run(
        [str(python), *application.tests],
        copy / application.inside,
        application.variables,
        check=False,
    )
    output = done.stdout + done.stderr
    ran = re.search(r"Ran (\d+) tests", output)
    if ran:
        ended = re.search(r"^(OK|FAILED).*$", output, re.MULTILINE)
        return f"{ran[1]}: {ended[0] if ended else 'no end'}"
    summary = re.search(r"(\d+ (?:passed|failed|error).*?) in [\d.]+", output)
    if summary is None:
        print(output[-3000:], file=sys.stderr)
    return summary[1] if summary else "did not run"


def changed(copy: Path) -> str:
    """The files of people's own that git sees changed, and the lines."""
    lines = run(["git", "diff", "--numstat", "--", "*.py"], copy).stdout.splitlines()
    added, gone = (sum(int(line.split("\t")[at]) for line in lines) for at in (0, 1))
    return f"{len(lines)}, +{added} -{gone}"


def written(copy: Path) -> str:
    names = run(["git", "ls-files", "--others", "--exclude-standard", "*.py", "*.pyi"], copy).stdout
    files = [copy / name for name in names.splitlines()]
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files)
    return f"{len(files)}, {lines}"


def run(
    command: Sequence[str],
    folder: Path,
    variables: Mapping[str, str] | None = None,
    *,
    check: bool = True,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **(variables or {})},
        capture_output=True,
        text=True,
        check=check,
    )


def main(folder: str, *names: str) -> None:
    print(HEADER)
    for name in names or APPLICATIONS:
        print(adopted(name, Path(folder).resolve()).row(), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
