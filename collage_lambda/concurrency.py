"""How much a function of so much memory may do at once. Pure.

Where memory is short the work gets slower, in this order: fewer downloads at once, then fewer
decodings at once. Never smaller cells, never a lower quality. The sums below are bounds that other
modules keep (`slots`, `decode`), not estimates.
"""

from __future__ import annotations

import msgspec

from collage_lambda.image.decode import HEAVY_BYTES, MAX_DECODING_BYTES

MB = 1024 * 1024
LARGE_BODY_BYTES = 2 * MB
"""A body beyond this needs one of the few places for large ones (`slots`) before it may grow on."""
LARGE_BODIES = 2
IDLE_BYTES = 110 * MB
"""The interpreter with all that a window needs, its canvas and its encoded pictures (measured)."""
MIN_DOWNLOADS = 4


class Concurrency(msgspec.Struct, frozen=True, kw_only=True):
    """What runs at once within one invocation."""

    downloads: int
    decoders: int


def fitting(wanted: Concurrency, memory_bytes: int, body_bytes: int) -> Concurrency:
    """Return as much of `wanted` as memory allows, at least 4 downloads and one decoding.

    `body_bytes` is the longest body that a download may have; few of those are held together.
    """
    left = memory_bytes - IDLE_BYTES - MAX_DECODING_BYTES - LARGE_BODIES * body_bytes
    decoders = wanted.decoders
    while decoders > 1 and left - decoders * HEAVY_BYTES < MIN_DOWNLOADS * LARGE_BODY_BYTES:
        decoders -= 1
    downloads = (left - decoders * HEAVY_BYTES) // LARGE_BODY_BYTES
    return Concurrency(
        downloads=min(wanted.downloads, max(MIN_DOWNLOADS, downloads)), decoders=decoders
    )
