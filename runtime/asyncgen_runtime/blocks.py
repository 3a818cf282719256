"""What is entered and left on a worker thread: transactions, context managers, iterations.

Django's connections belong to threads, and asgiref sends all thread-sensitive work of a context, by
default that of the whole process, to one thread. A transaction left open there while its task
awaits something would swallow the queries of every other task. So this module decides for each
block on which thread it is entered, and whose work may run there while it is open:

* What is entered inside a block stays on the thread of that block.
* Outside of all blocks, one that is *exclusive* has a thread of its own, unless the current thread
  is in a transaction already: below a TestCase or a view under ATOMIC_REQUESTS it is a savepoint.
* So has any other block where the thread would be that of the whole process. In a request and below
  a sync caller it stays, and sees what middleware left on the thread.

* On a thread of its own that is connected, a transaction begins with the first work that is sent
  there, which saves a hop. Until then nothing would have been sent to the database.

No lock is held anywhere. Whose turn it is on a thread, `nesting` says.
"""

from __future__ import annotations

import asyncio
import contextvars
import enum
import logging
import threading
import weakref
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, suppress
from functools import partial
from typing import Generic, TypeVar, cast

from asgiref.sync import SyncToAsync

from . import connections
from .completion import run_in, run_to_end
from .direct import as_asgiref_does
from .hooks import Due, run_due
from .nesting import TURNS, Nested, current, innermost, leaving, stack
from .reading import close_iterators
from .threads import (
    OVER,
    BlockOver,
    OwnThread,
    TakingTurns,
    current_executor,
    lent_executor,
    take_turns,
    unlent,
)
from .variables import Tokens, carry_back, set_variable

T_co = TypeVar("T_co", covariant=True)

logger = logging.getLogger("asyncgen_runtime")

NOT_EXCLUSIVE = (
    "This context manager began a transaction on a thread that it shares with other tasks, whose "
    "queries would be part of it. It has been rolled back. Give it a thread of its own: "
    "context_to_async(..., exclusive=True); or use aatomic(), from asyncgen_runtime.transaction."
)
STILL_OPEN = (
    "Rolled back: a task started inside this block was still in a block of its own. "
    "Tasks started inside a block have to finish before it does."
)
LEFT_BEFORE = (
    "This block was rolled back when the block around it ended. "
    "Tasks started inside a block have to finish before it does."
)
THREAD_GONE = (
    "The thread on which this block was entered ended before the block did, as that of a request "
    "does with the request. The block was left on another thread. Tasks have to finish before "
    "their request does, or be started outside of it."
)


class _Answer(enum.Enum):
    """What a thread says when asked to enter a block."""

    ELSEWHERE = enum.auto()  # The block may not begin on this thread.


