"""Who may: strangers, pages of other origins, tickets, other accounts, names of apps as paths."""

import json
import string
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from support.daemon import Daemon
from support.file_operations import APP, TUS, get, metadata, pack, unpack
from support.outside import Http, Reply, World, form

# Method, what follows the app, body.
ROUTES = [
    ("GET", "files", ""),
    ("GET", "files/search?name=a", ""),
    ("GET", "files/usage", ""),
    ("GET", "files/download", ""),
    ("GET", "file?path=a.txt", ""),
    ("HEAD", "file?path=a.txt", ""),
    ("PATCH", "files", '{"operations":[{"operation":"rm","path":"a.txt"}]}'),
    ("PATCH", "file", '{"operation":"mv","src":"a.txt","dest":"b.txt"}'),
    ("PUT", "file?path=a.txt", "new"),
    ("DELETE", "file?path=a.txt", ""),
    ("POST", "file?path=", "FORM"),
    ("POST", "folder?path=new", ""),
    ("POST", "uploads", "TUS"),
    ("GET", "uploads/" + "0" * 32, ""),
    ("HEAD", "uploads/" + "0" * 32, ""),
    ("PATCH", "uploads/" + "0" * 32, "new"),
    ("DELETE", "uploads/" + "0" * 32, ""),
    ("POST", "compress?path=new.zip", '["a.txt"]'),
    ("POST", "compress/v2?path=new.zip", '["a.txt"]'),
    ("GET", "compress?token=" + "0" * 32, ""),
    ("DELETE", "compress?token=" + "0" * 32, ""),
    ("GET", "compress/v2?token=" + "0" * 32, ""),
    ("DELETE", "compress/v2?token=" + "0" * 32, ""),
    ("POST", "decompress?path=a.zip", "new"),
    ("GET", "decompress?token=" + "0" * 32, ""),
    ("DELETE", "decompress?token=" + "0" * 32, ""),
]
WITH_TICKET = ("files/download", "file?path=a.txt")


def call(http: Http, method: str, target: str, body: str, **headers: str) -> Reply:
    """One of the routes, as it should be called."""
    data = body.encode()
    if body == "FORM":
        data, headers["Content_Type"] = form("new.txt")
    if "uploads" in target:
        headers |= {**TUS, "Upload_Offset": "0", "Content_Type": "application/offset+octet-stream"}
    if body == "TUS":
        data = b"new"
        headers |= {"Upload_Length": "3", "Upload_Metadata": metadata(filename="new.txt")}
    return http(method, target, data, **headers)


def names(world: World) -> list[str]:
    """All in the app's directory."""
    return sorted(str(each.relative_to(world.home)) for each in world.home.rglob("*"))


def unchanging(reply: Reply) -> tuple[int, bytes, list[tuple[str, str]]]:
    """All of an answer but its date."""
    headers = [item for item in reply.headers.items() if item[0] != "date"]
    return reply.status, reply.body, sorted(headers)


@pytest.fixture(scope="session")
def token(session_world: tuple[World, Daemon]) -> str:
    """Of the first account, as long as the tests run."""
    return session_world[1].token()


@pytest.fixture
def tcp(daemon: Daemon) -> Iterator[Http]:
    """A stranger on the API port."""
    http = Http(daemon, port=daemon.port)
    yield http
    http.close()


@pytest.mark.parametrize(("method", "rest", "body"), ROUTES)
def test_strangers(world: World, tcp: Http, method: str, rest: str, body: str) -> None:
    """401, whether there is such an app or not, and nothing happens."""
    before = names(world)
    answers = [
        unchanging(call(tcp, method, f"/server/{app}/{rest}", body, **headers))
        for app in ("app", "none", "..", "%2e%2e%2f", "a" * 300)
        for headers in ({}, {"Authorization": "wrong"}, {"Cookie": "X-Authentication=wrong"})
    ]

    assert answers[0][0] == 401
    assert all(answer == answers[0] for answer in answers)
    assert names(world) == before


@pytest.mark.parametrize(("method", "rest", "body"), ROUTES)
def test_pages_of_other_origins(
    world: World, tcp: Http, token: str, method: str, rest: str, body: str
) -> None:
    """With the cookie of somebody who is logged in: what changes something is refused."""
    before = names(world)
    cookie = {"Cookie": f"X-Authentication={token}"}
    foreign: list[dict[str, str]] = [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ]
    if method in ("GET", "HEAD"):
        for headers in foreign:
            reply = call(tcp, method, f"{APP}/{rest}", body, **cookie, **headers)
            assert "access-control-allow-credentials" not in reply.headers
        return
    replies = [call(tcp, method, f"{APP}/{rest}", body, **cookie, **each) for each in foreign]

    assert [reply.status for reply in replies] == [403] * 4
    assert names(world) == before


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE", "PUT"])
def test_a_method_in_a_header_opens_nothing(
    world: World, tcp: Http, token: str, method: str
) -> None:
    """X-HTTP-Method-Override is for uploads only, and no way round the origin."""
    before = names(world)
    headers = {"X_HTTP_Method_Override": method}
    foreign = {"Cookie": f"X-Authentication={token}", "Origin": "https://evil.example"}
    for rest in ("uploads/" + "0" * 32, "uploads"):
        assert call(tcp, "POST", f"{APP}/{rest}", "", **headers).status in (401, 405)
        assert call(tcp, "POST", f"{APP}/{rest}", "", **headers, **foreign).status in (403, 405)
    reply = call(tcp, "POST", f"{APP}/folder?path=a.txt", "", **headers, Authorization=token)
    assert (reply.status, reply.json["error"]) == (400, "This folder already exists!")
    reply = call(tcp, "POST", f"{APP}/file?path=a.txt", "", **headers, Authorization=token)
    assert reply.status == 404
    assert names(world) == before


