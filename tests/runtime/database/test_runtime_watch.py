"""What `watch` sees of code that blocks the loop, and what it takes for none."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asyncgen_runtime.watch import Seen, watch
from django.core.exceptions import SynchronousOnlyOperation

from tests.testproject.library.models import Author

pytestmark = pytest.mark.django_db(transaction=True)
HERE = __file__


def line_of(function: Callable[..., Any], text: str) -> int:
    lines, start = inspect.getsourcelines(function)
    (number,) = (at for at, line in enumerate(lines) if text in line)
    return start + number


def watched(function: Callable[..., Any]) -> list[Seen]:
    with watch() as seen:
        asyncio.run(function())
    return seen


# -- queries -------------------------------------------------------------------------------------


def counted():
    return Author.objects.count()


async def helped():
    counted()


async def awaited():
    await helped()


def test_a_query_is_seen_with_its_chain():
    with watch() as seen, pytest.raises(SynchronousOnlyOperation):
        asyncio.run(awaited())
    (one,) = seen
    assert (one.kind, one.what) == ("raises", "QuerySet.count")
    assert (one.file, one.line) == (HERE, line_of(helped, "counted()"))
    assert one.function == "helped"
    assert one.chain == (
        (HERE, line_of(awaited, "helped()"), "awaited"),
        (HERE, line_of(helped, "counted()"), "helped"),
        (HERE, line_of(counted, "count()"), "counted"),
    )
    assert one.test.endswith("test_a_query_is_seen_with_its_chain")


async def swallowed():
    with contextlib.suppress(Exception):
        counted()


def test_what_is_swallowed_is_seen():
    assert [each.line for each in watched(swallowed)] == [line_of(swallowed, "counted()")]


async def repeated():
    for _ in range(3):
        await swallowed()


def test_a_place_is_seen_once():
    assert len(watched(repeated)) == 1


async def threaded():
    await sync_to_async(counted)()
    await asyncio.to_thread(time.sleep, 0.001)


def test_what_runs_in_a_thread_is_not_seen():
    assert watched(threaded) == []


def test_nothing_is_seen_without_a_loop_and_nothing_stays_behind():
    with watch() as seen:
        counted()
        time.sleep(0.001)
    assert seen == []
    assert "__init__" not in vars(SynchronousOnlyOperation)
    with watch() as outer:
        with watch() as inner:
            asyncio.run(swallowed())
        asyncio.run(slept())
    assert [len(inner), len(outer)] == [1, 2]


def test_the_error_says_what_it_said():
    with watch(), pytest.raises(SynchronousOnlyOperation, match="from an async context"):
        asyncio.run(helped())


# -- what blocks without raising -----------------------------------------------------------------


async def slept():
    time.sleep(0.001)


async def opened():
    with open(os.devnull) as file:
        file.read()


async def ran():
    subprocess.run([sys.executable, "-c", ""], check=True)


async def resolved():
    socket.getaddrinfo("127.0.0.1", 9)


async def connected():
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", 9), timeout=1)


def listed():
    return os.listdir(tempfile.gettempdir())


async def called_back():
    asyncio.get_running_loop().call_soon(listed)
    await asyncio.sleep(0)


BLOCKING = {
    slept: ("time.sleep", "time.sleep"),
    opened: ("open", "open("),
    ran: ("subprocess.Popen", "subprocess.run"),
    resolved: ("socket.getaddrinfo", "getaddrinfo"),
    connected: ("socket.connect", "create_connection"),
}


@pytest.mark.parametrize("function", BLOCKING, ids=lambda each: each.__name__)
def test_what_blocks_is_seen(function):
    event, text = BLOCKING[function]
    seen = watched(function)
    assert event in {each.what for each in seen}
    assert {each.kind for each in seen} == {"blocks"}
    assert {each.line for each in seen} == {line_of(function, text)}


def test_a_callback_of_the_loop_is_seen_where_it_stands():
    (one,) = watched(called_back)
    assert (one.function, one.line) == ("listed", line_of(listed, "listdir"))
    assert one.chain == ((HERE, one.line, "listed"),)


async def asked_by_the_loop():
    """What a library is asked for right by the loop is nobody's line."""
    loop, errors = asyncio.get_running_loop(), []
    loop.set_exception_handler(lambda _, context: errors.append(context["exception"]))
    loop.call_soon(os.listdir, tempfile.gettempdir())
    loop.call_soon(Author.objects.count)
    await asyncio.sleep(0)
    assert [type(each) for each in errors] == [SynchronousOnlyOperation]


