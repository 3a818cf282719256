"""A build that is stopped, at whatever point: old or new, and nothing beside."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from asyncgen import journal
from asyncgen.files import CACHE, write_private
from asyncgen.journal import Record, Step, carry_out, complete, content, hash_of, ledger
from asyncgen.problems import AsyncgenError
from click.testing import Result

Files = dict[str, str]
Run = Callable[..., Result]

OLD = {"shop/a.py": "a = 1\n", "shop/b.py": "b = 1\n", "shop/gone.py": "gone = 1\n"}
NEW = {"shop/a.py": "a = 2\n", "shop/b.py": "b = 2\n", "made/for/it.py": "it = 1\n"}
OWN = {"shop/mine.py": "mine = 1\n"}


def put(root: Path, files: Files) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def tree(root: Path) -> Files:
    """The project's files; asyncgen's own folder aside."""
    return {
        path.relative_to(root).as_posix(): path.read_text()
        for path in root.rglob("*")
        if path.is_file() and CACHE not in path.parts
    }


def hashed(files: Files) -> Files:
    return {path: hash_of(text.encode()) for path, text in files.items()}


def steps(before: Files, after: Files) -> list[Step]:
    known = hashed(before)
    paths = sorted({*before, *after})
    texts = {path: text.encode() for path, text in after.items()}
    return [Step(path, known.get(path), texts.get(path)) for path in paths]


def change(root: Path) -> None:
    carry_out(root, steps(OLD, NEW), Record("pyproject.toml", hashed(NEW)))


def killed_at(line: int, act: Callable[[], None]) -> bool:
    """Act in a child process that is killed before the given line of the journal's code, counted
    as they are run; whether it came that far."""
    child = os.fork()
    if child:
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])
    left = line

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal left
        if frame.f_code.co_filename != journal.__file__:
            return None
        left -= event == "line"
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    act()
    os._exit(0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("then", ["complete", "build again"])
def test_a_kill_at_any_line_leaves_old_or_new(tmp_path: Path, then: str) -> None:
    line, outcomes = 0, set[str]()
    while True:
        shutil.rmtree(tmp_path)
        put(tmp_path, {**OLD, **OWN})
        if not killed_at(line, lambda: change(tmp_path)):
            break
        now = tree(tmp_path)
        for path, text in now.items():
            assert text in (OLD.get(path), NEW.get(path), OWN.get(path)), "a file is whole"
        complete(tmp_path) if then == "complete" else change(tmp_path)
        after = tree(tmp_path)
        outcomes.add("new" if after == {**NEW, **OWN} else "old")
        assert after in ({**OLD, **OWN}, {**NEW, **OWN}), line
        complete(tmp_path)
        assert not (tmp_path / CACHE / "journal.json").exists()
        assert not (tmp_path / CACHE / "new").exists()
        if after == {**NEW, **OWN}:
            assert ledger(tmp_path / "pyproject.toml") == hashed(NEW)
        line += 2
    assert line > 100, "the journal's code was followed"
    assert outcomes == ({"old", "new"} if then == "complete" else {"new"})


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_kill_while_completing_is_completed(tmp_path: Path) -> None:
    def half_done() -> None:
        shutil.rmtree(tmp_path)
        put(tmp_path, {**OLD, **OWN})
        folder = tmp_path / CACHE
        folder.mkdir()
        change(tmp_path)
        put(tmp_path, {"shop/b.py": OLD["shop/b.py"], "shop/gone.py": OLD["shop/gone.py"]})
        text = journal._encoded(steps(OLD, NEW), Record("pyproject.toml", hashed(NEW)))
        write_private(folder / "journal.json", text)

    line = 0
    half_done()
    while killed_at(line, lambda: complete(tmp_path)):
        complete(tmp_path)
        assert tree(tmp_path) == {**NEW, **OWN}, line
        half_done()
        line += 1
    assert line > 50


def test_completing_leaves_alone_what_somebody_changed_since(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    child = os.fork()
    if not child:
        journal._move = lambda new, target: os.kill(os.getpid(), signal.SIGKILL)
        change(tmp_path)
    os.waitpid(child, 0)
    put(tmp_path, {"shop/a.py": "a = 'by hand'\n"})
    complete(tmp_path)
    assert tree(tmp_path) == {**NEW, "shop/a.py": "a = 'by hand'\n"}


@pytest.mark.parametrize("text", ["", "{", '{"steps": 3}', '{"steps": [[1]]}', "[]", "3"])
def test_a_journal_that_is_not_whole_is_cleared_away(tmp_path: Path, text: str) -> None:
    put(tmp_path, OLD)
    (tmp_path / CACHE).mkdir()
    path = tmp_path / CACHE / "journal.json"
    path.write_text(text)
    path.chmod(0o600)
    complete(tmp_path)
    assert not path.exists()
    assert tree(tmp_path) == OLD


def test_what_a_killed_build_was_writing_is_cleared_away(
    project: Callable[[Files], Path], run: Run
) -> None:
    root = project(SHOP)
    own = root / CACHE / "pyproject.toml"
    own.mkdir(parents=True)
    left = [root / CACHE / "journal.json.4711", own / "stamp.12", own / "written.json.7"]
    for path in left:
        path.write_text("half")
    assert run("check").exit_code == 1
    assert all(map(Path.exists, left))
    assert run("build").exit_code == 0
    assert not any(map(Path.exists, left))
    left[1].write_text("half")
    (root / "shop/books.py").write_text("x = 1\n" + SHOP["shop/books.py"])
    assert run("build").exit_code == 0  # nothing to write, and a new stamp
    assert not left[1].exists()
    assert (own / "stamp").exists()
    assert run("check").exit_code == 0


@pytest.mark.parametrize("path", ["../out.py", "/etc/asyncgen-out.py", "link/out.py"])
def test_a_journal_leads_nowhere_outside(tmp_path: Path, path: str) -> None:
    root, outside = tmp_path / "project", tmp_path / "outside"
    (root / CACHE).mkdir(parents=True)
    outside.mkdir()
    (root / "link").symlink_to(outside)
    text = journal._encoded([Step(path, None, b"x = 1\n")], None)
    write_private(root / CACHE / "journal.json", text)
    complete(root)
    assert not (tmp_path / "out.py").exists()
    assert not (outside / "out.py").exists()
    assert not Path("/etc/asyncgen-out.py").exists()


@pytest.mark.parametrize("number", range(4))
def test_a_failure_at_any_file_takes_all_back(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, {**OLD, **OWN})
    (tmp_path / "shop/a.py").chmod(0o640)
    calls = iter(range(99))

    def failing(act: Callable[..., Any]) -> Callable[..., Any]:
        def fail(*arguments: Any, **options: Any) -> None:
            if next(calls) == number:
                raise OSError(28, "No space left on device")
            act(*arguments, **options)

        return fail

    monkeypatch.setattr(journal, "_move", failing(journal._move))
    monkeypatch.setattr(journal, "_write_new", failing(journal._write_new))
    with pytest.raises(AsyncgenError, match="No space left on device"):
        change(tmp_path)
    assert tree(tmp_path) == {**OLD, **OWN}
    assert (tmp_path / "shop/a.py").stat().st_mode & 0o777 == 0o640
    assert not (tmp_path / "made").exists()
    assert not (tmp_path / CACHE / "journal.json").exists()


def test_an_interrupt_takes_all_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, OLD)
    move = journal._move

    def interrupted(new: Path, target: Path) -> None:
        move(new, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(journal, "_move", interrupted)
    with pytest.raises(KeyboardInterrupt):
        change(tmp_path)
    assert tree(tmp_path) == OLD


def test_a_folder_on_another_file_system_is_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, OLD)
    replace = os.replace

    def across(source: Path, target: Path) -> None:
        if Path(source).parent.name == "new":
            raise OSError(18, "Invalid cross-device link")
        replace(source, target)

    monkeypatch.setattr(os, "replace", across)
    change(tmp_path)
    assert tree(tmp_path) == NEW


def test_builds_at_the_same_time_wait_for_each_other(tmp_path: Path) -> None:
    """Eight at once, of two states: at the end all files are of one of them."""
    states = [{f"out/{name}.py": f"{name} = {n}\n" for name in "abcdefgh"} for n in range(2)]
    put(tmp_path, states[0])
    configuration = tmp_path / "pyproject.toml"
    failures: list[BaseException] = []

    def build(after: Files) -> None:
        try:
            for _ in range(5):
                done = [Step(path, None, text.encode()) for path, text in after.items()]
                carry_out(tmp_path, done, Record("pyproject.toml", hashed(after)))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=build, args=(states[n % 2],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert tree(tmp_path) in states
    assert hashed(tree(tmp_path)) == ledger(configuration)


def test_a_pipe_is_no_content(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    with pytest.raises(OSError, match="no regular file"):
        content(tmp_path / "pipe.py")


# -- what the command line makes of it -------------------------------------------------------------

QUERYSET = """\
from django.db import models


