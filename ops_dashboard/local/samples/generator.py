"""Some 2,000 rows as real tables have them, and what must become of each. Pure.

`plan_rows` draws everything from one seed: who has how many covers, which rows are refused and why,
which covers misbehave, how each column is written down and when it was. Each row is made *for* an
outcome, and the expectation is the sum of those; no row is ever judged. The rules that both sides
share (the pipeline judges, this module composes):

==============  =================================================================================
bad_json        starts with ``{``, ``[`` or ``"`` and does not parse, or is neither URL nor JSON
no_url          NULL, empty, or JSON without any URL
bad_url         URLs, but none is http or https with a host
expired         the ``x-expires`` of every candidate has passed; never a first occurrence
bad_creator     a name that is empty, holds a control character or has over 128 bytes
bad_date        MySQL's zero date
duplicate       the object is in an earlier row of the creator that was accepted
==============  =================================================================================
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops_dashboard.local.samples.cover_column import ColumnWriter
from ops_dashboard.local.samples.creators import BAD_NAMES, CREATORS, SampleCreator
from ops_dashboard.local.samples.expected import expect
from ops_dashboard.local.samples.row_plan import deal_slots
from ops_dashboard.local.samples.video_row import VideoRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops_dashboard.local.samples.cover_model import Cover, UrlSigner
    from ops_dashboard.local.samples.expected import Expectation

REFUSED_SHARE = 0.11
SPREAD = timedelta(days=5)
_LATEST = timedelta(minutes=5)  # before `now`: the age of the newest row


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRow:
    """One row and its fate: the reason why it is refused, or the cover that it puts in a window."""

    row: VideoRow
    outcome: str | Cover


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Rows in the order of their dates and ids, the covers to serve, and what to expect."""

    sample_rows: tuple[SampleRow, ...]
    covers: tuple[Cover, ...]
    expectation: Expectation

    @property
    def rows(self) -> tuple[VideoRow, ...]:
        """The rows alone, to be loaded in this order."""
        return tuple(sample.row for sample in self.sample_rows)


def plan_rows(  # noqa: PLR0913 - each is a choice of its own, all but two have a default
    *,
    now: datetime,
    signer: UrlSigner,
    seed: int = 7,
    creators: Sequence[SampleCreator] = CREATORS,
    refused_share: float = REFUSED_SHARE,
    awkward: bool = True,
    bad_dates: int = 0,
    spread: timedelta = SPREAD,
    images_per_window: int = 35,
) -> Sample:
    """Return rows of `creators`, valid at `now` (aware) and for a day after it.

    `refused_share` is the number of refused rows per accepted one. Without `awkward` there is
    nothing but good covers that download. The same arguments give the same sample. `ValueError`
    where there are too few covers for each kind of awkwardness to occur.
    """
    chance = random.Random(seed)  # noqa: S311 - rows, not secrets
    slots = deal_slots(chance, creators, refused_share if awkward else None)
    writer = ColumnWriter(chance, signer, int(now.timestamp()))
    order = [creator for creator in creators for _ in slots[creator.name]]
    chance.shuffle(order)
    queues = {name: iter(writer.write(queue)) for name, queue in slots.items()}
    drafts = [(creator.name, *next(queues[creator.name])) for creator in order]
    if awkward:
        for name in BAD_NAMES:
            drafts.insert(
                chance.randrange(len(drafts)), (name, writer.good_column(), "bad_creator")
            )
    undated = [(creators[0].name, writer.good_column(), "bad_date") for _ in range(bad_dates)]
    dates = [*[None] * bad_dates, *_dates(chance, len(drafts), now - _LATEST, spread)]
    rows = tuple(
        SampleRow(row=VideoRow(creator, column, date), outcome=outcome)
        for (creator, column, outcome), date in zip([*undated, *drafts], dates, strict=True)
    )
    outcomes = ((sample.row.creator or "", sample.outcome) for sample in rows)
    return Sample(
        sample_rows=rows,
        covers=tuple(writer.covers),
        expectation=expect(outcomes, images_per_window),
    )


def _dates(
    chance: random.Random, count: int, latest: datetime, spread: timedelta
) -> list[datetime]:
    """Return rising dates, no two in the same second; `ValueError` where `spread` is too short."""
    end = latest.replace(microsecond=0)
    ages_s = chance.sample(range(int(spread.total_seconds())), count)
    return [end - timedelta(seconds=age_s) for age_s in sorted(ages_s, reverse=True)]
