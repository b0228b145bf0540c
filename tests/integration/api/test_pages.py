"""The dashboard's pages and files over HTTP."""

import gzip
import re
from pathlib import Path

import pytest
from aiohttp import ClientSession

from octyne.api import assets
from octyne.api.context import Listener
from octyne.api.pages import NONCE
from support.api import Api


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
