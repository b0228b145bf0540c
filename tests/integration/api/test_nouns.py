"""Sections 3 and 4 of the contract over HTTP: version, config, accounts, apps; and pages."""

import gzip
import re
from pathlib import Path

import pytest
from aiohttp import ClientSession

from octyne.api import assets
from octyne.api.context import Listener
from octyne.api.pages import NONCE
from octyne.apps.lifecycle import Exit
from octyne.errors import ConflictError
from support.api import Api, FakeApp, FakeStart


async def test_the_version_needs_no_login(stranger: ClientSession) -> None:
    """The API's for clients, ours beside it."""
    for method in ("GET", "POST"):
        async with stranger.request(method, "/") as answer:
            assert answer.status == 200
            assert await answer.json() == {
                "version": "1.4.2",
                "product": "Octyne",
                "productVersion": "9.9.9",
            }


async def test_health_is_public_and_its_details_are_not(
    api: Api, client: ClientSession, stranger: ClientSession
) -> None:
    """200 also when something is wrong: a restart would not mend it."""
    async with stranger.get("/healthz") as answer:
        assert (answer.status, await answer.json()) == (200, {"status": "ok"})
    api.problems.append("The disk is full.")
    async with stranger.get("/healthz") as answer:
        assert (answer.status, await answer.json()) == (200, {"status": "degraded"})
    for known in (client, api.client("", unix=True)):
        async with known.get("/healthz") as answer:
            assert (await answer.json())["problems"] == ["The disk is full."]


async def test_the_config_is_shown_as_it_is(api: Api, client: ClientSession) -> None:
    """Comments included."""
    async with client.get("/config") as answer:
        assert (answer.status, answer.content_type) == (200, "application/json")
        assert await answer.read() == api.config.content
    assert api.audit.actions[-1]["action"] == "config.view"


