"""Addresses: one spelling each, and what counts as one client."""

import pytest

from octyne.accounts.addresses import canonical, network


@pytest.mark.parametrize(
    ("address", "spelling", "client"),
    [
        ("192.0.2.1", "192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1"),
        ("2001:DB8:0::1", "2001:db8::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::1", "fe80::/64"),
        ("@local", "@local", "@local"),
        ("x" * 100, "x" * 64, "x" * 64),
    ],
)
def test_addresses(address: str, spelling: str, client: str) -> None:
    """Mapped IPv4 is IPv4, an IPv6 client owns its /64, nonsense is cut short."""
    assert canonical(address) == spelling
    assert network(address) == client
