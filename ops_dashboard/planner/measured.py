"""Work per image: what `make bench` measured, and what has to be assumed. Pure.

``measured.json`` beside this module holds the measured part. It is in the package because the
installed tool has no ``bench-results.json``; ``make measured`` writes it from that file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from stream_ingest.contracts.errors import UserError

_MB = 1_000_000


class Measured(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `make bench` measured, on one machine; arm64 on Lambda is assumed to be as fast."""

    date: str
    machine: str
    collage_images_per_cpu_s: float
    """Covers of 150 KB over HTTPS into collages."""
    collage_peak_mb: float
    """Peak memory of its process."""
    rows_per_shard_s: float
    """Packed rows per second that fit into a shard's 1 MB/s."""
    fold_rows_per_cpu_s: float
    push_rows_per_s: float
    """From the database into the stream, by one push."""
    state_units_sorted: float
    """DynamoDB write units per image with 100 rows of a creator together, without collages."""
    state_units_drip: float
    """The same for 350 rows of a creator, one at a time."""
    renditions_cpu_s: float
    """CPU seconds of a JPEG of 24 megapixels that becomes its four renditions."""
    augmentation_cpu_s: float
    """The same for its square and the rotations of it."""


class Assumed(msgspec.Struct, frozen=True, kw_only=True):
    """What no benchmark here can measure, because it depends on AWS or the CDN."""

    collage_network_s: float = 0.6
    """Network time of a window: 35 covers of 150 KB at 75 MB/s, the CDN's latency, three rounds of
    S3 PUTs, 5 MB of originals, table and bus."""
    collage_originals_s: float = 0.08
    """Part of it in which originals are uploaded, 5 MB and a fifth of a request, beside nothing."""
    collage_publishing_s: float = 0.17
    """Part of it for outputs, event and end. Windows that share a pack do this at the same time,
    after its upload, beside nothing else."""
    collage_overlap: float = 0.6
    """Share of the rest in which another window of the same invocation is downloaded or composed,
    if five are built."""
    collage_parallel_share: float = 0.7
    """Share of a collage's CPU time (decoding) that a second vCPU can run in parallel."""
    aws_call_ms: float = 12
    """Latency of a DynamoDB or EventBridge call from a Lambda."""
    table_writes_per_s: float = 4_000
    """Write units of a new on-demand table; an older one takes twice its previous peak."""
    intake_rows_per_cpu_s: float = 27_000
    """Rows of a CSV file that the intake reads on a vCPU (`python -m tests.bench.intake`)."""
    csv_row_bytes: float = 200
    """Bytes of a row in a CSV file."""
    cover_bytes: float = 150_000
    collage_bytes: float = 450_000
    photo_network_s: float = 0.3
    """Time for which the rendition function waits for AWS: twelve requests one after the other,
    8 MB of a photo in, its outputs out."""
    renditions_bytes: float = 2_520_000
    """Of a photo's four renditions."""
    augmentation_bytes: float = 60_000
    """Of an image's square, its rotations and its manifest."""


Part = TypeVar("Part", Measured, Assumed)


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """All figures that a plan is based on."""

    measured: Measured
    assumed: Assumed = Assumed()

    @property
    def bytes_per_row(self) -> float:
        """Packed bytes per row."""
        return _MB / self.measured.rows_per_shard_s

    def changed(self, numbers: Mapping[str, float]) -> Figures:
        """Return the figures with some replaced; raises `UserError` for one that must not be 0."""
        for name, value in numbers.items():
            if not value and name not in _MAY_BE_ZERO:
                msg = f"{name} is 0"
                raise UserError(msg)
        return Figures(
            measured=_replaced(self.measured, numbers), assumed=_replaced(self.assumed, numbers)
        )


_MAY_BE_ZERO = frozenset(
    {
        "collage_network_s",
        "collage_originals_s",
        "collage_publishing_s",
        "collage_overlap",
        "collage_parallel_share",
        "aws_call_ms",
        "photo_network_s",
    }
)
NAMES = tuple(
    name
    for part in (Measured, Assumed)
    for name in part.__struct_fields__
    if name not in {"date", "machine"}
)
"""Figures that may be replaced."""


def _replaced(part: Part, numbers: Mapping[str, float]) -> Part:
    mine = {name: numbers[name] for name in part.__struct_fields__ if name in numbers}
    return msgspec.structs.replace(part, **mine)
