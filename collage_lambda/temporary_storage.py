"""How much temporary storage the collage function has. Pure."""

from __future__ import annotations

FREE_TMP_MB = 512
"""Size of /tmp that a function has at no cost."""
TMP_MB = 1_728
"""Size of the collage function's /tmp: two windows that overlap may have three packs each, of
`originals.image_pack.MAX_TOTAL_BYTES`: stored originals, prefetched covers, new originals. A window
may have stored ones in two objects, one of them a share, and a delivery a pack that others share:
three times `shares.MAX_SHARED_BYTES`."""
