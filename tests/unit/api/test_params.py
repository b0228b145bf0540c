"""Query fields and JSON."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octyne.api import params
from octyne.errors import InvalidError


def test_of_a_repeated_field_the_first_counts() -> None:
    """As Go's reads it."""
    assert params.parse_query("a=1&a=2&b=&c") == {"a": "1", "b": "", "c": ""}
    assert params.parse_query("") == {}
    assert params.parse_query("a=b+c%20d%2B") == {"a": "b c d+"}


def test_too_many_fields_are_refused() -> None:
    """They would only cost."""
    with pytest.raises(InvalidError):
        params.parse_query("&".join(f"a{number}=1" for number in range(101)))


def test_text_must_be_utf8() -> None:
    """The field is named."""
    with pytest.raises(InvalidError, match="path"):
        params.text(params.parse_query("path=%ff"), "path")
    assert params.text({}, "path") == ""
    assert params.text(params.parse_query("path=%C3%BC"), "path") == "ü"


@pytest.mark.parametrize(("value", "is_on"), [("true", True), ("True", False), ("1", False)])
def test_only_true_is_true(value: str, *, is_on: bool) -> None:
    """The one word that clients send."""
    assert params.flag({"x": value}, "x") is is_on


@pytest.mark.parametrize("value", ["x", "-1", "1.0", "1e3", "٣", "11", " 1", "9" * 20])
def test_other_numbers_are_refused(value: str) -> None:
    """Out of bounds, or none."""
    with pytest.raises(InvalidError, match="limit"):
        params.number({"limit": value}, "limit", lowest=1, highest=10)


def test_numbers() -> None:
    """Missing and empty are None."""
    assert params.number({"limit": "10"}, "limit", lowest=1, highest=10) == 10
    assert params.number({}, "limit") is None
    assert params.number({"limit": ""}, "limit") is None


def test_the_exact_key_wins() -> None:
    """Others in any case."""
    assert params.string_field({"NAME": "a", "name": "b"}, "name") == "b"
    assert params.string_field({"Name": "a"}, "name") == "a"
    assert params.string_field({"name": None, "NAME": "a"}, "name") == ""
    assert params.string_field({}, "name") == ""


@pytest.mark.parametrize("value", [1, True, [], {}, 1.5])
def test_other_types_are_refused(value: object) -> None:
    """The contract's text."""
    with pytest.raises(InvalidError, match="Invalid JSON body!"):
        params.string_field({"name": value}, "name")


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"null", b"[1]", b"1", b"{}{}", b'{"a":}', b"{'a':1}", b'"\\ud800 x"', b"\xff{}"],
)
def test_other_bodies_are_refused(body: bytes) -> None:
    """Only one whole object."""
    with pytest.raises(InvalidError, match="Invalid JSON body!"):
        params.json_object(body)


@given(st.binary())
def test_any_bytes_are_an_object_or_refused(body: bytes) -> None:
    """Nothing else comes out."""
    with suppress(InvalidError):
        assert isinstance(params.json_object(body), dict)


@given(st.dictionaries(st.text(), st.text()))
def test_objects_come_through(value: dict[str, str]) -> None:
    """As the standard library writes them."""
    assert params.json_object(json.dumps(value, ensure_ascii=False).encode()) == value
