"""TLS on the API and dashboard ports of the real daemon."""

import json
import signal
import socket
import ssl
from pathlib import Path

import pytest

from support.certificates import make_certificate
from support.daemon import Daemon
from support.doors import TCP_DOORS, Door, RawAnswer, error, parse
from support.eventually import eventually
from support.needs import program

from .conftest import MakeDaemon

NOT_AUTHENTICATED = error("You are not authenticated to access this resource!")


@pytest.fixture
def daemon(make_daemon: MakeDaemon, tmp_path: Path) -> Daemon:
    """A daemon with a certificate named "first"."""
    program("openssl")
    make_certificate(tmp_path, "first")
    https = {
        "enabled": True,
        "cert": str(tmp_path / "cert.pem"),
        "key": str(tmp_path / "key.pem"),
    }
    return make_daemon({}, https=https).start()


@pytest.fixture(params=TCP_DOORS)
def door(daemon: Daemon, request: pytest.FixtureRequest) -> Door:
    """Both ports."""
    return Door(daemon, request.param)


def trusting(daemon: Daemon) -> ssl.SSLContext:
    """Accept the certificate that lies on the disk now, and no other."""
    return ssl.create_default_context(cafile=daemon.config["https"]["cert"])


def secret(door: Door, method: str, path: str, *headers: str, body: bytes = b"") -> RawAnswer:
    """An answer over TLS."""
    head = door.head(
        method, path, "Host: localhost", "Connection: close", f"Content-Length: {len(body)}",
        *headers,
    )  # fmt: skip
    with door.connect(trusting(door.daemon)) as sock:
        sock.sendall(head + body)
        received = b"".join(iter(lambda: sock.recv(1 << 16), b""))
    return parse(received)[0]


def log_in(door: Door, path: str = "/login") -> RawAnswer:
    """As admin, over TLS."""
    return secret(door, "GET", path, "Username: admin", f"Password: {door.daemon.first_password()}")


def test_both_ports_speak_tls(door: Door) -> None:
    """All of it: logins, refusals, bodies."""
    assert secret(door, "GET", "/").json["version"] == "1.4.2"
    refused = secret(door, "GET", "/servers")
    assert (refused.status, refused.json) == (401, NOT_AUTHENTICATED)
    door.token = log_in(door).json["token"]
    body = b'{"username":"a","password":"p"}'
    made = secret(door, "POST", "/accounts", body=body)
    assert (made.status, made.json) == (200, {"success": True})
    assert secret(door, "GET", "/accounts").json == ["admin", "a"]


def test_the_unix_socket_stays_plain(daemon: Daemon) -> None:
    """It never leaves the machine."""
    assert daemon.get("/servers") == {"servers": {}}


def test_the_cookie_is_secure(door: Door) -> None:
    """So that no browser ever sends it in the clear; also when it is cleared."""
    cookie = log_in(door, "/login?cookie=true").headers["Set-Cookie"]
    assert "Secure" in cookie.split("; ")
    session = f"Cookie: {cookie.partition(';')[0]}"
    ours = secret(door, "GET", "/config/reload", session, "Origin: https://localhost")
    assert ours.status == 200
    plain = secret(door, "GET", "/config/reload", session, "Origin: http://localhost")
    assert plain.status == 403
    cleared = secret(door, "GET", "/logout", session).headers["Set-Cookie"]
    assert {"Secure", "Max-Age=0"} <= set(cleared.split("; "))


def test_plain_http_to_a_tls_port_is_refused_cleanly(door: Door) -> None:
    """A 400 that people can read, and the connection closes."""
    answers = door.raw(door.head("GET", "/", "Host: x"))
    assert [each.status for each in answers] == [400]
    assert b"HTTPS" in answers[0].body
    with pytest.raises((ConnectionError, ssl.SSLError)):
        secret_with(door, ssl.create_default_context())
    assert secret(door, "GET", "/").status == 200


def secret_with(door: Door, context: ssl.SSLContext) -> None:
    """A handshake with a context of one's own."""
    with door.connect(context):
        pass


def test_old_protocol_versions_are_refused(door: Door) -> None:
    """TLS 1.2 is the least."""
    context = trusting(door.daemon)
    with door.connect(context) as sock:
        assert isinstance(sock, ssl.SSLSocket)
        assert sock.version() == "TLSv1.3"
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    secret_with(door, context)


def test_a_silent_client_holds_nobody_up(door: Door) -> None:
    """Neither before the handshake nor in the middle of it."""
    port = door.daemon.port if door.name == "api" else door.daemon.web_port
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(50)]
    for sock in silent[::2]:
        sock.sendall(b"\x16\x03\x01")
    try:
        assert secret(door, "GET", "/").status == 200
    finally:
        for sock in silent:
            sock.close()


def certificate(door: Door, *, verify: bool = True) -> bytes:
    """What the port shows."""
    context = trusting(door.daemon) if verify else ssl._create_unverified_context()
    with door.connect(context) as sock:
        assert isinstance(sock, ssl.SSLSocket)
        return sock.getpeercert(binary_form=True) or b""


def test_sighup_takes_a_new_certificate(daemon: Daemon) -> None:
    """On both ports, for new connections; those that are open go on with the old one."""
    doors = [Door(daemon, name) for name in TCP_DOORS]
    first = {certificate(door) for door in doors}
    assert len(first) == 1
    with doors[0].connect(trusting(daemon)) as old:
        make_certificate(Path(daemon.config["https"]["cert"]).parent, "second")
        daemon.tell(signal.SIGHUP)
        for door in doors:
            eventually(lambda: certificate(door, verify=False) not in first, 10)  # noqa: B023  # called at once
        assert len({certificate(door) for door in doors}) == 1
        old.sendall(doors[0].head("GET", "/", "Host: x"))
        assert old.recv(1 << 16).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize("broken", ["cert.pem", "key.pem"])
def test_a_broken_certificate_keeps_the_old_one(daemon: Daemon, broken: str) -> None:
    """The log says so; the next good one is taken."""
    door = Door(daemon, "api")
    before = certificate(door)
    directory = Path(daemon.config["https"]["cert"]).parent
    (directory / broken).write_text("rubbish")
    daemon.tell(signal.SIGHUP)
    eventually(lambda: "all stays as it was" in daemon.log, 10)
    assert certificate(door, verify=False) == before
    make_certificate(directory, "third")
    daemon.tell(signal.SIGHUP)
    eventually(lambda: certificate(door, verify=False) != before, 10)


def test_a_daemon_does_not_start_in_the_clear_instead(make_daemon: MakeDaemon) -> None:
    """Without its certificate it says what is missing and ends."""
    https = {"enabled": True, "cert": "no.pem", "key": "no.pem"}
    daemon = make_daemon({}, https=https)
    daemon.launch()
    assert daemon.wait() != 0
    assert "no.pem" in daemon.log
    assert "Traceback" not in daemon.log
    assert json.loads((daemon.directory / "config.json").read_text())["https"] == https
