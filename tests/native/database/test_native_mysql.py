"""What is particular to MySQL and MariaDB: cancelling at the server, sessions that were killed."""

from __future__ import annotations

import asyncio
import getpass
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asyncgen_native import aatomic, bridge
from asyncgen_native.mysql.connection import WaitingConnection
from asyncgen_native.pool import pools
from django.db import OperationalError, connection, connections

from tests.testproject.library.models import Tag

if connection.vendor != "mysql":
    pytest.skip("this is about MySQL and MariaDB", allow_module_level=True)

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def ask(sql: str, *parameters: object) -> Any:
    """Return the first column of the first row."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row = cursor.fetchone()
    return row[0] if row else None


aask = bridge(ask)
ID = "SELECT connection_id()"
RUNNING = "SELECT count(*) FROM information_schema.processlist WHERE info LIKE %s AND id != %s"


async def until(condition: Callable[[], Coroutine[Any, Any, bool]]) -> None:
    deadline = time.monotonic() + 20
    while not await condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def test_the_connection_is_that_of_the_loop_and_goes_back(run: Run) -> None:
    def kind() -> type:
        ask("SELECT 1")
        return type(connection.connection)

    async def main() -> None:
        assert await bridge(kind)() is WaitingConnection
        assert await aask(ID) == await aask(ID)
        assert pools()["default"].statistics().out == 0

    run(main())


@pytest.mark.parametrize("block", [False, True])
def test_a_cancellation_cancels_at_the_server(run: Run, block: bool) -> None:
    marker = "SELECT sleep(60), 'cancelled at the server'"

    def running() -> bool:
        return bool(ask(RUNNING, f"{marker}%", ask(ID)))

    async def sleep() -> None:
        if block:
            async with aatomic():
                await bridge(Tag.objects.create)(name="x")
                await aask(marker)
        else:
            await aask(marker)

    async def main() -> None:
        task = asyncio.create_task(sleep())
        await until(bridge(running))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        async def no_more() -> bool:
            return not await bridge(running)()

        await until(no_more)
        assert await bridge(Tag.objects.count)() == 0

    run(main())


def test_a_session_that_was_killed_while_idle_is_not_used_again(run: Run) -> None:
    def kill(session: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("KILL %s", [session])
        connection.close()

    async def main() -> None:
        session = await aask(ID)
        await sync_to_async(kill)(session)
        await until(bridge(lambda: True))
        while await aask(ID) == session:  # The server hangs up a moment later.
            await asyncio.sleep(0.01)
        assert await aask("SELECT 1") == 1

    run(main())


@pytest.mark.parametrize("level", [None, "serializable", "repeatable read"])
def test_isolation_levels(run: Run, monkeypatch: pytest.MonkeyPatch, level: str | None) -> None:
    if level is not None:
        monkeypatch.setitem(connections.settings["default"]["OPTIONS"], "isolation_level", level)

    async def main() -> None:
        async with aatomic():
            found = await aask("SELECT @@SESSION.tx_isolation")
        assert found.replace("-", " ").lower() == (level or "read committed")

    run(main())


def test_no_server_is_an_error_of_the_database(run: Run) -> None:
    async def main() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(connections.settings["default"], "PORT", "1")
            with pytest.raises(OperationalError, match="Can't connect"):
                await aask("SELECT 1")
        assert pools()["default"].statistics().open == 0

    run(main())


def test_connecting_reads_no_certificates_that_nobody_asked_for(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That takes longer than all else, and the loop waits for it."""
    read = []
    create = ssl.create_default_context

    def counted(*arguments: Any, **options: Any) -> ssl.SSLContext:
        read.append(arguments)
        return create(*arguments, **options)

    monkeypatch.setattr(ssl, "create_default_context", counted)

    async def main() -> None:
        await asyncio.gather(*(aask("SELECT sleep(0.1)") for _ in range(3)))
        assert pools()["default"].statistics().open == 3
        assert len(read) <= 1

    run(main())


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Where a server of our own answers that has a certificate, with the parameters of TLS."""
    install, serve = shutil.which("mariadb-install-db"), shutil.which("mariadbd")
    if not (install and serve and shutil.which("openssl")):
        pytest.skip("mariadb-install-db, mariadbd or openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    data, key, certificate = folder / "data", folder / "key.pem", folder / "certificate.pem"
    run_quietly(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
        *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
        *("-keyout", key, "-out", certificate),
    )
    user = f"--user={getpass.getuser()}"
    run_quietly(
        *(install, "--no-defaults", f"--datadir={data}", user),
        *("--auth-root-authentication-method=normal", "--skip-test-db"),
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [
            *(serve, "--no-defaults", user, f"--datadir={data}", f"--socket={data}/socket"),
            *("--bind-address=127.0.0.1", f"--port={port}"),
            *(f"--ssl-cert={certificate}", f"--ssl-key={key}"),
        ],
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and server.poll() is None:
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            time.sleep(0.05)
        yield {
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "NAME": "mysql",
            "USER": "root",
            "PASSWORD": "",
            "OPTIONS": {"ssl": {"ca": str(certificate)}},
        }
    finally:
        server.terminate()
        server.wait(60)


def run_quietly(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True)


def test_over_tls(run: Run, tls_server: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    marker = "SELECT sleep(60), 'cancelled over TLS'"
    long = "x" * 1_000_000

    async def running() -> bool:
        return bool(await aask(RUNNING, f"{marker}%", await aask(ID)))

    async def main() -> None:
        assert await bridge(cipher)()
        assert await aask("SELECT %s", long) == long
        task = asyncio.create_task(aask(marker))
        await until(running)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        async def no_more() -> bool:
            return not await running()

        await until(no_more)

    def cipher() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
            return str(cursor.fetchone()[1])

    with monkeypatch.context() as patch:
        for key, value in tls_server.items():
            patch.setitem(connections.settings["default"], key, value)
        run(main())


def test_a_server_that_is_not_trusted_is_an_error_of_the_database(
    run: Run, tls_server: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    run_quietly(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
        *("-subj", "/CN=other", "-keyout", tmp_path / "key.pem", "-out", other),
    )

    async def main() -> None:
        with pytest.raises(OperationalError, match="certificate verify failed"):
            await aask("SELECT 1")
        assert pools()["default"].statistics().open == 0

    options = {"OPTIONS": {"ssl": {"ca": str(other)}}}
    with monkeypatch.context() as patch:
        for key, value in (tls_server | options).items():
            patch.setitem(connections.settings["default"], key, value)
        run(main())
