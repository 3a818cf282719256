"""stubtest, without an allowlist, on all of asyncgen_django: every module, for Django 5.2 and 6.1.

Which Django the checkers' environment has depends on its Python (requirements/typing.in), so
one Python below 3.12 and one from there on are needed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import checkers
import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
STUBS = ROOT / "stubs" / "asyncgen_django-stubs"
SETTINGS = """
SECRET_KEY = "typing"
INSTALLED_APPS = ["admin", "auth", "contenttypes", "flatpages", "messages", "sessions", "sites"]
INSTALLED_APPS = [f"django.contrib.{each}" for each in INSTALLED_APPS]
"""


@cache
def environments() -> dict[str, Path]:
    """The checkers' programs by the series of Django beside them."""
    listed = subprocess.run(
        [str(ROOT / ".ci" / "pythons")], capture_output=True, text=True, check=True
    ).stdout
    below, above = [], []
    for python in dict.fromkeys([sys.executable, *listed.split()]):
        version = subprocess.run(
            [python, "-c", "import sys; print(sys.version_info >= (3, 12))"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        (above if "True" in version else below).append(python)
    return {
        series: checkers.environment(found[0])
        for series, found in {"5_2": below, "6_1": above}.items()
        if found
    }


@pytest.mark.parametrize("series", ["5_2", "6_1"])
def test_every_module_of_the_surface(series: str, tmp_path: Path) -> None:
    programs = environments().get(series)
    if programs is None and not os.environ.get("CI"):
        pytest.skip(f"no Python here runs Django {series} beside the type checkers")
    assert programs is not None
    # Where stubtest, unlike type checkers, looks for a stub package.
    shutil.copytree(STUBS, tmp_path / "asyncgen_django")
    (tmp_path / "settings.py").write_text(SETTINGS)
    paths = [tmp_path, ROOT / "runtime", ROOT / "generated"]
    modules = [
        ".".join(("asyncgen_django", *path.relative_to(STUBS).with_suffix("").parts))
        for path in sorted(STUBS.rglob(f"v{series}.pyi"))
    ]
    generated = ROOT / "generated" / "asyncgen_django"
    assert len(modules) == len(list(generated.rglob(f"v{series}.py")))
    found = subprocess.run(
        [str(programs / "python"), str(HERE / "stubtest_django.py"), *modules],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            "MYPYPATH": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert f"no issues found in {len(modules)} modules" in found.stdout
