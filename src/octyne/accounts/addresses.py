"""Client addresses in one spelling, and the network that one client controls."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

MAX_ODD_ADDRESS = 64  # characters kept of something that is no IP address


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed


def canonical(address: str) -> str:
    """One spelling per address: ``::ffff:10.0.0.1`` is ``10.0.0.1``, zones are left out."""
    parsed = _parsed(address)
    return address[:MAX_ODD_ADDRESS] if parsed is None else str(parsed)


def network(address: str) -> str:
    """What a single client is assumed to own: an IPv4 address, or a whole IPv6 /64."""
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, 64), strict=False))
    return canonical(address)