class Block(Nested, Generic[T_co]):
    """One entering and leaving of a sync context manager, on one thread."""

    def __init__(
        self,
        make: Callable[[], AbstractContextManager[T_co]],
        exclusive: bool = False,
        consumer: Callable[[], object] | None = None,
        using: str | None = None,
    ) -> None:
        super().__init__()
        self._make = make
        self._exclusive = exclusive
        self._consumer = consumer  # Gives None when nobody is in the block any more.
        self._using = using  # The database in which it begins a transaction, and does no more.
        self._failed: BaseException | None = None  # To be entered by the first work has.
        self._manager: AbstractContextManager[T_co] | None = None
        self._value: T_co | None = None
        self._front: TakingTurns | None = None
        self._ticket = [True]  # Taken by whoever comes first: the thread to enter, or who gives up.
        self._left = False
        self._before: dict[str, int] = {}
        self._due: list[Due] = []
        self._awaited: Callable[[], Awaitable[None]] | None = None
        # The manager is entered and left in one and the same context: the token of a variable it
        # sets can be reset nowhere else. Its changes are carried from there to the block.
        self._inside = contextvars.Context()
        self.home = self._inside
        self._undo: Tokens = {}
        self._restore: list[Callable[[], None]] = []

    # On the event loop

    async def enter(self) -> T_co:
        """Enter the manager, and return its value.

        Raises BlockOver where the thread of a block that has ended would be used.
        """
        self.outer = innermost()
        task = asyncio.current_task()
        self._task = None if task is None else weakref.ref(task)
        try:
            if self._begins_elsewhere():
                self._take_thread()
            else:
                self._front = take_turns(TURNS)
            if self._own is not None and self._using and self._own.is_connected(self._using):
                self._own.begin = as_asgiref_does(self._begin, contextvars.copy_context(), [])
            else:
                await self._enter_in_turn()
        except BaseException as error:
            await self._give_up(error)
            raise
        self._restore.append(set_variable(current, self))
        self.home = contextvars.copy_context()
        value, self._value = self._value, None
        return cast("T_co", value)

    async def leave(self, error: BaseException | None) -> bool | None:
        """Leave the manager, and return what its ``__exit__`` returns.

        What is to happen after a commit happens here: sync hooks on the thread, async ones on the
        event loop, where they can be cancelled.
        """
        self.ended = True
        if self._own is not None and not self._own.is_used:
            self._own.over = True
            await self._finish()
            return None
        try:
            result = await self._leave_somewhere(error)
            while self._awaited is not None:
                hook, self._awaited = self._awaited, None
                await hook()
                await run_to_end(self._go_on, self._leaving())
            return result
        finally:
            await self._finish()

    def step_out(self) -> None:
        """Take the current context out of the block, which is dropped and will be left later.

        Whoever leaves it has another context. Without this the consumer's would go on naming the
        thread, and a sync caller further up would be given it.
        """
        if current.get() is self:
            self._take_back()

    def _take_back(self) -> None:
        while self._restore:
            self._restore.pop()()

    def _begins_elsewhere(self) -> bool:
        """Tell whether a thread of its own is needed, as far as this can be told from here."""
        if lent_executor() is not None:
            return False  # A sync caller lends its thread. Is it in a transaction? It has to say.
        thread = current_executor()
        if isinstance(thread, OwnThread):
            if thread.over:
                raise BlockOver(OVER)
            return False
        if thread is SyncToAsync.single_thread_executor:
            return True
        return self._exclusive and self.outer is None

    def _take_thread(self) -> None:
        self.outer = None
        self._own = OwnThread(TURNS, self._consumer)
        self._restore += self._own.activate()

    async def _enter_in_turn(self) -> None:
        while True:
            context = contextvars.copy_context()
            answer = await run_in(context, self._enter)
            if answer is None:
                self._undo = carry_back(context)
                return
            self._ticket = [True]
            self._take_thread()

    async def _give_up(self, error: BaseException) -> None:
        """Leave what has been entered, or will be: the hop goes on though nobody waits for it."""
        self.ended = True
        try:
            if not self._take_ticket():
                await run_to_end(partial(self._leave, error), self._leaving())
        finally:
            await self._finish()

    def _take_ticket(self) -> bool:
        return bool(self._ticket and self._ticket.pop())

    async def _leave_somewhere(self, error: BaseException | None) -> bool | None:
        # Left in another context than entered in (an async fixture, a forgotten async generator),
        # it still has to reach its own thread.
        places = [None, self.home] if current.get() is self else [self.home]
        try:
            for place in places:
                try:
                    return await self._leave_in(place, error)
                except (_WrongThread, RuntimeError) as failed:
                    if self._left or isinstance(failed, BlockOver):
                        raise
            return await self._leave_in(unlent(self.home), error, anywhere=True)
        except BlockOver:
            if error is None:
                raise
            return None  # Not to be replaced: who retries looks for it.
        finally:
            for variable, token in self._undo.items():
                if variable not in self._inside:
                    with suppress(ValueError):  # Left in another context than entered in.
                        variable.reset(token)

    async def _leave_in(
        self,
        place: contextvars.Context | None,
        error: BaseException | None,
        anywhere: bool = False,
    ) -> bool | None:
        context = self._leaving(place)
        try:
            return await run_to_end(partial(self._leave, error, anywhere), context)
        finally:
            if place is None:
                carry_back(context)

    def _leaving(self, place: contextvars.Context | None = None) -> contextvars.Context:
        """Return a context, `place` or like the current one, whose work need not wait its turn."""
        context = contextvars.copy_context() if place is None else place
        context.run(leaving.set, self)
        return context

    async def _finish(self) -> None:
        try:
            if self._own is not None and not self._own.over:
                await run_to_end(self._end_thread, self._leaving())
        finally:
            self._take_back()
            if self._own is not None:
                self._own.release()
            # Each refers to this block: it is the value of a variable in them.
            self.home = self._inside = contextvars.Context()
            self._undo = {}
            self._front = self._task = self._failed = None

    # On the thread

    def _begin(self) -> None:
        """Enter the manager before the first work does what it is for; if it fails, all work has.

        Nothing is outside of a transaction because it was caught that it did not begin.
        """
        if self._failed is None:
            try:
                self._enter()
            except BaseException as error:
                self._failed = error
                raise
        else:
            raise self._failed

    def _enter(self) -> _Answer | None:
        """Enter the manager and return None, or return why not."""
        self.thread = thread = threading.current_thread()
        if not self._take_ticket():
            return None
        here = stack.own or (self.outer is not None and self.outer.thread is thread)
        before = {} if self._own is not None else connections.depths()
        in_transaction = any(before.values())
        if self._exclusive and self._own is None and not (here or in_transaction):
            return _Answer.ELSEWHERE
        self._before = before
        self._inside = contextvars.copy_context()
        try:
            self._inside.run(self._enter_inside)
        finally:
            carry_back(self._inside)
        if self._own is not None:
            stack.own = True
        self.holds = self._exclusive or bool(connections.deeper_than(before))
        if self.holds and not (self._exclusive or stack.own or in_transaction):
            refusal = RuntimeError(NOT_EXCLUSIVE)
            self._exit(refusal)
            raise refusal
        stack.open.append(self)
        return None

    def _enter_inside(self) -> None:
        manager = self._make()
        self._value = type(manager).__enter__(manager)
        self._manager = manager

    def _leave(self, error: BaseException | None, anywhere: bool = False) -> bool | None:
        leaving.set(None)
        if self.thread not in (None, threading.current_thread()):
            if not anywhere:
                raise _WrongThread
            self._left = True
            return self._leave_without_thread(error)
        self._left = True
        try:
            if self._own is not None:
                close_iterators(OVER)
            result = self._leave_in_order(error)
            self._awaited = run_due(self._due)
            return result
        finally:
            if self._own is not None and self._awaited is None:
                self._end_thread()
            waiting, stack.waiting = stack.waiting, []
            for each in waiting:
                each.run_waiting()

    def _leave_in_order(self, error: BaseException | None) -> bool | None:
        """Leave this block, and before it what tasks started inside it have left open."""
        if self not in stack.open:
            if error is None and self._failed is not None:
                raise self._failed
            if error is None and self.thread is not None:
                raise RuntimeError(LEFT_BEFORE)
            return None
        still_open = None
        for inner in reversed(stack.open[stack.open.index(self) + 1 :]):
            if inner.holds or self._own is not None:
                still_open = RuntimeError(STILL_OPEN) if inner.holds else still_open
                inner.leave_early(still_open or RuntimeError(LEFT_BEFORE))
        stack.open.remove(self)
        if still_open is not None and error is None:
            self._exit(still_open)
            raise still_open
        return self._exit(error)

    def leave_early(self, error: BaseException) -> None:
        stack.open.remove(self)
        try:
            self._exit(error)
        except BaseException as raised:
            if raised is not error:  # Nobody is there to raise it to.
                logger.exception("Error while leaving a block whose outer block has ended")

    def _leave_without_thread(self, error: BaseException | None) -> bool | None:
        if self._front is not None:
            self._front.refuse()  # What waited there for the end of this block.
        try:
            result = self._exit(error)
        except BaseException as raised:
            if error is None:
                raise RuntimeError(THREAD_GONE) from raised
            if raised is not error:
                logger.exception("Error while leaving a block whose thread is gone")
            return None
        if error is None:
            raise RuntimeError(THREAD_GONE)
        return result

    def _exit(self, error: BaseException | None) -> bool | None:
        manager, self._manager = self._manager, None
        assert manager is not None
        connections.collect_hooks(self._before, self._due, self._using)
        self._inside.run(carry_back, contextvars.copy_context())
        try:
            return self._inside.run(_exit, manager, error)
        finally:
            carry_back(self._inside)

    def _go_on(self) -> None:
        leaving.set(None)
        try:
            self._awaited = run_due(self._due)
        finally:
            if self._own is not None and self._awaited is None:
                self._end_thread()

    def _end_thread(self) -> None:
        leaving.set(None)
        assert self._own is not None
        stack.own = False
        stack.open.clear()
        self._own.finish()


class _WrongThread(Exception):
    """The current context leads to another thread than the one that entered."""


def _exit(manager: AbstractContextManager[object], error: BaseException | None) -> bool | None:
    """Call ``__exit__`` as ``with`` does: while `error` is being handled, for sys.exc_info()."""
    if error is None:
        return type(manager).__exit__(manager, None, None, None)
    traceback = error.__traceback__
    try:
        raise error
    except BaseException:
        error.__traceback__ = traceback
        return type(manager).__exit__(manager, type(error), error, traceback)
