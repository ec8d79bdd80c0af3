"""Which IP addresses may be fetched from: only those of the public internet. Pure.

All ranges of IANA's special-purpose registries are denied (RFC 6890 and its successors). An IPv6
address that embeds an IPv4 address (mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP) is
judged by the embedded address too, so that no private address can be reached in disguise.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_DENIED_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and the clouds' metadata services
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # IETF protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relay anycast, deprecated
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_GLOBAL_V6 = IPv6Network("2000::/3")
"""The range that IANA has allocated for global unicast; everything else is denied."""
_DENIED_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # IETF protocol assignments: benchmarks, ORCHID (Teredo is unwrapped before)
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
)
_TEREDO = IPv6Network("2001::/32")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_LAST_32_BITS = tuple(
    IPv6Network(network)
    for network in (
        "::/96",  # IPv4-compatible; also `::` and `::1`, which become 0.0.0.0 and 0.0.0.1
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated (SIIT)
        "64:ff9b::/96",  # NAT64
    )
)
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)
_LOW_32 = 0xFFFF_FFFF


def is_public(text: str) -> bool:
    """Return whether an address, given as text, belongs to the public internet.

    Raises `ValueError` if the text is not one address in its usual form. A zone (``fe80::1%eth0``)
    makes an address local to this machine and so never public.
    """
    address = ip_address(text)
    if isinstance(address, IPv4Address):
        return _is_public_v4(address)
    if address.scope_id is not None:
        return False
    embedded = list(_embedded(address))
    if embedded and not all(_is_public_v4(each) for each in embedded):
        return False
    if any(address in network for network in (*_LAST_32_BITS, _TEREDO, _SIX_TO_FOUR)):
        return True
    return address in _GLOBAL_V6 and not any(address in network for network in _DENIED_V6)


def _is_public_v4(address: IPv4Address) -> bool:
    return not any(address in network for network in _DENIED_V4)


def _embedded(address: IPv6Address) -> Iterator[IPv4Address]:
    """Yield the IPv4 addresses that are embedded in an IPv6 address."""
    value = int(address)
    if any(address in network for network in _LAST_32_BITS):
        yield IPv4Address(value & _LOW_32)
    elif address in _SIX_TO_FOUR:
        yield IPv4Address(value >> 80 & _LOW_32)
    elif address in _TEREDO:
        yield IPv4Address(value >> 64 & _LOW_32)  # the server
        yield IPv4Address(~value & _LOW_32)  # the client, written inverted
    if value >> 32 & _LOW_32 in _ISATAP:
        yield IPv4Address(value & _LOW_32)
