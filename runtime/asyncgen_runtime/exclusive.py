"""An async iterator over a sync one that holds a transaction between two rows."""

from __future__ import annotations

import weakref
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import closing
from typing import Any, TypeVar

from .blocks import Block
from .bridge import on_worker
from .completion import run_to_end
from .ending import close_at_the_end
from .reading import THREAD_GONE, Reader
from .threads import unlent

T = TypeVar("T")


class ExclusiveRows(AsyncGenerator[T, None]):
    """Rows read one by one in a block, to which the consumer's own queries belong too.

    A generator can be dropped half way, by ``break``. Its block is left by the event loop then, a
    little later; but from that moment on the consumer is outside of it, as in sync code. For that,
    the block's thread asks whether this object is still there, and this object, when it goes, takes
    the consumer's context out of the block.
    """

    def __init__(self, call: Callable[[], Iterable[T]]) -> None:
        reader = Reader(call, 1, look_ahead=False, exclusive=True)
        self._block = Block(lambda: closing(reader), exclusive=True, consumer=weakref.ref(self))
        self._rows = _rows(reader, self._block)

    def __del__(self) -> None:
        self._block.step_out()

    def __anext__(self) -> Any:
        return self._rows.__anext__()

    def asend(self, value: None) -> Any:
        return self._rows.asend(value)

    def athrow(self, *error: Any) -> Any:
        return self._rows.athrow(*error)

    def aclose(self) -> Any:
        return self._rows.aclose()


async def _rows(reader: Reader[T], block: Block[object]) -> AsyncGenerator[T, None]:
    await block.enter()
    try:
        close_at_the_end()
        while True:
            rows = await on_worker(reader.read)()
            if rows is None:  # The consumer has moved to another thread-sensitive context.
                rows = await run_to_end(reader.read, unlent(block.home))
            if rows is None:
                raise RuntimeError(THREAD_GONE)
            for row in rows:
                yield row
            if reader.finished:
                break
        if reader.error is not None:
            raise reader.error
    except BaseException as error:
        await block.leave(error)
        raise
    await block.leave(None)