@pytest.mark.parametrize(("method", "rest", "body"), ROUTES)
def test_tickets_are_for_downloads(
    world: World, tcp: Http, token: str, method: str, rest: str, body: str
) -> None:
    """Everywhere else they are nothing; nobody can do more with them than read once."""
    before = names(world)
    ticket = quote(tcp("GET", "/ott", Authorization=token).json["ticket"], safe="")
    target = f"{APP}/{rest}{'&' if '?' in rest else '?'}ticket={ticket}"
    first = call(tcp, method, target, body)
    again = call(tcp, method, target, body)

    is_download = method == "GET" and rest in WITH_TICKET
    assert (first.status, again.status) == (200 if is_download else 401, 401)
    assert names(world) == before


def test_uploads_and_jobs_are_their_owners(
    world: World, tcp: Http, http: Http, daemon: Daemon, token: str
) -> None:
    """Another account, and the same one for another app, get what strangers' ids get."""
    daemon.ask("POST", "/accounts", json.dumps({"username": "eve", "password": "eve's password"}))
    eve = daemon.token("eve", "eve's password")
    said = {**TUS, "Upload_Length": "6", "Upload_Metadata": metadata(filename="a")}
    begun = tcp("POST", f"{APP}/uploads", **said, Authorization=token)
    upload = begun.headers["location"]
    (world.home / "a.zip").write_bytes((world.outside / "a.zip").read_bytes())
    jobs = {
        kind: tcp("POST", f"{APP}/{target}&async=true", body, Authorization=token).json["token"]
        for kind, target, body in (
            ("compress", "compress?path=new.zip", '["keep"]'),
            ("decompress", "decompress?path=a.zip", "new"),
        )
    }
    world.watch.events()  # our own look
    piece = {**TUS, "Upload_Offset": "0", "Content_Type": "application/offset+octet-stream"}
    for who, app in ((eve, "app"), (token, "other"), (eve, "other")):
        for method in ("GET", "HEAD", "PATCH", "DELETE"):
            replies = [
                tcp(method, f"/server/{app}/{path}", b"new" if method == "PATCH" else b"", **piece,
                    Authorization=who)
                for path in (upload, "uploads/" + "0" * 32)
            ]  # fmt: skip
            assert replies[0].status == 404
            assert unchanging(replies[0]) == unchanging(replies[1])
        for kind, job in jobs.items():
            for method in ("GET", "DELETE"):
                replies = [
                    tcp(method, f"/server/{app}/{kind}?token={each}", Authorization=who)
                    for each in (job, "0" * 32)
                ]
                assert replies[0].status == 400
                assert unchanging(replies[0]) == unchanging(replies[1])
    for kind, job in (("decompress", jobs["compress"]), ("compress", jobs["decompress"])):
        assert tcp("GET", f"{APP}/{kind}?token={job}", Authorization=token).status == 400
    assert tcp("DELETE", f"{APP}/{upload}", **TUS, Authorization=token).status == 204
    daemon.ask("DELETE", "/accounts?username=eve")


APP_NAMES = [
    "..", ".", "../..", "..%2f..%2f", "%2e%2e", "%2e%2e%2f", "%2e", "..%5c", "..\\",
    "app%2f..%2fapp", "app%2f", "%2fapp", "app%00", "%00", "app%20", "%20app", "app%0a", "App",
    "APP", "app.", "app;", "app;x=1", "app%3f", "app%23", "%c0%ae%c0%ae", "%ff", "app%2ffile",
    "*", "%25", "%2561pp", "app/..", "app/../app", "./app", "/app", "app/.", "x/../app",
    "\u00e0pp", "\uff0e\uff0e", "a" * 5000,
]  # fmt: skip


@pytest.mark.parametrize(
    "route", ["files", "file?path=a.txt", "files/usage", "uploads/x/../../files"]
)
def test_names_of_apps_are_no_paths(world: World, http: Http, route: str) -> None:
    """Only the very name of an app is one: 404 for all else."""
    for name in APP_NAMES:
        reply = http("GET", f"/server/{quote(name, safe=string.punctuation)}/{route}")

        assert reply.status == 404, (name, reply)
        assert reply.json["error"] in (
            "This resource does not exist!",
            "This server does not exist!",
        ), reply
    assert world.home.is_dir()


def test_ids_of_uploads_and_jobs_are_no_paths(world: World, http: Http) -> None:
    """No record of the daemon can be named by them."""
    said = {**TUS, "Upload_Length": "3", "Upload_Metadata": metadata(filename="a")}
    begun = http("POST", f"{APP}/uploads", **said)
    key = begun.headers["location"].rpartition("/")[2]
    ways = ["./$", "%2e%2f$", "$.json", "$%00", "$/", "../uploads/$", "%2e%2e%2fuploads%2f$", "$x"]
    for way in ways:
        wrong = way.replace("$", key)
        assert http("HEAD", f"{APP}/uploads/{wrong}", **TUS).status == 404, wrong
        assert http("DELETE", f"{APP}/uploads/{wrong}", **TUS).status in (404, 405), wrong
        assert get("compress", token=wrong)(http).status == 400
    assert http("DELETE", f"{APP}/uploads/{key}", **TUS).status == 204
    assert pack(http, "zip", "new.zip", "", "a.txt").status == 200
    assert unpack(http, "new.zip", "new").status == 200
