"""Much of everything: the daemon answers others meanwhile, and its memory stays bounded."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.daemon import Daemon, running
from support.eventually import eventually
from support.file_operations import APP, TUS, get, metadata
from support.outside import Http, query

MIB = 1 << 20
SLOWEST_S = 1.5  # that anybody else waits; the machine may be busy with other tests
MOST_BYTES = 200 * MIB  # more than before


@pytest.fixture(scope="module")
def flooded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon of its own: its memory is looked at."""
    base = tmp_path_factory.mktemp("floods")
    (base / "app").mkdir()
    app = {"directory": str(base / "app"), "command": ["cat"], "enabled": False}
    with running(base, {"app": app}) as daemon:
        yield daemon


@pytest.fixture
def http(flooded: Daemon) -> Iterator[Http]:
    """Requests to it, while somebody else asks for little things: those are answered in time."""
    http = Http(flooded)
    before, slowest, over = memory(flooded), [0.0], threading.Event()
    Path(f"/proc/{flooded.pid}/clear_refs").write_text("5")  # the peak begins anew

    def ask() -> None:
        other = Http(flooded)
        while not over.is_set():
            assert other("GET", "/").status == 200
            time.sleep(0.005)
        slowest[0] = other.slowest_s
        other.close()

    asking = threading.Thread(target=ask)
    asking.start()
    yield http
    over.set()
    asking.join()
    http.close()

    assert slowest[0] < SLOWEST_S
    assert memory(flooded) - before < MOST_BYTES
    assert "Traceback" not in flooded.log, flooded.log[-3000:]


@pytest.fixture
def home(flooded: Daemon) -> Path:
    """The app's directory."""
    return flooded.directory / "app"


def memory(daemon: Daemon) -> int:
    """The most that it had at any time."""
    text = Path(f"/proc/{daemon.pid}/status").read_text()
    return int(text.partition("VmHWM:")[2].split()[0]) * 1024


def connect(daemon: Daemon, data: bytes) -> socket.socket:
    """Begin a request."""
    raw = socket.socket(socket.AF_UNIX)
    raw.settimeout(10)
    raw.connect(str(daemon.socket_path))
    raw.sendall(data)
    return raw


def test_slow_bodies(http: Http, flooded: Daemon, home: Path) -> None:
    """A bound on how many of an account; the rest is told so; nothing stays when they go."""
    line = "PUT /server/app/file?path=%d HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx"
    with contextlib.ExitStack() as stack:
        slow = [
            stack.enter_context(connect(flooded, (line % number).encode())) for number in range(120)
        ]
        for _ in range(3):
            for raw in slow[:32]:
                raw.sendall(b"x")
        refused = [raw.recv(100) for raw in slow[32:]]
        assert all(answer.startswith(b"HTTP/1.1 429") for answer in refused)
        assert get("files")(http).json == {"contents": []}
    eventually(lambda: not list(home.iterdir()), 10)
    assert http("PUT", f"{APP}/file?path=a", b"x").status == 200


def test_thousands_of_resumable_uploads(http: Http, home: Path) -> None:
    """A hundred are taken."""
    said = {**TUS, "Upload_Length": "9", "Upload_Metadata": metadata(filename="tus")}
    replies = [http("POST", f"{APP}/uploads", **said) for _ in range(600)]
    statuses = [reply.status for reply in replies]

    assert (statuses.count(201), statuses.count(429)) == (100, 500)
    for reply in replies[:100]:
        assert http("DELETE", f"{APP}/{reply.headers['location']}", **TUS).status == 204
    assert not list(home.glob(".octyne-*"))


