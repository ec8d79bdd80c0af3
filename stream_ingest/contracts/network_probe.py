"""The event with which `ops-dashboard doctor` asks a function what it can reach, its answer. Pure.

The event names no host. A function tries the servers of its own settings and, if the event wants
that, those of `INTERNET`: so the event cannot be used to scan a network.
"""

from __future__ import annotations

from typing import Any

import msgspec

KEY = "coverstream_network_probe"
INTERNET = ("p16-sign-va.tiktokcdn.com", "p19-sign.tiktokcdn-us.com", "www.tiktok.com")
"""Public servers; whoever reaches one of them reaches the internet."""


class NetworkProbe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to try besides the servers of ``allowedSources``."""

    internet: bool


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """One server: ``host:port``, and what it answered or why it could not be reached."""

    host: str
    is_reachable: bool
    detail: str


class ProbeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a function could reach."""

    sources: tuple[Reached, ...]
    """Servers of ``allowedSources``."""
    internet: tuple[Reached, ...]
    """Servers of `INTERNET`; empty if they were not to be tried."""


def probe_event(*, internet: bool) -> dict[str, Any]:
    """Return the event of a probe."""
    return {KEY: msgspec.to_builtins(NetworkProbe(internet=internet))}


def probe_of(event: dict[str, Any]) -> NetworkProbe | None:
    """Return the probe in an event; None for an event of anything else.

    Raises `msgspec.ValidationError` for a probe with other fields.
    """
    if set(event) != {KEY}:
        return None
    return msgspec.convert(event[KEY], NetworkProbe)
