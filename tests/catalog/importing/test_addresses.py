"""Which addresses may be fetched from: by the registries, however an address is written."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.catalog.importing.addresses import is_public

PRIVATE = (
    "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "0.0.0.0/8",
    "224.0.0.0/4", "240.0.0.0/4", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
    "203.0.113.0/24", "::/128", "::1/128", "fe80::/10", "fec0::/10", "fc00::/7", "ff00::/8", "100::/64", "2001::/23",
    "2001:db8::/32", "3fff::/20", "5f00::/16", "64:ff9b:1::/48",
)  # fmt: skip
INNER = st.sampled_from(["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "10.0.0.0/8", "127.0.0.0/8"]).flatmap(
    lambda network: st.ip_addresses(network=network)
)
FORMS = {  # an IPv6 address that stands for an IPv4 one
    "mapped": lambda inner: f"::ffff:{inner}",
    "compatible": lambda inner: f"::{inner}",
    "translated": lambda inner: f"64:ff9b::{inner}",
    "translated locally": lambda inner: f"64:ff9b:1::{inner}",
    "6to4": lambda inner: str(ipaddress.IPv6Address((0x2002 << 112) | (int(ipaddress.ip_address(inner)) << 80) | 1)),
    "isatap": lambda inner: f"2606:4700::5efe:{inner}",
    "teredo": lambda inner: str(
        ipaddress.IPv6Address((0x20010000 << 96) | (int(ipaddress.ip_address(inner)) ^ 0xFFFFFFFF))
    ),
}


@given(st.sampled_from(PRIVATE).flatmap(lambda network: st.ip_addresses(network=network)))
def test_no_special_address_is_public(address):
    assert not is_public(str(address)) and not is_public(f"{address}%eth0")


@pytest.mark.parametrize("form", FORMS)
@given(inner=INNER)
def test_no_form_hides_an_address_that_is_not_public(form, inner):
    assert not is_public(FORMS[form](inner))


@pytest.mark.parametrize(
    "address",
    ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822", "::ffff:93.184.216.34", "2002:5db8:d822::1"],
)
def test_public_addresses_are_known(address):
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_a_translated_address_is_as_public_as_the_one_behind_it(address):
    assert is_public(f"64:ff9b::{address}") == is_public(f"::ffff:{address}") == is_public(str(address))


@pytest.mark.parametrize("text", ["", "example.org", "1.2.3", "0x7f000001", "::g"])
def test_what_is_no_address_is_an_error(text):
    with pytest.raises(ValueError, match="not appear to be"):
        is_public(text)
