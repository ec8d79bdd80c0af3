"""What the parameters of a connection require of TLS. Pure.

Each parameter allows some of the modes; a connection uses a mode that all of them allow. The names
and the meanings of the modes are MySQL's (``--ssl-mode``).
"""

from __future__ import annotations

from enum import IntEnum

import msgspec

from stream_ingest.contracts.errors import UserError


class TlsMode(IntEnum):
    """How a connection is encrypted, the weakest first."""

    DISABLED = 0
    """Not encrypted."""
    PREFERRED = 1
    """Encrypted if the server offers it, without verification."""
    REQUIRED = 2
    """Encrypted, without verification of the server."""
    VERIFY_CA = 3
    """Encrypted, with a server whose certificate is signed by a known authority."""
    VERIFY_IDENTITY = 4
    """As `VERIFY_CA`, and the certificate is that of the host."""

    @property
    def verifies(self) -> bool:
        """Whether the server is known to be one that an authority has certified."""
        return self >= TlsMode.VERIFY_CA


_ALL = frozenset(TlsMode)


def at_least(mode: TlsMode) -> frozenset[TlsMode]:
    """Return a mode and the stronger ones."""
    return frozenset(each for each in TlsMode if each >= mode)


def at_most(mode: TlsMode) -> frozenset[TlsMode]:
    """Return a mode and the weaker ones."""
    return frozenset(each for each in TlsMode if each <= mode)


class Demand(msgspec.Struct, frozen=True):
    """What one parameter requires."""

    written: str
    """The parameter and its value, for a message."""
    modes: frozenset[TlsMode]
    weakest: bool = False
    """Whether the weakest of the allowed modes is used, because the parameter names it."""


def choose_mode(demands: list[Demand]) -> TlsMode | None:
    """Return the strongest mode that all demands allow, or the one that a parameter names.

    None if there are no demands. Raises `UserError` if they contradict each other.
    """
    if not demands:
        return None
    allowed = _ALL
    for index, demand in enumerate(demands):
        if not allowed & demand.modes:
            other = next(
                (each for each in demands[:index] if not each.modes & demand.modes), demands[0]
            )
            msg = f"--mysql: {other.written} and {demand.written} contradict each other"
            raise UserError(msg)
        allowed &= demand.modes
    return min(allowed) if any(demand.weakest for demand in demands) else max(allowed)
