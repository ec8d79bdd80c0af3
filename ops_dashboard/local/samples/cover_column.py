"""Writes the cover columns of sample rows: signed URLs in every shape, and the bad ones. Pure."""

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
    Links,
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

    from ops_dashboard.local.samples.row_plan import Slot

WRONG_NUMBER = 1000
"""Covers from this number on must not be in any collage: animated ones beside a static one."""

_LIFE_H = (24, 47)  # how long a fresh signature lives, from and to; TikTok's live 6 to 48 hours
_DEAD_H = (0, 72)  # since when an old one is dead
_URLS = 3
_REGIONS = ("maliva", "alisg", "useast2a")


class ColumnWriter:
    """Writes columns one after the other and collects the covers that a server needs for them."""

    def __init__(self, chance: random.Random, signer: UrlSigner, now_s: int) -> None:
        """Sign with `signer`, as of `now_s` in Unix seconds."""
        self.covers: list[Cover] = []
        self._chance = chance
        self._signer = signer
        self._hour = now_s // HOUR_S
        self._nonce = 10_000
        # One after the other instead of by chance, so that each is met.
        self._shapes = cycle(SHAPES)
        self._safe_shapes = cycle(SHAPES_WITHOUT_ANIMATED)
        self._full_shapes = cycle(SHAPES_WITH_ALL_URLS)
        self._bad_json = cycle(BAD_JSON)
        self._no_url = cycle(NO_URL)
        self._bad_url = cycle(BAD_URL)

    def write(self, slots: Sequence[Slot]) -> Iterator[tuple[str | None, str | Cover]]:
        """Yield column and outcome of a creator's rows in order."""
        accepted: list[Cover] = []
        for position, slot in enumerate(slots):
            if slot.cover is not None:
                accepted.append(slot.cover)
                yield self._accepted_column(slot.cover), slot.cover
            else:
                later = [other.cover for other in slots[position:] if other.cover]
                yield self._refused_column(slot.reason, accepted, later), slot.reason

    def good_column(self) -> str:
        """Return a column of a cover that nobody serves, for a row refused for something else."""
        return self._column("mobile", self._stranger())

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
            return self._duplicate(self._chance.choice(accepted))
        if reason == "expired":
            return self._expired(later)
        if reason == "bad_json":
            return next(self._bad_json)(self._links(self._stranger()))
        return next(self._no_url if reason == "no_url" else self._bad_url)

    def _duplicate(self, cover: Cover) -> str:
        """Show a cover again under a fresh signature and, where it has one, another template."""
        if cover.behaviour is Behaviour.ANIMATED_WEBP:
            return animated_only(self._url(cover))
        return self._column(next(self._safe_shapes), cover)

    def _expired(self, later: Sequence[Cover]) -> str:
        """Let signatures be dead; now and then on a cover that a later row brings back alive."""
        back = later and self._chance.random() < 0.5  # noqa: PLR2004 - about as often as not
        cover = self._chance.choice(later) if back else self._stranger()
        hour = self._hour - self._chance.randint(*_DEAD_H)
        urls = [self._url(cover, hour=hour) for _ in range(_URLS)]
        return SHAPES[next(self._safe_shapes)](Links(urls, ""))

    def _column(self, shape: str, cover: Cover, first: str | None = None) -> str:
        """Write a cover in a shape; one that names an animated cover gets one not to be shown."""
        links = self._links(cover, first)
        if shape not in SHAPES_WITHOUT_ANIMATED:
            links = links._replace(animated=self._animated_url(cover))
        return SHAPES[shape](links)

    def _links(self, cover: Cover, first: str | None = None) -> Links:
        fresh = [self._url(cover) for _ in range(_URLS)]
        return Links([first, *fresh] if first else fresh, "")

    def _animated_url(self, beside: Cover) -> str:
        animated = replace(
            self._stranger(),
            creator_index=beside.creator_index,
            caption="WRONG: animated",
            behaviour=Behaviour.ANIMATED_WEBP,
        )
        self.covers.append(animated)
        return self._url(animated)

    def _url(self, cover: Cover, *, hour: int | None = None, region: str | None = None) -> str:
        hour = self._hour + self._chance.randint(*_LIFE_H) if hour is None else hour
        # Three covers in sixteen are only ever seen as originals, under no template.
        original = cover.object_id[0] in "012"
        template = NO_TEMPLATE if original else self._chance.choice(TEMPLATES)
        place = region or self._chance.choice(_REGIONS)
        self._nonce += 1
        return self._signer.url(cover, template, hour * HOUR_S, place, self._nonce)

    def _stranger(self) -> Cover:
        return Cover(
            object_id=f"{self._chance.getrandbits(128):032x}",
            creator_index=0,
            caption="not to be seen",
            number=WRONG_NUMBER,
        )
