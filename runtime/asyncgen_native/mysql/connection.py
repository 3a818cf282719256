"""A PyMySQL connection over a socket that waits on the event loop."""

from __future__ import annotations

import asyncio
import copy
import socket
import ssl
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, TypeVar

import pymysql
import pymysql.connections
from asyncgen_runtime.completion import to_end
from pymysql.constants import SERVER_STATUS

from ..greenlets import raise_later, run, running_loop
from ..locks import SuspendingLock
from ..owner import suspend

T = TypeVar("T")

_any_certificate: ssl.SSLContext | None = None


class SuspendingSocket:
    """As much of a socket as PyMySQL uses."""

    def __init__(self, raw: socket.socket, loop: asyncio.AbstractEventLoop) -> None:
        self.shielded = False
        self.on_cancel: Callable[[], Coroutine[Any, Any, None]] | None = None
        self._cancelling: asyncio.Task[None] | None = None
        self._raw = raw
        self._loop = loop
        self._timeout: float | None = None

    @classmethod
    async def connect(
        cls,
        host: str,
        port: int,
        unix_socket: str | None,
        timeout: float,
        bind_address: str | None = None,
    ) -> SuspendingSocket:
        """Connect to a server, at the first of its addresses that answers. Raises OSError."""
        loop = asyncio.get_running_loop()
        addresses: list[tuple[int, Any]] = [(socket.AF_UNIX, unix_socket)]
        if not unix_socket:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = [(family, address) for family, _, _, _, address in found]
        failure: OSError | None = None
        for family, address in addresses:
            try:
                async with asyncio.timeout(timeout):
                    return cls(await _connected(loop, family, address, bind_address), loop)
            except OSError as error:  # TimeoutError is one.
                failure = error
        assert failure is not None
        try:
            raise failure
        finally:
            del failure

    def recv(self, count: int) -> bytes:
        data: bytes = self._wait(lambda: self._loop.sock_recv(self._raw, count))
        return data

    def sendall(self, data: bytes) -> None:
        self._wait(lambda: self._loop.sock_sendall(self._raw, data))

    def _wait(self, make: Callable[[], Any]) -> Any:
        async def within_timeout() -> Any:
            async with asyncio.timeout(self._timeout):
                return await make()

        async def cancelling() -> Any:
            try:
                return await within_timeout()
            except asyncio.CancelledError:
                if self.on_cancel is not None:
                    await to_end(self.on_cancel())
                raise
            except GeneratorExit:  # Nothing can be awaited any more.
                if self.on_cancel is not None and running_loop() is self._loop:
                    self._cancelling = self._loop.create_task(self.on_cancel())
                raise

        if not self.shielded:
            return suspend(self._loop, cancelling)
        ended = suspend(self._loop, lambda: to_end(within_timeout()))
        raise_later(ended.cancelled)
        return ended.value

    def makefile(self, mode: str) -> _Reader:
        return _Reader(self.recv)

    def settimeout(self, timeout: float | None) -> None:
        self._timeout = timeout

    def setsockopt(self, *arguments: Any) -> None:
        self._raw.setsockopt(*arguments)

    def is_silent(self) -> bool:
        """Tell whether the other side has neither said anything nor hung up."""
        try:
            self._raw.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False

    def shut_down(self) -> None:
        """Have whoever waits for it go on, and find that the other side has hung up."""
        with suppress(OSError):
            self._raw.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close it, on any thread, also while somebody waits for it."""
        if self._loop.is_closed() or self._raw.fileno() < 0:
            self._raw.close()
        elif running_loop() is self._loop:
            # The loop would go on watching its number, which may be another's from now on.
            self._loop.remove_reader(self._raw)
            self._loop.remove_writer(self._raw)
            self._raw.close()
        else:
            self._loop.call_soon_threadsafe(self.close)


async def _connected(
    loop: asyncio.AbstractEventLoop, family: int, address: Any, bind_address: str | None
) -> socket.socket:
    raw = socket.socket(family, socket.SOCK_STREAM)
    try:
        raw.setblocking(False)
        if family != socket.AF_UNIX:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if bind_address is not None:
                raw.bind((bind_address, 0))
        await loop.sock_connect(raw, address)
    except BaseException:
        raw.close()
        raise
    return raw


class TlsSocket:
    """TLS over a `SuspendingSocket`."""

    def __init__(self, below: SuspendingSocket, context: ssl.SSLContext, hostname: str) -> None:
        self._below = below
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=hostname)
        self._do(self._tls.do_handshake)

    def _do(self, step: Callable[[], T]) -> T:
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                self._flush()
                data = self._below.recv(65536)
                if data:
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
            else:
                self._flush()
                return result

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._below.sendall(self._outgoing.read())

    def recv(self, count: int) -> bytes:
        return self._do(lambda: self._tls.read(count))

    def sendall(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self._do(partial(self._tls.write, rest)) :]

    def makefile(self, mode: str) -> _Reader:
        return _Reader(self.recv)

    def settimeout(self, timeout: float | None) -> None:
        self._below.settimeout(timeout)

    def close(self) -> None:
        self._below.close()


class _TlsContext:
    """What PyMySQL asks to wrap its socket."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context

    def wrap_socket(self, below: SuspendingSocket, server_hostname: str) -> TlsSocket:
        return TlsSocket(below, self._context, server_hostname)


