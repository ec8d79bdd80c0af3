from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from collage_lambda.download.resolver import BlockedAddressError, GuardedResolver, system_lookup

PUBLIC_V4, PUBLIC_V6 = "93.184.216.34", "2606:4700::1111"


class FakeLookup:
    """Returns a name's addresses; one list after the other for a name whose answer changes."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self._answers = {name: list(lists) for name, lists in answers.items()}

    async def __call__(self, host: str, _port: int) -> Sequence[str]:
        lists = self._answers[host.rstrip(".").lower()]
        return lists.pop(0) if len(lists) > 1 else lists[0]


def resolve(lookup: FakeLookup, host: str, port: int = 443) -> list[tuple[str, int]]:
    resolver = GuardedResolver(lookup, frozenset({("cover", 8000)}))
    results = asyncio.run(resolver.resolve(host, port))
    return [(result["host"], result["family"]) for result in results]


def test_public_addresses_of_both_families_are_connected_to() -> None:
    lookup = FakeLookup(cdn=[[PUBLIC_V6, PUBLIC_V4]])
    assert resolve(lookup, "cdn") == [
        (PUBLIC_V6, socket.AF_INET6),
        (PUBLIC_V4, socket.AF_INET),
    ]


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["10.0.0.1", PUBLIC_V4],
        [PUBLIC_V4, "::ffff:10.0.0.1"],
        ["fe80::1%2"],
    ],
)
def test_one_address_that_is_not_public_blocks_the_name(addresses: list[str]) -> None:
    with pytest.raises(BlockedAddressError, match="cdn resolves to"):
        resolve(FakeLookup(cdn=[addresses]), "cdn")


def test_a_name_that_changes_its_address_is_blocked_the_second_time() -> None:
    lookup = FakeLookup(rebind=[[PUBLIC_V4], ["127.0.0.1"]])
    assert resolve(lookup, "rebind")
    with pytest.raises(BlockedAddressError):
        resolve(lookup, "rebind")


def test_an_allowed_source_is_exactly_one_host_and_port() -> None:
    lookup = FakeLookup(cover=[["127.0.0.1"]], other=[["127.0.0.1"]])
    assert resolve(lookup, "COVER", 8000) == [("127.0.0.1", socket.AF_INET)]
    for host, port in (("cover", 8001), ("other", 8000), ("cover.", 8000)):
        with pytest.raises(BlockedAddressError):
            resolve(lookup, host, port)


@pytest.mark.parametrize(
    "host", ["localhost", "localhost.", "127.1", "0x7f.1", "2130706433", "017700000001"]
)
def test_a_name_that_the_system_resolves_to_loopback_is_blocked(host: str) -> None:
    """Some of these are numbers to getaddrinfo: the answer counts, not the text."""
    with ThreadPoolExecutor(1) as threads:
        resolver = GuardedResolver(system_lookup(threads), frozenset())
        with pytest.raises(OSError, match=r"resolves to|not known|No address"):
            asyncio.run(resolver.resolve(host, 80))
