"""Resolve host names and open sockets, to public addresses only. Edge (DNS, sockets).

aiohttp connects to exactly the addresses that this resolver returns, so a name whose answer changes
between two look-ups (DNS rebinding), or a redirect to another name, is checked like the first one.
A URL with a literal address is never resolved: `urls` checks its text. Every address is checked
once more when its socket is opened, so there is no connection that this module has not allowed.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from ipaddress import IPv6Address, ip_address

from aiohttp import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult

from collage_lambda.download.addresses import is_public
from collage_lambda.download.urls import AllowedSources, is_allowed

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host and port as text; raises `OSError` if there are none."""


class BlockedAddressError(OSError):
    """A name resolves to, or a socket would connect to, an address that is not public."""


class GuardedResolver(AbstractResolver):
    """Resolves names and opens sockets, and refuses addresses that are not public.

    One such address among public ones is enough: no CDN has that, only an attack or a mistake.
    """

    def __init__(self, lookup: Lookup, allowed: AllowedSources) -> None:
        """Resolve by `lookup`; sources in `allowed` may have any address."""
        self._lookup, self._allowed = lookup, allowed
        self._permitted = set(allowed)
        """Addresses and ports that may be connected to although they are not public."""

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - both families are returned; aiohttp tries them in turn
    ) -> list[ResolveResult]:
        """Return the addresses to connect to; `BlockedAddressError` if one is not public."""
        addresses = await self._lookup(host, port)
        if is_allowed(host, port, self._allowed):
            self._permitted.update((address, port) for address in addresses)
        else:
            for address in addresses:
                if not _is_public(address):
                    msg = f"{host[:60]} resolves to {address}"
                    raise BlockedAddressError(msg)
        return [_result(host, address, port) for address in addresses]

    def open_socket(self, target: AddrInfoType) -> socket.socket:
        """Return a socket for `target`; raises `BlockedAddressError` if it is not allowed.

        aiohttp calls it as `socket_factory` before every connection.
        """
        family, kind, protocol, _, (address, port, *_) = target
        if (address, port) not in self._permitted and not _is_public(str(address)):
            msg = f"{address} is not public"
            raise BlockedAddressError(msg)
        return socket.socket(family, kind, protocol)

    async def close(self) -> None:
        """Do nothing: there is nothing to close."""


def _is_public(address: str) -> bool:
    try:
        return is_public(address)
    except ValueError:  # the look-up returned something that is not an address
        return False


def _result(host: str, address: str, port: int) -> ResolveResult:
    is_v6 = isinstance(ip_address(address), IPv6Address)
    return ResolveResult(
        hostname=host,
        host=address,
        port=port,
        family=socket.AF_INET6 if is_v6 else socket.AF_INET,
        proto=0,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )


def system_lookup(threads: Executor) -> Lookup:
    """Return a look-up by the operating system's resolver, in `threads`.

    Not in the event loop's own threads: closing the loop would wait for a look-up that hangs.
    """

    async def lookup(host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(threads, _getaddrinfo, host, port)
        return list(dict.fromkeys(found))

    return lookup


def _getaddrinfo(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [_with_zone(sockaddr) for *_, sockaddr in found]


def _with_zone(sockaddr: tuple[object, ...]) -> str:
    address = str(sockaddr[0])
    scope = sockaddr[3] if len(sockaddr) > 3 else 0  # noqa: PLR2004 - an IPv6 socket address: host, port, flow, scope
    return f"{address}%{scope}" if scope and "%" not in address else address
