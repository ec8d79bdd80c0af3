"""Plans each creator's rows: the order of accepted covers and refused rows. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from ops_dashboard.local.samples.cover_model import FAILING, Behaviour, Cover

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence

    from ops_dashboard.local.samples.creators import SampleCreator

T = TypeVar("T")

BUCKETS = ("tos-maliva-p-0068", "tos-alisg-p-0037", "tos-useast5-p-0068-tx")

BEHAVIOUR_SHARES: Mapping[Behaviour, float] = {
    Behaviour.LARGE_JPEG: 0.03,
    Behaviour.WEBP: 0.03,
    Behaviour.ANIMATED_WEBP: 0.004,
    Behaviour.PNG_ALPHA: 0.01,
    Behaviour.CMYK_JPEG: 0.008,
    Behaviour.ROTATED_JPEG: 0.01,
    Behaviour.FLAKY: 0.01,
    Behaviour.THROTTLED: 0.006,
    Behaviour.REDIRECTED: 0.008,
    Behaviour.GONE_IN_ONE_REGION: 0.01,
    Behaviour.NOT_FOUND: 0.01,
    Behaviour.FORBIDDEN: 0.008,
    Behaviour.HTML: 0.005,
    Behaviour.TRUNCATED: 0.005,
}
"""Share of the covers with each behaviour, at least one each. The others are plain JPEGs."""

REFUSAL_SHARES: Mapping[str, float] = {
    "duplicate": 0.44,
    "expired": 0.24,
    "bad_json": 0.12,
    "no_url": 0.12,
    "bad_url": 0.08,
}
"""Share of each reason among the refused rows of valid creators."""


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """A row to generate: its cover if it will be accepted, else the reason of its refusal."""

    cover: Cover | None
    reason: str = ""


def plan_rows_by_creator(
    rng: random.Random, creators: Sequence[SampleCreator], refused_share: float | None
) -> dict[str, list[PlannedRow]]:
    """Return each creator's rows in order; with `refused_share` None, good covers only.

    Every duplicate comes after an accepted row. Raises `ValueError` if there are too few covers
    for each behaviour to occur.
    """
    behaviours = _behaviours(rng, creators, all_good=refused_share is None)
    refusals = [] if refused_share is None else _refusals(rng, creators, refused_share)
    return {
        creator.name: _creator_rows(
            rng,
            [
                _cover(rng, creator, number, behaviour)
                for number, behaviour in enumerate(behaviours[creator.name], start=1)
            ],
            [reason for name, reason in refusals if name == creator.name],
        )
        for creator in creators
    }


def _behaviours(
    rng: random.Random, creators: Sequence[SampleCreator], *, all_good: bool
) -> dict[str, list[Behaviour]]:
    """Return the behaviour of each creator's covers, in order."""
    total = sum(creator.covers for creator in creators if all_good or not creator.all_fail)
    shuffled = [] if all_good else _repeat_by_share(BEHAVIOUR_SHARES, total)
    if len(shuffled) > total:
        msg = f"{total} covers are too few for {len(shuffled)} with special behaviour"
        raise ValueError(msg)
    shuffled += [Behaviour.JPEG] * (total - len(shuffled))
    rng.shuffle(shuffled)
    return {
        creator.name: [
            FAILING[number % len(FAILING)] if creator.all_fail and not all_good else shuffled.pop()
            for number in range(creator.covers)
        ]
        for creator in creators
    }


def _refusals(
    rng: random.Random, creators: Sequence[SampleCreator], share: float
) -> list[tuple[str, str]]:
    """Return creator and reason of each refused row, more for creators with more covers.

    A creator without covers gets one row for each reason but "duplicate".
    """
    covers = [creator.covers for creator in creators]
    any_creator = [count + 4 for count in covers]
    drawn = [
        (rng.choices(creators, covers if reason == "duplicate" else any_creator)[0], reason)
        for reason in _repeat_by_share(REFUSAL_SHARES, round(sum(covers) * share))
    ]
    without_covers = [creator for creator in creators if not creator.covers]
    certain = [(creator, reason) for creator in without_covers for reason in REFUSAL_SHARES]
    return [(creator.name, why) for creator, why in drawn] + [
        (creator.name, why) for creator, why in certain if why != "duplicate"
    ]


def _repeat_by_share(shares: Mapping[T, float], size: int) -> list[T]:
    """Return each key as often as its share of `size`, at least once."""
    return [kind for kind, share in shares.items() for _ in range(max(1, round(size * share)))]


def _cover(rng: random.Random, creator: SampleCreator, number: int, behaviour: Behaviour) -> Cover:
    return Cover(
        object_id=f"{rng.getrandbits(128):032x}",
        creator_index=creator.index,
        caption=creator.caption,
        number=number,
        behaviour=behaviour,
        bucket=rng.choice(BUCKETS),
        obj_prefix=rng.random() < 0.8,  # noqa: PLR2004 - most have it
    )


def _creator_rows(rng: random.Random, covers: list[Cover], reasons: list[str]) -> list[PlannedRow]:
    """Insert a creator's refused rows at random places; the accepted ones keep their order."""
    rows = [PlannedRow(cover) for cover in covers]
    for reason in reasons:
        # A duplicate must come after the first accepted row.
        earliest = 1 if reason == "duplicate" else 0
        rows.insert(rng.randint(min(earliest, len(rows)), len(rows)), PlannedRow(None, reason))
    return rows
