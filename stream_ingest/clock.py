"""Moments in their three forms. Pure."""

from __future__ import annotations

from datetime import UTC, datetime


def from_epoch_ms(value: int) -> datetime:
    """Return the UTC moment of milliseconds since 1970."""
    return datetime.fromtimestamp(value / 1000, UTC)


def from_epoch_s(value: int) -> datetime:
    """Return the UTC moment of seconds since 1970."""
    return datetime.fromtimestamp(value, UTC)


def iso_date(epoch_s: int) -> str:
    """Return the UTC date of an epoch second, YYYY-MM-DD."""
    return from_epoch_s(epoch_s).date().isoformat()
