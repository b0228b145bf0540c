"""Conditions and ranges, as RFC 9110 has them."""

import pytest

from octyne.api.conditions import State, UnsatisfiableError, Verdict, judge, wanted_range

STATE = State('"abc"', 1_700_000_000, 1000)
DATE, BEFORE, AFTER = (
    "Tue, 14 Nov 2023 22:13:20 GMT",
    "Tue, 14 Nov 2023 22:13:19 GMT",
    "Tue, 14 Nov 2023 22:13:21 GMT",
)
NOW = 1_800_000_000.0


def verdict(**headers: str) -> Verdict:
    """What these headers make of a request."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return judge(lambda name: named.get(name, ""), STATE)


def asked(text: str, if_range: str = "", *, size: int = 1000, now: float = NOW) -> range | None:
    """The range that these headers ask for."""
    headers = {"Range": text, "If-Range": if_range}
    return wanted_range(headers.__getitem__, State('"abc"', 1_700_000_000, size), now)


def test_the_date() -> None:
    """As headers have it."""
    assert STATE.last_modified == DATE


@pytest.mark.parametrize("tags", ['"abc"', 'W/"abc"', '"x", "abc"', '"x",W/"abc"', "*", " * "])
def test_a_copy_that_is_fresh(tags: str) -> None:
    """If-None-Match compares weakly."""
    assert verdict(If_None_Match=tags) is Verdict.UNCHANGED


@pytest.mark.parametrize("tags", ['"x"', "abc", '"ABC"', "'abc'"])
def test_a_copy_that_is_stale(tags: str) -> None:
    """Or no tag at all."""
    assert verdict(If_None_Match=tags) is Verdict.SEND


def test_times_of_copies() -> None:
    """If-Modified-Since counts where there is no If-None-Match."""
    assert verdict(If_Modified_Since=DATE) is Verdict.UNCHANGED
    assert verdict(If_Modified_Since=AFTER) is Verdict.UNCHANGED
    assert verdict(If_Modified_Since=BEFORE) is Verdict.SEND
    assert verdict(If_Modified_Since="yesterday") is Verdict.SEND
    assert verdict(If_Modified_Since=DATE, If_None_Match='"x"') is Verdict.SEND


def test_conditions_that_must_hold() -> None:
    """If-Match compares strongly, and counts before If-Unmodified-Since and all others."""
    assert verdict(If_Match='"abc"') is Verdict.SEND
    assert verdict(If_Match="*") is Verdict.SEND
    assert verdict(If_Match='W/"abc"') is Verdict.FAILED
    assert verdict(If_Match='"x"', If_None_Match='"abc"') is Verdict.FAILED
    assert verdict(If_Match='"abc"', If_Unmodified_Since=BEFORE) is Verdict.SEND
    assert verdict(If_Match='"abc"', If_None_Match='"abc"') is Verdict.UNCHANGED
    assert verdict(If_Unmodified_Since=BEFORE) is Verdict.FAILED
    assert verdict(If_Unmodified_Since=DATE) is Verdict.SEND
    assert verdict(If_Unmodified_Since="nonsense") is Verdict.SEND
    assert verdict() is Verdict.SEND


@pytest.mark.parametrize(
    ("text", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, 1000),
        ("bytes=100-199", 100, 200),
        ("bytes=999-", 999, 1000),
        ("bytes=990-99999999999", 990, 1000),
        ("bytes=-1", 999, 1000),
        ("bytes=-5000", 0, 1000),
        ("Bytes=1-2", 1, 3),
        ("bytes = 1 - 2", 1, 3),
    ],
)
def test_ranges(text: str, start: int, stop: int) -> None:
    """First and last are both in it."""
    assert asked(text) == range(start, stop)


@pytest.mark.parametrize(
    "text",
    ["", "bytes", "bytes=", "bytes=-", "bytes=2-1", "bytes=0-1,4-5", "bytes=a-b", "lines=0-1",
     "bytes=0-1;", "bytes=--1", "bytes=+1-2", "bytes=1.5-2", "bytes=" + "9" * 20 + "-"],
)  # fmt: skip
def test_what_is_answered_whole(text: str) -> None:
    """Nothing, several at once, and what can't be understood."""
    assert asked(text) is None


@pytest.mark.parametrize(
    ("text", "size"), [("bytes=1000-", 1000), ("bytes=1000-1001", 1000), ("bytes=-0", 1000),
                       ("bytes=0-", 0), ("bytes=-1", 0)],
)  # fmt: skip
def test_bytes_that_are_not_there(text: str, size: int) -> None:
    """Behind the end, or none."""
    with pytest.raises(UnsatisfiableError):
        asked(text, size=size)


def test_a_range_of_the_same_state_only() -> None:
    """If-Range compares strongly; a date counts when the file has rested since."""
    assert asked("bytes=0-1", '"abc"') == range(2)
    assert asked("bytes=0-1", DATE) == range(2)
    for other in ('W/"abc"', '"x"', BEFORE, AFTER, "nonsense", '"abc", "x"'):
        assert asked("bytes=0-1", other) is None
        assert asked("bytes=5000-", other) is None
    assert asked("bytes=0-1", DATE, now=1_700_000_000.5) is None
