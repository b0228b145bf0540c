"""The client's address: the peer's, or what a trusted proxy says in X-Forwarded-For."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_network,
)

from octyne.accounts.addresses import parse_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def client_address(peer: str, forwarded: Iterable[str], trusted: Iterable[str]) -> str:
    """The address of the client behind any trusted proxies.

    Args:
        peer: address of the connection's other end; "" when it has none.
        forwarded: the X-Forwarded-For headers, in their order.
        trusted: networks whose word counts.

    An entry of the list can be believed only when it was added by a trusted proxy: so the first
    one from the right that isn't itself such a proxy is the client. Behind rubbish nothing counts.
    """
    networks = _networks(tuple(trusted))
    address = parse_address(peer)
    if address is None:
        return peer
    entries = [entry for header in forwarded for entry in header.split(",")]
    while entries and _is_trusted(address, networks):
        earlier = parse_address(_without_port(entries.pop().strip()))
        if earlier is None:
            break
        address = earlier
    return str(address)


def is_trusted_proxy(peer: str, trusted: Iterable[str]) -> bool:
    """Whether headers that only a proxy may set count from this peer."""
    address = parse_address(peer)
    return address is not None and _is_trusted(address, _networks(tuple(trusted)))


@lru_cache(maxsize=8)
def _networks(trusted: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(entry, strict=False) for entry in trusted)


def _is_trusted(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)


def _without_port(entry: str) -> str:
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry
