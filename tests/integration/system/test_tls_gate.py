"""A TLS port with real certificates, on asyncio and on uvloop."""

import asyncio
import contextlib
import errno
import os
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from octyne.aio import Tasks
from octyne.errors import InvalidError
from octyne.system import tls_gate
from octyne.system.listeners import tcp_socket
from octyne.system.tls import TlsContext
from octyne.system.tls_gate import TlsGate
from support.certificates import OPENSSL, make_certificate
from support.eventually import until

pytestmark = pytest.mark.skipif(OPENSSL is None, reason="needs the openssl program")
both_loops = pytest.mark.asyncio(loop_factories=["asyncio", "uvloop"])
OPENINGS = [b"", b"\x16", b"\x16\x03\x01\x02", b"\x16" + b"\xff" * 300, b"GET / HTTP/1.0\r\n\r\n"]
Reply = tuple[bytes, str]


class Port:
    """A TLS port that serves "hello"."""

    def __init__(self, directory: Path) -> None:
        make_certificate(directory, "first")
        self.directory = directory
        self.tls = TlsContext(str(directory / "cert.pem"), str(directory / "key.pem"))
        self.listener = tcp_socket("127.0.0.1", 0)
        self.number: int = self.listener.getsockname()[1]
        self.tasks = Tasks()
        self.gate: TlsGate
        self.run: asyncio.Task[None]

    async def open(self, factory: Callable[[], asyncio.Protocol], **limits: Any) -> None:
        """Begin to accept."""
        self.gate = TlsGate(self.listener, self.tls, factory, **limits)
        self.run = self.tasks.start_task("gate", self.gate.run())

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect without TLS."""
        return await asyncio.open_connection("127.0.0.1", self.number)

    async def get(self, **options: Any) -> Reply:
        """Ask over TLS; return the body and the certificate's name."""
        context = ssl.create_default_context(cafile=str(self.directory / "cert.pem"))
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.number, ssl=context, **options
        )
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        body = (await reader.read()).partition(b"\r\n\r\n")[2]
        peer = writer.get_extra_info("peercert")
        writer.close()
        await writer.wait_closed()
        return body, peer["subject"][0][0][1]


