"""Who has how many rows, and the rows by date: seeded, the same every time. Pure.

Rows per creator follow a lognormal distribution. That posts per user are heavy-tailed is well known
(Mitzenmacher, A Brief History of Generative Models for Power Law and Lognormal Distributions,
2004). The parameters are not measured, but chosen to meet the requirements: 100 rows per creator on
average, most with under 50, a few with 50,000 of 20 million (`CAP`). Each creator's rows are spread
evenly over the month, so a batch by date mixes all creators, which is the most work for the fold.

One row in `REPEATED` repeats one of the last `RECENT` images of its creator with a new signature,
as a scraper that returns finds it. The dedup memory has to know every one of them.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from hashlib import md5
from statistics import NormalDist

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream_ingest.records.rows import CoverRow

SIGMA = 1.9
CAP = 1 / 400
"""Share of all rows that one creator has at most."""
REPEATED = 50
RECENT = 100
SEED = 7
NOW_S = 1_795_000_000
MONTH_MS = 30 * 86_400_000
_HOUR_S = 3_600
_BUCKETS = ("tos-maliva-p-0068", "tos-alisg-p-0037", "tos-useast5-p-0068-tx")
_HOSTS = ("p16-sign-va.tiktokcdn.com", "p16-sign-sg.tiktokcdn.com", "p19-sign.tiktokcdn-us.com")
_WORDS = ("mia", "leo.cooks", "the_real_ana", "zoe")
_SIGNATURE = 20


class Chunk(msgspec.Struct, frozen=True):
    """Rows that are read together: those of the selected creators, and the number of all."""

    rows: list[CoverRow]
    repeated: int
    """How many of them show an image again."""
    of_all: int


def row_counts(rows: int, creators: int) -> NDArray[np.uint32]:
    """Return the number of rows of each creator, largest first; their sum is `rows`."""
    normal, cap = NormalDist(), max(1.0, rows * CAP)
    places = ((number + 0.5) / creators for number in range(creators))
    shape = np.exp(SIGMA * np.array([-normal.inv_cdf(place) for place in places]))
    scale = rows / float(shape.sum())
    for _ in range(50):  # what the cap cuts off is dealt out to all others
        counts = np.clip(shape * scale, 1, cap)
        scale *= rows / float(counts.sum())
    ends = np.round(np.cumsum(counts) * (rows / float(counts.sum()))).astype(np.int64)
    return np.diff(ends, prepend=0).astype(np.uint32)


def creator_name(number: int) -> str:
    """Return a creator's name; names are independent of the number of rows."""
    return f"{_WORDS[number % 4]}{number * 7_919 % 1_000_003}"


class Population:
    """All rows of a month, ordered by date."""

    def __init__(self, rows: int, creators: int) -> None:
        """Deal `rows` out to `creators` and shuffle them."""
        self.rows, self.creators = rows, creators
        self.counts = row_counts(rows, creators)
        self.names = [creator_name(number) for number in range(creators)]
        order = np.repeat(np.arange(creators, dtype=np.uint32), self.counts)
        np.random.default_rng(SEED).shuffle(order)
        self._order = order

    def chunks(self, chosen: NDArray[np.bool_], size: int) -> Iterator[Chunk]:
        """Yield the rows of the creators that are `chosen`, `size` rows of all at a time."""
        images = [0] * self.creators
        for start in range(0, self.rows, size):
            numbers = self._order[start : start + size]
            places = np.flatnonzero(chosen[numbers])
            yield self._chunk(
                start, numbers[places].tolist(), places.tolist(), images, len(numbers)
            )

    def _chunk(
        self, start: int, numbers: list[int], places: list[int], images: list[int], of_all: int
    ) -> Chunk:
        chance = np.random.default_rng((SEED, start))
        signatures = chance.bytes(_SIGNATURE * of_all)
        draws = chance.integers(REPEATED * RECENT, size=of_all)[places].tolist()
        rows, repeated = [], 0
        for number, place, draw in zip(numbers, places, draws, strict=True):
            image = images[number]
            if draw < RECENT and draw < image:
                image -= 1 + draw
                repeated += 1
            else:
                images[number] = image + 1
            signature = signatures[_SIGNATURE * place : _SIGNATURE * (place + 1)]
            rows.append(self._row(number, image, start + place, signature))
        return Chunk(rows, repeated, of_all)

    def _row(self, number: int, image: int, at: int, signature: bytes) -> CoverRow:
        digest = md5(b"%d:%d" % (number, image), usedforsecurity=False).hexdigest()
        where = number % 3
        identity = f"{_BUCKETS[where]}/{digest}"
        signed = urlsafe_b64encode(signature).decode()[:-1]
        expires_s = NOW_S // _HOUR_S * _HOUR_S + (24 + signature[0] % 24) * _HOUR_S
        return CoverRow(
            creator=self.names[number],
            url=f"https://{_HOSTS[where]}/{identity}~tplv-tiktokx-360p.jpeg?lk3s={signature[:4].hex()}"
            f"&x-expires={expires_s}&x-signature={signed}%3D&shp=81f88b70&idc=maliva",
            identity=identity,
            created_at_ms=NOW_S * 1_000 - MONTH_MS + at * MONTH_MS // self.rows,
            identity_follows=True,
        )


def share_under(counts: NDArray[np.uint32], rows: int) -> float:
    """Return the share of creators with under `rows` rows."""
    return float((counts < rows).mean())


def gini(counts: NDArray[np.uint32]) -> float:
    """Return the Gini coefficient: 0 if all creators have as many rows, near 1 if one has all."""
    rising = np.sort(counts.astype(np.float64))
    places = np.arange(1, len(rising) + 1)
    return float((2 * (places * rising).sum() / rising.sum() - len(rising) - 1) / len(rising))
