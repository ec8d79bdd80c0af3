"""Which URLs may be requested, judged by their text. Pure.

The text shows scheme, credentials, port and literal addresses; names are checked when they are
resolved (`resolver`). Every hop of a redirect is checked here again.

A signed URL is requested byte for byte as it came: `yarl` must not normalise it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from yarl import URL

from collage_lambda.download.addresses import is_public
from collage_lambda.reasons import Failure, FailureReason

AllowedSources = frozenset[tuple[str, int]]
"""Host (lower case, no brackets) and port of servers that are allowed although not public."""

Ports = frozenset[int]
"""Ports that are allowed for servers outside of `AllowedSources`; an empty set allows any."""

ANY_PORT: Ports = frozenset()
_MAX_PORT = 65_535
MAX_URL_CHARS = 8_000
_ALLOWED_SOURCE = re.compile(r"\[?(?P<host>[^\[\]/@\s]+?)\]?:(?P<port>[0-9]{1,5})")
_BLANK_OR_CONTROL = re.compile(r"[\s\x00-\x20\x7f]")
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,62})\.)*[a-z0-9_][a-z0-9_-]{0,62}\.?")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""With such a last label the host is an IPv4 address (WHATWG URL, "ends in a number")."""


def parse_allowed(text: str) -> AllowedSources:
    """Return comma-separated ``host:port`` pairs; raises `ValueError` naming a malformed one."""
    return frozenset(_pair(part.strip()) for part in text.split(",") if part.strip())


def _pair(text: str) -> tuple[str, int]:
    match = _ALLOWED_SOURCE.fullmatch(text)
    if match is None:
        msg = f"{text!r} is not a host:port pair"
        raise ValueError(msg)
    return match["host"].lower(), int(match["port"])


def parse_ports(text: str) -> Ports:
    """Return comma-separated port numbers; raises `ValueError` naming a malformed one."""
    return frozenset(_port(part.strip()) for part in text.split(",") if part.strip())


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not 0 < int(text) <= _MAX_PORT:
        msg = f"{text!r} is not a port"
        raise ValueError(msg)
    return int(text)


def parse_target(text: str, allowed: AllowedSources, ports: Ports = ANY_PORT) -> URL | Failure:
    """Return the URL to request, byte for byte as it came, or why it may not be requested."""
    if len(text) > MAX_URL_CHARS or _BLANK_OR_CONTROL.search(text):
        return _bad("too long, or contains blanks or control characters")
    try:
        url = URL(text, encoded=text.isascii())
    except (ValueError, UnicodeError):
        return _bad("cannot be parsed")
    return check_target(url, allowed, ports) or url


def check_target(url: URL, allowed: AllowedSources, ports: Ports = ANY_PORT) -> Failure | None:
    """Return why a URL may not be requested, or None."""
    try:
        host, port = url.raw_host, url.port  # parsed only here, since the URL is not normalised
    except (ValueError, UnicodeError):
        return _bad("host or port cannot be parsed")
    if url.scheme not in {"http", "https"} or not host or port is None:
        return _bad("not an http or https URL with a host")
    if "@" in url.raw_authority:
        return _bad("contains credentials")
    if "[" in url.raw_authority and ":" not in host:
        return _bad("brackets without an IPv6 address")
    if is_allowed(host, port, allowed):
        return None
    return _check_port(port, ports) or _check_host(host.lower())


def is_allowed(host: str, port: int, allowed: AllowedSources) -> bool:
    """Return whether exactly this server is allowed by configuration."""
    return (host.lower(), port) in allowed


def _check_port(port: int, ports: Ports) -> Failure | None:
    if ports and port not in ports:
        return Failure(reason=FailureReason.BLOCKED_ADDRESS, detail=f"port {port} is not allowed")
    return None


def _check_host(host: str) -> Failure | None:
    if ":" in host or _NUMERIC_LABEL.fullmatch(host.rstrip(".").rpartition(".")[2]):
        return _check_address(host)
    if not _NAME.fullmatch(host):
        return _bad("host is not a name")
    return None


def _check_address(host: str) -> Failure | None:
    """Check a literal address; refuse any form but the usual one.

    Some resolvers take ``2130706433``, ``0x7f.1`` and ``0177.0.0.1`` for 127.0.0.1. No CDN uses
    such forms.
    """
    try:
        if is_public(host):
            return None
    except ValueError:
        return Failure(reason=FailureReason.BLOCKED_ADDRESS, detail=f"unusual address {host[:60]}")
    return Failure(reason=FailureReason.BLOCKED_ADDRESS, detail=f"{host[:60]} is not public")


def _bad(detail: str) -> Failure:
    return Failure(reason=FailureReason.BAD_URL, detail=detail)


def next_hop(url: URL, location: Iterable[str]) -> URL | Failure:
    """Return the target of a redirect from `url`; it has yet to pass `check_target`.

    Blanks, backslashes and bytes beyond ASCII are read as a browser reads them.
    """
    target = _as_browsers_read(next(iter(location), ""))
    if not target or len(target) > MAX_URL_CHARS or _BLANK_OR_CONTROL.search(target):
        return _bad("redirect without a usable Location")
    try:
        return url.join(URL(target, encoded=target.isascii()))
    except (ValueError, UnicodeError):
        return _bad("redirect to a URL that cannot be parsed")


def _as_browsers_read(location: str) -> str:
    """Return a Location with its path and query encoded; a host beyond ASCII stays as it is."""
    text = location.strip(" \t\r\n\f")
    before, mark, query = text.partition("?")
    address = _ADDRESS.match(before.replace("\\", "/"))
    host, path = (address[0], address.string[address.end() :]) if address else ("", before)
    return host + quote(path + mark + query, safe=_ASCII_SHOWN, errors="surrogateescape")


_ADDRESS = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.\-]*:)?//[^/?#]*")
_ASCII_SHOWN = "".join(map(chr, (*range(0x20), *range(0x21, 0x80))))
"""What `_as_browsers_read` leaves as it is: everything in ASCII but blanks."""
