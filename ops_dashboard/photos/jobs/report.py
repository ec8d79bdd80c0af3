"""What a job would do, as text and as JSON. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec
from rich.table import Table

from ops_dashboard.photos.jobs.estimate import Estimate
from ops_dashboard.photos.jobs.needs import SENT, Counts, Need
from ops_dashboard.printing.tables import duration_text, table_of

MEANINGS = {
    Need.RENDER: "rendered: new, replaced, or of another version of the recipe",
    Need.AGAIN: "rendered again",
    Need.RETRY: "failed, and tried again",
    Need.RECORD: "recorded as skipped or too large, without rendering",
    Need.REMOVE: "removed: the object is gone, its outputs are not",
    Need.DONE: "left: as they should be",
    Need.HOPELESS: "left: failed for good (--failed tries them again)",
    Need.TOO_LONG: "left: the name is too long for a photo of another bucket",
}
_CENT = 0.005


class JobReport(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a job, or of its rehearsal."""

    job: str
    """Empty for a rehearsal."""
    to_send: int
    sent: int
    needs: dict[str, int]
    """Number of photos by need."""
    usd: float
    hours: float
    """Estimates for what is to be sent."""


def report_of(
    counts: Counts, costs: Estimate, at_once: int, job: str = "", sent: int = 0
) -> JobReport:
    """Return the report of what was counted."""
    return JobReport(
        job=job,
        to_send=to_send(counts),
        sent=sent,
        needs={str(need): count for need, count in _by_need(counts).items()},
        usd=round(costs.usd, 6),
        hours=round(costs.hours(at_once), 3),
    )


def to_send(counts: Counts) -> int:
    """Return how many requests a job sends."""
    return sum(count for (_, need), count in counts.items() if need in SENT)


def counts_table(counts: Counts, title: str) -> Table:
    """Return the photos by what becomes of them."""
    by_need = _by_need(counts)
    rows = [(by_need[need], text) for need, text in MEANINGS.items() if by_need[need]]
    return table_of(("photos", "what becomes of them"), rows, title=title)


def cost_lines(costs: Estimate, at_once: int) -> Iterator[str]:
    """Yield lines about cost and time."""
    usd = f"about {costs.usd:,.2f}" if costs.usd >= _CENT else "less than 0.01"
    yield f"cost: {usd} USD at AWS's list prices, for photos of 24 megapixels"
    duration = duration_text(costs.function_s / at_once)
    yield f"time: about {duration}, {at_once} at once (photosBackfillConcurrency)"


def _by_need(counts: Counts) -> Counter[Need]:
    found: Counter[Need] = Counter()
    for (_, need), count in counts.items():
        found[need] += count
    return found
