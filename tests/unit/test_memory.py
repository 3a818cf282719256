"""What is kept for later runs: data of ours alone, from files that nobody else could write."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from asyncgen import facts, memory
from asyncgen.facts import Literal, Name, Operation
from asyncgen.read import Files, read_file
from asyncgen.read.tree import read_source
from asyncgen.source import Module

SOURCE = '''\
from typing import overload
from django.db import models


@overload
def shelf(name: str) -> int: ...
@overload
def shelf(name: int) -> str: ...
def shelf(name, *, size=3): return name


class Book(models.Model):
    """A book."""
    title = models.CharField(max_length=99)

    @property
    def short(self): return self.title[:9]

    @short.setter
    def short(self, value): self.title = value

    def sold(self):
        global count
        try:
            with lock: count += 1
        except ValueError: yield None
        for each in self.rows: return {**each, "a": [each.b(c=1) async for d in e if not f]}
'''


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("ASYNCGEN_NO_CACHE", raising=False)
    return tmp_path / "cache/asyncgen"


def shown(value: object) -> str:
    """A value with all that is in it, for comparison: functions and classes have no equality."""
    return repr(value)


def test_facts_come_back_as_they_were() -> None:
    module = read_source(SOURCE, "shop.models", "shop/models.py")
    memory.keep("key", module)
    found = memory.recall("key", Module)
    assert found is not module
    assert shown(found) == shown(module)
    assert memory.recall("key", Name) is None
    assert memory.recall("other", Module) is None


def test_what_was_asked_for_is_not_read_again(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.py"
    path.write_text("def f(a):\n    b = a\n    return b\n\n\ndef g(a):\n    b = a\n    return a\n")
    first = Files()
    whole = first.read(path, "m", "m.py")
    asked = shown(whole.functions["f"])
    first.keep()
    monkeypatch.setattr("asyncgen.read.tree.read_source", lambda *_: pytest.fail("read again"))
    second = Files()
    again = second.read(path, "m", "m.py")
    assert shown(again.functions["f"]) == asked
    assert not second.new
    assert shown(again.functions["g"]) == shown(whole.functions["g"])
    assert second.new  # what nobody had asked for before
    second.keep()
    assert shown(Files().read(path, "m", "m.py")) == shown(whole)


def test_many_bodies_are_kept_apart(cache: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.py"
    body = "def f{0}(a):\n    b = a.x{0}\n    return b\n"
    path.write_text("".join(map(body.format, range(300))))
    whole = None
    for _ in range(3):
        files = Files()
        found = files.read(path, "m", "m.py")
        assert shown(found) == (whole or shown(found))
        whole = shown(found)
        files.keep()
        files.new.update(files.modules)
        files.keep()


def test_what_is_alike_is_one_object_but_never_two_functions() -> None:
    module = read_source("def a(): return b\nclass C:\n    def a(): return b\n", "m", "m.py")
    (first, second) = module.functions["a"], module.classes["C"].functions["a"]
    memory.keep("key", (first, second, first))
    found: Any = memory.recall("key", tuple)
    assert found[0] is found[2]
    assert found[0] is not found[1]


def test_an_expression_of_any_depth_is_kept() -> None:
    deep: Operation | Literal = Literal("int", "1")
    for _ in range(50_000):
        deep = Operation("+", (deep, Literal("int", "1")))
    table = memory.encoded(deep)
    found = memory.decoded(json.loads(json.dumps(table)))
    assert memory.encoded(found) == table
    while isinstance(found, Operation):
        found = found.operands[0]
    assert found == Literal("int", "1")


def test_only_our_own_data_is_kept(cache: Path) -> None:
    for value in (3.5, [1], {1: object()}, cache, int, lambda: None):
        with pytest.raises(TypeError):
            memory.encoded(value)


@pytest.mark.parametrize("change", [lambda row: row.append(0), lambda row: row.pop()])
def test_what_has_another_shape_is_found_out_again(
    cache: Path, change: Callable[[list[int]], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where asyncgen was replaced during a run: old facts are kept under the new key."""
    encoded = memory.encoded

    def of_another_shape(value: object) -> list[Any]:
        table = json.loads(json.dumps(encoded(value)))
        change(next(row for row in table if isinstance(row, list) and row[0] == "Name"))
        return table

    memory.keep("right", Name("book"))
    monkeypatch.setattr(memory, "encoded", of_another_shape)
    memory.keep("wrong", Name("book"))
    assert memory.recall("right", Name) == Name("book")
    assert memory.recall("wrong", Name) is None


