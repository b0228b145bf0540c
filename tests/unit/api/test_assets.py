"""Which files of the built dashboard are served, and in which form."""

from pathlib import Path

import pytest

from octyne.api import assets


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A small dashboard."""
    (tmp_path / "assets").mkdir()
    for name in ("index.html", "icon.svg", "assets/a-1.js", "assets/a-1.js.br", "assets/a-1.js.gz"):
        (tmp_path / name).write_text(name)
    return tmp_path


def test_files_are_found_with_their_forms(built: Path) -> None:
    """Compressed forms belong to their file; they have no address of their own."""
    found = assets.find(built)

    assert set(found) == {"index.html", "icon.svg", "assets/a-1.js"}
    assert set(found["assets/a-1.js"].forms) == {"br", "gzip"}
    assert found["assets/a-1.js"].is_hashed
    assert not found["icon.svg"].is_hashed


def test_without_a_start_page_nothing_is_built(tmp_path: Path) -> None:
    """A directory that a broken build left is no dashboard."""
    (tmp_path / "icon.svg").touch()

    assert assets.find(tmp_path) == {}
    assert assets.find(tmp_path / "missing") == {}


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("br;q=0.0", ""),
        ("", ""),
        ("identity", ""),
    ],
)
def test_the_best_form_that_is_accepted_is_chosen(built: Path, header: str, chosen: str) -> None:
    """And never one that was refused."""
    asset = assets.find(built)["assets/a-1.js"]

    assert asset.choose(header) == chosen
    assert assets.read(asset, chosen) == f"assets/a-1.js{assets.ENCODINGS.get(chosen, '')}".encode()


def test_each_form_has_its_own_tag(built: Path) -> None:
    """A cache must not take one for the other."""
    asset = assets.find(built)["assets/a-1.js"]

    assert len({asset.etag(form) for form in ("", "br", "gzip")}) == 3


def test_a_file_that_has_gone_is_no_fault(built: Path) -> None:
    """An upgrade replaces the files beside a daemon that runs."""
    asset = assets.find(built)["icon.svg"]
    (built / "icon.svg").unlink()

    assert assets.read(asset, "") is None
