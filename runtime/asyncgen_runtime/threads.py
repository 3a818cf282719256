"""Worker threads that a block has to itself, and the pool from which they come.

asgiref sends all thread-sensitive work of a context to one executor. A block that must not share
its thread puts an `OwnThread` there. Threads are used again, and so are the database connections
on them; they end when they have been idle for a while, and when the event loop ends.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
import weakref
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import Any, ParamSpec, Protocol, TypeVar

from asgiref.sync import AsyncToSync, SyncToAsync, ThreadSensitiveContext

from . import connections
from .direct import Reply, as_asgiref_does
from .variables import set_variable

logger = logging.getLogger("asyncgen_runtime")

P = ParamSpec("P")
T = TypeVar("T")

IDLE_SECONDS = 10
"""How long a thread waits for another block before it ends."""
FRESH_SECONDS = 1
"""How long the connections of one that waits are taken for good."""
IDLE_THREADS = 10
"""How many wait at most."""

OVER = (
    "The block in which this was started, such as that of aatomic(), has ended, and its thread is "
    "gone. Tasks started inside the block have to finish before it does; what is to happen after "
    "it belongs behind it, or into aon_commit()."
)


class BlockOver(RuntimeError):
    """Work was sent to the thread of a block that has ended."""


class Turns(Protocol):
    """Who may use a thread when."""

    def owner(self) -> object:
        """Return on whose behalf work is sent that is sent now."""

    def is_leaving(self) -> bool:
        """Tell whether work that is sent now is the end of a block, which need not wait."""

    def is_leaving_on(self, own: OwnThread) -> bool:
        """Tell whether it is the end of a block that was entered on that thread."""

    def may_run(self, owner: object) -> bool:
        """Tell, on the thread, whether work of `owner` may run now."""

    def tell(self, waiting: TakingTurns) -> None:
        """Call `waiting.run_waiting()`, on the thread, when this may have changed."""


@dataclass(frozen=True, slots=True)
class _Call:
    """Work on its way to a thread, and on whose behalf it was sent."""

    work: Callable[[], Any]
    future: Future[Any] | Reply
    owner: object
    leaving: bool

    def run(self) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self.work()
        except BaseException as error:
            self.future.set_exception(error)
        else:
            self.future.set_result(result)

    def refuse(self) -> None:
        if self.future.set_running_or_notify_cancel():
            self.future.set_exception(BlockOver(OVER))


class TakingTurns(Executor):
    """Sends work to one thread, where it runs when it is its turn and not before.

    Work whose turn it is not waits, while work sent later may run.
    """

    def __init__(self, turns: Turns, send: Callable[[Callable[[], None]], object]) -> None:
        self.over = False
        self._turns = turns
        self._send = send
        self._running = False
        self._waiting: list[_Call] = []

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        if self.over:
            raise BlockOver(OVER)
        future: Future[T] = Future()
        self._send_call(partial(fn, *args, **kwargs), future)
        return future

    def _send_call(self, work: Callable[[], Any], future: Future[Any] | Reply) -> None:
        turns = self._turns
        self._send(partial(self._run, _Call(work, future, turns.owner(), turns.is_leaving())))

    def _run(self, call: _Call) -> None:
        self._waiting.append(call)
        self.run_waiting()

    def run_waiting(self) -> None:
        """Run, on the thread, what waits and whose turn it is."""
        if self._running:
            return
        self._running = True
        try:
            while (ready := self._next()) is not None:
                ready.run()
        finally:
            self._running = False
        if self._waiting:
            self._turns.tell(self)

    def _next(self) -> _Call | None:
        if self.over:  # Asked again: they may have waited while the block ended.
            self.refuse()
        for index, call in enumerate(self._waiting):
            if call.leaving or self._turns.may_run(call.owner):
                return self._waiting.pop(index)
        return None

    def refuse(self) -> None:
        """Let work that waits fail: its turn will not come."""
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            call.refuse()


def take_turns(turns: Turns) -> TakingTurns:
    """Let thread-sensitive work of the current context take turns, from now on.

    The executor is of one thread: a block's own, or asgiref's of a request or of a sync caller.
    What makes the latter take turns is put in front of it, and returned.
    """
    executor = current_executor()
    if isinstance(executor, TakingTurns):
        return executor
    if "submit" not in vars(executor):
        # Without a reference from there to the executor, which would be a cycle.
        send = partial(_submit, weakref.ref(executor))
        vars(executor)["submit"] = TakingTurns(turns, send).submit
    front = vars(executor)["submit"].__self__
    assert isinstance(front, TakingTurns)
    return front


def _submit(reference: weakref.ref[Executor], work: Callable[[], None]) -> None:
    executor = reference()
    assert executor is not None  # It is being asked to.
    type(executor).submit(executor, work)


class OwnThread(TakingTurns):
    """A worker thread that belongs to one block, until `release`.

    `consumer` is for blocks that can be dropped without being left: when it gives None, or once the
    block is over, work goes to where it would go without the block.
    """

    def __init__(self, turns: Turns, consumer: Callable[[], object] | None = None) -> None:
        self._pool = _pool()
        self._worker = self._pool.take()
        self.thread = self._worker.thread
        super().__init__(turns, self._worker.calls.put)
        self._consumer = consumer
        self.is_used = False
        """Whether anything has been sent there."""
        self.begin: Callable[[], None] | None = None
        """What its first work has to do before, on the thread."""
        self._lent = lent_executor()
        self._request = SyncToAsync.thread_sensitive_context.get(None)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        if self.abandoned() and (self.over or not self._turns.is_leaving_on(self)):
            return self.outside().submit(fn, *args, **kwargs)
        return super().submit(fn, *args, **kwargs)

    def _send_call(self, work: Callable[[], Any], future: Future[Any] | Reply) -> None:
        self.is_used = True
        is_first = self.begin is not None and not self._turns.is_leaving()
        super()._send_call(partial(self._begun, work) if is_first else work, future)

    def _begun(self, work: Callable[[], T]) -> T:
        if self.begin is not None:
            self.begin()
            self.begin = None
        return work()

    def call(
        self, work: Callable[[], T], context: contextvars.Context, future: asyncio.Future[T]
    ) -> list[asyncio.Task[Any]]:
        """Send `work` there by the short way, and what it gives to `future`.

        It runs in a copy of `context`, to which it gives back what it has set.

        Returns the tasks in which it waits for coroutines: empty, or of one.
        """
        tasks: list[asyncio.Task[Any]] = []
        inside = context.copy()
        call = as_asgiref_does(work, inside, tasks)
        context.run(self._send_call, call, Reply(future, inside, context))
        return tasks

    def outside(self) -> Executor:
        """Return where asgiref would send work that is sent now without the block."""
        return _executor(self._lent if _is_lent(self._lent) else None, self._request)

    def abandoned(self) -> bool:
        """Tell whether the consumer has dropped the block, or is past its end."""
        return self._consumer is not None and (self.over or self._consumer() is None)

    def activate(self) -> list[Callable[[], None]]:
        """Send the thread-sensitive work of the current context here; return how to undo it.

        As ``ThreadSensitiveContext(executor=...)`` of asgiref 3.13 does: a context of its own even
        inside another one, and precedence over a sync caller further up that lends its thread.
        """
        context = ThreadSensitiveContext()
        # Kept after the end of the block. Without it asgiref would give tasks that outlive the
        # block a new thread, on which their queries would silently be outside of the transaction.
        SyncToAsync.context_to_thread_executor[context] = self
        lent = self._lent
        if lent is not None:
            AsyncToSync.executors.current = None

        def give_back() -> None:
            if lent is not None and SyncToAsync.thread_sensitive_context.get(None) is context:
                AsyncToSync.executors.current = lent

        return [set_variable(SyncToAsync.thread_sensitive_context, context), give_back]

    def finish(self) -> None:
        """Refuse further work, and see to the connections. Runs on the thread."""
        self.over = True
        self._worker.connected = connections.keep(self._request is not None)

    def is_connected(self, using: str) -> bool:
        """Tell whether the thread has a connection to that database, which worked a moment ago."""
        return using in self._worker.connected

    def release(self) -> None:
        """Give the thread back to the pool. Runs on the event loop, after `finish`."""
        self.over = True
        self._pool.give_back(self._worker)


def lent_executor() -> Executor | None:
    """Return the executor of the sync caller that lends its thread to the current context."""
    lent: Executor | None = getattr(AsyncToSync.executors, "current", None)
    return lent


def current_executor() -> Executor:
    """Return where asgiref sends thread-sensitive work of the current context, in the end."""
    return _executor(lent_executor(), SyncToAsync.thread_sensitive_context.get(None))


def own_thread() -> OwnThread | None:
    """Return the thread of its own where a block sends the work of the current context, if any."""
    if lent_executor() is not None:
        return None
    context = SyncToAsync.thread_sensitive_context.get(None)
    own = None if context is None else SyncToAsync.context_to_thread_executor.get(context)
    return own if isinstance(own, OwnThread) and not (own.over or own.abandoned()) else None


def _executor(lent: Executor | None, context: ThreadSensitiveContext | None) -> Executor:
    """Return the executor of a sync caller that lends its thread, else of the request, the loop."""
    if lent is not None:
        return lent
    if context is None:
        loop = asyncio.get_running_loop()
        return AsyncToSync.loop_thread_executors.get(loop, SyncToAsync.single_thread_executor)
    executors = SyncToAsync.context_to_thread_executor
    if context not in executors:
        executors[context] = ThreadPoolExecutor(max_workers=1)
    executor = executors[context]
    if isinstance(executor, OwnThread) and executor.abandoned():
        return executor.outside()
    return executor


def _is_lent(executor: Any) -> bool:
    """Tell whether a sync caller still lends its thread, or one further up that it would ask.

    asgiref's executor says so only by raising, when it is too late to look elsewhere.
    """
    while executor is not None and executor._broken:
        executor = getattr(executor, "_old_executor", None)  # Older asgiref has none.
    return executor is not None


def unlent(context: contextvars.Context) -> contextvars.Context:
    """Return `context`, or if its sync caller has taken its thread back, what it is without it."""
    lent = context.run(lent_executor)
    if lent is None or _is_lent(lent):
        return context
    place = context.copy()
    place.run(setattr, AsyncToSync.executors, "current", None)
    place.run(SyncToAsync.deadlock_context.set, False)  # The caller may have been on that thread.
    return place


class _Worker:
    """A thread that calls what is put into `calls`, until that is None."""

    NAME = "aatomic"
    IDLE_NAME = "asyncgen idle"

    def __init__(self) -> None:
        self.calls: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self.idle_since = 0.0
        self.connected: frozenset[str] = frozenset()
        """The databases to which it has had a good connection since then."""
        self.ended: Future[None] = Future()
        # A daemon: an idle thread must not hold up the end of a program whose loop was not closed.
        self.thread = threading.Thread(target=self._work, name=self.NAME, daemon=True)
        self.thread.start()

    def _work(self) -> None:
        for call in iter(self.calls.get, None):
            _logging(call)
            del call  # What it refers to shall not live until the next one comes.
        _logging(connections.close)
        self.ended.set_result(None)

    def end(self) -> Future[None]:
        """Close the connections and end the thread, after what it has to do."""
        self.calls.put(None)
        return self.ended


def _logging(call: Callable[[], object]) -> None:
    try:
        call()
    except Exception:
        logger.exception("Error on an idle thread")


class _Pool:
    """The threads of one event loop that wait for another block. Used on that loop alone."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._idle: list[_Worker] = []
        self._closed = False
        self._timer: asyncio.TimerHandle | None = None
        self._end = _at_the_end_of_the_loop(self)
        # To its yield, where it is closed by the loop: asyncio.run() closes what async generators
        # are open at its end, as does whatever else runs loops.
        with suppress(StopIteration):
            self._end.__anext__().send(None)

    def take(self) -> _Worker:
        if not self._idle:
            return _Worker()
        worker = self._idle.pop()
        worker.thread.name = _Worker.NAME
        if self._loop.time() - worker.idle_since > FRESH_SECONDS:
            worker.connected = frozenset()
            worker.calls.put(connections.check)
        return worker

    def give_back(self, worker: _Worker) -> None:
        worker.thread.name = _Worker.IDLE_NAME
        worker.idle_since = self._loop.time()
        if self._closed or len(self._idle) >= IDLE_THREADS:
            worker.end()
            return
        self._idle.append(worker)
        if self._timer is None:
            self._timer = self._loop.call_later(IDLE_SECONDS, self._expire)

    def _expire(self) -> None:
        self._timer = None
        since = self._loop.time() - IDLE_SECONDS
        for worker in [each for each in self._idle if each.idle_since <= since]:
            self._idle.remove(worker)
            worker.end()
        if self._idle:
            wait = self._idle[0].idle_since - since
            self._timer = self._loop.call_later(wait, self._expire)

    async def clear(self) -> None:
        """End the idle threads, and wait for that."""
        idle, self._idle = self._idle, []
        await asyncio.gather(*[asyncio.wrap_future(each.end()) for each in idle])

    async def close(self) -> None:
        self._closed = True
        _pools.pop(self._loop, None)
        if self._timer is not None:
            self._timer.cancel()
        await self.clear()


async def _at_the_end_of_the_loop(pool: _Pool) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        await pool.close()


_pools: dict[asyncio.AbstractEventLoop, _Pool] = {}


def _pool() -> _Pool:
    loop = asyncio.get_running_loop()
    if loop not in _pools:
        for each in [each for each in _pools if each.is_closed()]:
            del _pools[each]
        _pools[loop] = _Pool(loop)
    return _pools[loop]


async def end_idle_threads() -> None:
    """End the threads of this event loop that wait for another block, with their connections."""
    await _pool().clear()
