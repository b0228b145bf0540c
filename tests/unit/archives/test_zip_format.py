"""Zip headers that the readers of tests/integration/archives don't reach."""

import os
import stat
import struct

import pytest

from octyne.archives import zip_format
from octyne.archives.members import Member
from octyne.archives.zip_format import DEFLATED, MAX_32, STORED, UTF8


def folder(name: str, modified: int = 1_700_000_000) -> Member:
    """A member that is a folder."""
    mode = stat.S_IFDIR | 0o755
    return Member(name, os.stat_result((mode, 1, 1, 1, 0, 0, 0, 0, modified, 0)))


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("a/b", "a/b"),
        ("a\\b", "a\\b"),
        ("..\\b", ".._b"),
        ("a/..\\..\\b", "a/.._.._b"),
        ("\\b", "_b"),
        ("C:\\b", "C:_b"),
        ("a\\\\b", "a__b"),
    ],
)
def test_no_name_leads_out_on_windows(name: str, stored: str) -> None:
    """There a backslash goes through folders; a harmless one stays."""
    assert zip_format.harmless(name) == stored


def test_utf8_is_told() -> None:
    """By bit 11, and only where it holds."""
    assert zip_format.item(folder("ä"), STORED).flags & UTF8
    assert not zip_format.item(folder("a"), STORED).flags & UTF8
    assert not zip_format.item(folder("\udcff"), STORED).flags & UTF8


@pytest.mark.parametrize("seconds", [-(1 << 40), -1, 0, 1 << 31, 1 << 33, 1 << 60])
def test_any_time_makes_a_header(seconds: int) -> None:
    """DOS knows 1980 to 2107, the extended timestamp 1901 to 2038."""
    item = zip_format.item(folder("a", seconds), STORED)

    assert len(item.local()) in (30 + 2, 30 + 2 + 9)


def test_large_sizes_take_zip64() -> None:
    """In the directory only those that don't fit into 32 bits."""
    item = zip_format.item(folder("a"), DEFLATED)
    item.size, item.packed = 5 << 30, 10
    extra = item.central(0)[46 + len(item.name) :]

    assert extra[:12] == struct.pack("<HHQ", 1, 8, 5 << 30)


def test_many_entries_take_zip64() -> None:
    """65,535 of them or more."""
    assert len(zip_format.end(65_534, 1, 1)) == 22
    assert len(zip_format.end(65_535, 1, 1)) == 56 + 20 + 22
    assert len(zip_format.end(1, 1, MAX_32)) == 56 + 20 + 22