@pytest.mark.parametrize("route", ["file", "files", "compress?path=x.zip"])
@pytest.mark.parametrize("shape", ["[", '{"a":', '{"operations":[', '[["'])
def test_deep_json(http: Http, route: str, shape: str) -> None:
    """Refused as what it is."""
    body = shape * (400_000 // len(shape))
    method = "POST" if "compress" in route else "PATCH"

    assert http(method, f"{APP}/{route}", body).status in (400, 405)


@pytest.mark.parametrize(
    ("method", "route"),
    [("PATCH", "file"), ("PATCH", "files"), ("POST", "compress?path=x.zip"), ("POST", "folder")],
)
def test_giant_json(http: Http, flooded: Daemon, method: str, route: str) -> None:
    """Not read when it says so; read no further than allowed when it doesn't."""
    head = f"{method} {APP}/{route} HTTP/1.1\r\nHost: x\r\n".encode()
    with connect(flooded, head + b"Content-Length: 99999999999\r\n\r\n[") as raw:
        assert raw.recv(100)[9:12] in (b"413", b"400")
    with connect(flooded, head + b"Transfer-Encoding: chunked\r\n\r\n") as raw:
        piece = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
        with contextlib.suppress(ConnectionError, TimeoutError):
            for _ in range(40):
                raw.sendall(piece)
        raw.settimeout(1)
        with contextlib.suppress(ConnectionError, TimeoutError):
            assert raw.recv(100)[9:12] in (b"413", b"400")


@pytest.mark.parametrize("item", ['""', '"a"', "1", '"' + "a/" * 30_000 + '"'])
def test_long_lists_of_names(http: Http, home: Path, item: str) -> None:
    """As many names as fit into a body: one that is there twice is looked for once."""
    (home / "a").write_text("a")
    body = "[" + ",".join([item] * ((8 * MIB - 2) // (len(item) + 1))) + "]"
    reply = http("POST", f"{APP}/compress?path=x.zip", body)

    assert reply.status == (200 if item in ('""', '"a"') else 400), reply
    (home / "x.zip").unlink(missing_ok=True)


@pytest.mark.parametrize(
    "operation",
    [
        {"operation": "rm", "path": "none"},
        {"operation": "cp", "src": "a", "dest": "b"},
        {"operation": "chmod", "path": "a", "mode": "600"},
        {"operation": "mv", "src": "/".join("d" * 40), "dest": "../" * 40},
    ],
)
def test_ten_thousand_operations(http: Http, home: Path, operation: dict[str, str]) -> None:
    """One fails, or each does: it ends, and nothing is left of it."""
    (home / "a").write_text("a")
    before = sorted(each.name for each in home.iterdir())
    count = 500 if operation["operation"] == "chmod" else 10_000  # each is synced: they build on
    operations = [operation] * count
    body = json.dumps({"operations": operations}, separators=(",", ":"))
    reply = http("PATCH", f"{APP}/files", body[: 2 * MIB])

    assert reply.status in (200, 400, 409), reply
    assert sorted(each.name for each in home.iterdir()) == before


@pytest.mark.parametrize(
    "header",
    [
        b"X-A: " + b"a" * 600_000,
        b"X-A: b\r\n" * 60_000,
        b'Content-Disposition: form-data; name="upload"; filename="' + b"a" * 600_000 + b'"',
        b'Content-Disposition: form-data; name="upload"; filename="' + b"\\" * 600_000,
        b"Content-Disposition: form-data" + b';a="' * 150_000,
        b"Content-Disposition: form-data" + b';a="\\' * 120_000,
        b"Content-Disposition: form-data;" + b" " * 600_000 + b"a",
        b"Content-Disposition: form-data" + b"; a" * 200_000,
        b"Content-Disposition: form-data;" + b"a" * 600_000,
        b"Content-Disposition: form-data;" + b"a =" * 200_000,
        b"Content-Disposition: form-data; filename*=UTF-8''" + b"%41" * 200_000,
    ],
    ids=range(11),
)
def test_huge_headers_in_a_form(http: Http, home: Path, header: bytes) -> None:
    """Whatever is in them: refused soon."""
    before = sorted(home.iterdir())
    body = b"--xxx\r\n" + header + b"\r\n\r\nx\r\n--xxx--\r\n"
    begun = time.monotonic()
    reply = http("POST", f"{APP}/file", body, Content_Type="multipart/form-data; boundary=xxx")

    assert reply.status in (400, 413), reply
    assert time.monotonic() - begun < SLOWEST_S
    assert sorted(home.iterdir()) == before


@pytest.mark.parametrize(
    "name",
    [
        "*a" * 400 + "b",
        "*" * 999,
        "?" * 255,
        "*?" * 400 + "b",
        "*a*?" * 200 + "b",
        "a*" * 400 + "*b",
    ],
)
def test_globs_of_many_stars(http: Http, home: Path, name: str) -> None:
    """On long names: no time that grows with anything but their length."""
    for number in range(300):
        (home / (f"{number:03}" + "a" * 250)).touch()
    begun = time.monotonic()
    reply = get("files/search", name=name, limit="10000")(http)

    assert reply.body.splitlines()[-1].startswith(b'{"finished":true,"cut":""')
    assert time.monotonic() - begun < 4
    for each in home.glob("*aaaa"):
        each.unlink()


def test_contents_that_nearly_fit(http: Http, home: Path) -> None:
    """A long text against a long file of its beginnings."""
    (home / "big").write_bytes(b"a" * (8 * MIB))
    begun = time.monotonic()
    get("files/search", content="a" * 999 + "b")(http)
    get("files/search", content="b" + "a" * 999)(http)

    assert time.monotonic() - begun < 4
    (home / "big").unlink()


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "bytes=" + ",".join(f"{n}-{n}" for n in range(1000))},
        {"Range": "bytes=" + "0-," * 2000},
        {"Range": "bytes=" + "9" * 8000},
        {"Range": "bytes=-" + "9" * 8000},
        {"Range": "bytes=" + "0" * 4000 + "-" + "9" * 4000},
        {"If_None_Match": '"a",' * 2000},
        {"If_None_Match": 'W/"' * 2600},
        {"If_None_Match": '"' * 8000},
        {"If_Match": 'W/"' * 2600},
        {"If_Range": '"' * 8000},
        {"If_Modified_Since": "Mon, 23 Nov 9999999999 00:00:00 GMT"},
        {"If_Modified_Since": " " * 8000},
        {f"X-{n}": "a" for n in range(100)},
    ],
    ids=range(13),
)
def test_floods_of_conditions(http: Http, home: Path, headers: dict[str, str]) -> None:
    """Answered as anything else, and the file only once."""
    (home / "file").write_bytes(b"x" * MIB)
    for _ in range(20):
        for method in ("GET", "HEAD"):
            reply = http(method, f"{APP}/file?path=file", **headers)
            assert reply.status in (200, 206, 304, 412, 416), reply.status
            assert len(reply.body) <= MIB
        assert http("PUT", f"{APP}/file?path=new", b"x", **headers).status in (200, 412)
    (home / "file").unlink()


def test_floods_of_headers(http: Http, flooded: Daemon) -> None:
    """Too many, too long: refused, and the connection is closed."""
    for headers in (b"A: b\r\n" * 1000, b"A: " + b"b" * 100_000 + b"\r\n"):
        for target in (b"files", b"file?path=a", b"uploads"):
            with connect(flooded, b"GET /server/app/" + target + b" HTTP/1.1\r\n" + headers) as raw:
                assert raw.recv(100)[9:12] in (b"400", b"431")
    many = query(path="a") + "&name=a" * 5000
    assert http("GET", f"{APP}/files/download{many[:8000]}").status == 400


def test_deep_paths_that_share_nothing(http: Http, home: Path) -> None:
    """A batch that touches deep trees remembers no more than the trees are."""
    deep = "/".join("d" * 100)
    for number in range(12):
        (home / f"t{number}" / deep).mkdir(parents=True)
    operations = [
        {"operation": "chmod", "path": f"t{number}/{deep}", "mode": "700"} for number in range(12)
    ]
    body = json.dumps({"operations": operations})

    assert http("PATCH", f"{APP}/files", body).status == 200
    for number in range(12):
        assert http("DELETE", f"{APP}/file?path=t{number}").status == 200
