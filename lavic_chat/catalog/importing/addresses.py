"""Which addresses are of the public network, so that no catalogue can make this machine call on its own neighbours.

The standard library knows the registries of special addresses as of its version; what they have come to hold since, and
what it counts otherwise, is named here, so that every Python judges alike.
"""

import ipaddress
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")  # NAT64: an IPv4 address behind a translator
# IANA's IPv4 and IPv6 special-purpose address registries, where a Python may not have them.
SPECIAL = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.0.0.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.175.48.0/24", "198.18.0.0/15",
            "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "2001:db8::/32", "2620:4f:8000::/48",
            "3fff::/20", "5f00::/16", "fec0::/10", "::/96",
        ),
    )
)  # fmt: skip
ISATAP = (0x00005EFE, 0x02005EFE)  # the third quarter of an IPv6 address whose last one is an IPv4 address


def is_public(address: str) -> bool:
    """Whether an address is of the public network, and so is every one that it stands for. Raises ValueError for what
    is no address."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address) and parsed in TRANSLATED:  # reserved itself; what is behind it counts
        return is_plainly_public(IPv4Address(int(parsed) & 0xFFFFFFFF))
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        return is_plainly_public(parsed.ipv4_mapped)
    return is_plainly_public(parsed) and all(map(is_plainly_public, inner_addresses(parsed)))


def is_plainly_public(address: IPv4Address | IPv6Address) -> bool:
    """The same of an address by itself."""
    if any(address.version == network.version and address in network for network in SPECIAL):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def inner_addresses(address: IPv4Address | IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that a tunnel's IPv6 address would lead to."""
    if isinstance(address, IPv4Address):
        return
    if address.sixtofour:
        yield address.sixtofour
    if int(address) >> 32 & 0xFFFFFFFF in ISATAP:
        yield IPv4Address(int(address) & 0xFFFFFFFF)
