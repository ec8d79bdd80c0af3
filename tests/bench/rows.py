"""Rows as a scraper stores them, by the million: signed TikTok URLs, by date or creator. Pure.

Ids and signatures are as random as real ones (16 and 20 bytes), so that nothing compresses better
here than it would there. Each row is of one of `creators`, at random.
"""

from __future__ import annotations

import random
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import quote

from stream_ingest.contracts.identity import image_identity
from stream_ingest.contracts.settings import BATCH_END, BatchSettings
from stream_ingest.push.push import CHUNK_ROWS
from stream_ingest.records.codec import BatchHeader
from stream_ingest.records.packer import OutgoingRecord, Packer
from stream_ingest.records.rows import CoverRow

CREATORS = 20_000
HEADER = BatchHeader(
    batch_id="2026-11-21-bench", trigger="mysql-push", settings=BatchSettings(flush=BATCH_END)
)
NOW_S = 1_795_000_000
_HOUR_S = 3_600
_BUCKETS = ("tos-maliva-p-0068", "tos-alisg-p-0037", "tos-useast5-p-0068-tx")
_HOSTS = ("p16-sign-va.tiktokcdn.com", "p16-sign-sg.tiktokcdn.com", "p19-sign.tiktokcdn-us.com")
_TEMPLATES = ("~tplv-tiktokx-360p.jpeg", "~tplv-tiktokx-cropcenter:1080:1080.jpeg")
_REGIONS = ("maliva", "alisg", "useast2a")


def creator_name(number: int) -> str:
    """Return a name as long as people choose them."""
    return f"{('mia', 'leo.cooks', 'the_real_ana', 'zoe')[number % 4]}{number * 7_919 % 100_000}"


def signed_url(chance: random.Random, object_id: str) -> str:
    """Return one of an image's signed URLs."""
    where = chance.randrange(3)
    expires_s = NOW_S // _HOUR_S * _HOUR_S + chance.randint(24, 47) * _HOUR_S
    signature = quote(b64encode(chance.randbytes(20)), safe="")
    return (
        f"https://{_HOSTS[where]}/{_BUCKETS[where]}/{object_id}{_TEMPLATES[where % 2]}"
        f"?lk3s={chance.getrandbits(32):08x}&x-expires={expires_s}"
        f"&x-signature={signature}&shp=81f88b70&idc={_REGIONS[where]}"
    )


def cover_rows(
    count: int, *, seed: int = 7, by_creator: bool = False, creators: int = CREATORS
) -> Iterator[CoverRow]:
    """Yield rows in the order of their dates, or of their creators; the same each time."""
    chance = random.Random(seed)  # noqa: S311 - rows, not secrets
    first_ms = (NOW_S - 86_400) * 1_000
    for number in range(count):
        creator = number * creators // count if by_creator else chance.randrange(creators)
        url = signed_url(chance, f"{chance.getrandbits(128):032x}")
        yield CoverRow(
            creator=creator_name(creator),
            url=url,
            identity=image_identity(url),
            created_at_ms=first_ms + number * 37,
            identity_follows=True,
        )


def packed(rows: Iterator[CoverRow], header: BatchHeader = HEADER) -> Iterator[OutgoingRecord]:
    """Yield the records of rows, as a push packs them: every bucket sealed after each chunk."""
    packer = Packer(header)
    for number, row in enumerate(rows, 1):
        if record := packer.add(row):
            yield record
        if number % CHUNK_ROWS == 0:
            yield from packer.flush()
    yield from packer.flush()
