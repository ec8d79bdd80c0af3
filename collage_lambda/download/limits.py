"""Limits of one download, and of the large bodies that may be in memory together. Pure."""

from __future__ import annotations

import msgspec

from collage_lambda.download.retries import RetryPolicy

LARGE_BODY_BYTES = 2 * 1024 * 1024
"""A body that grows beyond this needs one of the `LARGE_BODIES` permits of `limiter`."""
LARGE_BODIES = 2


class FetchLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of one download. An image's attempts and the pauses between them share `image_s`."""

    max_bytes: int = 20 * 1024 * 1024
    connect_s: float = 5.0
    read_s: float = 8.0
    attempt_s: float = 15.0
    image_s: float = 40.0
    redirects: int = 5
    retry: RetryPolicy = RetryPolicy()


def fetch_limits(timeout_s: float, tries: int) -> FetchLimits:
    """Return limits for attempts of `timeout_s` seconds, of which an image has `tries` for a URL.

    A server may be silent for almost all of an attempt that is longer than the default one, and an
    image has time for two such attempts.
    """
    default = FetchLimits()
    extra_s = max(0.0, timeout_s - default.attempt_s)
    return FetchLimits(
        attempt_s=timeout_s,
        read_s=default.read_s + extra_s,
        image_s=max(default.image_s, 2 * timeout_s),
        retry=RetryPolicy(attempts=tries),
    )
