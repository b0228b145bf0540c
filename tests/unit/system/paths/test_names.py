"""Client paths to parts, as section 5 of the contract has it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octyne.system.paths.names import (
    MAX_NAME_BYTES,
    MAX_PARTS,
    MAX_PATH_BYTES,
    OutsideError,
    PathError,
    check_name,
    join,
    parse,
)


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("", ()),
        ("/", ()),
        (".", ()),
        ("./.", ()),
        ("//", ()),
        ("a", ("a",)),
        ("/a/b", ("a", "b")),
        ("a//b/", ("a", "b")),
        ("./a/./b/.", ("a", "b")),
        ("a/../b", ("b",)),
        ("a/..", ()),
        ("/..", ()),
        ("/../x", ("x",)),
        ("/a/../../../x", ("x",)),
        ("...", ("...",)),
        ("a\\..\\b", ("a\\..\\b",)),
        (" ", (" ",)),
        ("a\nb", ("a\nb",)),
        ("näme/\U0001f600", ("näme", "\U0001f600")),
        ("%2e%2e", ("%2e%2e",)),
        ("..a/b..", ("..a", "b..")),
        ("~/x", ("~", "x")),
        ("C:/x", ("C:", "x")),
    ],
)
def test_parts(path: str, parts: tuple[str, ...]) -> None:
    """Dots and doubled slashes are nothing; every other name is a name."""
    assert parse(path) == parts


@pytest.mark.parametrize("path", ["..", "../x", "a/../..", "a/../../x", "./..", ".//../x"])
def test_relative_paths_beyond_the_top_are_refused(path: str) -> None:
    """Only a leading slash keeps them at the top."""
    with pytest.raises(OutsideError):
        parse(path)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("a\0b", "NUL"),
        ("\0", "NUL"),
        ("a\udcffb", "UTF-8"),
        ("\ud800", "UTF-8"),
        ("a/" * (MAX_PARTS + 1), "deep"),
        ("x" * (MAX_PATH_BYTES + 1), "long"),
    ],
)
def test_what_no_path_can_hold_is_refused(path: str, reason: str) -> None:
    """With half a sentence that says why."""
    with pytest.raises(PathError, match=reason):
        parse(path)


@given(st.text(alphabet="ab./\\ ", max_size=40))
def test_parts_never_climb(path: str) -> None:
    """Whatever the text, its parts are plain names, and parse to themselves."""
    try:
        parts = parse(path)
    except OutsideError:
        return
    assert not {"", ".", ".."} & set(parts)
    assert parse(join(parts)) == parts
    assert parse("/" + join(parts)) == parts


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/", "a\0", "\udc80", "é" * 128])
def test_names_that_are_none(name: str) -> None:
    """A name stands for one file in a folder."""
    with pytest.raises(PathError):
        check_name(name)


@pytest.mark.parametrize("name", ["a", "...", "a\\b", " ", "x" * MAX_NAME_BYTES])
def test_names_that_are_some(name: str) -> None:
    """Any other text up to 255 bytes."""
    assert check_name(name) == name
