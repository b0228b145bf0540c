"""Entity tags: equal means unchanged."""

import os
from pathlib import Path

import pytest

from octyne.errors import PreconditionFailedError
from octyne.files.etags import Condition, etag, parse


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


@pytest.mark.parametrize(
    ("headers", "tags"),
    [
        (["*"], ("*",)),
        ([' "a" , W/"b"'], ('"a"', 'W/"b"')),
        (['"a"', '"b,c"'], ('"a"', '"b,c"')),
        (["a"], ()),
        ([""], ()),
    ],
)
def test_tags_are_parsed(headers: list[str], tags: tuple[str, ...]) -> None:
    """Of one header or several."""
    assert parse(headers) == tags


HOLDS = [
    (Condition(), None),
    (Condition(), '"a"'),
    (Condition(match=("*",)), '"a"'),
    (Condition(match=('"b"', '"a"')), '"a"'),
    (Condition(none_match=("*",)), None),
    (Condition(none_match=('"b"',)), '"a"'),
]
FAILS = [
    (Condition(match=("*",)), None),
    (Condition(match=('"b"',)), '"a"'),
    (Condition(match=('W/"a"',)), '"a"'),
    (Condition(match=()), '"a"'),
    (Condition(none_match=("*",)), '"a"'),
    (Condition(none_match=('W/"a"',)), '"a"'),
]


@pytest.mark.parametrize(("condition", "current"), HOLDS)
def test_conditions_that_hold(condition: Condition, current: str | None) -> None:
    """None stands for no file."""
    condition.check(current)


@pytest.mark.parametrize(("condition", "current"), FAILS)
def test_conditions_that_do_not(condition: Condition, current: str | None) -> None:
    """If-Match compares strongly, If-None-Match weakly."""
    with pytest.raises(PreconditionFailedError):
        condition.check(current)
