"""The demo's batches: one for each way in, its rows, and what must come out. Pure.

No two share a creator, so each batch can be expected by itself although they run side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ops_dashboard.local.samples.creators import CONTROLLED_CREATORS, DROPPED_CREATORS
from ops_dashboard.local.samples.generator import Sample, plan_rows
from stream_ingest.contracts.settings import CollageLayout

if TYPE_CHECKING:
    from datetime import datetime

    from ops_dashboard.local.samples.cover_model import UrlSigner

_USUAL = CollageLayout()
CONTROLLED_LAYOUT = CollageLayout(rows=3, cols=4, cell_px=160, background="#1d3557")
"""The grid that the controlled batch asks for: nothing of it is as for any other batch."""
CONTROLLED_PREFIX = "campaign-7"
DROPPED_FILE, CONTROLLED_FILE = "covers.csv", "campaign.csv"
_DROPPED_SEED, _CONTROLLED_SEED = 8, 9  # the pushed rows have the default


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoBatch:
    """One batch of the demo."""

    entrance: str  # what a person calls the way by which it comes
    trigger: str  # what the pipeline calls it
    sample: Sample
    layout: CollageLayout = _USUAL
    prefix: str = ""  # folder of its own under collages/
    file: str = ""  # name of its file in the input bucket

    @property
    def grid(self) -> str:
        """``rows x columns``, as ``3x4``."""
        return f"{self.layout.rows}x{self.layout.cols}"

    def expected(self) -> dict[str, object]:
        """Return what `ops-dashboard status` must say of it in the end."""
        figures = self.sample.expectation.summary()
        return {**figures, "trigger": self.trigger, "open_images": 0, "ended": True}


class DemoBatches(NamedTuple):
    """All of them."""

    pushed: DemoBatch
    dropped: DemoBatch
    controlled: DemoBatch


def plan_batches(*, now: datetime, signer: UrlSigner) -> DemoBatches:
    """Return the batches with rows that are valid at `now` (aware) and for a day after it."""
    return DemoBatches(
        pushed=DemoBatch(
            entrance="MySQL push",
            trigger="mysql-push",
            sample=plan_rows(now=now, signer=signer),
        ),
        dropped=DemoBatch(
            entrance="CSV drop",
            trigger="s3-trigger",
            file=DROPPED_FILE,
            sample=plan_rows(
                now=now,
                signer=signer,
                seed=_DROPPED_SEED,
                creators=DROPPED_CREATORS,
            ),
        ),
        controlled=DemoBatch(
            entrance="controlled batch",
            trigger="sqs-trigger",
            file=CONTROLLED_FILE,
            sample=plan_rows(
                now=now,
                signer=signer,
                seed=_CONTROLLED_SEED,
                creators=CONTROLLED_CREATORS,
                images_per_window=CONTROLLED_LAYOUT.cells,
            ),
            layout=CONTROLLED_LAYOUT,
            prefix=CONTROLLED_PREFIX,
        ),
    )