class {0}QuerySet(models.QuerySet):
    def total(self):
        return self.count()
"""
SHOP = {
    "pyproject.toml": """\
        [tool.asyncgen]
        sources = ["shop/[!_]*.py"]
        stubs = "none"
        unwired = ["*"]
        """,
    "shop/__init__.py": "",
    "shop/books.py": QUERYSET.format("Book"),
    "shop/shelves.py": QUERYSET.format("Shelf"),
}
KILLER = """\
import os, signal, sys
import asyncgen.journal as journal
left, move = int(sys.argv.pop(1)), journal._move
def stopped(new, target):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    move(new, target)
journal._move = stopped
from asyncgen.start import main
main()
"""


@pytest.fixture
def half(project: Callable[[Files], Path], run: Run, tmp_path: Path) -> tuple[Path, Files, Files]:
    """A project in which a build was killed after the first of two files; how it was before, and
    how it is to be."""
    root = project(SHOP)
    assert run("build").exit_code == 0
    old = tree(root)
    for name in ("books", "shelves"):
        path = root / f"shop/{name}.py"
        path.write_text(path.read_text().replace("total", "sum_total"))
    command = [sys.executable, "-c", KILLER, "1", "build"]
    done = subprocess.run(command, cwd=root, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert "asum_total" in (root / "shop/books_async.py").read_text()
    assert "asum_total" not in (root / "shop/shelves_async.py").read_text()
    new = {path: text.replace("atotal", "asum_total") for path, text in old.items()}
    return root, old, {path: text.replace(".total", ".sum_total") for path, text in new.items()}


def test_the_next_build_completes_and_check_writes_nothing(
    half: tuple[Path, Files, Files], run: Run
) -> None:
    root, _, new = half
    before = tree(root)
    for verb in ("check", "diff"):
        answer = run(verb)
        assert answer.exit_code == 1
        assert "warning: a build was stopped half way" in answer.stderr
    assert tree(root) == before
    answer = run("build")
    assert answer.exit_code == 0
    assert "stopped" not in answer.stderr
    found = tree(root)
    assert {path: found[path] for path in found if "_async" in path} == {
        path: new[path].replace("def total", "def sum_total") for path in new if "_async" in path
    }
    assert run("check").exit_code == 0


def test_a_build_that_fails_completes_first(half: tuple[Path, Files, Files], run: Run) -> None:
    root, _, _ = half
    (root / "shop/books.py").write_text("def broken(:\n")
    assert run("build").exit_code == 3
    for name in ("books", "shelves"):
        assert "asum_total" in (root / f"shop/{name}_async.py").read_text()
