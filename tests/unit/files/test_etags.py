"""Entity tags: equal means unchanged."""

import os
from pathlib import Path

from octyne.files.etags import etag


def test_stays_while_nothing_changes(tmp_path: Path) -> None:
    """Two looks at one state give one tag, quoted as RFC 9110 has it."""
    file = tmp_path / "a"
    file.write_text("one")

    tag = etag(file.stat())

    assert tag == etag(file.stat())
    assert tag.startswith('"')
    assert tag.endswith('"')


def test_differs_after_a_rename_into_its_place(tmp_path: Path) -> None:
    """Replacing a file by one with the same bytes and times is a change."""
    file, other = tmp_path / "a", tmp_path / "b"
    for each in (file, other):
        each.write_text("one")
        os.utime(each, ns=(1, 1))
    before = etag(file.stat())
    other.rename(file)

    assert etag(file.stat()) != before
