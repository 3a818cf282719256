"""Builds that are killed at random points, find their caches damaged, or run at the same time.

Seeds are printed; ASYNCGEN_SOAK_SEED sets the first one. ASYNCGEN_KILLS says how many builds are
killed, and ASYNCGEN_DAMAGES how many find a file damaged.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

SEED = int(os.environ.get("ASYNCGEN_SOAK_SEED", str(time.time_ns() % 100_000)))
KILLS = int(os.environ.get("ASYNCGEN_KILLS", "8"))
DAMAGES = int(os.environ.get("ASYNCGEN_DAMAGES", "6"))
TOGETHER = 8  # builds at the same time
MODULES = [f"m{number}" for number in range(12)]
STATES = ("total", "sum_total")  # names of the method of each module
CONFIGURATION = '[tool.asyncgen]\nsources = ["shop/m*.py"]\nunwired = ["*"]\n'
SOURCE = """\
from django.db import models


class RowQuerySet(models.QuerySet):
    def {0}(self, title: str) -> int:
        return self.filter(title=title).count()


class Row(models.Model):
    title = models.CharField(max_length=99)
    objects = models.Manager.from_queryset(RowQuerySet)()
"""
Files = dict[str, bytes]


@dataclass(frozen=True)
class Shop:
    """A project, the cache of its user, and all files of it in each state."""

    root: Path
    cache: Path
    built: tuple[Files, ...] = ()

    def put(self, state: int) -> None:
        """The sources of a state."""
        for name in MODULES:
            (self.root / f"shop/{name}.py").write_text(SOURCE.format(STATES[state]))

    def start(self, verb: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "asyncgen", verb]
        outside = {**os.environ, "XDG_CACHE_HOME": str(self.cache)}
        outside.pop("ASYNCGEN_NO_CACHE", None)
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, cwd=self.root, env=outside, stdout=pipe, stderr=pipe, text=True
        )

    def run(self, verb: str) -> None:
        """With status 0: built, or in sync."""
        process = self.start(verb)
        out, err = process.communicate()
        assert process.returncode == 0, out + err

    @property
    def aside(self) -> Path:
        return self.root / ".asyncgen_cache"

    @property
    def journal(self) -> Path:
        return self.aside / "journal.json"

    def files(self) -> Files:
        """Those of the project, without what asyncgen keeps of it."""
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and ".asyncgen_cache" not in path.parts
        }

    def kept(self) -> list[Path]:
        """The files that asyncgen keeps: of the project, and of what it read."""
        found = [*self.aside.rglob("*"), *self.cache.rglob("*")]
        return sorted(each for each in found if each.is_file())

    def nothing_is_left(self, state: int) -> None:
        """All is as a build that nothing happened to leaves it, and nothing is beside."""
        assert self.files() == self.built[state]
        beside = {each.relative_to(self.aside).as_posix() for each in self.aside.rglob("*")}
        own = {
            f"pyproject.toml{each}" for each in ("", "/stamp", "/stamp.answers", "/written.json")
        }
        assert beside == {".gitignore", "lock", *own}
        self.run("check")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    shop = Shop(tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("cache"))
    (shop.root / "shop").mkdir()
    (shop.root / "shop/__init__.py").touch()
    (shop.root / "pyproject.toml").write_text(CONFIGURATION)
    built: list[Files] = []
    for state in range(2):
        shop.put(state)
        shop.run("build")
        built.append(shop.files())
    assert set(built[0]) == set(built[1])
    assert len(built[0]) > 3 * len(MODULES)
    return Shop(shop.root, shop.cache, tuple(built))


def seconds(shop: Shop) -> float:
    """What a build takes now that has all to write."""
    shop.put(0)
    shop.run("build")
    shop.put(1)
    began = time.monotonic()
    shop.run("build")
    return time.monotonic() - began


def test_a_kill_at_a_random_point_leaves_old_or_new(shop: Shop) -> None:
    """Of the whole process; half of them while it writes, which is a small part of its time."""
    whole = seconds(shop)
    killed = half_done = 0
    for seed in range(SEED, SEED + KILLS):
        print(f"ASYNCGEN_SOAK_SEED={seed}")
        chance = random.Random(seed)
        state = killed % 2
        shop.put(state)
        process = shop.start("build")
        if seed % 2:
            while process.poll() is None and not shop.journal.exists():
                pass
            moment = time.monotonic() + chance.random() / 100
        else:
            moment = time.monotonic() + chance.random() * whole
        while process.poll() is None and time.monotonic() < moment:
            pass
        process.kill()
        process.communicate()
        assert process.returncode in (-signal.SIGKILL, 0)
        killed += process.returncode != 0
        half_done += shop.journal.exists()
        for path, data in shop.files().items():
            assert data in (shop.built[0][path], shop.built[1][path]), path
        shop.run("build")
        shop.nothing_is_left(state)
    print(f"{killed} builds killed, {half_done} while they wrote")
    assert killed


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Cut short, with another byte, without some, or with some twice."""
    at = chance.randrange(len(data) + 1)
    after = at + chance.randrange(1, 40)
    byte = bytes([chance.randrange(256)])
    forms = (data[:at], data[:at] + byte + data[at + 1 :], data[:at] + data[after:], data[:at] * 2)
    return chance.choice(forms)


def test_a_damaged_cache_changes_nothing(shop: Shop) -> None:
    for number, seed in enumerate(range(SEED, SEED + DAMAGES)):
        print(f"ASYNCGEN_SOAK_SEED={seed}")
        chance = random.Random(seed)
        state = number // 2 % 2  # every other time, sources have changed
        shop.put(state)
        path = chance.choice(shop.kept())
        path.write_bytes(damaged(path.read_bytes(), chance))
        print(path.name)
        shop.run("build")
        shop.nothing_is_left(state)


def test_builds_at_the_same_time_come_to_one(shop: Shop) -> None:
    for state in range(2):
        shop.put(state)
        together = [shop.start("build") for _ in range(TOGETHER)]
        for process in together:
            out, err = process.communicate()
            assert process.returncode == 0, out + err
        shop.nothing_is_left(state)
