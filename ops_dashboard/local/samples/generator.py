"""Generates some 2,000 rows like those of real tables, with their expected results. Pure.

`generate_sample` derives everything from one seed: each creator's covers, which rows are refused
and why, which covers misbehave, the format of each column and the dates. Each row is generated for
a chosen outcome, and the expected results are the sum of the outcomes; no row is evaluated. These
are the rules that the pipeline applies and this module relies on:

==============  =================================================================================
bad_json        starts with ``{``, ``[`` or ``"`` and does not parse, or is neither URL nor JSON
no_url          NULL, empty, or JSON without any URL
bad_url         URLs, but none that is http or https with a host
expired         the ``x-expires`` of every candidate has passed; never a first occurrence
bad_creator     an empty name, a control character, or more than 128 bytes
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
from ops_dashboard.local.samples.expected import expected_batch
from ops_dashboard.local.samples.row_plan import plan_rows_by_creator
from ops_dashboard.local.samples.video_row import VideoRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops_dashboard.local.samples.cover_model import Cover, UrlSigner
    from ops_dashboard.local.samples.expected import ExpectedBatch

REFUSED_SHARE = 0.11
SPREAD = timedelta(days=5)
_LATEST = timedelta(minutes=5)  # before `now`: the age of the newest row


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRow:
    """One row and its expected outcome: the reason of its refusal, or its accepted cover."""

    row: VideoRow
    outcome: str | Cover


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Rows in the order of their dates and ids, the covers to serve, and the expected results."""

    sample_rows: tuple[SampleRow, ...]
    covers: tuple[Cover, ...]
    expectation: ExpectedBatch

    @property
    def rows(self) -> tuple[VideoRow, ...]:
        """The rows without their outcomes, to be loaded in this order."""
        return tuple(sample.row for sample in self.sample_rows)


def generate_sample(  # noqa: PLR0913 - independent options, all but two with a default
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
    """Return rows of `creators`, whose URLs are valid at `now` (aware) and for a day after it.

    `refused_share` is the number of refused rows per accepted one. Without `awkward` all rows have
    plain covers that can be downloaded. The same arguments return the same sample. Raises
    `ValueError` if there are too few covers for each behaviour to occur.
    """
    rng = random.Random(seed)  # noqa: S311 - rows, not secrets
    planned = plan_rows_by_creator(rng, creators, refused_share if awkward else None)
    writer = ColumnWriter(rng, signer, int(now.timestamp()))
    order = [creator for creator in creators for _ in planned[creator.name]]
    rng.shuffle(order)
    queues = {name: iter(writer.write(queue)) for name, queue in planned.items()}
    drafts = [(creator.name, *next(queues[creator.name])) for creator in order]
    if awkward:
        for name in BAD_NAMES:
            drafts.insert(rng.randrange(len(drafts)), (name, writer.good_column(), "bad_creator"))
    undated = [(creators[0].name, writer.good_column(), "bad_date") for _ in range(bad_dates)]
    dates = [*[None] * bad_dates, *_dates(rng, len(drafts), now - _LATEST, spread)]
    rows = tuple(
        SampleRow(row=VideoRow(creator, column, date), outcome=outcome)
        for (creator, column, outcome), date in zip([*undated, *drafts], dates, strict=True)
    )
    outcomes = ((sample.row.creator or "", sample.outcome) for sample in rows)
    return Sample(
        sample_rows=rows,
        covers=tuple(writer.covers),
        expectation=expected_batch(outcomes, images_per_window),
    )


def _dates(rng: random.Random, count: int, latest: datetime, spread: timedelta) -> list[datetime]:
    """Return ascending dates in distinct seconds; raises `ValueError` if `spread` is too short."""
    end = latest.replace(microsecond=0)
    ages_s = rng.sample(range(int(spread.total_seconds())), count)
    return [end - timedelta(seconds=age_s) for age_s in sorted(ages_s, reverse=True)]
