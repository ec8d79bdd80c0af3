"""Who gets which awkward row: each creator's rows in order, dealt from shuffled decks. Pure."""

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
"""How many covers of a thousand behave so; each at least once. The others are plain JPEGs."""

REFUSAL_SHARES: Mapping[str, float] = {
    "duplicate": 0.44,
    "expired": 0.24,
    "bad_json": 0.12,
    "no_url": 0.12,
    "bad_url": 0.08,
}
"""What part of the refused rows of known creators is refused for which reason."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A row to be written: `cover` if it is to be accepted, else the reason why it is not."""

    cover: Cover | None
    reason: str = ""


def deal_slots(
    chance: random.Random, creators: Sequence[SampleCreator], refused_share: float | None
) -> dict[str, list[Slot]]:
    """Return each creator's rows in order; `refused_share` None deals good covers only.

    A duplicate always has an accepted row before it. `ValueError` where there are too few covers
    for each behaviour to occur.
    """
    behaviours = _behaviours(chance, creators, tame=refused_share is None)
    refusals = [] if refused_share is None else _refusals(chance, creators, refused_share)
    return {
        creator.name: _creator_slots(
            chance,
            [
                _cover(chance, creator, number, behaviour)
                for number, behaviour in enumerate(behaviours[creator.name], start=1)
            ],
            [reason for name, reason in refusals if name == creator.name],
        )
        for creator in creators
    }


def _behaviours(
    chance: random.Random, creators: Sequence[SampleCreator], *, tame: bool
) -> dict[str, list[Behaviour]]:
    """Return how each creator's covers behave, in order."""
    total = sum(creator.covers for creator in creators if tame or not creator.all_fail)
    deck = [] if tame else _deck(BEHAVIOUR_SHARES, total)
    if len(deck) > total:
        msg = f"{total} covers are too few for {len(deck)} that behave oddly"
        raise ValueError(msg)
    deck += [Behaviour.JPEG] * (total - len(deck))
    chance.shuffle(deck)
    return {
        creator.name: [
            FAILING[number % len(FAILING)] if creator.all_fail and not tame else deck.pop()
            for number in range(creator.covers)
        ]
        for creator in creators
    }


def _refusals(
    chance: random.Random, creators: Sequence[SampleCreator], share: float
) -> list[tuple[str, str]]:
    """Return creator and reason of each refused row, more for those with more covers.

    A creator without covers gets one for each reason that it can have.
    """
    covers = [creator.covers for creator in creators]
    any_creator = [count + 4 for count in covers]
    drawn = [
        (chance.choices(creators, covers if reason == "duplicate" else any_creator)[0], reason)
        for reason in _deck(REFUSAL_SHARES, round(sum(covers) * share))
    ]
    barren = [creator for creator in creators if not creator.covers]
    sure = [(creator, reason) for creator in barren for reason in REFUSAL_SHARES]
    return [(creator.name, why) for creator, why in drawn] + [
        (creator.name, why) for creator, why in sure if why != "duplicate"
    ]


def _deck(shares: Mapping[T, float], size: int) -> list[T]:
    """Return each kind as often as its share of `size`, at least once."""
    return [kind for kind, share in shares.items() for _ in range(max(1, round(size * share)))]


def _cover(
    chance: random.Random, creator: SampleCreator, number: int, behaviour: Behaviour
) -> Cover:
    return Cover(
        object_id=f"{chance.getrandbits(128):032x}",
        creator_index=creator.index,
        caption=creator.caption,
        number=number,
        behaviour=behaviour,
        bucket=chance.choice(BUCKETS),
        obj_prefix=chance.random() < 0.8,  # noqa: PLR2004 - most have it
    )


def _creator_slots(chance: random.Random, covers: list[Cover], reasons: list[str]) -> list[Slot]:
    """Mix a creator's refused rows among the accepted ones, whose order stays."""
    slots = [Slot(cover) for cover in covers]
    for reason in reasons:
        # Not before the first accepted row, which a duplicate needs.
        earliest = 1 if reason == "duplicate" else 0
        slots.insert(chance.randint(min(earliest, len(slots)), len(slots)), Slot(None, reason))
    return slots
