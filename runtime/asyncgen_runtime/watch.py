"""What tests see of code that blocks the event loop. For tests alone; Django where there is any.

`watch` records each `SynchronousOnlyOperation`, also those that somebody swallows, and what blocks
the thread of a running event loop without raising: files, sleep, sockets, processes. It changes
nothing of what runs.

    with watch("run.jsonl"):
        asyncio.run(main())

Under pytest: `pytest -p asyncgen_runtime.watch --watch-record run.jsonl`. Then
`asyncgen audit --confirm run.jsonl` says which of its findings were seen, and what it did not find.

A record has one JSON object a line: `kind` is `raises` or `blocks`, `what` says what was called,
`file` and `line` are of the statement in the function that the loop runs, `chain` leads from it, or
from what it is awaited by, to what blocked: [file, line, function] for each step.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import sysconfig
import time
from asyncio import base_events, events, runners
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE
from pathlib import Path
from types import CodeType, FrameType
from typing import TYPE_CHECKING, SupportsIndex, TypeAlias

if TYPE_CHECKING:
    import pytest

__all__ = ["Seen", "watch"]

Step: TypeAlias = tuple[str, int, str]  # file, line, function


@dataclass(frozen=True)
class Seen:
    """Something that blocked the loop, or would have."""

    kind: str
    what: str
    file: str
    line: int
    function: str
    chain: tuple[Step, ...]
    test: str = ""


@contextmanager
def watch(record: str | os.PathLike[str] | None = None) -> Iterator[list[Seen]]:
    """Gives the list of what is seen inside; each place once. At the end it is added to the file
    `record`, if one is named."""
    watcher = _Watcher()
    _watchers.append(watcher)
    _install()
    try:
        yield watcher.seen
    finally:
        _watchers.remove(watcher)
        if not _watchers:
            _restore()
        if record is not None:
            lines = [json.dumps(asdict(each)) for each in watcher.seen]
            with open(record, "a", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in lines)


class _Watcher:
    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.places: set[tuple[str, tuple[Step, ...]]] = set()

    def note(self, seen: Seen) -> None:
        if (seen.what, seen.chain) not in self.places:
            self.places.add((seen.what, seen.chain))
            self.seen.append(seen)


_watchers: list[_Watcher] = []


def _note(kind: str, what: str, frame: FrameType | None) -> None:
    """Note what the code of the project that this frame was called by did."""
    frames = list(of_project(frame))
    if not frames:
        return
    chain = tuple(_step(each) for each in reversed(frames))
    on_loop = next((each for each in frames if each.f_code.co_flags & _ASYNC), frames[-1])
    file, line, function = _step(on_loop)
    test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0]
    for watcher in _watchers:
        watcher.note(Seen(kind, what, file, line, function, chain, test))


# -- frames ----------------------------------------------------------------------------------------

_ASYNC = CO_COROUTINE | CO_ASYNC_GENERATOR
# Outside of these is the code that runs the loop, not what it runs.
_LOOP: frozenset[CodeType] = frozenset(
    {
        events.Handle._run.__code__,
        base_events.BaseEventLoop.run_forever.__code__,
        base_events.BaseEventLoop.run_until_complete.__code__,
        runners.Runner.run.__code__,
    }
)
_HERE = os.path.dirname(os.path.dirname(__file__))
_LIBRARIES = tuple(
    {sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    | {os.path.join(_HERE, name) + os.sep for name in ("asyncgen_runtime", "asyncgen_native")}
)


def of_project(frame: FrameType | None) -> Iterator[FrameType]:
    """The frames on the loop that no library has, from the inside out."""
    while frame is not None and frame.f_code not in _LOOP:
        if not _is_library(frame.f_code.co_filename):
            yield frame
        frame = frame.f_back


def _is_library(file: str) -> bool:
    return file.startswith(_LIBRARIES) or file.startswith("<") or "site-packages" in file


def _step(frame: FrameType) -> Step:
    return frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_qualname


def _called(frame: FrameType | None) -> str:
    """What of a library the project's code called: `QuerySet.get`, not the method of managers that
    hands on to it."""
    names: list[str] = []
    while frame is not None and frame.f_code not in _LOOP:
        if not _is_library(frame.f_code.co_filename):
            break
        names.append(frame.f_code.co_qualname)
        frame = frame.f_back
    own = [each for each in names if "<locals>" not in each]
    return own[-1] if own else "SynchronousOnlyOperation"


# -- what raises -----------------------------------------------------------------------------------


def _install() -> None:
    global _is_hooked
    if not _is_hooked:
        sys.addaudithook(_audit)  # which cannot be taken away, so it looks for watchers
        _is_hooked = True
    if len(_watchers) == 1 and sys.version_info < (3, 13):
        time.sleep = _sleep
    if len(_watchers) == 1 and "django" in sys.modules:
        from django.core.exceptions import SynchronousOnlyOperation

        def noted(error: BaseException, *args: object) -> None:
            caller = sys._getframe(1)
            _note("raises", _called(caller), caller)

        # Whoever swallows the error cannot swallow that it was made.
        SynchronousOnlyOperation.__init__ = noted  # type: ignore[assignment,method-assign]


def _restore() -> None:
    time.sleep = _SLEEP
    if "django" in sys.modules:
        from django.core.exceptions import SynchronousOnlyOperation

        if "__init__" in vars(SynchronousOnlyOperation):
            del SynchronousOnlyOperation.__init__


# -- what blocks -----------------------------------------------------------------------------------

_is_hooked = False
Arguments: TypeAlias = tuple[object, ...]


def _is_waiting(arguments: Arguments) -> bool:
    """Whether a socket waits; those of the loop do not."""
    return isinstance(arguments[0], socket.socket) and arguments[0].gettimeout() != 0


def _is_a_path(arguments: Arguments) -> bool:
    return not isinstance(arguments[0], int)


def _is_longer(arguments: Arguments) -> bool:
    return isinstance(arguments[0], int | float) and arguments[0] > 0


def _always(arguments: Arguments) -> bool:
    return True


# https://docs.python.org/3/library/audit_events.html
_EVENTS: Mapping[str, Callable[[Arguments], bool]] = {
    "open": _is_a_path,
    "os.listdir": _always,
    "os.mkdir": _always,
    "os.remove": _always,
    "os.rename": _always,
    "os.rmdir": _always,
    "os.scandir": _always,
    "os.system": _always,
    "shutil.copyfile": _always,
    "shutil.copytree": _always,
    "shutil.rmtree": _always,
    "smtplib.connect": _always,
    "socket.connect": _is_waiting,
    "socket.getaddrinfo": _always,
    "socket.gethostbyname": _always,
    "subprocess.Popen": _always,
    "time.sleep": _is_longer,
    "urllib.Request": _always,
}


def _audit(event: str, arguments: Arguments) -> None:
    if not _watchers or event not in _EVENTS or events._get_running_loop() is None:
        return
    frame = sys._getframe(1)
    if _EVENTS[event](arguments) and not _is_of_python(frame):
        _note("blocks", event, frame)


_SLEEP = time.sleep


def _sleep(seconds: float | SupportsIndex, /) -> None:
    """`time.sleep`, which raises no event of its own before Python 3.13."""
    _audit("time.sleep", (seconds,))
    _SLEEP(seconds)


# Modules of Python that do so for others: what reads lines for a traceback, and what starts the
# processes of `asyncio.create_subprocess_exec()`.
_OF_PYTHON = frozenset({"asyncio.base_subprocess", "linecache", "tokenize"})


def _is_of_python(frame: FrameType | None) -> bool:
    """Whether Python itself does it, as for an import: it is nobody's doing."""
    while frame is not None and frame.f_code not in _LOOP:
        if frame.f_code.co_filename.startswith("<frozen importlib") or (
            frame.f_globals.get("__name__") in _OF_PYTHON
        ):
            return True
        frame = frame.f_back
    return False


# -- pytest ----------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--watch-record FILE`."""
    parser.getgroup("asyncgen").addoption(
        "--watch-record",
        metavar="FILE",
        help="Record what blocks the event loop, for `asyncgen audit --confirm FILE`.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Watch until the end of the run. With pytest-xdist the workers add to one file."""
    record = config.getoption("--watch-record")
    if record is None:
        return
    path = Path(str(config.invocation_params.dir), str(record))
    if not hasattr(config, "workerinput"):
        path.unlink(missing_ok=True)
        path.touch()
    watching = ExitStack()
    watching.enter_context(watch(path))
    config.pluginmanager.register(_Recording(watching))
    config.add_cleanup(watching.close)  # where no session begins


class _Recording:
    """Ends with the session: pytest-xdist ends its workers before they come to their clean-up."""

    def __init__(self, watching: ExitStack) -> None:
        self._watching = watching

    def pytest_sessionfinish(self) -> None:
        self._watching.close()
