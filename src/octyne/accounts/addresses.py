"""Client addresses in one spelling, and the network that one client controls."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

MAX_ODD_ADDRESS = 64  # characters kept of something that is no IP address


@lru_cache(maxsize=1024)
def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """An IP address, with IPv4 in IPv6's clothes unwrapped; None when it is none."""
    try:
        parsed = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed


def canonical(address: str) -> str:
    """One spelling per address: ``::ffff:10.0.0.1`` is ``10.0.0.1``, zones are left out."""
    parsed = parse_address(address)
    return address[:MAX_ODD_ADDRESS] if parsed is None else str(parsed)


def network(address: str) -> str:
    """What a single client is assumed to own: an IPv4 address, or a whole IPv6 /64."""
    parsed = parse_address(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, 64), strict=False))
    return canonical(address)
