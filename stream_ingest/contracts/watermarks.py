"""How long a creator recognises the rows of a batch by their position. Pure."""

from __future__ import annotations

from stream_ingest.contracts.settings import DAY_S

WATERMARK_LIFE_S = 9 * DAY_S
"""Age at which a watermark is dropped. Longer than the stream retains records (7 days, checked by
Pulumi), so a watermark outlives every redelivery."""
MAX_WATERMARKS = 1_000
"""Maximum number of watermarks per creator, the newest of the last nine days. If there are more
batches, a redelivery from an older one is recognised by its images only."""
