"""TLS on a socket that suspends, against a server of Python's own."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from asyncgen_native import bridge

pytest.importorskip("pymysql")

from asyncgen_native.mysql.connection import SuspendingSocket, TlsSocket

needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="the openssl command makes the certificate"
)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    certificate.write_text(certificate.read_text() + key.read_text())
    return certificate


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


@needs_openssl
def test_large_and_small_messages_come_back(certificate: Path) -> None:
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(certificate)
    asking = ssl.create_default_context(cafile=certificate)
    message = bytes(range(256)) * 4000

    def body(below: SuspendingSocket) -> None:
        tls = TlsSocket(below, asking, "localhost")
        reader = tls.makefile("rb")
        for size in (1, 20_000, len(message)):
            tls.sendall(message[:size])
            assert reader.read(size) == message[:size]
        tls.close()

    async def main() -> None:
        server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=serving)
        port = server.sockets[0].getsockname()[1]
        below = await SuspendingSocket.connect("127.0.0.1", port, None, 10)
        await bridge(body)(below)
        server.close()

    asyncio.run(asyncio.wait_for(main(), 60))


@needs_openssl
def test_a_certificate_that_is_not_trusted_is_refused(certificate: Path) -> None:
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(certificate)

    async def main() -> None:
        server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=serving)
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        port = server.sockets[0].getsockname()[1]
        below = await SuspendingSocket.connect("127.0.0.1", port, None, 10)
        with pytest.raises(ssl.SSLCertVerificationError):
            await bridge(TlsSocket)(below, ssl.create_default_context(), "localhost")
        below.close()
        server.close()

    asyncio.run(asyncio.wait_for(main(), 60))
