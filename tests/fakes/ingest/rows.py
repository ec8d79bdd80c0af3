"""Cover URLs, rows, arrivals and records for tests: shorthand for realistic values."""

from __future__ import annotations

from collections.abc import Sequence

from stream_ingest.contracts.identity import image_identity
from stream_ingest.contracts.settings import BatchSettings, CollageLayout, FlushPolicy
from stream_ingest.records.codec import BatchHeader, PackedRecord, PackedRow, bucket_of, pack
from stream_ingest.records.rows import CoverRow
from stream_ingest.sources.source import SourceRow
from stream_ingest.windowing.rules.fold import Arrival

NOW_S = 1_794_000_000
"""An ordinary moment in November 2026."""
HOST = "p16-sign-va.tiktokcdn.com"


def object_id(number: int) -> str:
    """Return what TikTok calls the uri of a cover."""
    return f"tos-maliva-p-0068/{number:032x}_{1_700_000_000 + number}"


def cover_url(  # noqa: PLR0913 - all that one signing may change
    number: int,
    *,
    host: str = HOST,
    template: str = "~tplv-tiktokx-360p",
    extension: str = ".jpeg",
    expires: int | None = None,
    signature: str = "c2lnbmF0dXJl",
) -> str:
    """Return the signed URL of cover `number`, as a scraper finds it."""
    signed = f"?x-expires={expires}&x-signature={signature}" if expires is not None else ""
    return f"https://{host}/{object_id(number)}{template}{extension}{signed}"


def cover_row(
    number: int, creator: str = "charli", url: str | None = None, created_at_ms: int | None = None
) -> CoverRow:
    """Return cover `number` of a creator; its URL never expires unless one is given."""
    url = url or cover_url(number)
    return CoverRow(
        creator=creator,
        url=url,
        identity=image_identity(url),
        created_at_ms=1_790_000_000_000 + number if created_at_ms is None else created_at_ms,
        identity_follows=True,
    )


def source_row(number: int, creator: str = "charli") -> SourceRow:
    """Return cover `number` as a source yields it."""
    return creator, cover_url(number), "2026-11-01 12:00:00"


def header(
    batch_id: str = "batch-1",
    *,
    images: int = 35,
    flush: FlushPolicy | None = None,
    quality: int = 95,
    trigger: str = "mysql-push",
) -> BatchHeader:
    """Return a batch's header; two with another `images` or `quality` do not share windows."""
    settings = BatchSettings(
        layout=CollageLayout(quality=quality),
        images_per_window=images,
        flush=flush or FlushPolicy(),
    )
    return BatchHeader(batch_id=batch_id, trigger=trigger, settings=settings)


def arrivals(numbers: Sequence[int], batch: BatchHeader, start: int = 0) -> list[Arrival]:
    """Return covers of one creator as they arrive, one position after another from `start`."""
    return [
        Arrival(batch, start + index, cover_row(number)) for index, number in enumerate(numbers)
    ]


def record_of(
    rows: Sequence[CoverRow], batch: BatchHeader, *, number: int = 0, last: bool = False
) -> bytes:
    """Return the bytes of one record with the rows of creators that share a bucket."""
    creators = list(dict.fromkeys(row.creator for row in rows))
    return pack(
        PackedRecord(
            batch=batch,
            bucket=bucket_of(creators[0]) if creators else 0,
            number=number,
            creators=tuple(creators),
            rows=tuple(
                PackedRow(creators.index(row.creator), row.url, row.created_at_ms, row.fallbacks)
                for row in rows
            ),
            last=last,
        )
    )
