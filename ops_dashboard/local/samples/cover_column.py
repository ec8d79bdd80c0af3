"""Writes the cover columns of sample rows: signed URLs in every format, and bad ones. Pure."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle
from typing import TYPE_CHECKING

from ops_dashboard.local.samples.column_shapes import (
    BAD_JSON,
    BAD_URL,
    NO_URL,
    SHAPES,
    SHAPES_WITH_ALL_URLS,
    SHAPES_WITHOUT_ANIMATED,
    CoverUrls,
    animated_only,
)
from ops_dashboard.local.samples.cover_model import (
    DEAD_REGION,
    HOUR_S,
    NO_TEMPLATE,
    TEMPLATES,
    Behaviour,
    Cover,
    UrlSigner,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

    from ops_dashboard.local.samples.row_plan import PlannedRow

WRONG_NUMBER = 1000
"""Covers with this number or more must not be in any collage, such as unused animated ones."""

_LIFE_H = (24, 47)  # lifetime of a new signature, from and to; TikTok's have 6 to 48 hours
_DEAD_H = (0, 72)  # age of an expired one
_URLS = 3
_REGIONS = ("maliva", "alisg", "useast2a")


class ColumnWriter:
    """Writes columns in order, and collects the covers that a server needs for them."""

    def __init__(self, rng: random.Random, signer: UrlSigner, now_s: int) -> None:
        """Sign with `signer`, as of `now_s` in Unix seconds."""
        self.covers: list[Cover] = []
        self._rng = rng
        self._signer = signer
        self._hour = now_s // HOUR_S
        self._nonce = 10_000
        # In turn rather than at random, so that each occurs.
        self._shapes = cycle(SHAPES)
        self._safe_shapes = cycle(SHAPES_WITHOUT_ANIMATED)
        self._full_shapes = cycle(SHAPES_WITH_ALL_URLS)
        self._bad_json = cycle(BAD_JSON)
        self._no_url = cycle(NO_URL)
        self._bad_url = cycle(BAD_URL)

    def write(self, rows: Sequence[PlannedRow]) -> Iterator[tuple[str | None, str | Cover]]:
        """Yield column and outcome of a creator's rows in order."""
        accepted: list[Cover] = []
        for position, row in enumerate(rows):
            if row.cover is not None:
                accepted.append(row.cover)
                yield self._accepted_column(row.cover), row.cover
            else:
                later = [other.cover for other in rows[position:] if other.cover]
                yield self._refused_column(row.reason, accepted, later), row.reason

    def good_column(self) -> str:
        """Return a valid column of a cover that is not served, for a row that is refused anyway."""
        return self._column("mobile", self._unserved_cover())

    def _accepted_column(self, cover: Cover) -> str:
        self.covers.append(cover)
        if cover.behaviour is Behaviour.ANIMATED_WEBP:
            return animated_only(self._url(cover))
        if cover.behaviour is Behaviour.GONE_IN_ONE_REGION:
            dead = self._url(cover, region=DEAD_REGION)
            return self._column(next(self._full_shapes), cover, first=dead)
        shapes = self._safe_shapes if cover.behaviour.fails else self._shapes
        return self._column(next(shapes), cover)

    def _refused_column(
        self, reason: str, accepted: Sequence[Cover], later: Sequence[Cover]
    ) -> str | None:
        if reason == "duplicate":
            return self._duplicate(self._rng.choice(accepted))
        if reason == "expired":
            return self._expired(later)
        if reason == "bad_json":
            return next(self._bad_json)(self._cover_urls(self._unserved_cover()))
        return next(self._no_url if reason == "no_url" else self._bad_url)

    def _duplicate(self, cover: Cover) -> str:
        """Return a cover again, with a new signature and perhaps another template."""
        if cover.behaviour is Behaviour.ANIMATED_WEBP:
            return animated_only(self._url(cover))
        return self._column(next(self._safe_shapes), cover)

    def _expired(self, later: Sequence[Cover]) -> str:
        """Return expired URLs; about half of them are of a cover that is valid in a later row."""
        back = later and self._rng.random() < 0.5  # noqa: PLR2004 - about as often as not
        cover = self._rng.choice(later) if back else self._unserved_cover()
        hour = self._hour - self._rng.randint(*_DEAD_H)
        urls = [self._url(cover, hour=hour) for _ in range(_URLS)]
        return SHAPES[next(self._safe_shapes)](CoverUrls(urls, ""))

    def _column(self, shape: str, cover: Cover, first: str | None = None) -> str:
        """Return a cover in a format; an animated cover in it must not be used."""
        links = self._cover_urls(cover, first)
        if shape not in SHAPES_WITHOUT_ANIMATED:
            links = links._replace(animated=self._animated_url(cover))
        return SHAPES[shape](links)

    def _cover_urls(self, cover: Cover, first: str | None = None) -> CoverUrls:
        fresh = [self._url(cover) for _ in range(_URLS)]
        return CoverUrls([first, *fresh] if first else fresh, "")

    def _animated_url(self, static: Cover) -> str:
        animated = replace(
            self._unserved_cover(),
            creator_index=static.creator_index,
            caption="WRONG: animated",
            behaviour=Behaviour.ANIMATED_WEBP,
        )
        self.covers.append(animated)
        return self._url(animated)

    def _url(self, cover: Cover, *, hour: int | None = None, region: str | None = None) -> str:
        hour = self._hour + self._rng.randint(*_LIFE_H) if hour is None else hour
        # Three covers in sixteen always have the original's URL, without a template.
        original = cover.object_id[0] in "012"
        template = NO_TEMPLATE if original else self._rng.choice(TEMPLATES)
        place = region or self._rng.choice(_REGIONS)
        self._nonce += 1
        return self._signer.url(cover, template, hour * HOUR_S, place, self._nonce)

    def _unserved_cover(self) -> Cover:
        return Cover(
            object_id=f"{self._rng.getrandbits(128):032x}",
            creator_index=0,
            caption="not to be seen",
            number=WRONG_NUMBER,
        )