class _Reader:
    """A buffered reader of a socket."""

    def __init__(self, recv: Callable[[int], bytes]) -> None:
        self._recv = recv
        self._data = bytearray()

    def read(self, count: int) -> bytes:
        """Return `count` bytes, or fewer where the other side hung up."""
        while len(self._data) < count and (more := self._recv(65536)):
            self._data += more
        result = bytes(self._data[:count])
        del self._data[:count]
        return result

    def close(self) -> None:
        self._recv = lambda count: b""


class WaitingConnection(pymysql.connections.Connection):  # type: ignore[misc]
    """A connection of PyMySQL's whose waiting suspends the call that waits."""

    opened: float | None = None

    def __init__(self, **parameters: Any) -> None:
        super().__init__(defer_connect=True, **parameters)
        self._loop = asyncio.get_running_loop()
        self.lock = SuspendingLock(self._loop)
        self._parameters = parameters
        self._socket: SuspendingSocket | None = None
        self._dropping: asyncio.Task[None] | None = None
        if (context := self.__dict__.get("ctx")) is not None:
            self.ctx = _TlsContext(context)

    def _create_ssl_ctx(self, options: Any) -> Any:
        # Where nothing is said of TLS it trusts whomever it meets. To make that out of all that the
        # system trusts takes longer than all else here, and the loop would wait for it.
        if options:
            return super()._create_ssl_ctx(options)
        global _any_certificate
        if _any_certificate is None:
            _any_certificate = super()._create_ssl_ctx(options)
        return _any_certificate

    @classmethod
    async def establish(cls, **parameters: Any) -> WaitingConnection:
        """Connect, with the parameters of ``pymysql.connect``."""
        self = cls(**parameters)
        try:
            self._socket = await SuspendingSocket.connect(
                self.host,
                self.port,
                self.unix_socket,
                self.connect_timeout,
                self.bind_address,
            )
        except OSError as error:
            raise pymysql.OperationalError(
                2003, f"Can't connect to MySQL server on {self.host!r} ({error})"
            ) from error
        self._secure = bool(self.unix_socket)
        await run(self.connect, self._socket)
        self._socket.on_cancel = self._kill
        return self

    async def _kill(self) -> None:
        """Have the server end the query that nobody waits for; PyMySQL closes the connection."""
        with suppress(pymysql.Error, OSError, TimeoutError):
            async with asyncio.timeout(5):
                other = await type(self).establish(**self._parameters)
                try:
                    await run(other.kill, self.thread_id())
                finally:
                    other.drop()

    def query(self, sql: Any, unbuffered: bool = False) -> int:
        __traceback_hide__ = True
        with self.lock:
            affected: int = super().query(sql, unbuffered)
            return affected

    def ping(self, reconnect: bool = False) -> None:
        with self.lock:
            super().ping(reconnect)

    def commit(self) -> None:
        """Commit. A cancellation meanwhile is raised after that."""
        with self.lock, self._shielded():
            super().commit()

    def rollback(self) -> None:
        """Roll back. A cancellation meanwhile is raised after that."""
        with self.lock, self._shielded():
            super().rollback()

    @contextmanager
    def _shielded(self) -> Iterator[None]:
        assert self._socket is not None
        self._socket.shielded = True
        try:
            yield
        finally:
            self._socket.shielded = False

    def is_idle(self) -> bool:
        in_transaction = self.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS
        return self._sock is not None and not self.lock.locked() and not in_transaction

    def is_alive(self) -> bool:
        return self._sock is not None and self._socket is not None and self._socket.is_silent()

    def is_held(self) -> bool:
        return False

    def renew(self) -> WaitingConnection:
        fresh = copy.copy(self)
        assert fresh._socket is not None
        fresh._socket.on_cancel = fresh._kill
        self._sock = self._rfile = self._socket = None  # PyMySQL then takes it for closed.
        return fresh

    def drop(self) -> None:
        if self._socket is not None and self.lock.locked() and not self._loop.is_closed():
            # Somebody waits for it, and is told so.
            self._dropping = self._loop.create_task(self._cut_off(self._socket))
        else:
            self._force_close()

    async def _cut_off(self, below: SuspendingSocket) -> None:
        try:
            await self._kill()
        finally:
            below.shut_down()
