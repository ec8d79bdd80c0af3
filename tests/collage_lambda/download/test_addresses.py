from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collage_lambda.download.addresses import is_public

PRIVATE = [
    "0.0.0.0",  # noqa: S104 - an address to be refused, not to be bound
    "0.255.255.255",
    "10.0.0.0",
    "10.255.255.255",
    "100.64.0.0",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.255",
    "169.254.0.0",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.255.255",
    "172.16.0.0",
    "172.31.255.255",
    "192.0.0.0",
    "192.0.0.255",
    "192.0.2.0",
    "192.0.2.255",
    "192.88.99.1",
    "192.168.0.0",
    "192.168.255.255",
    "198.18.0.0",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.255",
    "224.0.0.0",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fc00::",
    "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fe80::",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "ff02::1",
    "100::1",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "3fff::1",
    "4000::1",
    "64:ff9b:1::808:808",
    "5f00::1",
    "fe80::1%eth0",
    "2606:4700:4700::1111%1",
]
PUBLIC = [
    "1.0.0.0",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.255",
    "192.0.3.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "8.8.8.8",
    "2606:4700:4700::1111",
    "2001:200::1",
    "2400::",
    "2a00:1450:4001:81b::200e",
    "3ffe::1",
]
EMBEDDINGS = {
    "mapped": "::ffff:{dotted}",
    "compatible": "::{dotted}",
    "translated": "::ffff:0:{dotted}",
    "nat64": "64:ff9b::{dotted}",
    "6to4": "2002:{high}:{low}::",
    "teredo client": "2001:0:808:808::{not_high}:{not_low}",
    "teredo server": "2001:0:{high}:{low}::f7f7:f7f7",
    "isatap": "2606:4700::5efe:{dotted}",
    "isatap, universal": "2606:4700::200:5efe:{dotted}",
}


def embed(form: str, address: str) -> str:
    value = int(IPv4Address(address))
    high, low = value >> 16, value & 0xFFFF
    return EMBEDDINGS[form].format(
        dotted=address,
        high=f"{high:x}",
        low=f"{low:x}",
        not_high=f"{high ^ 0xFFFF:x}",
        not_low=f"{low ^ 0xFFFF:x}",
    )


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_reserved_by_iana_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_next_to_a_reserved_range_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("form", EMBEDDINGS)
@pytest.mark.parametrize(
    "address", ["10.0.0.1", "127.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254"]
)
def test_a_private_address_within_an_ipv6_address_is_not_public(form: str, address: str) -> None:
    assert not is_public(embed(form, address))


@pytest.mark.parametrize("form", EMBEDDINGS)
def test_a_public_address_within_an_ipv6_address_stays_public(form: str) -> None:
    assert is_public(embed(form, "8.8.4.4"))


@pytest.mark.parametrize(
    "text", ["", "localhost", "127.1", "0177.0.0.1", "0x7f.0.0.1", "2130706433", "1.2.3.4.5", "::g"]
)
def test_what_is_not_one_address_in_its_usual_form_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        is_public(text)


@given(st.integers(0, 2**32 - 1))
def test_python_and_we_agree_on_what_is_private(value: int) -> None:
    address = IPv4Address(value)
    if address.is_private or address.is_multicast or address.is_reserved:
        globally_reachable_exceptions = {"192.0.0.9", "192.0.0.10"}
        assert not is_public(str(address)) or str(address) in globally_reachable_exceptions


@given(st.integers(0, 2**128 - 1))
def test_every_ipv6_address_gets_an_answer(value: int) -> None:
    assert is_public(str(IPv6Address(value))) in {True, False}
