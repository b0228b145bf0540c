"""A browser whose pages may have no errors and break no rule of their content policy."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from octyne.api import assets
from support import needs
from support.browser import FLAGS, Window
from support.daemon import Daemon
from support.folder import Folder

MakeDaemon = Callable[..., Daemon]
OpenWindow = Callable[..., Window]


@pytest.fixture(scope="session", autouse=True)
def _built() -> None:
    if not (assets.DIRECTORY / assets.START_PAGE).exists():
        pytest.fail("The dashboard is not built (make dashboard).")


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    path = needs.program("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def pages(browser: Browser) -> Iterator[Any]:
    """Makes signed-out pages; afterwards none of them may have had a fault."""
    made: list[Window] = []

    def make(daemon: Any, **options: Any) -> Window:
        made.append(Window(browser, daemon, **options))
        return made[-1]

    yield make
    for window in made:
        assert window.faults() == []


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The app's directory."""
    directory = tmp_path / "home"
    (directory / "world" / "region").mkdir(parents=True)
    (directory / "server.properties").write_text("motd=old\nport=1\n")
    for name in ("a.txt", "b.txt", "c.txt"):
        (directory / name).write_text(f"this is {name}\n")
    (directory / "world" / "level.dat").write_bytes(bytes(range(256)) * 40)
    return directory


@pytest.fixture
def folder(make_daemon: MakeDaemon, pages: OpenWindow, home: Path) -> Folder:
    """The tab, signed in, with the top folder shown."""
    daemon = make_daemon({"mc": {"command": ["cat"], "directory": str(home)}}).start()
    window = pages(daemon).open_app("mc", "files").sign_in()
    expect(window.page.locator('[data-name="a.txt"]')).to_be_visible()
    return Folder(window, home)


@pytest.fixture
def directory(request: pytest.FixtureRequest) -> Path:
    """Where the pictures go."""
    path = Path(request.config.getoption("--screenshots"))
    path.mkdir(parents=True, exist_ok=True)
    return path
