"""Rows and what must become of them, in books of their own. Pure.

Each cover is a colour code (`cover_swatch`) of its creator's index and its own number, and its URL
has the same two numbers. So a cell of a collage is recognised by its pixels alone, and what the
pipeline writes about it can be compared with them. A part of each batch's rows repeats covers of
earlier rows under other signatures; they must not come a second time.
"""

from __future__ import annotations

import csv
import io
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

CREATORS = 40
REPEATED_SHARE = 0.05
_CODE = re.compile(r"/(?P<index>\d{2})-(?P<number>\d{4})(?:~|\Z)")
_VALID_FOR = timedelta(days=2)


class Code(NamedTuple):
    """A cover: its creator's index and its number among the creator's covers."""

    index: int
    number: int

    @property
    def creator(self) -> str:
        """Name of the creator."""
        return f"attacked.{self.index:02d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the source."""

    code: Code
    url: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows that are sent together."""

    batch_id: str
    rows: tuple[Row, ...]

    def csv(self) -> bytes:
        """Return the rows as a CSV file."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(("creator_name", "cover_url", "created_at"))
        for row in self.rows:
            writer.writerow((row.code.creator, row.url, f"{row.created_at:%Y-%m-%d %H:%M:%S}"))
        return text.getvalue().encode()


def make_batches(  # noqa: PLR0913 - independent options
    name: str, address: str, *, seed: int, rows: int, batches: int, creators: int = CREATORS
) -> list[Batch]:
    """Return `rows` rows in batches, whose covers are served at `address`."""
    rng = random.Random(seed)  # noqa: S311 - rows, not secrets
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=rows)
    expires_s = int((start + _VALID_FOR).timestamp())
    numbers = [0] * creators
    drawn: list[Row] = []
    for place in range(rows):
        if drawn and rng.random() < REPEATED_SHARE:
            code = rng.choice(drawn).code
        else:
            index = rng.randrange(creators)
            numbers[index] += 1
            code = Code(index, numbers[index])
        url = url_of(address, code, nonce=place, expires_s=expires_s)
        drawn.append(Row(code=code, url=url, created_at=start + timedelta(seconds=place)))
    size = -(-rows // batches)
    return [
        Batch(batch_id=f"{name}-{first // size:02d}", rows=tuple(drawn[first : first + size]))
        for first in range(0, rows, size)
    ]


def url_of(address: str, code: Code, *, nonce: int, expires_s: int) -> str:
    """Return a signed URL of a cover; `nonce` makes it another URL of the same cover."""
    path = f"obj/attack/{code.index:02d}-{code.number:04d}~tplv-tiktokx-360p.jpeg"
    return f"http://{address}/{path}?x-expires={expires_s}&x-signature=n{nonce}"


def code_in(text: str) -> Code | None:
    """Return the code in a URL's path or in an image's identity."""
    match = _CODE.search(text)
    return Code(int(match["index"]), int(match["number"])) if match else None


def codes_of(batches: Sequence[Batch]) -> frozenset[Code]:
    """Return the covers that must be in exactly one cell each."""
    return frozenset(row.code for batch in batches for row in batch.rows)
