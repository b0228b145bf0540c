"""Whom to take for the client."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octyne.api.address import client_address, is_trusted_proxy

LOOPBACK = ["127.0.0.0/8", "::1"]
CASES = [
    ("203.0.113.9", ["198.51.100.7"], "203.0.113.9"),
    ("127.0.0.1", [], "127.0.0.1"),
    ("127.0.0.1", ["198.51.100.7"], "198.51.100.7"),
    ("127.0.0.1", ["1.1.1.1, 198.51.100.7"], "198.51.100.7"),
    ("127.0.0.1", ["1.1.1.1", "198.51.100.7"], "198.51.100.7"),
    ("127.0.0.1", ["198.51.100.7, 127.0.0.2"], "198.51.100.7"),
    ("127.0.0.1", ["127.0.0.3, 127.0.0.2"], "127.0.0.3"),
    ("127.0.0.1", ["1.1.1.1, rubbish"], "127.0.0.1"),
    ("127.0.0.1", ["1.1.1.1, rubbish, 127.0.0.2"], "127.0.0.2"),
    ("127.0.0.1", [""], "127.0.0.1"),
    ("127.0.0.1", ["198.51.100.7:4711"], "198.51.100.7"),
    ("::1", ["[2001:db8::1]:4711"], "2001:db8::1"),
    ("::1", ["2001:db8::1"], "2001:db8::1"),
    ("::ffff:127.0.0.1", ["198.51.100.7"], "198.51.100.7"),
    ("::ffff:203.0.113.9", [], "203.0.113.9"),
    ("fe80::1%eth0", [], "fe80::1"),
    ("", ["198.51.100.7"], ""),
]


@pytest.mark.parametrize(("peer", "forwarded", "expected"), CASES)
def test_only_trusted_proxies_are_believed(peer: str, forwarded: list[str], expected: str) -> None:
    """The rightmost entry that isn't one of them."""
    assert client_address(peer, forwarded, LOOPBACK) == expected


def test_nobody_is_trusted_without_the_setting() -> None:
    """An empty list switches it off."""
    assert client_address("127.0.0.1", ["198.51.100.7"], []) == "127.0.0.1"
    assert not is_trusted_proxy("127.0.0.1", [])
    assert is_trusted_proxy("127.0.0.1", LOOPBACK)


@given(st.lists(st.text()))
def test_rubbish_does_no_harm(forwarded: list[str]) -> None:
    """Whatever is sent, an address comes out."""
    assert client_address("127.0.0.1", forwarded, LOOPBACK)