def test_what_no_line_of_the_project_called_is_not_seen():
    assert watched(asked_by_the_loop) == []


def test_django_may_be_imported_while_it_watches():
    program = (
        "from asyncgen_runtime.watch import watch\nwith watch():\n    import django.core.exceptions"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


async def asynchronous():
    async def answer(reader, writer):
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        await reader.read()
        writer.close()
        await writer.wait_closed()
    time.sleep(0)
    import this_module_is_not_there  # noqa: F401


async def awaits_a_process():
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await process.wait()


def test_a_process_that_the_loop_starts_is_not_seen():
    assert watched(awaits_a_process) == []


def test_what_the_loop_itself_does_is_not_seen():
    async def work():
        with contextlib.suppress(ImportError):
            await asynchronous()

    assert watched(work) == []


# -- records -------------------------------------------------------------------------------------


def test_a_record_has_an_object_a_line(tmp_path):
    for _ in range(2):
        with watch(tmp_path / "run.jsonl"):
            asyncio.run(slept())
    first, second = map(json.loads, (tmp_path / "run.jsonl").read_text().splitlines())
    assert first == second
    assert first["what"] == "time.sleep"
    assert first["chain"] == [[HERE, line_of(slept, "time.sleep"), "slept"]]


def test_the_plugin_of_pytest(tmp_path):
    (tmp_path / "test_work.py").write_text(
        dedent(
            """\
            import asyncio
            import time


            async def work():
                time.sleep(0.001)


            def test_work():
                asyncio.run(work())
            """
        )
    )
    (tmp_path / "run.jsonl").write_text("of an earlier run\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "asyncgen_runtime.watch"]
    command += ["-p", "no:django", "-p", "no:cacheprovider", "--watch-record", "run.jsonl"]
    environment = {key: value for key, value in os.environ.items() if "DJANGO" not in key}
    finished = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    (one,) = map(json.loads, (tmp_path / "run.jsonl").read_text().splitlines())
    assert one["line"] == 6
    assert one["file"] == str(tmp_path / "test_work.py")
    assert one["test"] == "test_work.py::test_work"


def test_the_plugin_with_pytest_in_several_processes(tmp_path):
    """They add to one file, of which an earlier run is cleared once."""
    for name in ("one", "other"):
        (tmp_path / f"test_{name}.py").write_text(
            "import asyncio, time\n\n"
            f"def test_{name}():\n"
            "    async def work(): time.sleep(0.001)\n"
            "    asyncio.run(work())\n"
        )
    (tmp_path / "run.jsonl").write_text("of an earlier run\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "asyncgen_runtime.watch", "-n2"]
    command += ["-p", "no:django", "-p", "no:cacheprovider", "--dist", "loadfile"]
    subprocess.run(
        [*command, "--watch-record", "run.jsonl"], cwd=tmp_path, check=True, capture_output=True
    )
    seen = map(json.loads, (tmp_path / "run.jsonl").read_text().splitlines())
    assert {each["test"] for each in seen} == {
        "test_one.py::test_one",
        "test_other.py::test_other",
    }


def test_the_plugin_is_silent_unless_it_is_asked(tmp_path):
    (tmp_path / "test_nothing.py").write_text("def test_nothing(): ...\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "asyncgen_runtime.watch"]
    subprocess.run([*command, "-p", "no:django"], cwd=tmp_path, check=True, capture_output=True)
    assert [each.name for each in Path(tmp_path).glob("*.jsonl")] == []
