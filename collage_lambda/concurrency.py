"""How many downloads and decodings fit into a function's memory. Pure.

With little memory a function runs fewer downloads at once, then fewer decodings. It never makes
smaller cells or a lower quality. The sums are bounds that `download.limiter` and `image.decode`
enforce, not estimates.
"""

from __future__ import annotations

import msgspec

from collage_lambda.download.limits import LARGE_BODIES, LARGE_BODY_BYTES
from collage_lambda.image.decode import HEAVY_BYTES, MAX_DECODING_BYTES

MB = 1024 * 1024
IDLE_BYTES = 130 * MB
"""The interpreter, two windows' canvases and originals, and encoded JPEGs (measured)."""
MIN_DOWNLOADS = 4


class Concurrency(msgspec.Struct, frozen=True, kw_only=True):
    """How many of each run at once within one invocation."""

    downloads: int
    decoders: int


def fit_to_memory(wanted: Concurrency, memory_bytes: int, body_bytes: int) -> Concurrency:
    """Return as much of `wanted` as memory allows, at least 4 downloads and one decoding.

    `body_bytes` is the longest body that a download may have; `LARGE_BODIES` of those fit.
    """
    left = memory_bytes - IDLE_BYTES - MAX_DECODING_BYTES - LARGE_BODIES * body_bytes
    decoders = wanted.decoders
    while decoders > 1 and left - decoders * HEAVY_BYTES < MIN_DOWNLOADS * LARGE_BODY_BYTES:
        decoders -= 1
    downloads = (left - decoders * HEAVY_BYTES) // LARGE_BODY_BYTES
    return Concurrency(
        downloads=min(wanted.downloads, max(MIN_DOWNLOADS, downloads)), decoders=decoders
    )
