"""A pinned release is downloaded once, whatever project reads it, and only its modules are kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from asyncgen import environment
from asyncgen.config import Config, Release, load
from asyncgen.problems import AsyncgenError

from tests.support.wheels import shelves

Load = Callable[[str], Config]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("ASYNCGEN_NO_CACHE", raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    return tmp_path / "cache/asyncgen"


@pytest.fixture
def release(tmp_path: Path) -> Release:
    return Release("shelves", "1.2.3", shelves(tmp_path / "wheels"))


@pytest.fixture
def configured(tmp_path: Path) -> Load:
    def make(name: str) -> Config:
        path = tmp_path / name / "pyproject.toml"
        path.parent.mkdir()
        path.write_text("[tool.asyncgen]\n")
        return load(path)

    return make


def read_from(release: Release, config: Config) -> Path:
    return environment.release_root(release, config, ())


def test_the_second_project_downloads_nothing(
    release: Release, configured: Load, cache: Path, tmp_path: Path
) -> None:
    first = read_from(release, configured("one"))
    (wheel,) = (tmp_path / "wheels").iterdir()
    wheel.unlink()
    assert read_from(release, configured("two")) == first
    assert first.is_relative_to(cache)
    assert [each.name for each in cache.iterdir()] == [f"shelves-1.2.3-{release.sha256}"]
    files = [each.relative_to(first).as_posix() for each in first.rglob("*") if each.is_file()]
    assert files == ["shelves/__init__.py"]


def test_another_hash_is_another_release(release: Release, configured: Load) -> None:
    read_from(release, configured("one"))
    other = Release(release.name, release.version, "0" * 64)
    with pytest.raises(AsyncgenError) as caught:
        read_from(other, configured("two"))
    assert [each.code for each in caught.value.problems] == ["AG107"]


def test_a_folder_that_others_may_write_to_is_not_used(
    release: Release, configured: Load, cache: Path
) -> None:
    cache.mkdir(parents=True)
    cache.chmod(0o777)
    config = configured("one")
    assert read_from(release, config).is_relative_to(config.root / ".asyncgen_cache")
    assert not list(cache.iterdir())


def test_two_runs_may_unpack_it_at_once(
    release: Release, configured: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpack = environment._unpack_modules
    faster: list[Path] = []

    def unpack_later(wheel: Path, folder: Path) -> None:
        monkeypatch.setattr(environment, "_unpack_modules", unpack)
        faster.append(read_from(release, configured("two")))
        unpack(wheel, folder)

    monkeypatch.setattr(environment, "_unpack_modules", unpack_later)
    assert [read_from(release, configured("one"))] == faster
