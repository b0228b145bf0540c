"""A browser whose pages may have no errors and break no rule of their content policy."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from octyne.api import assets
from support import needs
from support.browser import FLAGS, Window


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
