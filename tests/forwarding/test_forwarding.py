"""The forwarding oracle: whatever is generated compiles and imports, and every twin calls what it
stands for, with the arguments that a direct call would have given it.

Nothing of a package is imported: classes and functions stand in for those of its source, with the
same signatures, and so do the bridge and the runtime (see `standins`). `exceptions.toml` has what
is not held against a twin, with the reason.
"""

from __future__ import annotations

import json
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from asyncgen.problems import AsyncgenError
from asyncgen_runtime import static_twin
from judge import Faults, judge
from standins import World, bridges
from subjects import NAMES, ROOT, DownloadError, Subject, subject

HERE = Path(__file__).resolve().parent


EXCEPTIONS = tomllib.loads((HERE / "exceptions.toml").read_text(encoding="utf-8"))
MADE = tuple(name for each in EXCEPTIONS["made"] for name in each["names"])
VERSIONS = ("3.11", "3.12", "3.13")


@cache
def built(name: str) -> Subject:
    with TemporaryDirectory() as folder:
        try:
            return subject(name, Path(folder))
        except (DownloadError, AsyncgenError) as error:
            pytest.skip(str(error))


@cache
def judged(name: str) -> Faults:
    of = built(name)
    return judge(World(of.roots, of.modules, bridges(of.bridges, static_twin)), MADE)


def allowed(name: str) -> set[str]:
    return {each["twin"] for each in EXCEPTIONS["allowed"] if each["subject"] == name}


@pytest.mark.parametrize("name", NAMES)
def test_every_twin_calls_what_it_stands_for_with_the_same_arguments(name: str) -> None:
    if not built(name).modules:
        pytest.skip(f"{name} is there for its services: no model or function has a twin")
    faults = judged(name)
    print(f"{name}: {faults.twins} twins, {faults.calls} calls")
    assert faults.twins
    assert faults.found.keys() >= allowed(name)  # an exception that is needed no more
    wrong = {twin: said for twin, said in faults.found.items() if twin not in allowed(name)}
    assert not wrong, "\n".join(f"{twin}: {said}" for twin, said in wrong.items())


def test_what_can_go_by_position_does() -> None:
    wrong = {
        f"{name}: {twin}": said for name in NAMES for twin, said in judged(name).keywords.items()
    }
    assert not wrong, "\n".join(f"{twin}: {said}" for twin, said in wrong.items())


def pythons() -> dict[str, str]:
    """The supported Pythons that are here, by version."""
    listed = subprocess.run([ROOT / ".ci/pythons"], capture_output=True, text=True, check=True)
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    return {
        subprocess.run([path, "-c", code], capture_output=True, text=True).stdout.strip(): path
        for path in listed.stdout.split()
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_compiles_and_imports(version: str, tmp_path: Path) -> None:
    python = pythons().get(version)
    if python is None:
        pytest.skip(f"there is no Python {version}")
    texts = [
        {
            "name": name,
            "roots": [str(root) for root in built(name).roots],
            "modules": built(name).modules,
            "stubs": built(name).stubs,
            "bridges": built(name).bridges,
        }
        for name in NAMES
    ]
    path = tmp_path / "subjects.json"
    path.write_text(json.dumps(texts), encoding="utf-8")
    done = subprocess.run([python, HERE / "importing.py", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout)