@pytest.fixture
async def factory() -> AsyncIterator[Callable[[], asyncio.Protocol]]:
    """An aiohttp server as the daemon has one."""

    async def hello(_request: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application()
    app.router.add_get("/", hello)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    assert runner.server is not None
    yield runner.server
    await runner.cleanup()


@pytest.fixture
async def port(tmp_path: Path, factory: Callable[[], asyncio.Protocol]) -> AsyncIterator[Port]:
    """A port that is closed again with all it holds."""
    made = Port(tmp_path)
    yield made
    await made.tasks.cancel()
    made.listener.close()


@both_loops
async def test_tls_is_served(port: Port, factory: Any) -> None:
    """The connection reaches the server behind the gate."""
    await port.open(factory)

    assert await port.get() == (b"hello", "first")
    await until(lambda: port.gate.pending == 0)


@both_loops
async def test_plain_http_is_refused_in_plain_http(port: Port, factory: Any) -> None:
    """A readable answer, though the request had more than we ever read."""
    await port.open(factory)
    reader, writer = await port.connect()
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\n\r\n" + b"x" * 500_000)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()

    assert answer.startswith(b"HTTP/1.0 400 Bad Request\r\n")
    assert answer.endswith(b"\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")


@both_loops
@pytest.mark.parametrize("opening", [b"", b"\x16", b"\x16\x03\x01\x02"])
async def test_a_silent_client_is_dropped(port: Port, factory: Any, opening: bytes) -> None:
    """At the deadline, whether it said nothing or stopped amid the handshake."""
    await port.open(factory, deadline_s=0.1)
    reader, writer = await port.connect()
    writer.write(opening)
    with contextlib.suppress(ConnectionResetError):
        assert await reader.read() == b""
    writer.close()

    await until(lambda: port.gate.pending == 0)
    assert await port.get() == (b"hello", "first")


@both_loops
async def test_garbage_after_the_first_byte_harms_nobody(port: Port, factory: Any) -> None:
    """A broken handshake ends that connection only."""
    await port.open(factory)
    reader, writer = await port.connect()
    writer.write(b"\x16" + b"\xff" * 300)
    with contextlib.suppress(ConnectionResetError):
        await reader.read()
    writer.close()

    await until(lambda: port.gate.pending == 0)
    assert await port.get() == (b"hello", "first")


@both_loops
async def test_a_client_that_goes_at_once_is_forgotten(port: Port, factory: Any) -> None:
    """Port scanners do nothing else."""
    await port.open(factory)
    for _ in range(5):
        _, writer = await port.connect()
        writer.close()

    await until(lambda: port.gate.pending == 0)
    assert await port.get() == (b"hello", "first")


@both_loops
async def test_a_silent_crowd_keeps_nobody_out(port: Port, factory: Any) -> None:
    """Who has waited longest makes room; the number that wait is bounded."""
    await port.open(factory, most_pending=4, deadline_s=30.0)
    crowd = [await port.connect() for _ in range(20)]

    assert await port.get() == (b"hello", "first")
    assert port.gate.pending <= 4
    assert await crowd[0][0].read() == b""
    for _, writer in crowd:
        writer.close()


@both_loops
async def test_a_new_certificate_is_for_new_connections(port: Port, factory: Any) -> None:
    """Also one with another kind of key; an open connection goes on undisturbed."""
    await port.open(factory)
    context = ssl.create_default_context(cafile=str(port.directory / "cert.pem"))
    reader, writer = await asyncio.open_connection("127.0.0.1", port.number, ssl=context)
    make_certificate(port.directory, "second", "rsa")
    port.tls.reload()

    assert await port.get() == (b"hello", "second")
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    assert (await reader.read()).endswith(b"hello")
    writer.close()
    await writer.wait_closed()


@both_loops
async def test_a_broken_certificate_keeps_the_old_one(port: Port, factory: Any) -> None:
    """And the sentence holds nothing of the files but their names."""
    await port.open(factory)
    good = (port.directory / "cert.pem").read_text()
    (port.directory / "cert.pem").write_text("SECRET")
    with pytest.raises(InvalidError, match=r"cert\.pem and key\.pem") as caught:
        port.tls.reload()
    (port.directory / "cert.pem").write_text(good)

    assert "SECRET" not in str(caught.value)
    assert str(port.directory) not in str(caught.value)
    assert await port.get() == (b"hello", "first")


@both_loops
@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts in /proc")
async def test_no_descriptor_is_left_open(port: Port, factory: Any) -> None:
    """Whatever a client did, its connection is gone once it is."""
    await port.open(factory, deadline_s=0.05)
    await port.get()  # the loop opens some for itself, the first time
    before = len(os.listdir("/proc/self/fd"))
    for opening in OPENINGS:
        reader, writer = await port.connect()
        writer.write(opening)
        with contextlib.suppress(ConnectionResetError):
            await reader.read()
        writer.close()
        await port.get()

    await until(lambda: len(os.listdir("/proc/self/fd")) <= before)


@both_loops
async def test_running_out_of_descriptors_is_survived(
    port: Port, factory: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Said once, tried again after a pause; the client that waited is served."""
    monkeypatch.setattr(tls_gate, "PAUSE_S", 0.01)
    failures = [errno.EMFILE, errno.EMFILE, errno.ECONNABORTED]
    real = port.listener

    class Exhausted:
        def accept(self) -> tuple[socket.socket, Any]:
            if failures:
                number = failures.pop(0)
                raise OSError(number, os.strerror(number))
            return real.accept()

        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

    port.listener = Exhausted()  # type: ignore[assignment]  # a listener with bad luck
    await port.open(factory)

    assert await port.get() == (b"hello", "first")
    assert failures == []
    assert caplog.text.count("Cannot accept connections") == 1


@both_loops
async def test_shutdown_closes_listener_and_waiting(port: Port, factory: Any) -> None:
    """Nobody is left hanging, and the port is free."""
    await port.open(factory)
    reader, writer = await port.connect()
    await until(lambda: port.gate.pending == 1)
    await port.tasks.cancel()

    assert await reader.read() == b""
    assert port.listener.fileno() == -1
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await port.connect()


@pytest.mark.parametrize("missing", ["cert.pem", "key.pem"])
def test_a_missing_file_is_named(tmp_path: Path, missing: str) -> None:
    """Which of the two, without its directory."""
    make_certificate(tmp_path, "x")
    (tmp_path / missing).unlink()

    with pytest.raises(InvalidError, match=f"'{missing}' does not exist") as caught:
        TlsContext(str(tmp_path / "cert.pem"), str(tmp_path / "key.pem"))
    assert str(tmp_path) not in str(caught.value)


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    """Half a renewal must not take the port down later."""
    make_certificate(tmp_path, "x")
    old = (tmp_path / "key.pem").read_bytes()
    make_certificate(tmp_path, "y")
    (tmp_path / "key.pem").write_bytes(old)

    with pytest.raises(InvalidError, match="do not belong together"):
        TlsContext(str(tmp_path / "cert.pem"), str(tmp_path / "key.pem"))


def test_an_encrypted_key_is_refused_at_once(tmp_path: Path) -> None:
    """Instead of asking for its password at a terminal that nobody watches."""
    make_certificate(tmp_path, "x")
    subprocess.run(
        [str(OPENSSL), "ec", "-aes128", "-passout", "pass:abcd", "-in", "key.pem", "-out", "e.pem"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )

    with pytest.raises(InvalidError, match="unencrypted"):
        TlsContext(str(tmp_path / "cert.pem"), str(tmp_path / "e.pem"))