@pytest.mark.parametrize("path", ["/config", "/config/reload"])
async def test_an_unreadable_config_is_500(
    api: Api, client: ClientSession, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The details are in the log only."""
    api.config.is_broken = True
    async with client.get(path) as answer:
        expected = (500, {"error": "An error occurred while reading config!"})
        assert (answer.status, await answer.json()) == expected
    assert "/secret/place" in caplog.text
    assert api.audit.actions == []


async def test_the_config_is_replaced(api: Api, client: ClientSession) -> None:
    """By the body as it is."""
    async with client.patch("/config", data=b'{"port": 1} // new') as answer:
        assert (answer.status, await answer.json()) == (200, {"success": True})
    assert api.config.content == b'{"port": 1} // new'
    assert api.audit.actions[-1]["action"] == "config.edit"


async def test_a_wrong_config_is_400(api: Api, client: ClientSession) -> None:
    """The fixed text for clients that compare it, and the reason for people."""
    async with client.patch("/config", data=b"{'a': 1}") as answer:
        assert (answer.status, await answer.json()) == (
            400,
            {"error": "Invalid JSON body!", "reason": "config.json, line 3: no."},
        )
    assert api.audit.actions == []


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
async def test_reload(api: Api, client: ClientSession, method: str) -> None:
    """By any of the historic methods."""
    async with client.request(method, "/config/reload") as answer:
        assert answer.status == 200
    assert api.audit.actions[-1]["action"] == "config.reload"


async def test_accounts_are_listed(api: Api, client: ClientSession) -> None:
    """Names only; an empty list is a list."""
    async with client.get("/accounts") as answer:
        assert (answer.status, await answer.json()) == (200, ["admin"])
    api.accounts.passwords.clear()
    async with client.get("/accounts") as answer:
        assert await answer.json() == []


async def test_accounts_are_created(api: Api, client: ClientSession) -> None:
    """And never a password in the action log."""
    new = {"username": "new", "password": "hidden"}
    async with client.post("/accounts", json=new) as answer:
        assert (answer.status, await answer.json()) == (200, {"success": True})
    assert api.audit.actions == [
        {"action": "accounts.create", "user": "admin", "ip": "127.0.0.1", "newUser": "new"}
    ]
    async with client.post("/accounts", json=new) as answer:
        assert (answer.status, await answer.json()) == (409, {"error": "User already exists!"})


@pytest.mark.parametrize(
    "body", [{}, {"username": "x"}, {"password": "x"}, {"username": None, "password": "x"}]
)
async def test_new_accounts_need_both(client: ClientSession, body: dict[str, str | None]) -> None:
    """Null counts as missing."""
    async with client.post("/accounts", json=body) as answer:
        expected = (400, {"error": "Username or password not provided!"})
        assert (answer.status, await answer.json()) == expected


CHANGES = [
    ("?username=admin", {"username": "root"}, ("admin", "root", None), "root", False),
    ("?username=admin", {"password": "p"}, ("admin", None, "p"), "admin", True),
    ("?username=admin", {"username": "a", "password": "p"}, ("admin", "a", "p"), "a", True),
    (
        "?username=admin",
        {"username": "admin", "password": "p"},
        ("admin", None, "p"),
        "admin",
        True,
    ),
    ("", {"username": "admin", "password": "p"}, ("admin", None, "p"), "admin", True),
]


@pytest.mark.parametrize(("query", "body", "change", "updated", "with_password"), CHANGES)
async def test_accounts_are_changed(
    api: Api,
    client: ClientSession,
    query: str,
    body: dict[str, str],
    change: tuple[str, str | None, str | None],
    updated: str,
    *,
    with_password: bool,
) -> None:
    """The query names the account, else the body."""
    async with client.patch(f"/accounts{query}", json=body) as answer:
        assert (answer.status, await answer.json()) == (200, {"success": True})
    assert api.accounts.updates == [(*change, "admin")]
    assert api.audit.actions[-1] == {
        "action": "accounts.update",
        "user": "admin",
        "ip": "127.0.0.1",
        "updatedUser": updated,
        "oldUsername": "admin",
        "changedPassword": with_password,
    }


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("", {"username": "admin"}),
        ("", {"password": "p"}),
        ("?username=", {"password": "p"}),
        ("?username=admin", {}),
        ("?username=admin", {"username": "admin"}),
        ("?username=admin", {"username": "", "password": ""}),
    ],
)
async def test_changes_that_change_nothing_are_400(
    client: ClientSession, query: str, body: dict[str, str]
) -> None:
    """The exact text."""
    async with client.patch(f"/accounts{query}", json=body) as answer:
        expected = (400, {"error": "Username or password not provided!"})
        assert (answer.status, await answer.json()) == expected


async def test_unknown_accounts_are_404(client: ClientSession) -> None:
    """For changes and for deletion."""
    expected = (404, {"error": "User does not exist!"})
    async with client.patch("/accounts?username=nobody", json={"password": "p"}) as answer:
        assert (answer.status, await answer.json()) == expected
    async with client.delete("/accounts?username=nobody") as answer:
        assert (answer.status, await answer.json()) == expected


async def test_accounts_are_deleted(api: Api, client: ClientSession) -> None:
    """By name."""
    async with client.delete("/accounts") as answer:
        assert (answer.status, await answer.json()) == (400, {"error": "Username not provided!"})
    async with client.delete("/accounts?username=admin") as answer:
        assert (answer.status, await answer.json()) == (200, {"success": True})
    assert api.audit.actions[-1]["deletedUser"] == "admin"


async def test_a_username_that_is_not_utf8_is_400(client: ClientSession, api: Api) -> None:
    """Not a bug of ours."""
    async with client.delete(f"{api.url('')}/accounts?username=%ff") as answer:
        assert answer.status in (400, 404)


async def test_apps_are_listed(api: Api, client: ClientSession, app: FakeApp) -> None:
    """With numbers, or with more."""
    api.add_app("other").status = 2
    app.to_delete = True
    for method in ("GET", "POST"):
        async with client.request(method, "/servers") as answer:
            assert await answer.json() == {"servers": {"web": 0, "other": 2}}
    async with client.get("/servers?extrainfo=true") as answer:
        assert await answer.json() == {
            "servers": {
                "web": {"status": 0, "toDelete": True},
                "other": {"status": 2, "toDelete": False},
            }
        }
    async with client.get("/servers?extrainfo=false") as answer:
        assert await answer.json() == {"servers": {"web": 0, "other": 2}}


async def test_an_app_is_shown(client: ClientSession, app: FakeApp) -> None:
    """Whole numbers without a point, toDelete only when so."""
    async with client.get("/server/web") as answer:
        text = await answer.text()
        shown = await answer.json()
    assert answer.status == 200
    assert shown == {
        "status": 0,
        "cpuUsage": 0,
        "memoryUsage": 0,
        "totalMemory": 8 << 30,
        "uptime": 0,
        "state": "stopped",
        "pid": 0,
        "restarts": 0,
        "desired": "stopped",
        "desiredBy": "config",
        "desiredTime": 0,
    }
    assert not re.search(r"\d\.\d|\de\d", text)


async def test_a_running_app_is_shown(client: ClientSession, app: FakeApp) -> None:
    """With its usage."""
    app.status, app.state, app.pid, app.uptime = 1, "running", 77, 12_345_678_901_234_567
    app.usage.cpu_percent, app.usage.memory_bytes = 12.3456, 1 << 40
    app.desired.running = app.to_delete = True
    app.exit = Exit("run", None, 9, "", "", 1_700_000_000_000)
    async with client.get("/server/web") as answer:
        shown = await answer.json()
    assert shown["cpuUsage"] == 12.35
    assert shown["memoryUsage"] == 1 << 40
    assert shown["uptime"] == 12_345_678_901_234_567
    assert shown["toDelete"] is True
    assert shown["lastExit"] == {"time": 1_700_000_000_000, "signal": 9}
    assert (shown["pid"], shown["desired"]) == (77, "running")


WORDS = [
    (b"START", "start", "server.start"),
    (b"start", "start", "server.start"),
    (b"TERM", "stop", "server.stop"),
    (b"Term", "stop", "server.stop"),
    (b"KILL", "kill", "server.kill"),
    (b"STOP", "kill", "server.kill"),
    (b"stop", "kill", "server.kill"),
    (b"RESTART", "restart", "server.restart"),
]


@pytest.mark.parametrize(("word", "call", "action"), WORDS)
async def test_apps_are_operated(
    api: Api, client: ClientSession, app: FakeApp, word: bytes, call: str, action: str
) -> None:
    """One word, any case."""
    async with client.post("/server/web", data=word) as answer:
        assert (answer.status, await answer.json()) == (200, {"success": True})
    assert app.calls == [(call, "admin")]
    assert api.audit.actions == [
        {"action": action, "user": "admin", "ip": "127.0.0.1", "server": "web"}
    ]


@pytest.mark.parametrize(
    "body",
    [b"", b"START\n", b" START", b"HALT", b'"START"', "\u017ftart".encode(), b"\xff", b"x" * 999],
)
async def test_other_words_are_400(client: ClientSession, app: FakeApp, body: bytes) -> None:
    """Nothing around it; the long s isn't an S."""
    async with client.post("/server/web", data=body) as answer:
        expected = (400, {"error": "Invalid operation requested!"})
        assert (answer.status, await answer.json()) == expected
    assert app.calls == []


async def test_a_start_that_fails_says_why(client: ClientSession, app: FakeApp) -> None:
    """Still 200, and never under `error`."""
    app.start_result = FakeStart(success=False, reason="There is no such command.")
    async with client.post("/server/web", data="START") as answer:
        expected = (200, {"success": False, "reason": "There is no such command."})
        assert (answer.status, await answer.json()) == expected


async def test_usage_of_the_last_hour(client: ClientSession, app: FakeApp) -> None:
    """Oldest first."""
    async with client.get("/server/web/usage") as answer:
        assert await answer.json() == {
            "totalMemory": 8 << 30,
            "samples": [
                {"time": 1_700_000_000_000, "cpuUsage": 1.5, "memoryUsage": 100},
                {"time": 1_700_000_000_000, "cpuUsage": 2, "memoryUsage": 200},
            ],
        }


async def test_the_log_is_paged(client: ClientSession, app: FakeApp) -> None:
    """Backwards from the end, forwards from an offset, searched."""
    await app.prints("".join(f"line {number}\n" for number in range(100)))
    async with client.get("/server/web/console/log?limit=10") as answer:
        assert answer.status == 200
        page = await answer.json()
    assert [line["text"] for line in page["lines"]] == [f"line {n}" for n in range(90, 100)]
    assert (page["start"], page["end"]) == (0, app.feed.end)
    assert "next" not in page
    async with client.get(f"/server/web/console/log?limit=1&until={page['previous']}") as answer:
        assert [line["text"] for line in (await answer.json())["lines"]] == ["line 89"]
    async with client.get("/server/web/console/log?since=0&limit=2") as answer:
        page = await answer.json()
    assert [line["offset"] for line in page["lines"]] == [0, 7]
    assert page["next"] == 14
    async with client.get("/server/web/console/log?since=0&grep=LINE+42") as answer:
        assert [line["text"] for line in (await answer.json())["lines"]] == ["line 42"]


@pytest.mark.parametrize(
    "query", ["since=x", "since=-1", "limit=0", "limit=10001", "until=1.5", "since=" + "9" * 30]
)
async def test_wrong_numbers_are_400(client: ClientSession, app: FakeApp, query: str) -> None:
    """With a sentence that names the field."""
    async with client.get(f"/server/web/console/log?{query}") as answer:
        assert answer.status == 400
        assert query.partition("=")[0] in (await answer.json())["error"]


async def test_the_log_is_downloaded(api: Api, client: ClientSession) -> None:
    """As it was printed, under the app's name."""
    app = api.add_app('my "app"')
    text = "".join(f"{number}\r\n" for number in range(50_000))
    await app.prints(text)
    path = "/server/my%20%22app%22/console/log?download=true"
    async with client.get(path) as answer:
        assert await answer.text() == text
        disposition = answer.headers["Content-Disposition"]
    assert disposition == (
        "attachment; filename=\"my _app_.log\"; filename*=UTF-8''my%20%22app%22.log"
    )
    async with client.head(path) as answer:
        assert (answer.status, await answer.read()) == (200, b"")


async def test_domain_errors_keep_their_sentence(client: ClientSession, app: FakeApp) -> None:
    """409 with the text that was raised."""

    async def refuse(by: str) -> FakeStart:
        raise ConflictError("The app is being removed.")

    app.start = refuse  # type: ignore[method-assign]
    async with client.post("/server/web", data="START") as answer:
        expected = (409, {"error": "The app is being removed."})
        assert (answer.status, await answer.json()) == expected


async def test_without_a_built_dashboard_a_page_says_how_to_build_it(
    api: Api, stranger: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With headers that allow nothing but its own style."""
    monkeypatch.setattr(assets, "find", lambda directory: {})
    base = api.url("", Listener.DASHBOARD).removesuffix("/api")
    async with stranger.get(f"{base}/") as answer:
        assert (answer.status, answer.content_type) == (200, "text/html")
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "make dashboard" in await answer.text()
    async with stranger.post(f"{base}/") as answer:
        assert (answer.status, await answer.json()) == (405, {"error": "Only GET is allowed!"})
    async with stranger.get(f"{base}/api") as answer:
        assert (await answer.json())["version"] == "1.4.2"
    async with stranger.get(f"{base}/api/nope") as answer:
        assert (answer.status, list(await answer.json())) == (404, ["error"])


@pytest.fixture
def dashboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small built dashboard in place of the real one."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(f'<script nonce="{NONCE}"></script>')
    (tmp_path / "icon.svg").write_text("<svg/>")
    (tmp_path / "assets" / "a-1.js").write_text("plain")
    (tmp_path / "assets" / "a-1.js.gz").write_bytes(gzip.compress(b"plain"))
    found = assets.find(tmp_path)
    monkeypatch.setattr(assets, "find", lambda directory: found)
    return tmp_path


async def test_any_page_is_the_dashboard_with_a_nonce_of_its_own(
    api: Api, stranger: ClientSession, dashboard: Path
) -> None:
    """Also paths that look like files: apps may have dots in their names."""
    base = api.url("", Listener.DASHBOARD).removesuffix("/api")
    nonces = set()
    for path in ("/", "/apps/v1.2/console", "/index.html"):
        async with stranger.get(f"{base}{path}") as answer:
            assert (answer.status, answer.content_type) == (200, "text/html")
            assert answer.headers["Cache-Control"] == "no-store"
            policy = answer.headers["Content-Security-Policy"]
            assert "unsafe" not in policy
            nonce = re.findall(r'nonce="(.+)"', await answer.text())[0]
            assert f"script-src 'self' 'nonce-{nonce}'" in policy
            nonces.add(nonce)

    assert len(nonces) == 3
    async with stranger.get(f"{base}/assets/gone-2.js") as answer:
        assert answer.status == 404
    async with stranger.post(f"{base}/x") as answer:
        assert answer.status == 404


async def test_files_of_the_dashboard_are_kept_by_browsers(
    api: Api, stranger: ClientSession, dashboard: Path
) -> None:
    """For ever where the name says which version it is; else they ask whether it has changed."""
    base = api.url("", Listener.DASHBOARD).removesuffix("/api")
    async with stranger.get(f"{base}/assets/a-1.js", headers={"Accept-Encoding": ""}) as answer:
        assert (answer.status, await answer.text()) == (200, "plain")
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Vary"] == "Accept-Encoding"
    async with stranger.head(
        f"{base}/assets/a-1.js", headers={"Accept-Encoding": "gzip"}
    ) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
    async with stranger.get(f"{base}/icon.svg") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        tag = answer.headers["ETag"]
    async with stranger.get(f"{base}/icon.svg", headers={"If-None-Match": tag}) as answer:
        assert (answer.status, await answer.read()) == (304, b"")


async def test_a_page_comes_back_after_an_upgrade_beside_the_daemon(
    api: Api, stranger: ClientSession, dashboard: Path
) -> None:
    """Files that have gone are looked for anew."""
    base = api.url("", Listener.DASHBOARD).removesuffix("/api")
    async with stranger.get(f"{base}/icon.svg") as answer:
        assert answer.status == 200
    page = (dashboard / "index.html").read_text()
    (dashboard / "index.html").unlink()
    async with stranger.get(f"{base}/") as answer:
        assert answer.status == 404
    (dashboard / "index.html").write_text(page)
    async with stranger.get(f"{base}/") as answer:
        assert answer.status == 200


async def test_all_apps_in_one_answer(api: Api, client: ClientSession, app: FakeApp) -> None:
    """Each as its own route shows it."""
    async with client.get("/servers?details=true") as answer:
        everything = await answer.json()
    async with client.get("/server/web") as answer:
        alone = await answer.json()

    assert everything["servers"]["web"].keys() == alone.keys()


async def test_the_action_log_is_read_back(api: Api, client: ClientSession) -> None:
    """With what is asked for."""
    api.audit.actions.append({"action": "server.start", "user": "admin"})
    async with client.get("/log?limit=5&before=2.5&user=admin&server=web&action=x") as answer:
        assert (answer.status, await answer.json()) == (
            200,
            {"actions": [{"ts": 1.5, "action": "server.start", "user": "admin"}]},
        )
    assert api.audit.asked == [5, 2.5, "admin", "web", "x"]
    async with client.get("/log") as answer:
        assert api.audit.asked == [100, None, None, None, None]
    for wrong in ("before=x", "before=1e5", "limit=0"):
        async with client.get(f"/log?{wrong}") as answer:
            assert answer.status == 400