def test_numbers_and_truth_stay_apart() -> None:
    value = (1, True, 0, False, None, "1", (), frozenset({"b", "a"}), {"a": (1,), "b": ()})
    found: Any = memory.decoded(json.loads(json.dumps(memory.encoded(value))))
    assert [type(each) for each in found] == [type(each) for each in value]
    assert found == value


def damaged(data: bytes, seed: int) -> bytes:
    chance = random.Random(seed)
    at = chance.randrange(len(data))
    match seed % 4:
        case 0:
            return data[:at]
        case 1:
            return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
        case 2:
            return data[:at] + data[at + chance.randrange(1, 40) :]
    return data[:at] + b'["Module",999999],' + data[at:]


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_file_is_read_anew(seed: int, cache: Path, tmp_path: Path) -> None:
    path = tmp_path / "models.py"
    path.write_text(SOURCE)
    module = read_file(path, "m", "m.py", keep=True)
    (file,) = cache.glob("*.json")
    file.write_bytes(damaged(file.read_bytes(), seed))
    assert shown(read_file(path, "m", "m.py", keep=True)) == shown(module)


def plant(file: Path) -> None:
    memory.keep(file.stem, read_source("def planted(): ...\n", "m", "m.py"))


@pytest.fixture
def kept(cache: Path, tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """A source, and the file in which its facts are kept: those of another source."""
    path = tmp_path / "models.py"
    path.write_text(SOURCE)
    read_file(path, "m", "m.py", keep=True)
    (file,) = cache.glob("*.json")
    plant(file)
    assert "planted" in read_file(path, "m", "m.py", keep=True).functions
    yield path, file
    cache.chmod(0o700)


@pytest.mark.skipif(os.name == "nt", reason="Windows: the cache folder is the user's alone")
def test_a_file_or_folder_that_others_could_write_is_not_used(
    kept: tuple[Path, Path], cache: Path
) -> None:
    path, file = kept
    for target, mode in ((file, 0o666), (file, 0o660), (cache, 0o777), (cache, 0o770)):
        before = target.stat().st_mode
        target.chmod(mode)
        assert "planted" not in read_file(path, "m", "m.py", keep=True).functions
        target.chmod(before)
        plant(file)
    assert "planted" in read_file(path, "m", "m.py", keep=True).functions


@pytest.mark.skipif(os.name == "nt", reason="Windows: the cache folder is the user's alone")
def test_a_file_that_another_user_owns_is_not_used(
    kept: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = kept
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    assert "planted" not in read_file(path, "m", "m.py", keep=True).functions


def test_what_is_in_the_way_of_the_cache_is_no_error(cache: Path, tmp_path: Path) -> None:
    cache.parent.mkdir()
    cache.write_text("a file where the folder would be")
    path = tmp_path / "models.py"
    path.write_text(SOURCE)
    assert read_file(path, "m", "m.py", keep=True).classes


def test_what_nobody_asks_for_goes_after_a_month(cache: Path) -> None:
    for key in ("old", "used", "new"):
        memory.keep(key, Name(key))
    month_ago = time.time() - 31 * 24 * 60 * 60
    (cache / "killed.json.4711").write_text("half")  # by a process that was killed
    for name in ("old.json", "used.json", "killed.json.4711"):
        os.utime(cache / name, (month_ago, month_ago))
    assert memory.recall("used", Name) == Name("used")
    memory.prune()
    assert {each.stem for each in cache.glob("*.json*")} == {"used", "new"}
    os.utime(cache / "new.json", (month_ago, month_ago))
    memory.prune()  # not twice on one day
    assert (cache / "new.json").exists()


def test_keeping_leaves_nothing_beside(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    memory.keep("key", Name("a"))
    assert list(cache.glob("*.json")) == []


MAKING = """\
def report(rows):
    found = {"first": [], "second": [], "third": [row for row in rows]}
    found = {"first": list(rows), "second": list(rows), "third": [row for row in rows]}
    found = {"first": list(rows), "second": list(rows), "third": [row for row in rows]}
    return (more := []), (more := []), found
"""


def test_two_containers_are_two_also_where_they_are_made_in_the_same_words() -> None:
    """Types are told by what each holds: they would be others when facts were kept."""

    def made(module: Module) -> list[object]:
        (function,) = module.functions.values()
        kinds = (facts.Assign, facts.Bind, facts.Call, facts.Comprehension, facts.Display)
        return [each for each in facts.nodes(function.body) if isinstance(each, kinds)]

    module = read_source(MAKING, "shop.reports", "shop/reports.py")
    again = memory.decoded(json.loads(json.dumps(memory.encoded(module))))
    assert isinstance(again, Module)
    assert made(again) == made(module)
    assert len({id(each) for each in made(again)}) == len({id(each) for each in made(module)}) > 15
