"""What the build must keep: the start page is small, and nothing comes from elsewhere."""

import re

from octyne.api import assets

MOST_BYTES = 250_000  # of JavaScript that the first page loads, as it is sent


def test_the_first_page_loads_little() -> None:
    """Editor, graphs and console come with the pages that need them."""
    page = (assets.DIRECTORY / assets.START_PAGE).read_text()
    scripts = set(re.findall(r'(?:src|href)="/(assets/[^"]+\.js)"', page))
    found = assets.find(assets.DIRECTORY)
    sent = [assets.read(found[name], "br") for name in scripts]

    assert scripts
    assert sum(len(body or b"") for body in sent) <= MOST_BYTES


def test_the_start_page_names_no_other_host() -> None:
    """Everything is served by the daemon itself."""
    page = (assets.DIRECTORY / assets.START_PAGE).read_text()

    assert "://" not in page
    assert page.count("__CSP_NONCE__") >= 3
